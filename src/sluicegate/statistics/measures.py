# SPDX-License-Identifier: Apache-2.0
"""What each figure counts, defined once as data: the export, the page and the check all read this table.

The columns follow the export that `domain.md` 4.2 suggests. Every figure names the query of
`store/statistics.sql` that it comes from. Whether a figure is published for a place, or for the nation only,
is decided here and nowhere else (docs/decisions/0013-statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a figure would tell, and so how it is treated."""

    BOOKING = "booking"  # bookings by what the rule did with them: settled before the partner says a word
    AGENCY = "agency"  # counts agencies, not people
    TIME = "time"  # whole seconds; shown only over enough bookings
    DOOR = "door"  # what never got so far as a jurisdiction
    ANSWER = "answer"  # depends on what the partner found: for the nation only, late, and under conditions


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    Attributes:
        id: its name in files, lower case with hyphens.
        title: a few words for a heading.
        unit: what is counted: bookings, agencies, copies or seconds.
        group: how it is treated.
        everywhere: whether it is published for each jurisdiction and state, or for the nation only.
        counts: the definition, one sentence.
        leaves_out: what a reader could think it counts and it does not.
        query: named query of `store/statistics.sql`.
    """

    id: str
    title: str
    unit: str
    group: Group
    everywhere: bool
    counts: str
    leaves_out: str
    query: str


_B, _T, _A, _D = Group.BOOKING, Group.TIME, Group.ANSWER, Group.DOOR

MEASURES: tuple[Measure, ...] = (
    Measure(
        "submissions", "Submissions", "bookings", _B, True,
        "Bookings for which the gates were decided in the month, in the jurisdiction's local time.",
        "Transactions refused before any rule was asked, repeats of the same bytes, and persons: a person "
        "booked twice counts twice.",
        "submissions",
    ),
    Measure(
        "copied", "Copied to the partner", "bookings", _B, True,
        "Of the submissions, those of which a copy left for the partner (G1 open).",
        "What the partner did with the copy.",
        "outcomes",
    ),
    Measure(
        "withheld", "Withheld from the partner", "bookings", _B, True,
        "Of the submissions, those of which the rule in force kept every copy back (G1 closed).",
        "Bookings that were refused; no copy of these exists either.",
        "outcomes",
    ),
    Measure(
        "refused", "Refused after the decision", "bookings", _B, True,
        "Of the submissions, those refused for their images after the decision; nothing was copied.",
        "Transactions refused at the door.",
        "outcomes",
    ),
    Measure(
        "pending", "Pending", "bookings", _B, True,
        "Of the submissions, those neither copied, withheld nor refused when the figures were made.",
        "Copies whose answer is awaited.",
        "outcomes",
    ),
    Measure(
        "agencies", "Agencies connected", "agencies", Group.AGENCY, True,
        "Agencies (CRI, or the sender's ORI where there is none) with at least one submission in the month.",
        "Agencies that are activated and sent nothing; agencies all of whose entries were erased since.",
        "agencies",
    ),
    Measure(
        "answer-median", "Criminal answer, median", "seconds", _T, True,
        "Median time from receipt to the criminal answer in the outbox, over the submissions answered.",
        "The way of the answer to the agency, and any answer of the partner's.",
        "answer_times",
    ),
    Measure(
        "answer-p95", "Criminal answer, 95th percentile", "seconds", _T, True,
        "Time within which 95 of 100 of these answers were in the outbox (nearest rank).",
        "The same as the median leaves out.",
        "answer_times",
    ),
    Measure(
        "received", "Received", "bookings", _D, False,
        "Transactions taken in during the month, in UTC, whatever became of them.",
        "Repeats of the same bytes.",
        "received",
    ),
    Measure(
        "refused-at-door", "Refused at the door", "bookings", _D, False,
        "Of those received, the ones refused before any rule was asked.",
        "Bookings refused for their images later.",
        "refused_at_door",
    ),
    Measure(
        "charge-missing", "Refused without a charge", "bookings", _D, False,
        "Of those refused at the door, the ones whose refusal names the charges (2.047): no booking without "
        "a charge goes further, so among submissions none is missing.",
        "Charges that say little, or that no table knows; refusals whose text is not kept any more.",
        "refusals",
    ),
    Measure(
        "matched", "Matched by the partner", "bookings", _A, False,
        "Of the copies, those in which the partner found a subject it knows and a person agreed.",
        "Persons who may be removed: a match is not a status.",
        "answers",
    ),
    Measure(
        "not-matched", "Matched nobody", "bookings", _A, False,
        "Of the copies, those about which the partner had nothing to say.",
        "Copies that its door turned away.",
        "answers",
    ),
    Measure(
        "turned-away", "Turned away by the partner's door", "bookings", _A, False,
        "Of the copies, those that the partner did not take in.",
        "Copies that never arrived.",
        "answers",
    ),
    Measure(
        "relayed", "Second response relayed", "bookings", _A, False,
        "Of the matched, those with a second response to at least one agency (G2 open).",
        "Whether the agency read it, and whether its state passed it on.",
        "answers",
    ),
    Measure(
        "muted", "Second response withheld", "bookings", _A, False,
        "Of the matched, those whose second response reached no agency (G2 closed).",
        "Bookings with one agency told and another not: they are relayed.",
        "answers",
    ),
    Measure(
        "determined", "Determined by an officer", "copies", _A, False,
        "Copies that the partner took in during the month, in UTC, and about which an officer determined.",
        "Matches that wait.",
        "officer",
    ),
    Measure(
        "citizen", "Determined to be a citizen", "copies", _A, False,
        "Of the determined, those found to be United States citizens. Its rate is citizen / determined.",
        "Citizens whom nobody recognized as such.",
        "officer",
    ),
    Measure(
        "not-same", "Determined to be somebody else", "copies", _A, False,
        "Of the determined, those in which the officer saw that the candidate was another person.",
        "Mistakes that nobody saw.",
        "officer",
    ),
    Measure(
        "otherwise", "Determined otherwise", "copies", _A, False,
        "Of the determined, all others: may be removed, may not, order on record, or not to be told.",
        "What became of anybody afterwards.",
        "officer",
    ),
    Measure(
        "officer-median", "Officer's answer, median", "seconds", _A, False,
        "Median time from a query's queueing to the officer's determination, over the determined.",
        "The way back to the agency.",
        "officer",
    ),
)  # fmt: skip

BY_ID = {one.id: one for one in MEASURES}
EVERYWHERE = tuple(one for one in MEASURES if one.everywhere)
NATION_ONLY = tuple(one for one in MEASURES if not one.everywhere)
ADDITIVE = tuple(one.id for one in MEASURES if one.group is Group.BOOKING)
"""Figures of places that add up to those of the place around them."""

IDENTITIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("submissions", ("copied", "withheld", "refused", "pending")),
    ("copied", ("matched", "not-matched", "turned-away")),
    ("matched", ("relayed", "muted")),
    ("determined", ("citizen", "not-same", "otherwise")),
)
"""Totals and their parts, by id."""


def percentile(sorted_values: list[int], percent: int) -> int:
    """The nearest-rank percentile of sorted whole numbers, of which there is at least one."""
    return sorted_values[max(0, -(-len(sorted_values) * percent // 100) - 1)]


def rate(numerator: int, denominator: int) -> str:
    """A rate in percent with one decimal, rounded half up, or `-` where there is nothing to divide by."""
    if denominator <= 0:
        return "-"
    tenths = (2000 * numerator + denominator) // (2 * denominator)
    return f"{tenths // 10}.{tenths % 10} %"
