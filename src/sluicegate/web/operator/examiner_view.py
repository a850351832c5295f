# SPDX-License-Identifier: Apache-2.0
"""What the examiner's page shows: numbers in, drawings and rows out; no store and no request.

Coordinates are pixels at 500 ppi with y down, angles counter-clockwise as seen (`ridge.template`). A turned
candidate is drawn in the booking's frame: its point r lies at R(-rotation)(r - shift).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sluicegate.exchange.case import Json
from sluicegate.exchange.stages.examine import Word
from sluicegate.ridge.compare import NOTHING, Comparison
from sluicegate.ridge.fusion import POSITIONS
from sluicegate.ridge.template import FingerTemplate
from sluicegate.web.operator.examiner_prints import Box, Compared, shown_part

GAP = 24
"""Pixels between the two prints."""
TAIL = 14  # pixels of the mark that shows a minutia's direction
ZOOMS = ("1", "2", "3", "4")
LOOKS = ("plain", "strong", "invert")
MARKS = ("paired", "all", "none")
SHORTEST, LONGEST = 10, 500
"""Characters of a reason."""
_BLANK = Box(0, 0, 400, 400)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a pair is to be shown; part of the page's address."""

    candidate: int = 1
    finger: int = 0  # 0: the finger with most in common
    zoom: str = "1"
    look: str = "plain"
    marks: str = "paired"
    lines: bool = False
    turned: bool = False

    def query(self, **other: object) -> str:
        """The query of this state, but for what is given."""
        held = {
            "candidate": self.candidate,
            "finger": self.finger or None,
            "zoom": self.zoom,
            "look": self.look,
            "marks": self.marks,
            "lines": int(self.lines),
            "turned": int(self.turned),
            **other,
        }
        plain = {"zoom": "1", "look": "plain", "marks": "paired", "lines": 0, "turned": 0, "finger": None}
        return "&".join(f"{key}={value}" for key, value in held.items() if plain.get(key, "") != value)


