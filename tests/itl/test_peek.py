# SPDX-License-Identifier: Apache-2.0
"""What the look at the intake door promises."""

from __future__ import annotations

import itl_samples as samples
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.itl.peek import PEEKED, Header, peek_header
from sluicegate.itl.writer import build

WHOLE = Header(tot="CAR", ori="XX0010000", dai="WVFBI0000", tcn="TEST-0000000001", dat="20261122")


def test_the_door_sees_who_sends_what() -> None:
    """TOT, ORI, DAI, TCN and DAT are seen without reading the rest."""
    assert peek_header(samples.small_card()) == WHOLE


def test_the_door_sees_two_digit_tags() -> None:
    """Old senders' short tags are understood."""
    assert peek_header(samples.small_card().replace(b"1.00", b"1.0")) == WHOLE


def test_what_begins_with_no_type_1_record_has_no_header() -> None:
    """Web pages, archives, images and nothing at all have no header."""
    for data in (b"", b"<html>", b"PK\x03\x04", b"2.001:9\x1c", bytes(100)):
        assert peek_header(data) is None


def test_half_a_value_is_no_value() -> None:
    """In a file that breaks off inside the TCN no TCN is reported, and what came before it is."""
    data = build(samples.HEADER, [])
    seen = peek_header(data[: data.index(b"TEST-") + 7])
    assert seen is not None
    assert (seen.tot, seen.ori, seen.tcn) == ("CAR", "XX0010000", "")


def test_smuggled_line_breaks_are_escaped() -> None:
    """A TCN that carries a mail header cannot become one, and stays different from every other TCN."""
    data = samples.header("1^0").replace(b"1.009:T", b"1.009:A\r\nX: 1")
    seen = peek_header(data)
    assert seen is not None
    assert seen.tcn == r"A\u000d\u000aX: 1"


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(tail: bytes) -> None:
    """Whatever follows the first tag, looking gives printable ASCII or nothing, and no exception."""
    seen = peek_header(b"1.001:" + tail)
    if seen is not None:
        assert "".join((seen.tot, seen.ori, seen.dai, seen.tcn, seen.dat)).isascii()
        assert "".join((seen.tot, seen.ori, seen.dai, seen.tcn, seen.dat)).isprintable()


def test_only_the_beginning_is_looked_at() -> None:
    """A header that never ends is looked at only so far."""
    endless = b"1.001:9\x1d1.004:CAR\x1d1.009:" + b"A" * (2 * PEEKED)
    assert peek_header(endless) == Header(tot="CAR", ori="", dai="", tcn="", dat="")


def test_a_header_of_countless_fields_is_not_followed() -> None:
    """A header over the cap on fields has no answer."""
    assert peek_header(b"1.001:9" + b"\x1d1.9:x" * 9000) is None
