# SPDX-License-Identifier: Apache-2.0
"""Image records of a booking against header, standard, amputations and their own first bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.ebts import codes, conformance, dictionary, responses
from sluicegate.ebts.image_rules import Frame
from sluicegate.ebts.submission import partial
from sluicegate.exchange.frames import frames
from sluicegate.itl import conform
from sluicegate.itl.model import Defect, Reading, Severity, Transaction
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, Value, build

Sent = Callable[..., Transaction]
Told = list[tuple[str, str, str]]
GS, US, RS = b"\x1d", b"\x1f", b"\x1e"
NOW = datetime(2011, 5, 4, 12, 0, tzinfo=UTC)
WSQ_512 = bytes.fromhex("ffa0ffa2001100ff02000200") + bytes(20)

TYPE_14: list[tuple[int, Value]] = [
    (3, "1"), (4, "NY0303000"), (5, "20110503"), (6, "40"), (7, "20"), (8, "1"), (9, "500"), (10, "500"),
    (11, "NONE"), (12, "8"), (13, "1"), (999, bytes(800)),
]  # fmt: skip
TYPE_10: list[tuple[int, Value]] = [
    (3, "FACE"), (4, "NY0303000"), (5, "20110503"), (6, "480"), (7, "640"), (8, "0"), (9, "1"), (10, "1"),
    (11, "JPEGB"), (12, "SRGB"), (999, b"\xff\xd8\xff\xe0"),
]  # fmt: skip


def defects_of(reading: Reading, now: datetime) -> tuple[Defect, ...]:
    """Defects of a reading by the reader, by EBTS and by what the images' own first bytes say.

    A file whose TOT is none of EBTS is held against the standard alone, since EBTS has no rules for it.
    """
    transaction = reading.transaction
    if transaction is None:
        return reading.defects
    header = transaction.header
    known = header is not None and conformance.tot_of(header) in dictionary.known_tots()
    standard = () if known else conform.check(transaction)
    profile = conformance.check(transaction, now)
    images = conformance.check_images(transaction, frames(transaction))
    return (*reading.defects, *profile, *standard, *images)


def told(defects: Sequence[Defect]) -> Told:
    """Severity, code and tag of each defect that is no mere note."""
    return [(d.severity.name, d.code, d.place.tag) for d in defects if d.severity > Severity.NOTE]


def changed(fields: list[tuple[int, Value]], number: int, value: Value | None) -> list[tuple[int, Value]]:
    """The fields with another value for one of them, or without it."""
    rest = [(n, v) for n, v in fields if n != number]
    return sorted([*rest, *([(number, value)] if value is not None else [])], key=lambda one: one[0])


@pytest.fixture
def beside(sent: Sent) -> Callable[..., Transaction]:
    """The plain booking with further records behind its prints."""

    def make(*drafts: TaggedDraft) -> Transaction:
        head = HeaderDraft("CAR", "20110504", "WVIAFIS0Z", "NY0303000", "TEST-2011-000000001")
        more = read(build(head, drafts)).transaction
        assert more is not None
        bare = sent()
        return replace(bare, records=(*bare.records[:-1], *more.records[1:], bare.records[-1]))

    return make


@pytest.mark.parametrize(
    ("number", "value", "expected"),
    [
        (4, None, ("ERROR", "E0001", "14.004")),
        (5, "May 3", ("ERROR", "E0002", "14.005")),
        (8, "5", ("ERROR", "E0003", "14.008")),
        (9, "96", ("WARNING", "E0006", "14.009")),
        (12, "7", ("ERROR", "E0003", "14.012")),
        (18, [["1", "AMP"]], ("WARNING", "E0002", "14.018")),
        (21, [["1", "9", "3", "1", "2"]], ("WARNING", "E0006", "14.021")),
        (3, "12", ("WARNING", "E0006", "14.003")),
        (3, "5", ("WARNING", "E0006", "14.003")),
        (13, "25", ("ERROR", "E0002", "14.013")),
    ],
)
def test_a_type_14_print_keeps_to_the_standard(
    beside: Callable[..., Transaction], number: int, value: Value | None, expected: tuple[str, str, str]
) -> None:
    """A mandatory field of a Type-14 print refuses when it is wrong; an optional one is told in a warning."""
    bare = beside(TaggedDraft(14, 11, TYPE_14))
    assert told(conformance.check(bare, NOW)) == [
        ("WARNING", "E0006", "14.013")
    ]  # finger 1, once rolled already
    odd = beside(TaggedDraft(14, 11, changed(TYPE_14, number, value)))
    found = told(conformance.check(odd, NOW))
    assert expected in found
    assert len(found) <= 2


def test_a_bad_photograph_does_not_refuse_good_fingers(beside: Callable[..., Transaction]) -> None:
    """Whatever is wrong with a photograph is told in warnings, and the booking stays admissible."""
    photo = TaggedDraft(10, 12, changed(changed(TYPE_10, 4, None), 5, "yesterday"))
    found = conformance.check(beside(photo), NOW)
    assert told(found) == [
        ("WARNING", "E0001", "10.004"),
        ("WARNING", "E0002", "10.005"),
    ]
    assert conformance.admissible(found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"1.011:19.69", b"1.011:00.00", [("WARNING", "H0001", "1.011")]),
        (b"1.012:19.69", b"1.012:00.00", [("WARNING", "H0001", "1.012")]),
        (b"1.012:19.69", b"1.012:39.37", []),  # no print is coded in WSQ
        (b"2.005:Y", b"2.005:N", []),
    ],
)
def test_the_header_against_the_prints(sent: Sent, old: bytes, new: bytes, expected: Told) -> None:
    """A resolution of nothing is told where prints need one."""
    assert told(conformance.check(sent((old, new)), NOW)) == expected


def test_wsq_wants_500_pixels_per_inch(sent: Sent) -> None:
    """A nominal resolution of 1000 pixels per inch beside prints coded in WSQ is told."""
    fine = sent((b"1.012:19.69", b"1.012:39.37"))
    last = fine.records[-1]
    assert last.image is not None
    coded = replace(last, image=replace(last.image, compression="WSQ"))
    odd = replace(fine, records=(*fine.records[:-1], coded))
    assert told(conformance.check(odd, NOW)) == [("WARNING", "H0001", "1.012")]


def test_a_booking_for_nothing_is_told(sent: Sent) -> None:
    """A submission that wants no answer and is not to be kept is told; with either it is not."""
    silent = (b"1.004:CAR", b"1.004:CNA")
    drop = [(GS + b"2.006:SGT MILLER", b""), (GS + b"2.007:NY0303002" + RS + b"NJ0010000/UNIT4", b"")]
    assert told(conformance.check(sent(silent, *drop), NOW)) == []
    found = conformance.check(sent(silent, *drop, (b"2.005:Y", b"2.005:N")), NOW)
    assert told(found) == [("WARNING", "E0006", "2.005")]


def test_a_finger_cannot_be_missing_and_printed(sent: Sent) -> None:
    """A finger that is told as amputated, and of which a print is there, is named in a warning."""
    amp = GS + b"2.084:03" + US + b"XX" + GS + b"2.087:Y"
    (one,) = conformance.check(sent((GS + b"2.087:Y", amp)), NOW)
    assert (one.severity, one.code, one.place.tag) == (Severity.WARNING, "E0006", "2.084")
    assert one.message.endswith(": 3")


def _with_positions(bare: Transaction, *positions: int) -> Transaction:
    last = bare.records[-1]
    assert last.image is not None
    more = [replace(last, idc=40 + n, image=replace(last.image, fgp=(n,))) for n in positions]
    return replace(bare, records=(*bare.records, *more))


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ((11, 12, 13, 14), []),
        ((14, 14), ["finger position 14 occurs more than once"]),
        ((11, 15), ["a plain thumb is shown alone and beside the other one"]),
    ],
)
def test_no_position_comes_twice(sent: Sent, positions: tuple[int, ...], expected: list[str]) -> None:
    """Two slaps of one hand, or a thumb alone and beside the other, are told."""
    odd = _with_positions(sent(), *positions)
    shown = [d.message for d in conformance.check(odd, NOW) if d.code == "E0006"]
    assert shown == expected


FRAMES = [
    (Frame("RAW"), []),
    (Frame("JPEG", (8, 4)), [("WARNING", "E0006", "4.008")]),
    (Frame("WSQ", (9, 4)), [("WARNING", "E0006", "4.008"), ("WARNING", "E0006", "4.006")]),
    (Frame("PNG", (8, 5)), [("WARNING", "E0006", "4.008"), ("WARNING", "E0006", "4.007")]),
    (Frame("JP2", None), [("WARNING", "E0006", "4.008")]),
]


@pytest.mark.parametrize(("frame", "expected"), FRAMES)
def test_a_record_against_the_first_bytes_of_its_image(sent: Sent, frame: Frame, expected: Told) -> None:
    """Another compression or size than the image's own header has is told, with the byte that lies."""
    bare = sent()
    last = bare.records[-1]
    found = conformance.check_images(bare, {last.offset: frame})
    assert told(found) == expected
    offsets = {"4.008": 17, "4.006": 13, "4.007": 15}
    assert all(d.place.offset == last.offset + offsets[d.place.tag] for d in found)


