# SPDX-License-Identifier: Apache-2.0
"""Small things that the page about opting out is written with: tables, days, numbers, answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sluicegate.policy.model import Claim, Wording
from sluicegate.policy.program import Program
from sluicegate.policy.wording import ANSWER_WORDS, in_order


def line(*cells: str) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table."""
    return [line(*head), "|" + "---|" * len(head), *(line(*row) for row in rows), ""]


def day(one: date | None, otherwise: str = "still") -> str:
    """A day, or what stands for none."""
    return one.isoformat() if one else otherwise


def span(begins: date | None, ends: date | None) -> str:
    """A period; its last day is the one on which it is over."""
    return f"{day(begins)} to {day(ends)}" if ends else f"{day(begins)} on"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def told(claim: Claim | None) -> str:
    """An answer with its letter."""
    return f"{ANSWER_WORDS[claim.answer]} ({claim.confidence.value})" if claim else "-"


def names(found: Iterable[Wording]) -> str:
    """The ids of versions."""
    return ", ".join(one.id for one in found)


def delay(one: Wording) -> int:
    """Days from the beginning of a version to the day on which anyone could read it; 0 where unknown."""
    return (one.public - one.begins).days if one.public and one.begins else 0


def secret(program: Program) -> list[Wording]:
    """Versions that were in force before anyone outside could know them."""
    return [one for one in in_order(program) if one.public is None or delay(one) > 0]
