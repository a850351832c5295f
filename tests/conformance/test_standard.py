# SPDX-License-Identifier: Apache-2.0
"""The fields of image records against the standard alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.itl import conform, profile, values
from sluicegate.itl.detect import read_any
from sluicegate.itl.model import Defect, Severity
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, Value, build

SCALES: list[tuple[int, Value]] = [(6, "40"), (7, "20"), (8, "2"), (9, "197"), (10, "197")]
GREY = bytes(800)

FACE: list[tuple[int, Value]] = [
    (3, "FACE"), (4, "NY0303000"), (5, "20110503"), (6, "480"), (7, "640"), (8, "0"), (9, "1"), (10, "1"),
    (11, "JPEGB"), (12, "SRGB"), (13, "30"), (14, [["1", "400", "1", "500", "S"]]), (20, "A"), (21, "-30"),
    (23, [["VENDOR", "a camera"]]), (24, [["80", "00A1", "7"]]), (26, "BEARD"), (27, "BRO"), (28, "BLK"),
    (999, b"\xff\xd8\xff\xe0"),
]  # fmt: skip
LATENT: list[tuple[int, Value]] = [
    (3, "4"), (4, "NY0303000"), (5, "20110503"), *SCALES, (11, "NONE"), (12, "8"), (13, [["0"], ["7"]]),
    (24, [["7", "255", "00FF", "1"]]), (999, GREY),
]  # fmt: skip
FINGER: list[tuple[int, Value]] = [
    (3, "1"), (4, "NY0303000"), (5, "20110503"), *SCALES, (11, "NONE"), (12, "8"), (13, "19"),
    (14, [["7", "EJI"]]), (15, [["FV1", "NA", "1", "30", "1", "20"]]), (18, [["8", "XX"]]),
    (21, [["7", "1", "30", "1", "20"]]), (22, [["7", "2"]]), (24, [["7", "90", "00FF", "1"]]),
    (25, [["7", "3", "0", "0", "30", "0", "30", "20"]]), (26, "1"), (27, "Y"), (30, "OBSERVED"), (31, "45"),
    (999, GREY),
]  # fmt: skip
PALM: list[tuple[int, Value]] = [
    (3, "10"), (4, "NY0303000"), (5, "20110503"), *SCALES, (11, "NONE"), (12, "8"), (13, "21"),
    (18, [["22", "UP"]]), (24, [["21", "60", "00FF", "1"]]), (30, "UNKNOWN"), (999, GREY),
]  # fmt: skip
RECORDS = {10: FACE, 13: LATENT, 14: FINGER, 15: PALM}


def header(**other: str) -> HeaderDraft:
    """A header of the 2011 edition."""
    usual = {"tot": "CAR", "dat": "20110504", "dai": "WVIAFIS0Z", "ori": "NY0303000", "tcn": "T-1"}
    return HeaderDraft(**{**usual, "nsr": "00.00", "ntr": "00.00", "ver": "0500", **other})


def found(data: bytes) -> tuple[Defect, ...]:
    """What the standard alone has against these bytes."""
    transaction = read(data).transaction
    assert transaction is not None
    return conform.check(transaction)


def with_record(kind: int, number: int = 0, value: Value | None = None, ver: str = "0500") -> bytes:
    """A transaction of one record whose field `number` has another value, or none."""
    fields = [(n, v) for n, v in RECORDS[kind] if n != number]
    if value is not None:
        fields.append((number, value))
    draft = TaggedDraft(kind, 1, sorted(fields, key=lambda one: one[0]))
    return build(header(ver=ver), [draft])


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("ver", ["0400", "0500", "0501", "0502"])
def test_a_plain_record_has_no_departure(kind: int, ver: str) -> None:
    """A face, latent, finger and palm record written by the standard's tables have nothing against them."""
    assert found(with_record(kind, ver=ver)) == ()