def test_the_first_bytes_are_read_without_decoding() -> None:
    """A WSQ image of 512 by 512 in a record that says 40 by 20 is told at both sizes."""
    head = HeaderDraft("CAR", "20110504", "WVIAFIS0Z", "NY0303000", "TEST-2011-000000001")
    reading = read(build(head, [FingerDraft(1, 1, (1,), 0, 40, 20, 1, WSQ_512)]))
    assert reading.transaction is not None
    start = reading.transaction.records[1].offset
    assert frames(reading.transaction) == {start: Frame("WSQ", (512, 512))}
    shown = [d.place.tag for d in defects_of(reading, NOW) if d.clause == "ANSI/NIST-ITL 7.7.8"]
    assert shown == ["4.006", "4.007"]


def test_a_stranger_is_held_against_the_standard(sent: Sent) -> None:
    """A file whose TOT is none of EBTS is judged by the standard's own rules for its records."""
    head = HeaderDraft("NONE-OF-EBTS", "20110504", "X", "Y", "Z", nsr="00.00", ntr="00.00")
    reading = read(build(head, [TaggedDraft(14, 1, changed(TYPE_14, 4, None))]))
    assert ("ERROR", "ITL-ITEM-NONE", "14.004") in told(defects_of(reading, NOW))
    assert defects_of(read(b""), NOW) == read(b"").defects


