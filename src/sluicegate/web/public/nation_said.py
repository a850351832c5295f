# SPDX-License-Identifier: Apache-2.0
"""A look in the words, mark and letter with which the map, the table and the script all show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sluicegate.policy.model import Confidence
from sluicegate.policy.program import Program
from sluicegate.web.catalog import Catalog
from sluicegate.web.public.county_view import known_words, mode_words
from sluicegate.web.public.nation_view import GAPS, Look, letters

View = Literal["mode", "gap"]


@dataclass(frozen=True, slots=True)
class Said:
    """A look as shown.

    Attributes:
        mark: classes that color it.
        letter: what stands for it where there is no color.
        force: what is in force.
        asked: what was asked for; `asker` is who did, or empty.
        gap: what the one is beside the other.
        ground: whose rule it is: the place's own, one from above, or none.
        by: who issued it, or empty where none is in force but the default.
        rule: the row, or empty likewise.
        doubt: how well the row is known, or empty where it was read in a primary text.
    """

    mark: str
    letter: str
    force: str
    asked: str
    asker: str
    gap: str
    ground: str
    by: str
    rule: str
    doubt: str

    @property
    def whose(self) -> str:
        """Ground and issuer."""
        return f"{self.ground}: {self.by}" if self.by else self.ground


class Speaker:
    """Says looks in the words of one language for one view."""

    def __init__(self, program: Program, words: Catalog, drawn: View) -> None:
        self._words = words
        self.drawn = drawn
        self._mode, self._level = mode_words(program, words), known_words(words, "level")
        self._letters = letters(program)
        self._order = {str(name): n % 8 for n, name in enumerate(program.modes)}

    def __call__(self, look: Look, ground: str) -> Said:
        """The words of a look; `ground` is that of a piece of the map where it differs, or empty."""
        text, there = self._words.text, ground or look.ground
        nobody = look.ground == "default"
        return Said(
            self._mark(look, there),
            GAPS[look.gap] if self.drawn == "gap" else self._letters[look.mode],
            self._mode(look.mode),
            self._mode(look.asked) if look.asked else text("nation.nothing"),
            look.asker,
            text(f"nation.gap.{look.gap}"),
            text(f"nation.ground.{there}"),
            "" if nobody else f"{look.issuer} ({self._level(look.level)})",
            "" if nobody else look.rule,
            self._doubt(look),
        )

    def _doubt(self, look: Look) -> str:
        if look.confidence is Confidence.PRIMARY or look.ground == "default":
            return ""
        scenario = look.confidence is Confidence.SCENARIO
        return self._words.text("nation.scenario" if scenario else "county.row.unverified")

    def _mark(self, look: Look, ground: str) -> str:
        if self.drawn == "gap":
            return f"g-{look.gap} flat"
        shut = "" if look.shares or ground == "default" else " shut"
        return f"k{self._order[look.mode]} {ground}{shut}"