CASES: list[tuple[int, int, Value | None, str, tuple[int, int]]] = [
    (10, 3, "FOOT", values.VALUE, (0, 0)),
    (10, 4, None, values.NONE, (0, 0)),
    (10, 40, "TAT ARM AND LEG", values.RANGE, (0, 0)),
    (10, 41, [["3", "0"]], values.RANGE, (0, 2)),
    (10, 5, "2011-05-03", values.VALUE, (0, 0)),
    (10, 5, "20110532", values.VALUE, (0, 0)),
    (10, 11, "WSQ20", values.VALUE, (0, 0)),
    (10, 12, "CMYK", values.VALUE, (0, 0)),
    (10, 13, "33", values.RANGE, (0, 0)),
    (10, 13, None, values.NONE, (0, 0)),
    (10, 14, [["0", "400", "1", "500"]], values.RANGE, (0, 1)),
    (10, 14, [["1", "481", "1", "500"]], values.RELATION, (0, 0)),
    (10, 14, [["400", "1", "1", "500"]], values.RELATION, (0, 0)),
    (10, 21, "-181", values.RANGE, (0, 0)),
    (10, 21, "left", values.VALUE, (0, 0)),
    (10, 24, [["101", "00A1", "7"]], values.RANGE, (0, 1)),
    (10, 24, [["80", "A1", "7"]], values.VALUE, (0, 2)),
    (10, 24, [["80", "00A1"]], values.NONE, (0, 3)),
    (10, 27, "RED", values.VALUE, (0, 0)),
    (10, 28, [["BLK"], ["BROWN"]], values.VALUE, (2, 0)),
    (13, 3, "1", values.RANGE, (0, 0)),
    (13, 3, None, values.NONE, (0, 0)),
    (13, 9, "72", values.RELATION, (0, 0)),
    (13, 12, "7", values.RANGE, (0, 0)),
    (13, 13, [["0"], ["99"]], values.RANGE, (2, 0)),
    (13, 24, [["7", "300", "00FF", "1"]], values.RANGE, (0, 2)),
    (14, 3, "4", values.RANGE, (0, 0)),
    (14, 5, "May 3 2011", values.VALUE, (0, 0)),
    (14, 8, "5", values.RANGE, (0, 0)),
    (14, 10, "192", values.RELATION, (0, 0)),
    (14, 12, "none", values.VALUE, (0, 0)),
    (14, 14, [["7", "EJJ"]], values.VALUE, (0, 2)),
    (14, 14, None, values.NONE, (0, 0)),
    (14, 15, [["FV1", "NA", "30", "30", "1", "20"]], values.RELATION, (1, 4)),
    (14, 15, [["FV1", "NA", "1", "30", "21", "20"]], values.RELATION, (1, 6)),
    (14, 15, [["FV1", "NA", "1", "41", "1", "20"]], values.RELATION, (1, 0)),
    (
        14,
        15,
        [["FV1", "NA", "1", "30", "1", "20"], ["FV9", "NA", "1", "30", "1", "20"]],
        values.VALUE,
        (2, 1),
    ),
    (14, 18, [["8", "AMP"]], values.VALUE, (0, 2)),
    (14, 21, [["7", "1", "30", "1", "21"]], values.RELATION, (1, 0)),
    (14, 22, [["7", "18"]], values.RANGE, (0, 2)),
    (14, 25, [["7", "3", "0", "0", "30", "0"]], values.RELATION, (1, 2)),
    (14, 25, [["7", "3", "0", "0", "41", "0", "30", "20"]], values.RELATION, (1, 0)),
    (14, 27, "N", values.VALUE, (0, 0)),
    (14, 30, "Unknown", values.VALUE, (0, 0)),
    (14, 31, "70", values.RANGE, (0, 0)),
    (15, 3, "12", values.RANGE, (0, 0)),
    (15, 13, "10", values.RANGE, (0, 0)),
    (15, 18, [["1", "XX"]], values.RANGE, (0, 1)),
    (15, 24, [["21", "1000", "00FF", "1"]], values.RANGE, (0, 2)),
    (15, 20, "two\ttabs", values.VALUE, (0, 0)),
]


@pytest.mark.parametrize(("kind", "number", "value", "code", "inside"), CASES)
def test_one_departure_is_told_once_at_its_place(
    kind: int, number: int, value: Value | None, code: str, inside: tuple[int, int]
) -> None:
    """Each departure of a record is told once, with its kind, its field, subfield, item and byte."""
    data = _unchecked(kind, number, value)
    (one,) = found(data)
    assert (one.code, one.severity, one.place.record_type, one.place.idc) == (code, Severity.ERROR, kind, 1)
    assert (one.place.tag, one.place.subfield, one.place.item) == (f"{kind}.{number:03d}", *inside)
    assert one.clause == f"ANSI/NIST-ITL 8.{kind}"
    start = data.index(f"\x1d{kind}.{number:03d}:".encode()) + 1 if value is not None else -1
    assert value is None or start <= one.place.offset < data.index(b"\x1d", start)


