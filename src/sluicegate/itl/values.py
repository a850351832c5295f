# SPDX-License-Identifier: Apache-2.0
"""The little language in which rows of the standard say what one value must look like.

Source: ANSI/NIST-ITL 1-2011 Update:2015, clauses 5.5 (character types) and 7.7.2 (dates and times).

=============== ==========================================================
``any``, ````   anything
``text``        characters without control characters
``date``        CCYYMMDD
``gmt``         CCYYMMDDHHMMSSZ
``num:0..2 8``  digits whose number lies in one of the ranges
``int:-9..9``   the same, and a sign may come first
``code:A B``    one of the words
``re:[A-F]+``   the whole value matches
=============== ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from functools import cache

from sluicegate.itl.profile import Row

NONE, VALUE, RANGE, COUNT, RELATION = (
    "ITL-ITEM-NONE", "ITL-ITEM-VALUE", "ITL-ITEM-RANGE", "ITL-ITEM-COUNT", "ITL-RELATION",
)  # fmt: skip
"""Codes: a value is missing, not of its kind, out of its bounds, too often there, or contradicts another."""

Flaw = tuple[str, str]
"""A code and what is wrong, as the end of a sentence that begins with the field's name. Repeats no value."""

_DATE = re.compile(r"[0-9]{8}")
_GMT = re.compile(r"[0-9]{14}Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def flaw(row: Row, text: str) -> Flaw | None:
    """What is wrong with one value that is there, or None."""
    kind, _, argument = row.rule.partition(":")
    size = len(text)
    if kind == "any" or not kind:
        return None
    found = _CHECKS[kind](text, argument)
    if found is None and (size < row.least or (row.most and size > row.most)):
        return RANGE, f"has {size} characters; {_span(row.least, row.most)} required"
    return found


def _span(least: int, most: int) -> str:
    if not most:
        return f"{least} or more"
    return str(most) if least == most else f"{least} to {most}"


def _text(text: str, _argument: str) -> Flaw | None:
    return (VALUE, "has a control character") if _CONTROL.search(text) else None


def _date(text: str, _argument: str) -> Flaw | None:
    return None if _is_day(text) else (VALUE, "is not a date written CCYYMMDD")


def _gmt(text: str, _argument: str) -> Flaw | None:
    fits = _GMT.fullmatch(text) and _is_day(text[:8]) and _is_clock(text[8:14])
    return None if fits else (VALUE, "is not a time written CCYYMMDDHHMMSSZ")


def _is_day(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _is_clock(text: str) -> bool:
    try:
        time(int(text[:2]), int(text[2:4]), min(int(text[4:]), 59))
    except ValueError:
        return False
    return int(text[4:]) <= 60  # a leap second


def _number(text: str, ranges: str) -> Flaw | None:
    if not (text.isascii() and text.isdigit()):
        return VALUE, "is not a number"
    return _within(text, ranges)


def _integer(text: str, ranges: str) -> Flaw | None:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        return VALUE, "is not a whole number"
    return _within(text, ranges)


def _within(text: str, ranges: str) -> Flaw | None:
    # More digits than any bound has: int() of a hostile million of them would take minutes.
    inside = len(text) <= 12 and any(low <= int(text) <= high for low, high in _bounds(ranges))
    return None if inside else (RANGE, f"is not one of {ranges.replace('..', ' to ')}")


@cache
def _bounds(ranges: str) -> tuple[tuple[int, int], ...]:
    pairs = (word.partition("..") for word in ranges.split())
    return tuple((int(low), int(high or low)) for low, _, high in pairs)


def _code(text: str, words: str) -> Flaw | None:
    return None if text in words.split() else (VALUE, f"is not one of {words}")


def _pattern(text: str, pattern: str) -> Flaw | None:
    return None if re.fullmatch(pattern, text) else (VALUE, "is not written as the standard wants it")


_CHECKS: dict[str, Callable[[str, str], Flaw | None]] = {
    "text": _text,
    "date": _date,
    "gmt": _gmt,
    "num": _number,
    "int": _integer,
    "code": _code,
    "re": _pattern,
}
