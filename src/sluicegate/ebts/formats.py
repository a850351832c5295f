# SPDX-License-Identifier: Apache-2.0
"""What one value must look like beyond its character class and size: dates, names, agencies, measures.

Source: EBTS 9.1 Appendix B (header) and Appendix C (Type-2). A rule gives a flaw or None; a flaw is `soft`
where real senders depart from the standard without harm, so that it never refuses a booking. No flaw
repeats the value: these texts may be logged, and most of the values are about a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sluicegate.ebts import codes

MISSING, INVALID, RANGE, RECORD, FIELD, RELATION = "E0001", "E0002", "E0003", "E0004", "E0005", "E0006"
HEADER = "H0001"


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides the value. `latest` is the last date that is not a future one."""

    tot: str
    latest: date


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a field, before it is known how bad. Positions count from 1; 0 is the whole."""

    code: str
    message: str
    soft: bool = False
    subfield: int = 0
    item: int = 0


Rule = Callable[[str, int, Context], Flaw | None]
"""Takes the value, its subfield's number from 1, and the context."""

AGENCY = re.compile(r"[A-Z0-9]{9}")
_DATE = re.compile(r"[0-9]{8}")
_GMT = re.compile(r"[0-9]{14}Z")
_HEIGHT = re.compile(r"N[0-9]{2}|[0-9]{3}")
_SID = re.compile(r"[A-Z]{2}[A-Z0-9]+-?")
_RESOLUTION = re.compile(r"[0-9]{2}\.[0-9]{2}")
_VERSIONS = frozenset(("0200", "0201", "0300", "0400", "0500", "0501", "0502"))
_NO_LEAST_WEIGHT = frozenset(("MPR", "AMN", "DEU"))


def day(text: str) -> date | None:
    """The date that CCYYMMDD names, or None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def rule(name: str) -> Rule | None:
    """The rule of that name (column `format` of the dictionary), or None."""
    return _RULES.get(name)


def _date(text: str, _subfield: int, context: Context) -> Flaw | None:
    found = day(text)
    if found is None:
        return Flaw(INVALID, "is not a date written CCYYMMDD")
    return Flaw(RANGE, "is a date in the future") if found > context.latest else None


def _birthdate(text: str, subfield: int, context: Context) -> Flaw | None:
    return None if text == "00000000" else _date(text, subfield, context)


def _name(text: str, _subfield: int, _context: Context) -> Flaw | None:
    surname, comma, given = text.partition(",")
    if not surname.strip(" -"):
        return Flaw(INVALID, "has no surname before the comma")
    if not comma or not given.strip(" -,"):
        return Flaw(INVALID, "is not written SURNAME,GIVEN", soft=True)
    if surname != surname.strip() or given != given.strip() or "  " in text or "--" in text:
        return Flaw(INVALID, "has a blank beside the comma or at an end, or two blanks or hyphens", soft=True)
    return Flaw(INVALID, "has lower-case letters", soft=True) if text != text.upper() else None


def _agency(text: str, _subfield: int, _context: Context) -> Flaw | None:
    if not AGENCY.fullmatch(text):
        return Flaw(INVALID, "is not nine characters of A-Z and 0-9")
    # Soft, because the table of places has changed between versions; whether an agency is known at all is
    # asked again, and strictly, when it is authorized.
    return None if codes.is_place(text[:2]) else Flaw(INVALID, "does not begin with a place code", soft=True)


def _controlling(text: str, subfield: int, context: Context) -> Flaw | None:
    # Only the first CRI is the controlling agency; the second and third are for the sender's own use.
    return _agency(text, subfield, context) if subfield == 1 else None


def _copy_to(text: str, _subfield: int, _context: Context) -> Flaw | None:
    return None if AGENCY.match(text) else Flaw(INVALID, "does not begin with a nine-character agency")


def _height(text: str, _subfield: int, _context: Context) -> Flaw | None:
    if not _HEIGHT.fullmatch(text):
        return Flaw(INVALID, "is not feet and inches, nor N and inches")
    if text == "000" or text.startswith("N"):
        return None
    if not 400 <= int(text) <= 711 or int(text[1:]) > 11:
        return Flaw(RANGE, "is outside 400 to 711", soft=True)
    return None


def _weight(text: str, _subfield: int, context: Context) -> Flaw | None:
    if not (text.isascii() and text.isdigit()):
        return Flaw(INVALID, "is not a number of pounds")
    least = 0 if context.tot in _NO_LEAST_WEIGHT else 50
    if text == "000" or least <= int(text) <= 499:
        return None
    return Flaw(RANGE, "is outside 050 to 499 pounds", soft=True)


def _state_number(text: str, _subfield: int, _context: Context) -> Flaw | None:
    if not _SID.fullmatch(text) or not codes.is_place(text[:2]):
        return Flaw(INVALID, "is not a state code followed by a number")
    if text.endswith("-") and text[:2] not in ("NY", "OR", "PA"):
        return Flaw(INVALID, "may end in a hyphen only for NY, OR and PA")
    return None


def _other_number(text: str, _subfield: int, _context: Context) -> Flaw | None:
    kind, hyphen, number = text[:2], text[2:3], text[3:]
    if hyphen != "-" or kind not in codes.table("MNU") or not number:
        return Flaw(INVALID, "is not a listed two-letter code, a hyphen and a number")
    if kind in ("AF", "AS") and not (number.isascii() and number.isdigit()):
        return Flaw(INVALID, "must be digits only after AF- and AS-")
    return None


def _filled(text: str, _subfield: int, _context: Context) -> Flaw | None:
    return Flaw(INVALID, "begins with a blank") if text.startswith(" ") else None


def _idc(text: str, _subfield: int, _context: Context) -> Flaw | None:
    if not (text.isascii() and text.isdigit()):
        return Flaw(INVALID, "is not a number")
    return None if text == "00" else Flaw(INVALID, "is not 00", soft=True)


def _version(text: str, _subfield: int, _context: Context) -> Flaw | None:
    return None if text in _VERSIONS else Flaw(INVALID, "is not a known version of ANSI/NIST-ITL", soft=True)


def _resolution(text: str, _subfield: int, _context: Context) -> Flaw | None:
    return (
        None
        if _RESOLUTION.fullmatch(text)
        else Flaw(INVALID, "is not pixels per mm written NN.NN", soft=True)
    )


def _gmt(text: str, _subfield: int, _context: Context) -> Flaw | None:
    if not _GMT.fullmatch(text) or day(text[:8]) is None:
        return Flaw(INVALID, "is not a time written CCYYMMDDHHMMSSZ", soft=True)
    return None


def _domain(text: str, _subfield: int, _context: Context) -> Flaw | None:
    return None if text == "NORAM" else Flaw(INVALID, "does not name the domain NORAM first", soft=True)


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "date": _date,
        "birthdate": _birthdate,
        "nam": _name,
        "agency": _agency,
        "cri": _controlling,
        "sco": _copy_to,
        "hgt": _height,
        "wgt": _weight,
        "sid": _state_number,
        "mnu": _other_number,
        "filled": _filled,
        "idc": _idc,
        "version": _version,
        "resolution": _resolution,
        "gmt": _gmt,
        "domain": _domain,
    }
)