def _unchecked(kind: int, number: int, value: Value | None) -> bytes:
    # The strict writer refuses what its own reader would complain about, so a tab is put in afterwards.
    if isinstance(value, str) and "\t" in value:
        return with_record(kind, number, value.replace("\t", "~")).replace(b"~", b"\t")
    try:
        return with_record(kind, number, value)
    except UsageError:
        usual = dict(RECORDS[kind])[number]
        assert isinstance(usual, str)
        assert isinstance(value, str)
        data = with_record(kind)
        head = f"\x1d{kind}.{number:03d}:"
        return data.replace(f"{head}{usual}".encode(), f"{head}{value}".encode())


@pytest.mark.parametrize("kind", ["SCAR", "MARK", "TATTOO"])
def test_an_image_of_skin_says_where_it_is(kind: str) -> None:
    """An image of a scar, mark or tattoo needs the code of its place; with it nothing is missing."""
    skin: list[tuple[int, Value]] = [(n, v) for n, v in FACE if n not in (3, 13, 14, 20, 21, 24, 26, 27, 28)]
    skin = sorted([*skin, (3, kind)], key=lambda one: one[0])
    (one,) = found(build(header(), [TaggedDraft(10, 1, skin)]))
    assert (one.code, one.place.tag) == (values.NONE, "10.040")
    placed = sorted([*skin, (40, "TAT R ARM")], key=lambda one: one[0])
    assert found(build(header(), [TaggedDraft(10, 1, placed)])) == ()


def test_a_described_face_needs_its_description() -> None:
    """From acquisition profile 40 on, an image of a face must say how the person looks."""
    drafted = [(n, v) for n, v in FACE if n not in (13, 23, 26, 27, 28)]
    data = build(header(), [TaggedDraft(10, 1, sorted([*drafted, (13, "40")], key=lambda one: one[0]))])
    assert [d.place.tag for d in found(data)] == ["10.023", "10.026", "10.027", "10.028"]


def test_binary_records_are_judged_too() -> None:
    """A Type-4 record with the impression of a latent and a position of no finger is told byte by byte."""
    resolved = header(nsr="19.69", ntr="19.69")
    good = build(resolved, [FingerDraft(1, 1, (7,), 0, 40, 20, 0, GREY)])
    bad = build(resolved, [FingerDraft(1, 4, (7, 16), 0, 40, 20, 0, GREY)])
    assert found(good) == ()
    start = bad.index(b"\x1c") + 1
    told = [(d.place.tag, d.place.subfield, d.place.offset - start) for d in found(bad)]
    assert told == [("4.003", 0, 5), ("4.004", 2, 7)]


@pytest.mark.parametrize(
    ("nsr", "ntr", "told"),
    [
        ("19.69", "19.69", []),
        ("39.37", "19.69", []),
        ("19.29", "19.69", ["1.011"]),
        ("19.69", "39.37", ["1.012"]),
        ("00.00", "00.00", ["1.011", "1.012"]),
    ],
)
def test_the_header_gives_type_4_its_resolution(nsr: str, ntr: str, told: list[str]) -> None:
    """Native and nominal resolution must be those that an image of Type-4 can have."""
    data = build(header(nsr=nsr, ntr=ntr), [FingerDraft(1, 1, (7,), 0, 40, 20, 0, GREY)])
    assert [d.place.tag for d in found(data)] == told


def test_no_resolution_where_nothing_needs_it() -> None:
    """A header that names a resolution, with no record that has it from there, is told."""
    data = build(header(nsr="19.69"), [TaggedDraft(14, 1, FINGER)])
    assert [d.place.tag for d in found(data)] == ["1.011"]


def test_a_record_named_twice_in_the_contents_is_told() -> None:
    """The list of contents names a record once; the second time has its subfield and byte."""
    data = build(header(), [TaggedDraft(14, 1, FINGER), TaggedDraft(14, 2, FINGER)])
    data = data.replace(b"\x1e14\x1f02", b"\x1e14\x1f01", 1)
    (one,) = [d for d in found(data) if d.place.tag == "1.003"]
    assert (one.place.subfield, data[one.place.offset :].startswith(b"14\x1f01")) == (3, True)


def test_the_last_record_must_carry_the_promised_idc() -> None:
    """A last record with another IDC than the contents promise is told, with its byte and both numbers."""
    data = build(header(), [TaggedDraft(14, 1, FINGER), TaggedDraft(14, 2, FINGER)])
    data = data.replace(b"14.002:02", b"14.002:07")
    (one,) = read(data).defects
    assert (one.code, one.severity, one.found, one.expected) == ("ITL-CNT-IDC", Severity.ERROR, "7", "2")
    assert (one.place.idc, data[one.place.offset :].startswith(b"14.001:")) == (7, True)


