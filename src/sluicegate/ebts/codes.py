# SPDX-License-Identifier: Apache-2.0
"""Code tables of the EBTS profile (RAC, EYE, HAI, SEX, IMP, FGP, places, error families) as rows of data.

Source: EBTS 9.1 Appendix C, ANSI/NIST-ITL 1-2007 tables 11 and 12, the NCIC place codes as listed in the
NIEM fbi 2.0 schema, and the error families of EFTS 7.0 Appendix M. A place whose name is not carried has an
empty meaning: the code is valid all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from sluicegate.ebts import tables


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code that an ERRT puts first in its MSG."""

    code: str
    family: str  # authorization, element, header, logic
    meaning: str
    clause: str


def table(name: str) -> Mapping[str, str]:
    """Code to meaning. Raises KeyError for a table that does not exist."""
    return _tables()[name]


def clause(name: str) -> str:
    """The rule a table comes from."""
    return _clauses()[name]


def is_place(code: str) -> bool:
    """Whether the two letters are an NCIC state or country code (Nebraska is NB, Guam is GM)."""
    return code in table("POB")


@cache
def errors() -> Mapping[str, ErrorCode]:
    """The error codes, by code."""
    found = {
        r["code"]: ErrorCode(r["code"], r["family"], r["meaning"], r["clause"])
        for r in tables.rows("errors.csv")
    }
    return MappingProxyType(found)


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in tables.rows("codes.csv"):
        found.setdefault(row["table"], {})[row["code"]] = row["meaning"]
    return MappingProxyType({name: MappingProxyType(codes) for name, codes in found.items()})


@cache
def _clauses() -> Mapping[str, str]:
    return MappingProxyType({row["table"]: row["clause"] for row in tables.rows("codes.csv")})
