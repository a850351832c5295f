# SPDX-License-Identifier: Apache-2.0
"""Value types with the names of the standard and of the design. Nothing here does anything."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

Ori = NewType("Ori", str)
"""Originating agency identifier: nine characters, the first two a place code (EBTS 1.008, 2.073)."""

Tcn = NewType("Tcn", str)
"""Transaction control number: 10 to 40 characters, unique to its originator (EBTS 1.009)."""

ModeName = NewType("ModeName", str)
"""Name of a mode of participation. Which gates a mode opens is data of the program, not code."""


class Gate(StrEnum):
    """The four places where policy can stop something."""

    SHARE = "G1"  # copy of the booking to the partner
    RELAY = "G2"  # second response to the agency
    LOOKUP = "G3"  # partner's later queries of the bureau's repository
    KEEP = "G4"  # partner keeps prints that matched nobody


class Outcome(StrEnum):
    """What a gate does for one booking."""

    OPEN = "open"
    CLOSED = "closed"


class Finding(StrEnum):
    """Result of a criminal search, the code values of SRF (EBTS 2.059)."""

    IDENT = "I"
    NON_IDENT = "N"