def test_older_editions_are_not_held_to_newer_rules() -> None:
    """What only the edition of 2011 forbids is no departure in a file of 2007."""
    for number, value in ((3, "4"), (27, "N"), (30, "Unknown")):
        assert found(with_record(14, number, value, ver="0400")) == ()


def test_findings_are_capped() -> None:
    """A record with thousands of departures gives at most five hundred and one, the last of which says so."""
    many = [["7", "EJJ"]] * 9
    fields = [(14, many), (22, [["x", "y"]] * 4000), (21, [["x"]] * 9000)]
    rest = [(n, v) for n, v in FINGER if n not in (14, 21, 22)]
    data = build(header(), [TaggedDraft(14, 1, sorted([*rest, *fields], key=lambda one: one[0]))])
    told = found(data)
    assert len(told) == conform.MOST + 1
    assert "not listed" in told[-1].message


def test_the_rows_make_sense() -> None:
    """Every row's rule can be applied, its sizes are in order, and no two rules hold for one field."""
    for edition in profile.EDITIONS:
        for kind in range(1, 100):
            for number, spec in profile.fields(kind, edition).items():
                assert (spec.row.type, spec.row.number) == (kind, number)
                assert spec.row.rule == "open" or all(n in spec.items for n in range(1, len(spec.items) + 1))
                for row in (spec.row, *spec.items.values()):
                    assert row.need in ("M", "I", "O")
                    assert row.least <= row.most or not row.most
                    assert row.rule == "open" or values.flaw(row, "\x00") or row.rule in ("", "any")
    held = [(row.tag, row.item, e) for row, a, z in profile._rows() for e in profile.EDITIONS if a <= e <= z]
    assert len(held) == len(set(held))


def test_what_the_reader_numbers_is_not_judged_under_a_strange_version() -> None:
    """A file whose version is nonsense is judged by the edition of 2007, and not at all by newer ones."""
    assert profile.edition("0") == profile.FALLBACK
    assert profile.edition("0501") == "0501"


SEPARATED = st.lists(
    st.sampled_from(["\x1d14.0", "\x1d10.0", "\x1d13.", "\x1d15.0", "15:", "\x1e", "\x1f", "\x1c", "FV1",
                     "1", "99999", "-1", "999", "021:", "025:", "2", "EJI", "é", "\x00", "²", "1" * 40]),
    max_size=60,
)  # fmt: skip


@pytest.mark.slow
@given(
    kind=st.sampled_from(sorted(RECORDS)),
    parts=SEPARATED,
    junk=st.binary(max_size=60),
    cut=st.integers(0, 999),
)
@settings(max_examples=250, deadline=None)
def test_checking_never_raises(kind: int, parts: list[str], junk: bytes, cut: int) -> None:
    """Whatever bytes stand in an image record, checking gives findings and never an exception."""
    whole = with_record(kind)
    at = cut % len(whole)
    for data in (
        whole[:at] + "".join(parts).encode() + whole[at:],
        whole[:at] + junk + whole[at + len(junk) :],
    ):
        transaction = read(data).transaction
        if transaction is None:
            continue
        for one in conform.check(transaction):
            assert one.message.isprintable()
            assert one.message.isascii()
            assert one.severity is Severity.ERROR


@pytest.mark.shared
def test_the_rows_have_what_the_fbi_profile_requires(shared_data: Path) -> None:
    """Each field of Types 10, 13, 14 and 15 that EBTS 9.1 requires is one that the rows require too."""
    compared, loose = 0, []
    with (shared_data / "domain" / "ebts91_fields.csv").open(encoding="utf-8") as file:
        theirs = [row for row in csv.DictReader(file) if row["tot"] in ("*T10", "*T13", "*T14", "*T15")]
    for row in theirs:
        kind, _, rest = row["tag"].partition(".")
        if ".." in rest or rest == "001":  # LEN is the reader's
            continue
        spec = profile.fields(int(kind), profile.FALLBACK).get(int(rest))
        compared += 1
        if row["mo"] == "M" and (spec is None or spec.row.need == "O"):
            loose.append(row["tag"])
    assert compared > 80
    assert loose == []


@pytest.mark.shared
@pytest.mark.slow
def test_files_that_nobody_looked_at_have_nothing_against_them(shared_data: Path) -> None:
    """NIST's 2008 files in XML, which no rule was written after, have nothing against their records."""
    files = sorted((shared_data / "xml").glob("nist2008-*.xml"))
    assert len(files) == 3
    for path in files:
        transaction = read_any(path.read_bytes()).transaction
        assert transaction is not None
        assert len(transaction.images) >= 3
        assert conform.check(transaction) == (), path.name
