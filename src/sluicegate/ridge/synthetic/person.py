# SPDX-License-Identifier: Apache-2.0
"""Synthetic people: ten fingers from one seed, their impressions, and slaps of several fingers at once.

These are nobody's prints: they bind no license and invade no privacy, and they are easier to compare than
real ones. Use them for scale, demonstration and tests of a booking's way; never for a claim of accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sluicegate.errors import UsageError
from sluicegate.ridge.synthetic.anatomy import finger_pattern, finger_size, require_finger
from sluicegate.ridge.synthetic.impression import EVERYDAY, Condition, Kind, Picture, impression
from sluicegate.ridge.synthetic.master import Master, master_print
from sluicegate.ridge.synthetic.smooth import stream

_BARE = 235  # grey values from here up are paper
_PATTERN, _CONTACT, _HAND = 0x7061, 0x636F, 0x6861


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic person, by a seed >= 0. Equal seeds give equal bytes (see `master_print`)."""

    seed: int

    def finger(self, fgp: int) -> Master:
        """The master print of finger position 1 to 10; the last sixteen asked for are kept.

        Raises:
            UsageError: the position or the seed is out of range.
        """
        require_finger(self.seed, fgp)
        return _grown(self.seed, fgp)

    def impression(
        self,
        fgp: int,
        kind: Kind = "rolled",
        session: int = 0,
        condition: Condition = EVERYDAY,
        *,
        turn: float = 0.0,
    ) -> Picture:
        """What finger position 1 to 10 leaves in this session: grey, 500 ppi, about an inch a side.

        Each (finger, kind, session >= 0) is a contact of its own; asked again it is the same picture.

        Raises:
            UsageError: an argument is out of range.
        """
        master = self.finger(fgp)
        if session < 0 or kind not in ("rolled", "plain"):
            raise UsageError("an impression needs a session >= 0 and a kind of rolled or plain")
        own = stream(_CONTACT, self.seed, fgp, int(kind == "rolled"), session)
        return impression(master, int(own.integers(2**63)), kind, condition, turn=turn)


@lru_cache(maxsize=16)
def _grown(seed: int, fgp: int) -> Master:
    height, width = finger_size(fgp)
    pattern = finger_pattern(stream(_PATTERN, seed, fgp), fgp)
    return master_print(
        int(stream(_PATTERN, seed, fgp, 1).integers(2**63)), height=height, width=width, pattern=pattern
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one finger of a slap lies: offset in pixels of its center from the middle, degrees clockwise."""

    fgp: int
    x: float
    y: float
    turn: float


# Centers of the fingertips of an adult right hand at 500 ppi, lightly spread; y runs down.
_RIGHT_FOUR = (
    _Place(2, -530.0, 20.0, -5.0),
    _Place(3, -175.0, -90.0, -1.0),
    _Place(4, 180.0, -45.0, 2.0),
    _Place(5, 515.0, 130.0, 8.0),
)
_LEFT_FOUR = tuple(_Place(p.fgp + 5, -p.x, p.y, -p.turn) for p in reversed(_RIGHT_FOUR))

# FGP: (height, width) of the picture and the fingers in it (ANSI/NIST-ITL 1, Table 8).
_SLAPS: dict[int, tuple[tuple[int, int], tuple[_Place, ...]]] = {
    11: ((800, 600), (_Place(1, 0.0, 0.0, -3.0),)),
    12: ((800, 600), (_Place(6, 0.0, 0.0, 3.0),)),
    13: ((1000, 1600), _RIGHT_FOUR),
    14: ((1000, 1600), _LEFT_FOUR),
    15: ((1000, 1600), (_Place(6, -260.0, 0.0, 6.0), _Place(1, 260.0, 0.0, -6.0))),
}


def slap(person: Person, fgp: int, session: int = 0, condition: Condition = EVERYDAY) -> Picture:
    """Plain impressions taken at once: FGP 11, 12 one thumb; 13 right four, 14 left four fingers; 15 thumbs.

    One thumb is 800 x 600, the others are 1,000 x 1,600 pixels (rows x columns) at 500 ppi. Only the end
    joints are drawn, and no text or lines of a card.

    Raises:
        UsageError: the position is none of these, or the session is negative.
    """
    if fgp not in _SLAPS or session < 0 or person.seed < 0:
        raise UsageError("a slap needs a position of 11 to 15, a session >= 0 and a seed >= 0")
    (height, width), places = _SLAPS[fgp]
    rng = stream(_HAND, person.seed, fgp, session)
    paper = np.clip(rng.normal(253.0, 1.5, (height, width)), 0, 255).astype(np.uint8)
    # The hand turns as a whole; what is left to each finger is little.
    turn = float(np.clip(rng.normal(0.0, 0.5 * condition.rotation), -10.0, 10.0))
    steady = replace(condition, rotation=0.25 * condition.rotation)
    shift = complex(*rng.normal(0.0, condition.shift, 2))
    for place in places:
        center = (
            complex(place.x, place.y) * np.exp(1j * np.deg2rad(turn))
            + shift
            + complex(*rng.normal(0.0, 6.0, 2))
        )
        # Sessions of slaps are counted apart from those of single plain prints.
        picture = person.impression(place.fgp, "plain", (session << 5) + fgp, steady, turn=place.turn + turn)
        _lay(paper, picture, center)
    return paper


def _lay(paper: Picture, picture: Picture, center: complex) -> None:
    """Print `picture` on the paper, in place, its center so far from the paper's; the darker ink stays."""
    top = round((paper.shape[0] - picture.shape[0]) / 2 + center.imag)
    left = round((paper.shape[1] - picture.shape[1]) / 2 + center.real)
    rows = slice(max(top, 0), min(top + picture.shape[0], paper.shape[0]))
    columns = slice(max(left, 0), min(left + picture.shape[1], paper.shape[1]))
    part = picture[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    # Bare paper of the picture must not show as a box.
    np.minimum(paper[rows, columns], part, out=paper[rows, columns], where=part < _BARE)
