# SPDX-License-Identifier: Apache-2.0
"""Who plays in the demonstration: real counties, people who do not exist, and what each part shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

MOMENT = datetime(2010, 11, 15, 15, 0, tzinfo=UTC)
"""When the demonstration plays: nine statements about opting out stood side by side that month."""


@dataclass(frozen=True, slots=True)
class Part:
    """One agency's booking."""

    name: str
    ori: str
    agency: str
    person: int
    expected_mode: str
    shows: str
    at_bureau: bool = False  # the bureau has an earlier record of this person
    at_partner: bool = False  # so has the partner
    malformed: bool = False

    @property
    def tcn(self) -> str:
        """The booking's TCN, readable in the story."""
        return f"DEMO-{self.name}-0001"


PARTS: tuple[Part, ...] = (
    Part(
        "FULL",
        "CA0380000",
        "San Francisco Sheriff",
        1011,
        "FULL",
        "asked to be filtered, and was not: the copy goes, the partner's answer comes back",
        at_bureau=True,
        at_partner=True,
    ),
    Part(
        "RESPONSE",
        "VA0070100",
        "Arlington County Police",
        1022,
        "RESPONSE_OPT_OUT",
        "the only opt-out that was offered: the copy goes all the same, only the answer is held back",
        at_partner=True,
    ),
    Part(
        "FILTER",
        "DCMPD0000",
        "Metropolitan Police, DC",
        1033,
        "JURISDICTION_FILTER",
        "the partner knows this person and will never hear of the booking",
        at_partner=True,
    ),
    Part(
        "NOTACTIVE",
        "IL0160000",
        "Cook County Sheriff",
        1044,
        "NOT_ACTIVATED",
        "never switched on: nothing is shared",
    ),
    Part(
        "MALFORMED",
        "CA0190000",
        "Los Angeles County Sheriff",
        1055,
        "",
        "a date of arrest in the future: refused with the place of the defect, and never shared",
        malformed=True,
    ),
)

CARD_ORI = "TX1010000"
CARD_AGENCY = "Harris County Sheriff"
"""The agency that plays the real card: the first county that was switched on."""
