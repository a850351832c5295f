# SPDX-License-Identifier: Apache-2.0
"""The report of an audit: one page for people, and a document for machines."""

from __future__ import annotations

from collections import Counter

from sluicegate.audit.findings import KINDS, TITLES, Result
from sluicegate.audit.run import Audited
from sluicegate.errors import quoted

VERSION = 1
LIMITS = (
    "It does not prove that everything that happened was entered; only what was entered stays as it was.",
    "It does not prove that nothing left by a way that no entry speaks of: another cable, a copied disk.",
    "It does not prove that a rule was lawful, or that what it says is what somebody meant.",
    "It does not prove that the partner keeps to what it says of itself.",
)
_SHOWN = 20
_ONE = {"entries": "entry", "witnesses": "witness"}


def verdict(one: Audited) -> str:
    """The whole of it in one line."""
    number = len(one.findings)
    if number:
        return f"DOES NOT HOLD: {number} finding{'s' * (number != 1)}. Each is listed with what to do."
    left = [result for _, result in one.results if result.skipped]
    some = f" {len(left)} check(s) could not be made; see NOT CHECKED." if left else ""
    return f"HOLDS: nothing was found in what was checked.{some}"


def lines(one: Audited) -> list[str]:
    """The page."""
    told = [verdict(one), "", "What was checked"]
    for side, result in one.results:
        told += _checked(side, result)
    if one.findings:
        told += ["", "What was found", *_findings(one)]
    notes = [f"{side}: {note}" for side, result in one.results for note in result.notes]
    if notes:
        told += ["", "To be known", *(f"  {note}" for note in notes[:_SHOWN])]
        told += [f"  and {len(notes) - _SHOWN} more (--json lists all)"] if len(notes) > _SHOWN else []
    if one.changed:
        count = len(one.changed)
        told += [
            "",
            f"As known now: today's rules would decide {count} of these bookings otherwise. No fault.",
        ]
        told += [f"  {quoted(line, 200)[1:-1]}" for line in one.changed[:_SHOWN]]
        told += [f"  and {count - _SHOWN} more (--json lists all)"] if count > _SHOWN else []
    return [*told, "", "What this does not prove", *(f"  {limit}" for limit in LIMITS)]


def _checked(side: str, result: Result) -> list[str]:
    name = f"{TITLES[result.check]} ({side})"
    if result.skipped:
        mark = f"{len(result.findings)} found" if result.findings else "NOT CHECKED"
        return [f"  {mark:<11}  {name}: {result.skipped}."]
    mark = f"{len(result.findings)} found" if result.findings else "holds"
    counted = ", ".join(_count(what, number) for what, number in result.counted.items()) or "nothing there"
    return [f"  {mark:<11}  {name}: {counted}."]


def _count(what: str, number: int) -> str:
    first, gap, rest = what.partition(" ")
    if number == 1:
        first = _ONE.get(first, first.removesuffix("s"))
    return f"{number:,} {first}{gap}{rest}"


def _findings(one: Audited) -> list[str]:
    told: list[str] = []
    for number, (side, finding) in enumerate(one.findings[:_SHOWN], start=1):
        told.append(f"  {number}. {side}: {finding.place}: {finding.what}.")
    if len(one.findings) > _SHOWN:
        told.append(f"  and {len(one.findings) - _SHOWN:,} more (--json lists all)")
    kinds = Counter(finding.kind for _, finding in one.findings)
    told += ["", "What that means, and what to do"]
    for kind, number in kinds.items():
        told.append(f"  {kind} ({number}): {KINDS[kind].means}. {KINDS[kind].do}")
    return told


def document(one: Audited) -> dict[str, object]:
    """The same for machines; nothing is left out of it."""
    return {
        "version": VERSION,
        "holds": one.holds,
        "verdict": verdict(one),
        "checks": [_document(side, result) for side, result in one.results],
        "findings": [
            {
                "check": finding.check.value,
                "kind": finding.kind,
                "side": side,
                "place": finding.place,
                "found": finding.what,
                "means": KINDS[finding.kind].means,
                "do": KINDS[finding.kind].do,
            }
            for side, finding in one.findings
        ],
        "otherwise_today": list(one.changed),
        "does_not_prove": list(LIMITS),
    }


def _document(side: str, result: Result) -> dict[str, object]:
    return {
        "check": result.check.value,
        "side": side,
        "made": not result.skipped,
        "why_not": result.skipped or None,
        "counted": dict(result.counted),
        "findings": len(result.findings),
        "notes": list(result.notes),
    }
