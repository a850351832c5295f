# SPDX-License-Identifier: Apache-2.0
"""Reasons of decisions: stable codes, one table. A code never changes its meaning and is never used again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CODES: Mapping[str, str] = {
    "POL-OPEN": "the mode in force opens the gate",
    "POL-CLOSED": "the mode in force closes the gate",
    "POL-NOTHING": "there is nothing for this gate to let through",
    "POL-DECLARED": "the program declares one answer for every booking",
    "POL-CHARGE-LISTED": "a charge is on the program's list of shared offenses",
    "POL-CHARGE-NOT-LISTED": "no charge is on the program's list of shared offenses",
    "POL-CHARGE-NONE": "the gate depends on the charge, and the booking names none",
    "POL-CHARGE-UNKNOWN": "the gate depends on the charge, and one charge is not known to the program",
    "POL-REQUEST-OPEN": "the program opens the gate to this requester for this purpose",
    "POL-REQUEST-CLOSED": "the program closes the gate to this requester for this purpose",
    "POL-REQUEST-NOT-LISTED": "the program lists no answer for this requester and this purpose",
    "POL-REQUEST-NONE": "the gate depends on who asks and for what, and nobody has asked",
    "POL-REQUESTER-NONE": "the request names nobody as its requester; whoever passes it on is not one",
    "POL-REQUESTER-UNKNOWN": "the requester is not known to the program at that moment",
    "POL-PURPOSE-NONE": "the request states no purpose",
    "POL-WON": "why this rule is in force",
    "POL-ACTIVATED": "which row switched the jurisdiction on",
    "POL-LOST": "another row applied and is not in force, and why",
    "POL-ASKED": "what was asked for",
    "POL-REFUSED": "what was asked for was refused",
    "POL-UNVERIFIED": "the rule in force is not verified in a primary text",
    "POL-SCENARIO": "the rule in force is a scenario, not history",
    "POL-PUBLIC-LATE": "the rule in force became public after it began",
    "POL-WORDING-SECRET": "the wording of the rule in force was not public then",
    "POL-SEVERAL": "the agency stands in several jurisdictions, and the most restrictive decides",
    "POL-RETIRED": "the agency's ORI is retired, and its bookings are placed through its successor",
    "POL-BOOKING-CLOSED": "the gate was closed when the booking was received, and stays closed",
    "POL-TIGHTENED": "the gate was open when the booking was received, and is closed now",
    "POL-OPEN-BOTH": "the gate was open when the booking was received, and is open now",
    "POL-RECIPIENT": "the gate is closed for this recipient's own jurisdiction",
    "POL-RECIPIENT-UNPLACED": "the recipient is not an agency of the program at that moment",
    "POL-WRONG-GATE": "the decision handed in is about another gate",
    "POL-NO-PROGRAM": "no program could be read",
    "POL-NO-TIME": "the moment of receipt is missing or has no time zone",
    "POL-CLOCK": "the clock says that now is before the booking was received",
    "POL-UNPLACED": "neither agency of the booking is known to the program at that moment",
    "POL-SUBSTITUTED": "the CRI is not known to the program; the header's ORI alone does not open a gate",
    "POL-NO-EFFECT": "the mode in force does not say what this gate does",
    "POL-BROKEN": "the rule could not be worked out",
}
"""Every reason code, and what it says of a decision."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: a code of `CODES` and a clause in plain words, free of received text."""

    code: str
    text: str


def plain(code: str) -> Reason:
    """The reason of a code in the words of the table."""
    return Reason(code, CODES[code])