def test_every_tot_has_its_fields() -> None:
    """The dictionary carries the Type-2 fields of every type of transaction, each with a clause."""
    for tot in dictionary.known_tots():
        assert dictionary.has_fields(tot), tot
        assert all(spec.row.clause for spec in dictionary.fields(tot).values())


def test_answers_and_searches_know_their_mandatory_fields(sent: Sent) -> None:
    """A rapid search without a repository, and its answer without a finding, lack what they must have."""
    rapid = conformance.check(sent((b"1.004:CAR", b"1.004:RPIS")), NOW)
    assert ("ERROR", "E0001", "2.098") in told(rapid)
    answer = conformance.check(sent((b"1.004:CAR", b"1.004:RPISR")), NOW)
    assert {("ERROR", "E0001", "2.059"), ("ERROR", "E0001", "2.088")} <= set(told(answer))
    assert codes.table("SRFR").keys() == {"R", "Y", "G"}


NASTY = [
    b"", b"1.001:", b"\x1c" * 50, b"1.001:10\x1d1.003:\x1f\x1f\x1c", b"\xff" * 99,
    b"1.001:99999999\x1d1.004:CAR\x1d1.009:\r\nBcc: a@b\x1c", b"1.001:12\x1d1.004:" + b"`" * 300 + b"\x1c",
    b"1.001:9\x1d1.002:\xf0\x9f\x92\xa9\x1d1.005:Traceback (most recent call last)\x1c",
]  # fmt: skip


