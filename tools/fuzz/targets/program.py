# SPDX-License-Identifier: Apache-2.0
"""The files of a program: one table or the settings replaced by the bytes, the others small and sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from sluicegate.errors import ProgramError
from sluicegate.policy.decide import Facts, decide_all
from sluicegate.policy.program import Program, load, problems
from sluicegate.policy.table import COLUMNS, SETTINGS_FILE
from sluicegate.terms import Ori
from tools.fuzz import samples
from tools.fuzz.claims import hold, plain, refused

MAX_LEN = 8192
TOKENS = (
    b"2010-11-08",
    b"9999-12-31",
    b"0001-01-01",
    b"JURISDICTION_FILTER",
    b"RESPONSE_OPT_OUT",
    b"US-VA-013",
    b"US",
    b"none on record",
    b'"',
    b"\r\n",
    b"\xef\xbb\xbf",
    b"[gates.G1]",
    b"[[",
    b"\\u0000",
    b"America/New_York",
)

_FILES = (*COLUMNS, SETTINGS_FILE)
_PLACED = {"jurisdictions.csv", "agencies.csv", "rules.csv", "choices.csv"}
_CLAIMS = 30  # lines
_KEPT = {"US", "US-VA", "US-VA-013"}


@cache
def _shipped() -> Mapping[str, bytes]:
    """The shipped program, of the places one line of them only: small, so that a load costs a millisecond."""
    folder = resources.files("sluicegate").joinpath("programs", "secure-communities")
    whole = {one.name: one.read_bytes() for one in folder.iterdir()}
    short = {name: _trimmed(data) if name in _PLACED else data for name, data in whole.items()}
    return short | {"claims.csv": b"".join(whole["claims.csv"].splitlines(keepends=True)[:_CLAIMS])}


def _trimmed(data: bytes) -> bytes:
    """The header of a table and its rows about a place that is kept."""
    header, *rows = data.splitlines(keepends=True)
    cells = ((row, row.decode().split(",")[:2]) for row in rows)
    return header + b"".join(row for row, places in cells if not _KEPT.isdisjoint(places))


def seeds() -> Iterator[bytes]:
    """Every file of the shipped program, whole, behind one byte that names it."""
    for number, name in enumerate(_FILES):
        yield bytes([number]) + _shipped().get(name, b"")


def one(data: bytes) -> None:
    """A program is loaded whole or refused with every problem named, and a loaded one decides."""
    name = _FILES[data[0] % len(_FILES)] if data else SETTINGS_FILE
    files = {**_shipped(), name: data[1:]}
    found = problems(files)
    program = refused(lambda: load(files), ProgramError)
    hold((program is None) == bool(found), "a program was loaded with problems, or refused without")
    for problem in found:
        plain(problem.text, "a problem")
    if program is not None:
        _decides(program)


def _decides(program: Program) -> None:
    for agency in {Ori(samples.AGENCY), *(one.ori for one in program.agencies[:3])}:
        for decision in decide_all(program, Facts(agency, agency, samples.AT)).values():
            broken = any(reason.code == "POL-BROKEN" for reason in decision.reasons)
            hold(not broken, "a program that was loaded breaks when it decides")
