# SPDX-License-Identifier: Apache-2.0
"""Departures of minutiae records from their standards, gathered while one is read.

Sources: ISO/IEC 19794-2:2005 and ANSI INCITS 378-2004 (FMR); ANSI/NIST-ITL, Type-9.
"""

from __future__ import annotations

from sluicegate.itl.model import Defect, Place, Severity

IMPRESSIONS = frozenset((0, 1, 2, 3, 8, 9))
"""Plain and rolled, live and not live; 8 swipe; 9 contactless, for which IMP of EBTS has codes of its own."""

MAX_DEFECTS = 200


class Defects:
    """A list that grows while a record is read; from `MAX_DEFECTS` on it takes errors only."""

    __slots__ = ("_found", "standard")

    def __init__(self, standard: str) -> None:
        self.standard = standard
        self._found: list[Defect] = []

    def add(
        self, severity: Severity, code: str, place: Place, message: str, found: str = "", expected: str = ""
    ) -> None:
        # An error decides whether a template is made at all, so that no number of warnings may hide it.
        if severity is Severity.ERROR or len(self._found) < MAX_DEFECTS:
            self._found.append(Defect(code, severity, place, message, self.standard, found, expected))

    def doubt(self, code: str, at: int, message: str, found: str = "", expected: str = "") -> None:
        """What leaves in doubt what the record holds."""
        self.add(Severity.ERROR, code, Place(offset=at), message, found, expected)

    def wrong(self, code: str, at: int, message: str, found: str = "", expected: str = "") -> None:
        """What the standard does not allow, and can be read all the same."""
        self.add(Severity.WARNING, code, Place(offset=at), message, found, expected)

    def all(self) -> tuple[Defect, ...]:
        return tuple(self._found)


def check_header(
    log: Defects,
    at: int,
    actual: int,
    length: int,
    size: tuple[int, int],
    density: tuple[int, int],
    reserved: int,
) -> None:
    """Note what is wrong with a header whose part from the capture device on begins at `at`."""
    if length != actual:
        log.wrong("FMR-LENGTH", 8, "The record is not as long as it says.", str(length), str(actual))
    if min(size) == 0:
        log.wrong("FMR-SIZE", at + 2, "The image has no size.")
    if min(density) == 0:
        log.wrong("FMR-RESOLUTION", at + 6, "The resolution is zero: coordinates have no scale.")
    if reserved:
        log.wrong("FMR-RESERVED", at + 11, "The reserved byte of the header is set.", str(reserved), "0")


def check_view(log: Defects, at: int, position: int, impression: int, quality: int) -> None:
    """Note what is wrong with the head of a view at `at`."""
    if position > 10:
        log.wrong("FMR-FINGER", at, "There is no such finger position.", str(position), "0 to 10")
    if impression not in IMPRESSIONS:
        log.wrong("FMR-IMPRESSION", at + 1, "There is no such impression type.", str(impression))
    if quality > 100:
        log.wrong("FMR-QUALITY", at + 2, "The quality of a finger is over 100.", str(quality), "0 to 100")