@pytest.mark.parametrize("data", NASTY)
def test_a_refusal_speaks_the_terms_of_its_sender(data: bytes) -> None:
    """Whatever was sent, each line of a refusal begins with a code of EBTS, fits, and shows no exception."""
    reading = read(data)
    found = (
        *reading.defects,
        *(conformance.check_booking(reading.transaction, NOW) if reading.transaction else ()),
    )
    lines = responses.messages(found)
    assert 1 <= len(lines) <= responses.MSG_COUNT
    for line in lines:
        assert line.split(" - ")[0] in codes.errors()
        assert len(line) <= responses.MSG_SIZE
        assert line.isascii()
        assert line.isprintable()
        assert not any(word in line for word in ("Error:", "Exception", "Traceback", "object at 0x", ".py"))
    responses.errt(partial(reading.transaction), found, tcn="OUR-2011-0000001", at=NOW, dai="")


def test_a_refusal_tells_the_worst_first_even_behind_many(beside: Callable[..., Transaction]) -> None:
    """Behind dozens of warnings about photographs, the one error about a print still comes first."""
    wrong = changed(changed(changed(TYPE_10, 4, None), 5, "no"), 12, "CMYK")
    photos = [TaggedDraft(10, 20 + n, wrong) for n in range(4)]
    odd = beside(*photos, TaggedDraft(14, 11, changed(TYPE_14, 5, "no")))
    lines = responses.messages(conformance.check(odd, NOW))
    assert lines[0].startswith(
        "E0002 - 14.005 FCD is not a date written CCYYMMDD (Type-14 IDC 11 14.005 byte "
    )
    assert len(lines) == responses.MSG_COUNT
    assert lines[-1].endswith("more defects are not listed")


PIECES = st.lists(
    st.sampled_from([b"\x1d14.0", b"\x1d10.0", b"\x1d13.999:", b"15:", b"\x1e", b"\x1f", b"\x1c", b"1",
                     b"99999", b"-1", b"21:", b"25:", b"\xe9", b"\x00", b"1" * 40, b"1.003:", b"\x1d2.084:"]),
    max_size=40,
)  # fmt: skip


@pytest.mark.slow
@given(
    kind=st.sampled_from([10, 13, 14, 15]),
    parts=PIECES,
    junk=st.binary(max_size=40),
    cut=st.integers(0, 1500),
)
@settings(max_examples=200, deadline=None)
def test_odd_image_records_never_raise(
    plain: bytes, kind: int, parts: list[bytes], junk: bytes, cut: int
) -> None:
    """A booking whose image records hold anything at all is judged and answered, never with an exception."""
    fields = TYPE_10 if kind == 10 else changed(TYPE_14, 13, "21") if kind == 15 else TYPE_14
    head = HeaderDraft("CAR", "20110504", "WVIAFIS0Z", "NY0303000", "TEST-2011-000000001")
    whole = plain + build(head, [TaggedDraft(kind, 1, fields)])
    at = cut % len(whole)
    for data in (whole[:at] + b"".join(parts) + whole[at:], whole[:at] + junk + whole[at + len(junk) :]):
        reading = read(data)
        found = defects_of(reading, NOW)
        assert all(d.message.isprintable() for d in found)
        if reading.transaction is not None:
            assert all(d.code in codes.errors() for d in conformance.check(reading.transaction, NOW))
        responses.errt(partial(reading.transaction), found, tcn="OUR-2011-0000001", at=NOW, dai="")


@pytest.mark.shared
def test_real_records_that_lie_about_their_images(shared_data: Path) -> None:
    """A real print is 368 by 368 and said to be 800 by 750; another is JPEG and said to be WSQ."""
    lies = {
        "an2-valid/jet-dod-map-sample.eft": [("4.006", 525), ("4.007", 527)],
        "an2-valid/jet-testEbts-car-jpeg.eft": [("4.008", 286)],
        "an2-invalid/jnbis-rec01_rec02_rec16.nst.an2": [("16.007", 372)],
        "an2-valid/nist2007-type-4-tpcard.an2": [],
    }
    for name, expected in lies.items():
        transaction = read((shared_data / name).read_bytes()).transaction
        assert transaction is not None
        found = conformance.check_images(transaction, frames(transaction))
        assert [(d.place.tag, d.place.offset) for d in found] == expected, name
