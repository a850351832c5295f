# SPDX-License-Identifier: Apache-2.0
"""What an audit can find: a closed set of kinds, each with what it means and what to do.

A finding says where something is wrong; its kind says, in words for people, what that means. A note is what
is not wrong and must be said all the same: what waits, and what could not be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Check(StrEnum):
    """The checks of an audit, in the order of the report."""

    LOGS = "logs"
    STATEMENTS = "statements"
    REGISTRY = "registry"
    DAYS = "days"
    SIDES = "sides"
    FIGURES = "figures"
    WITNESSES = "witnesses"
    RECEIPTS = "receipts"
    ENTRIES = "entries"


TITLES: Mapping[Check, str] = {
    Check.LOGS: "Every tree derived again from its entries",
    Check.STATEMENTS: "Every public statement, its order and its clock",
    Check.REGISTRY: "The rules, from the first files and every signed change",
    Check.DAYS: "Every day: received = shared + withheld + pending",
    Check.SIDES: "What was sent against what the partner took",
    Check.FIGURES: "Statistics and releases",
    Check.WITNESSES: "Witnesses, and checkpoints seen elsewhere",
    Check.RECEIPTS: "Receipts, and their decisions made again",
    Check.ENTRIES: "The entries themselves, and every decision made again",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: which check makes it, what it means, and what to do."""

    check: Check
    means: str
    do: str


_KEEP = "Keep a copy of the folder as it is now, and ask the operator for an explanation in writing."
_OTHER = "Get the folder once more from another place, and compare; if it stays, keep both copies."

KINDS: Mapping[str, Kind] = {
    "checkpoint": Kind(
        Check.LOGS, "the signed summary of a log is missing, damaged or not signed by the known key", _OTHER
    ),
    "entry": Kind(Check.LOGS, "an entry is not the one that the log committed itself to", _KEEP),
    "bundle": Kind(Check.LOGS, "a file of entries is missing or damaged", _OTHER),
    "tile": Kind(Check.LOGS, "a file of hashes is missing, or is not what the entries give", _OTHER),
    "root": Kind(Check.LOGS, "the entries do not lead to the summary that was signed", _KEEP),
    "beyond": Kind(
        Check.LOGS,
        "there is more than any signed summary covers: a publication was cut short, or somebody added it",
        "Ask the operator to publish again; if it stays, ask who wrote it.",
    ),
    "grown": Kind(
        Check.LOGS, "a log is not what was stated of it before: something in it was rewritten", _KEEP
    ),
    "unstated": Kind(
        Check.LOGS,
        "a log shows something that no statement covers, or lacks what was stated",
        "Ask the operator to publish again; if it stays, keep a copy.",
    ),
    "private": Kind(
        Check.LOGS,
        "a log that must never be public is in the folder: muted answers could be counted in it",
        "Take it down at once and find out who put it there.",
    ),
    "statement": Kind(Check.STATEMENTS, "a public statement cannot be read as one", _KEEP),
    "clock": Kind(
        Check.STATEMENTS,
        "something is dated before what stands ahead of it: the clock was set back, or it was back-dated",
        "Ask for the operator's record of the clock; rules that turn on that hour are in doubt.",
    ),
    "key": Kind(
        Check.STATEMENTS,
        "a signing key is not one that the history of keys allows at that time",
        "Compare the key with a copy from another source, such as print.",
    ),
    "registry": Kind(
        Check.REGISTRY,
        "the rules are not those that two people signed and the ledger registered",
        "Compare with a copy of registry/ and programs/ that you trust; until then nothing is proven.",
    ),
    "day-file": Kind(Check.DAYS, "the file of a day is missing, or is not what was stated of it", _OTHER),
    "day-changed": Kind(
        Check.DAYS, "a booking was moved between sets, or added to or removed from a day that was over", _KEEP
    ),
    "day-chain": Kind(Check.DAYS, "days do not follow each other: one was left out or told twice", _KEEP),
    "day-sum": Kind(Check.DAYS, "received is not shared + withheld + pending", _KEEP),
    "day-log": Kind(
        Check.DAYS, "a set says of a booking what the log of its jurisdiction does not say", _KEEP
    ),
    "taken": Kind(
        Check.SIDES,
        "the partner has what was not sent to it, or the two sides contradict each other",
        "Ask both sides for the booking's record; if it was withheld, this is the alarm of all alarms.",
    ),
    "channel": Kind(
        Check.SIDES, "a number of a copy is missing, doubled or out of order", "Ask both sides for that copy."
    ),
    "statistics": Kind(
        Check.FIGURES, "published figures are not those that were stated, or do not add up", _OTHER
    ),
    "release": Kind(
        Check.FIGURES, "a released document is not the one that was stated, or was altered", _OTHER
    ),
    "witness": Kind(
        Check.WITNESSES,
        "too few witnesses stand behind the newest summary, or a signature of one does not hold",
        "Ask the operator to have it cosigned; until then others may be shown another ledger.",
    ),
    "split": Kind(
        Check.WITNESSES,
        "two ledgers under one name: somebody was shown another history than this one",
        "Keep both; two signed summaries that contradict each other are proof: sluicegate witness compare",
    ),
    "receipt": Kind(
        Check.RECEIPTS,
        "a receipt does not hold, or is not of this ledger",
        "Ask the agency for the receipt as it came, and the operator for a new copy of it.",
    ),
    "receipt-day": Kind(
        Check.RECEIPTS, "a booking is not where its receipt says: shared, withheld or taken", _KEEP
    ),
    "decision": Kind(
        Check.RECEIPTS,
        "a decision is not the one that the rules of its day give",
        "Ask which rules were read for it. Take the recorded decision as unproven.",
    ),
    "back-dated": Kind(
        Check.RECEIPTS, "a decision rests on rules that were not registered when the booking came", _KEEP
    ),
    "entry-body": Kind(
        Check.ENTRIES,
        "what the database says of an entry is not what was entered",
        "Restore it; ask who wrote.",
    ),
    "entry-order": Kind(Check.ENTRIES, "an entry is missing, doubled or out of its place", _KEEP),
    "erased": Kind(
        Check.ENTRIES,
        "entries were emptied, and no public statement tells of it",
        "Ask the operator to publish again; if it stays, ask for the order to expunge.",
    ),
    "egress": Kind(Check.ENTRIES, "something left without an earlier decision that allows it", _KEEP),
    "count": Kind(Check.ENTRIES, "bookings, entries and messages do not add up", _KEEP),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, where, and what was found there."""

    kind: str
    place: str
    what: str

    @property
    def check(self) -> Check:
        """The check that finds such."""
        return KINDS[self.kind].check


@dataclass(slots=True)
class Result:
    """What one check went through. `skipped` says why it was not made; empty where it was."""

    check: Check
    counted: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""

    def count(self, what: str, more: int = 1) -> None:
        """Count things that were checked."""
        self.counted[what] = self.counted.get(what, 0) + more

    def find(self, kind: str, place: str, what: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(kind, place, what))
