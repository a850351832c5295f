# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON: one value, one spelling."""

from __future__ import annotations

import json
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import LedgerError
from sluicegate.ledger import canonical

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(VALUES)
def test_every_value_of_the_subset_comes_back_unchanged(value: object) -> None:
    """What was spelled canonically is read back as the same value, and spelled the same way again."""
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@pytest.mark.slow
@given(VALUES)
def test_any_other_spelling_is_refused(value: object) -> None:
    """A spelling of the same value with spaces in it is not taken for the canonical one."""
    loose = json.dumps(value, indent=1).encode()
    if loose == canonical.encode(value):  # a plain value has no room for spaces
        assert canonical.decode(loose) == value
    else:
        with pytest.raises(LedgerError):
            canonical.decode(loose)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    """Bytes that nobody vouches for give a value that spells itself so, or a refusal, and never a crash."""
    try:
        value = canonical.decode(data)
    except LedgerError:
        return
    assert canonical.encode(value) == data


def test_the_spelling_is_that_of_the_standard() -> None:
    """Keys are sorted, nothing is spaced, and text is escaped exactly as RFC 8785 section 3.2.2.2 shows."""
    value = {"string": '€$\x0f\nA\'B"\\\\"/', "literals": [None, True, False], "a": {"b": -1, "A": 0}}
    assert canonical.encode(value).decode() == (
        '{"a":{"A":0,"b":-1},"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


class Color(StrEnum):
    """A constant like those of terms.py."""

    RED = "red"


def test_a_named_constant_is_spelled_as_its_text() -> None:
    """A constant of this project enters the ledger as the text it stands for, as key and as value."""
    assert canonical.encode({Color.RED: Color.RED}) == b'{"red":"red"}'


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**53, -(2**53), b"x", (1,), {1}, object(), {1: 2}, {"é": 1}, "\ud800", ["\udfff"]],
    ids=str,
)
def test_what_readers_could_disagree_about_is_refused(value: object) -> None:
    """Fractions, huge integers, keys beyond ASCII and stray types never enter the ledger."""
    with pytest.raises(LedgerError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        *(b'{"a":1,"a":1}', b'{"b":1,"a":2}', b'{"\xc3\xa9":1}', b'"\\u0041"', b'"\\ud800"', b" 1", b"1\n"),
        *(b"1.0", b"1e3", b"NaN", b"-0", b"01", b"9007199254740992", b"9" * 5000, b"", b"{", b"\xff"),
    ],
    ids=str,
)
def test_received_bytes_with_two_readings_are_refused(data: bytes) -> None:
    """Repeated keys, fractions and other spellings are refused when read."""
    with pytest.raises(LedgerError):
        canonical.decode(data)


def test_depth_is_bounded_both_ways() -> None:
    """Nesting beyond what any entry needs is refused before it can exhaust the reader."""
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(LedgerError):
        canonical.encode(deep)
    with pytest.raises(LedgerError):
        canonical.decode(b"[" * 40 + b"1" + b"]" * 40)
    with pytest.raises(LedgerError):
        canonical.decode(b"[" * 100_000)