def asked_of(query: Mapping[str, str]) -> Asked:
    """What an address asks for; what it cannot ask for is as if it were not there."""
    candidate, finger = (_number(query.get(name, "")) for name in ("candidate", "finger"))
    return Asked(
        candidate if candidate >= 1 else 1,
        finger if finger in POSITIONS else 0,
        _one_of(query.get("zoom", ""), ZOOMS),
        _one_of(query.get("look", ""), LOOKS),
        _one_of(query.get("marks", ""), MARKS),
        query.get("lines") == "1",
        query.get("turned") == "1",
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _one_of(text: str, known: Sequence[str]) -> str:
    return text if text in known else known[0]


@dataclass(frozen=True, slots=True)
class Mark:
    """A minutia in a drawing: where, where its direction leads, and its number if it has a counterpart."""

    number: int  # 0: none
    x: float
    y: float
    tail_x: float
    tail_y: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One print in a drawing: where its frame lies, its picture in that frame, and its minutiae.

    `x`, `width` and `height` place it in the drawing; `view` is the part of the frame that it shows;
    `picture` lies in the print's own frame, which `turn`, an SVG transform, takes into the one shown.
    """

    x: float
    width: int
    height: int
    view: Box
    picture: Box
    turn: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """From a minutia of the booking to its counterpart."""

    number: int
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Two prints side by side; the candidate as received, and turned into the booking's frame."""

    width: float
    height: int
    probe: Panel
    received: Panel
    turned: Panel
    lines: tuple[Line, ...]
    turned_lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A pair of corresponding minutiae, in pixels and degrees, for the table."""

    number: int
    probe: tuple[int, int, int]
    candidate: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Thumb:
    """One finger position: what both sides have of it, and how alike they are."""

    position: int
    ours: int  # minutiae; -1: no print
    theirs: int
    pairs: int
    similarity: str  # empty: not compared


def thumbs(found: Compared) -> tuple[Thumb, ...]:
    """All ten fingers, in the order of the card."""
    made = []
    for position in POSITIONS:
        ours, theirs = found.finger("probe", position), found.finger("candidate", position)
        match = found.matches.get(position)
        made.append(
            Thumb(
                position,
                len(ours.minutiae) if ours is not None else -1,
                len(theirs.minutiae) if theirs is not None else -1,
                len(match.comparison.pairs) if match is not None else 0,
                f"{match.comparison.similarity:.1f}" if match is not None else "",
            )
        )
    return tuple(made)


def telling(found: Compared) -> int:
    """The finger to begin with: that with most in common, or the first that there is."""
    if found.matches:
        return max(found.matches, key=lambda p: (found.matches[p].comparison.similarity, -p))
    return next((one for one in POSITIONS if found.finger("probe", one) is not None), 1)


def drawing(found: Compared, position: int) -> Drawing:
    """The two prints of a finger; one that is not there is an empty panel."""
    ours, theirs = found.finger("probe", position), found.finger("candidate", position)
    comparison = comparison_of(found, position)
    order = ordered(ours, comparison)
    box, other = (shown_part(one) if one is not None else _BLANK for one in (ours, theirs))
    beside = box.width + GAP
    numbers = {int(row): place for place, row in enumerate(comparison.pairs[order, 1].tolist(), start=1)}
    own = {int(row): place for place, row in enumerate(comparison.pairs[order, 0].tolist(), start=1)}
    probe = Panel(0, box.width, box.height, box, box, "", marks(ours, own, box, 0.0))
    received = Panel(
        beside, other.width, other.height, other, other, "", marks(theirs, numbers, other, beside)
    )
    into = _into_probe(theirs, comparison)
    turned = Panel(
        beside,
        box.width,
        box.height,
        box,
        other,
        matrix(comparison),
        tuple(one for one in marks(into, numbers, box, beside) if _inside(one, beside, box)),
    )
    return Drawing(
        beside + max(box.width, other.width),
        max(box.height, other.height),
        probe,
        received,
        turned,
        lines(probe.marks, received.marks),
        lines(probe.marks, turned.marks),
    )


def comparison_of(found: Compared, position: int) -> Comparison:
    """How a finger compares; nothing in common where it is not on both sides."""
    match = found.matches.get(position)
    return match.comparison if match is not None else NOTHING


def ordered(probe: FingerTemplate | None, comparison: Comparison) -> NDArray[np.intp]:
    """The order in which pairs are numbered: down the booking's print, then to the right."""
    if probe is None or not len(comparison.pairs):
        return np.zeros(0, dtype=np.intp)
    places = probe.minutiae[comparison.pairs[:, 0]]
    return np.lexsort((places[:, 0], places[:, 1]))


def marks(finger: FingerTemplate | None, numbers: Mapping[int, int], box: Box, x: float) -> tuple[Mark, ...]:
    """Minutiae of a print whose part `box` is drawn at `x`; numbered ones last, so that they lie on top."""
    made = []
    for row, (at_x, at_y, angle, _) in enumerate(finger.minutiae.tolist() if finger is not None else ()):
        left, top = at_x - box.left + x, at_y - box.top
        tail = (left + TAIL * math.cos(angle), top - TAIL * math.sin(angle))
        made.append(Mark(numbers.get(row, 0), *(round(value, 1) for value in (left, top, *tail))))
    return tuple(sorted(made, key=lambda one: one.number))


def matrix(comparison: Comparison) -> str:
    """The SVG transform that takes the candidate's frame into the booking's."""
    cos, sin = math.cos(comparison.rotation), math.sin(comparison.rotation)
    x, y = comparison.shift
    parts = (cos, sin, -sin, cos, sin * y - cos * x, -sin * x - cos * y)
    return f"matrix({' '.join(f'{value:.5f}' for value in parts)})"


def _into_probe(finger: FingerTemplate | None, comparison: Comparison) -> FingerTemplate | None:
    if finger is None:
        return None
    cos, sin = math.cos(comparison.rotation), math.sin(comparison.rotation)
    rows = finger.minutiae.copy()
    x, y = rows[:, 0] - comparison.shift[0], rows[:, 1] - comparison.shift[1]
    rows[:, 0], rows[:, 1] = x * cos - y * sin, x * sin + y * cos
    rows[:, 2] -= comparison.rotation
    return FingerTemplate(finger.fgp, finger.imp, finger.width, finger.height, rows)


def _inside(mark: Mark, x: float, box: Box) -> bool:
    return x <= mark.x <= x + box.width and 0 <= mark.y <= box.height


def lines(ours: Sequence[Mark], theirs: Sequence[Mark]) -> tuple[Line, ...]:
    """A line for each number that is on both sides."""
    there = {one.number: one for one in theirs if one.number}
    return tuple(
        Line(one.number, one.x, one.y, there[one.number].x, there[one.number].y)
        for one in ours
        if one.number in there
    )


def rows(found: Compared, position: int) -> tuple[Row, ...]:
    """The corresponding minutiae as a table, by number."""
    ours, theirs = found.finger("probe", position), found.finger("candidate", position)
    if ours is None or theirs is None:
        return ()
    comparison = comparison_of(found, position)
    pairs = comparison.pairs[ordered(ours, comparison)].tolist()
    return tuple(
        Row(number, _whole(ours, int(mine)), _whole(theirs, int(other)))
        for number, (mine, other) in enumerate(pairs, start=1)
    )


def _whole(finger: FingerTemplate, row: int) -> tuple[int, int, int]:
    x, y, angle, _ = finger.minutiae[row].tolist()
    return round(x), round(y), round(math.degrees(angle)) % 360


@dataclass(frozen=True, slots=True)
class Waits:
    """A line of the queue. It names no person, no agency and no rule."""

    case_id: str
    since: datetime
    hours: int
    candidates: int
    fingers: int


def waits(case_id: str, since: datetime, now: datetime, dossier: Mapping[str, Json]) -> Waits:
    """A case as the queue shows it."""
    listed, fingers = dossier.get("candidates"), dossier.get("minutiae")
    return Waits(
        case_id,
        since,
        max(0, (now - since) // timedelta(hours=1)),
        len(listed) if isinstance(listed, list) else 0,
        len(fingers) if isinstance(fingers, list) else 0,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A word as a form gives it: `same-N`, `different` or `cannot-tell`, and the reason; what is wrong."""

    word: str
    why: str
    wrong: tuple[str, ...]

    @property
    def parsed(self) -> tuple[Word, int]:
        """The word, and the candidate counted from 0."""
        if self.word.startswith("same-"):
            return Word.SAME, int(self.word.removeprefix("same-")) - 1
        return Word(self.word), 0


def said_of(form: Mapping[str, str], candidates: int) -> Said:
    """What an examiner typed, and in `wrong` keys of the words that say what is missing."""
    word = form.get("word", "")
    why = " ".join(form.get("why", "").split())
    allowed = {*(f"same-{number}" for number in range(1, candidates + 1)), Word.DIFFERENT, Word.UNSURE}
    wrong = [] if word in allowed else ["word"]
    if not (SHORTEST <= len(why) <= LONGEST and why.isprintable()):
        wrong.append("why")
    return Said(word if word in allowed else "", why[:LONGEST], tuple(wrong))
