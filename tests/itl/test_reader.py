# SPDX-License-Identifier: Apache-2.0
"""What the reader of ANSI/NIST-ITL promises, on material made here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import itl_samples as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.itl.model import FS, GS, Limits, Reading, Severity
from sluicegate.itl.reader import read
from sluicegate.itl.rules import RULES, Log
from sluicegate.itl.writer import build, write

WIDE = Limits(records=10**6, fields_per_record=10**6, items_per_file=10**7)


def codes(reading: Reading) -> list[str]:
    """Codes of the defects, in order."""
    return [defect.code for defect in reading.defects]


def lossless(data: bytes, reading: Reading) -> bool:
    """Whether every byte is in the transaction, where there is one."""
    return reading.transaction is None or write(reading.transaction) == data


def test_a_sound_card_is_read_whole_and_without_defects() -> None:
    """A conformant transaction gives its records, images, positions and no defects."""
    reading = read(samples.small_card())
    assert reading.defects == ()
    assert reading.transaction is not None
    assert [(r.type, r.idc) for r in reading.transaction.records] == [
        (1, -1),
        (2, 0),
        (4, 1),
        (4, 2),
        (14, 3),
    ]
    first, _, last = reading.transaction.images
    assert (first.fgp, first.hll, first.vll, first.ppi_h, first.compression) == ((1,), 16, 12, 500.0, "NONE")
    assert (last.fgp, last.ppi_h, last.ppi_v, last.compression) == ((7,), 500.0, 500.0, "NONE")
    assert last.data == b"\x1c\x1d\x1e\x1f" * 48


def test_every_part_knows_its_offset() -> None:
    """Records, fields, items and image data are found in the file at the offsets they carry."""
    data = samples.small_card()
    transaction = read(data).transaction
    assert transaction is not None
    for record in transaction.records:
        assert data[record.offset :].startswith(record.raw)
        for field in record.fields:
            assert data[field.offset :].startswith(field.raw)
            for subfield in field.subfields:
                assert all(data[item.offset :].startswith(item.raw) for item in subfield.items)
        if record.image is not None:
            assert data[record.image.data_offset :].startswith(record.image.data)


def test_two_and_three_digit_tags_are_one() -> None:
    """A sender that writes 1.04 and one that writes 1.004 are read alike."""
    long = samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2.018:DOE")
    short = long.replace(b"1.0", b"1.").replace(b"2.0", b"2.").replace(b"LEN", b"")
    reading = read(short)
    assert reading.transaction is not None
    assert [f.tag for f in reading.transaction.records[0].fields][:4] == ["1.001", "1.002", "1.003", "1.004"]
    assert reading.transaction.records[1].text(18) == "DOE"


_BODY = samples.tagged(2, "2.002:00", "2.018:DOE")


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("ITL-EMPTY", b""),
        ("ITL-TYPE1", b"<html>"),
        ("ITL-TYPE1", _BODY),
        ("ITL-VER", samples.header("1^1~2^00").replace(b"0400", b"0900") + _BODY),
        ("ITL-CNT", samples.header("1^x~2^00") + _BODY),
        ("ITL-CNT", samples.header("1^1~2") + _BODY),
        ("ITL-CNT", samples.header("1^1~23^00") + _BODY),
        ("ITL-CNT-COUNT", samples.header("1^2~2^00") + _BODY),
        ("ITL-CNT-COUNT", samples.header("1^2~2^00~2^01") + _BODY),
        ("ITL-CNT-COUNT", samples.header("1^1~2^00") + _BODY + _BODY),
        ("ITL-CNT-TYPE", samples.header("1^1~9^00") + _BODY),
        ("ITL-CNT-IDC", samples.header("1^1~2^01") + _BODY),
        ("ITL-IDC", samples.header("1^1~2^00") + samples.tagged(2, "2.002:?")),
        ("ITL-LEN", samples.header("1^1~2^00", length=30) + _BODY),
        ("ITL-LEN", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", length=1)),
        ("ITL-LEN-NONE", samples.header("1^1~2^00").replace(b"1.001:", b"1.001:+") + _BODY),
        ("ITL-LEN-OVER", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", length=99)),
        ("ITL-LEN-OVER", samples.header("1^1~4^01") + b"\x00\x00\x00\x40\x01"),
        ("ITL-LEN", samples.header("1^1~4^01") + b"\x00\x00\x00\x00\x01" + bytes(40)),
        ("ITL-TYPE", samples.header("1^1~2^00") + samples.tagged(23, "23.002:00")),
        ("ITL-TAG", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "nonsense")),
        ("ITL-TAG", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2." + "9" * 5000 + ":x")),
        ("ITL-TAG-TYPE", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "0.018:DOE")),
        ("ITL-KEY-TWICE", samples.header("1^1~2^00", "1.009:OTHER") + _BODY),
        ("ITL-CHAR-TYPE1", samples.header("1^1~2^00", "1.010:A\r\nX-Evil: 1") + _BODY),
        ("ITL-LOST", samples.header("1^2~2^00~2^01") + _BODY + b"junk"),
        ("ITL-TRAIL", samples.header("1^1~2^00") + _BODY + b"junk"),
    ],
)
def test_structural_lies_are_errors(code: str, data: bytes) -> None:
    """A file whose lengths, contents or identity do not hold is refused by a stable code, and kept whole."""
    reading = read(data)
    assert code in codes(reading)
    assert RULES[code].severity is Severity.ERROR
    assert reading.refused
    assert lossless(data, reading)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("ITL-FS", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", end=b"")),
        ("ITL-PAD", samples.header("1^1~2^00") + _BODY + b"\r\n\x1a\x00"),
        ("ITL-IDC-TWICE", samples.header("1^2~2^00~2^00") + _BODY * 2),
        ("ITL-TAG-LONG", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2.2085:x")),
        ("ITL-FIELD-NONE", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "")),
        ("ITL-FIELD-TWICE", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2.34:a", "2.34:b")),
        ("ITL-CHAR", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2.037:a\tb")),
        ("ITL-CHAR-SET", samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", b"2.018:\xe9")),
    ],
)
def test_what_can_be_lived_with_is_told_and_not_refused(code: str, data: bytes) -> None:
    """A harmless departure from the standard is reported and the transaction goes on."""
    reading = read(data)
    assert codes(reading) == [code]
    assert not reading.refused
    assert lossless(data, reading)


def _with_finger(**changes: int) -> bytes:
    """A one-finger file, a header item of its Type-4 record changed afterwards."""
    data = bytearray(build(samples.HEADER, [samples.finger(1)]))
    at = len(data) - 192 - 18
    for name, value in changes.items():
        where, size = {"fgp": (6, 1), "hll": (13, 2), "vll": (15, 2), "gca": (17, 1)}[name]
        data[at + where : at + where + size] = value.to_bytes(size, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("ITL-FGP", _with_finger(fgp=255)),
        ("ITL-GCA", _with_finger(gca=9)),
        ("ITL-SIZE", _with_finger(hll=0)),
        ("ITL-SIZE", _with_finger(vll=0)),
        ("ITL-IMAGE-SHORT", _with_finger(hll=17)),
        ("ITL-IMAGE-LONG", _with_finger(hll=15)),
        ("ITL-FGP-FILL", _with_finger(fgp=6)[: -192 - 18 + 7] + bytes(5) + _with_finger()[-192 - 18 + 12 :]),
    ],
)
def test_an_image_that_contradicts_its_header_is_told(code: str, data: bytes) -> None:
    """A finger image without position, size, known compression or enough data is reported as that."""
    assert codes(read(data)) == [code]


def test_zeros_behind_a_known_finger_are_filler() -> None:
    """A sender that fills FGP with 0 means one finger, and the bytes still show what it sent."""
    data = _with_finger(fgp=6)[: -192 - 18 + 7] + bytes(5) + _with_finger()[-192 - 18 + 12 :]
    transaction = read(data).transaction
    assert transaction is not None
    assert transaction.images[0].fgp == (6,)
    assert transaction.records[1].binary["fgp"] == (6, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("nsr", "ntr", "isr", "ppi"),
    [
        ("19.69", "19.69", 1, 500.0),
        ("39.37", "19.69", 1, 1000.0),
        ("39.37", "19.69", 0, 500.0),
        ("20.00", "00.00", 0, 508.0),
        ("00.00", "00.00", 1, 500.0),
        ("99.99", "00.00", 1, 2539.75),
    ],
)
def test_type_4_resolution_comes_from_type_1(nsr: str, ntr: str, isr: int, ppi: float) -> None:
    """A Type-4 image has the resolution that NSR or NTR give, as ISR chooses, or 500 where both are empty."""
    draft = replace(samples.finger(1), isr=isr)
    data = build(replace(samples.HEADER, nsr=nsr, ntr=ntr), [draft])
    transaction = read(data).transaction
    assert transaction is not None
    assert transaction.images[0].ppi_h == ppi


def test_nonsense_resolution_falls_back_to_500() -> None:
    """An NSR and NTR that no scanner has are not believed."""
    data = build(samples.HEADER, [samples.finger(1)])
    data = data.replace(b"1.011:19.69", b"1.011:54506").replace(b"1.012:19.69", b"1.012:-1e99")
    transaction = read(data).transaction
    assert transaction is not None
    assert transaction.images[0].ppi_h == 500.0


def test_a_wrong_length_does_not_hide_the_records_behind_it() -> None:
    """Where the LEN of an image record lies, the record behind it is still found, and the file is refused."""
    image = samples.tagged(14, "14.002:00", b"14.999:" + b"\x1cAB\x1d" * 9, length=5)
    data = samples.header("1^2~14^00~2^01") + image + samples.tagged(2, "2.002:01", "2.018:DOE")
    reading = read(data)
    assert reading.transaction is not None
    assert [r.type for r in reading.transaction.records] == [1, 14, 2]
    assert reading.transaction.records[2].text(18) == "DOE"
    assert "ITL-LEN" in codes(reading)


def test_a_wrong_order_in_the_contents_still_shows_the_images() -> None:
    """Where 1.003 has the order wrong, the finger is still found, and the file is refused."""
    data = build(samples.HEADER, [samples.TYPE_2, samples.finger(1)])
    swapped = data.replace(b"2\x1f00\x1e4\x1f01", b"4\x1f01\x1e2\x1f00")
    reading = read(swapped)
    assert reading.transaction is not None
    assert [r.type for r in reading.transaction.records] == [1, 2, 4]
    assert codes(reading) == ["ITL-CNT-TYPE", "ITL-CNT-TYPE"]


def test_a_bare_999_in_another_types_record_is_no_image() -> None:
    """Field 2.999 is text, so it cannot be used to hide separators from this reader."""
    data = samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", b"2.999:a" + GS + b"2.018:DOE")
    transaction = read(data).transaction
    assert transaction is not None
    assert transaction.records[1].text(18) == "DOE"


@pytest.mark.parametrize(
    "limits",
    [
        Limits(file_bytes=100),
        Limits(records=4),
        Limits(fields_per_record=5),
        Limits(items_per_file=10),
        Limits(tagged_field_bytes=12),
    ],
)
def test_every_cap_refuses(limits: Limits) -> None:
    """A file over any cap gives no transaction and one error that names the cap."""
    reading = read(samples.small_card(), limits)
    assert reading.transaction is None
    assert codes(reading)[-1] == "ITL-CAP"
    assert reading.refused


def test_separators_without_fields_count_as_fields() -> None:
    """A million separators with nothing between them are refused after as many as fields are allowed."""
    reading = read(b"1.001:9" + GS * 10**6)
    assert reading.transaction is None
    assert reading.defects[-1].code == "ITL-CAP"
    assert reading.defects[-1].place.offset < 6000


def test_junk_fields_are_paid_for_from_the_budget_of_the_whole_file() -> None:
    """Records full of nothing, or of fields without tags, run into the cap on items, like any other."""
    for junk in (b"", b"x"):
        record = b"2.001:9" + (GS + junk) * 900 + FS
        reading = read(samples.header("1^0") + record * 100, Limits(items_per_file=2000))
        assert reading.transaction is None
        assert reading.defects[-1].code == "ITL-CAP"


def test_a_cap_that_is_just_reached_does_not_refuse() -> None:
    """A file with exactly as many records as allowed is read."""
    assert not read(samples.small_card(), Limits(records=5)).refused


class Unread(bytes):
    """Bytes that may be measured but not looked at."""

    def __getitem__(self, key: object) -> bytes:
        raise AssertionError("these bytes were looked at")

    find = startswith = count = split = __getitem__


def test_a_file_over_the_cap_is_not_looked_at() -> None:
    """Bytes beyond the cap on file size are refused by their number alone."""
    assert codes(read(Unread(b"1.001:"), Limits(file_bytes=5))) == ["ITL-CAP"]


def test_what_is_not_listed_still_refuses() -> None:
    """However many defects a file provokes, few are kept, and none of the errors among the rest is lost."""
    data = samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", *["2.037:\t"] * 300, "junk")
    reading = read(data, WIDE)
    assert len(reading.defects) == Log.KEPT + 1
    assert reading.defects[-1].code == "ITL-MORE"
    assert reading.refused


def test_messages_never_carry_received_bytes_raw() -> None:
    """Whatever a sender writes, defects are printable ASCII on one line."""
    evil = "\r\n\x00\x1b[31m`<script>é"
    data = samples.header(f"1^1~{evil}", f"1.010:{evil}", evil) + samples.tagged(2, f"2.002:{evil}", evil)
    reading = read(data)
    assert reading.defects
    for defect in reading.defects:
        line = f"{defect.place} {defect.message} {defect.clause} {defect.found} {defect.expected}"
        assert line.isascii()
        assert line.isprintable()


def test_every_rule_is_a_code_with_a_sentence() -> None:
    """Codes are stable tokens, and every one is told in a sentence."""
    assert all(rule.code.startswith("ITL-") and rule.sentence.endswith(".") for rule in RULES.values())


@given(st.binary(max_size=300))
def test_any_bytes_give_a_reading(data: bytes) -> None:
    """Arbitrary bytes give a reading, never an exception."""
    assert lossless(data, read(data))


@given(
    st.lists(
        st.sampled_from((b"1.", b"4.", b"14.", b"001:", b"999:", b"9", b"0", b"x", FS, GS, b"\0")),
        max_size=60,
    )
)
def test_any_jumble_of_the_standards_own_tokens_gives_a_reading(tokens: list[bytes]) -> None:
    """Tags, digits and separators in any order behind a header give a reading that loses nothing."""
    data = samples.header("1^2~4^00~14^01") + b"".join(tokens)
    assert lossless(data, read(data))


_CARD = samples.small_card()


@given(st.lists(st.tuples(st.integers(0, len(_CARD)), st.binary(max_size=4), st.integers(0, 40)), max_size=4))
def test_a_mutated_card_gives_a_reading(edits: list[tuple[int, bytes, int]]) -> None:
    """A valid file with pieces cut out and written over gives a reading that loses nothing."""
    data = _CARD
    for at, new, cut in edits:
        data = data[:at] + new + data[at + cut :]
    assert lossless(data, read(data))


@given(st.integers(0, len(_CARD) - 1))
def test_no_truncated_card_is_accepted(size: int) -> None:
    """A file that breaks off anywhere is refused."""
    assert read(_CARD[:size]).refused


class Counted(bytes):
    """Bytes that count how many of themselves were copied out by slicing."""

    copied: int = 0

    def __getitem__(self, key: object) -> bytes:
        piece = super().__getitem__(key)  # type: ignore[index]
        Counted.copied += len(piece) if isinstance(piece, bytes) else 1
        return piece  # type: ignore[return-value]


def _effort(data: bytes) -> int:
    """Instructions executed plus bytes copied while reading: work, in a unit that no clock is needed for."""
    executed = 0

    def step(frame: FrameType, event: str, _argument: object) -> Callable[..., object]:
        nonlocal executed
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        executed += event == "opcode"
        return step

    Counted.copied = 0
    before = sys.gettrace()
    sys.settrace(step)
    try:
        reading = read(Counted(data), WIDE)
    finally:
        sys.settrace(before)
    assert reading.transaction is not None
    return executed + Counted.copied


def _many_records(count: int) -> bytes:
    entries = "".join(f"~2^{i % 100:02d}" for i in range(count))
    return samples.header(f"1^{count}{entries}") + b"".join(
        samples.tagged(2, f"2.002:{i % 100:02d}") for i in range(count)
    )


def _many_fields(count: int) -> bytes:
    return samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", *(f"2.{i}:x" for i in range(3, count)))


def _many_lying_images(count: int) -> bytes:
    entries = "".join(f"~14^{i % 100:02d}" for i in range(count))
    return samples.header(f"1^{count}{entries}") + b"".join(
        samples.tagged(14, f"14.002:{i % 100:02d}", b"14.999:\x1c\x1c", length=7) for i in range(count)
    )


def _many_items(count: int) -> bytes:
    return samples.header("1^1~2^00") + samples.tagged(2, "2.002:00", "2.003:" + "a\x1f\x1e" * count)


def _binary_where_text_is_promised(count: int) -> bytes:
    entries = "".join("~2^00" for _ in range(count))
    image = b"\x00\x00\x00\x13\x00\x00\x01\xff\xff\xff\xff\xff\x01\x00\x01\x00\x01\x00a"
    return samples.header(f"1^{count + 1}{entries}~4^00") + image * (count + 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [_many_records, _many_fields, _many_lying_images, _many_items, _binary_where_text_is_promised],
)
def test_reading_takes_work_in_proportion_to_size(make: Callable[[int], bytes]) -> None:
    """Four times as many records, fields, items or lies cost about four times the work, not sixteen."""
    small, large = make(400), make(1600)
    assert _effort(large) <= 1.3 * _effort(small) * len(large) / len(small)
