# SPDX-License-Identifier: Apache-2.0
"""What the writer of ANSI/NIST-ITL promises."""

from __future__ import annotations

from dataclasses import replace

import itl_samples as samples
import pytest
from hypothesis import given

from sluicegate.errors import UsageError
from sluicegate.itl.reader import read
from sluicegate.itl.writer import Draft, FingerDraft, HeaderDraft, TaggedDraft, build, write


@given(samples.drafts())
def test_what_is_built_is_read_without_defects_and_written_back(drafts: list[Draft]) -> None:
    """Any transaction that can be built is read without a single defect and written back byte for byte."""
    data = build(samples.HEADER, drafts)
    reading = read(data)
    assert reading.defects == ()
    assert reading.transaction is not None
    assert write(reading.transaction) == data
    assert [(r.type, r.idc) for r in reading.transaction.records[1:]] == [(d.type, d.idc) for d in drafts]


@given(samples.drafts())
def test_values_come_back_as_they_were_given(drafts: list[Draft]) -> None:
    """Every text, every image and every header item comes back as it was given."""
    transaction = read(build(samples.HEADER, drafts)).transaction
    assert transaction is not None
    for draft, record in zip(drafts, transaction.records[1:], strict=True):
        if isinstance(draft, FingerDraft):
            assert record.image is not None
            assert (record.image.fgp, record.image.data) == (draft.fgp, draft.data)
            continue
        for (number, value), field in zip(draft.fields, record.fields[2:], strict=True):
            assert field.number == number
            if isinstance(value, bytes):
                assert field.subfields[0].items[0].raw == value
            else:
                assert field.texts() == ([[value]] if isinstance(value, str) else value)


def test_header_items_land_in_their_fields() -> None:
    """TOT, TCN, TCR and their neighbors are written to the field numbers of the standard."""
    full = replace(
        samples.HEADER, tcr="ASKED-1", pry="1", dom=("NORAM", "9.4"), gmt="20261122080000Z", ver="0502"
    )
    header = read(build(full, [samples.TYPE_2])).transaction
    assert header is not None
    texts = {field.number: field.texts() for field in header.records[0].fields}
    assert texts[2] == [["0502"]]
    assert texts[3] == [["1", "1"], ["2", "00"]]
    assert (texts[4], texts[5], texts[6]) == ([["CAR"]], [["20261122"]], [["1"]])
    assert (texts[7], texts[8]) == ([["WVFBI0000"]], [["XX0010000"]])
    assert (texts[9], texts[10]) == ([["TEST-0000000001"]], [["ASKED-1"]])
    assert (texts[13], texts[14]) == ([["NORAM", "9.4"]], [["20261122080000Z"]])


def test_utf8_is_declared_where_it_is_allowed() -> None:
    """Text beyond ASCII is written only where asked for, and 1.015 then names the character set."""
    draft = TaggedDraft(2, 0, [(18, "PEÑA,ZOË")])
    reading = read(build(replace(samples.HEADER, utf8=True), [draft]))
    assert reading.defects == ()
    assert reading.transaction is not None
    assert reading.transaction.records[0].get(15) is not None
    assert reading.transaction.records[1].text(18) == "PEÑA,ZOË"
    with pytest.raises(UsageError):
        build(samples.HEADER, [draft])


@pytest.mark.parametrize(
    "header",
    [
        replace(samples.HEADER, tot=""),
        replace(samples.HEADER, tot="CAR\r\n"),
        replace(samples.HEADER, tcn="A\x1dB"),
        replace(samples.HEADER, tcn="A" * 49),
        replace(samples.HEADER, ori=""),
        replace(samples.HEADER, dai="É"),
        replace(samples.HEADER, dat="2026-11-22"),
        replace(samples.HEADER, dat="٢٠٢٦١١٢٢"),
        replace(samples.HEADER, pry="0"),
        replace(samples.HEADER, nsr="500"),
        replace(samples.HEADER, gmt="20261122"),
        replace(samples.HEADER, ver="0100"),
        replace(samples.HEADER, dom="A\x1fB"),
    ],
)
def test_a_header_that_would_not_conform_is_not_written(header: HeaderDraft) -> None:
    """No Type-1 record leaves with an empty, overlong, malformed or smuggling item."""
    with pytest.raises(UsageError):
        build(header, [samples.TYPE_2])


@pytest.mark.parametrize(
    "drafts",
    [
        [samples.TYPE_2, samples.finger(0)],
        [TaggedDraft(2, 100, [])],
        [TaggedDraft(2, -1, [])],
        [TaggedDraft(4, 0, [])],
        [TaggedDraft(1, 0, [])],
        [TaggedDraft(2, 0, [(2, "00")])],
        [TaggedDraft(2, 0, [(18, "A"), (18, "B")])],
        [TaggedDraft(2, 0, [(20, "A"), (18, "B")])],
        [TaggedDraft(2, 0, [(1000, "A")])],
        [TaggedDraft(2, 0, [(18, "A\x1eB")])],
        [TaggedDraft(2, 0, [(18, "A\nB")])],
        [TaggedDraft(2, 0, [(18, "")])],
        [TaggedDraft(2, 0, [(18, [["", ""], []])])],
        [TaggedDraft(2, 0, [(18, b"A")])],
        [TaggedDraft(2, 0, [(999, b"A")])],
        [TaggedDraft(14, 0, [(999, "A")])],
        [TaggedDraft(14, 0, [(999, b"")])],
        [TaggedDraft(14, 0, [(6, "16"), (7, "12"), (11, "WSQ20"), (999, b"")])],
        [TaggedDraft(14, 0, [(6, "16"), (11, "WSQ20"), (999, b"A")])],
        [samples.finger(1, ())],
        [samples.finger(1, (1,) * 7)],
        [samples.finger(1, (255,))],
        [samples.finger(1, (6, 0))],
        [samples.finger(1, data=b"")],
        [samples.finger(1, data=b"short")],
        [replace(samples.finger(1), imp=256)],
        [replace(samples.finger(1), isr=2)],
        [replace(samples.finger(1), hll=65536)],
        [replace(samples.finger(1), vll=0)],
        [replace(samples.finger(1), gca=7)],
        [TaggedDraft(2, i % 100, []) for i in range(1000)],
    ],
)
def test_a_record_that_would_not_conform_is_not_written(drafts: list[Draft]) -> None:
    """No record leaves with a repeated IDC, a wrong order, a smuggled separator or a number out of range."""
    with pytest.raises(UsageError):
        build(samples.HEADER, drafts)


def test_half_a_character_is_not_written() -> None:
    """Text that UTF-8 cannot hold is a usage error and not a crash."""
    with pytest.raises(UsageError):
        build(replace(samples.HEADER, utf8=True), [TaggedDraft(2, 0, [(18, "\ud800")])])


@pytest.mark.parametrize("size", [*range(75, 95), *range(975, 995)])
def test_len_counts_its_own_digits(size: int) -> None:
    """LEN is right where writing it makes the record a digit longer."""
    reading = read(build(samples.HEADER, [TaggedDraft(2, 0, [(3, "A" * size)])]))
    assert reading.defects == ()
