# SPDX-License-Identifier: Apache-2.0
"""Fusion over a person's fingers: which images of two templates face each other, and what they say together.

Similarities of different fingers are nearly independent evidence, so they are added. A finger absent on
either side adds nothing. EBTS finger positions (FGP): 1 to 10 the fingers, 11 and 12 plain thumbs, 13 and 14
the four fingers of the right and left hand in one image, 15 both thumbs, 0 unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sluicegate.ridge.compare import NOTHING, Comparison
from sluicegate.ridge.template import FingerTemplate, Template

POSITIONS = tuple(range(1, 11))
MAY_HOLD: dict[int, tuple[int, ...]] = {
    0: POSITIONS,
    **{fgp: (fgp,) for fgp in POSITIONS},
    11: (1,),
    12: (6,),
    13: (2, 3, 4, 5),
    14: (7, 8, 9, 10),
    15: (1, 6),
}
"""FGP of an image to the finger positions that it may show; palms and joints are not searched."""

_SWAPPED = {fgp: (fgp + 4) % 10 + 1 for fgp in POSITIONS} | {11: 12, 12: 11, 13: 14, 14: 13}
_REVERSED = {fgp: (6 - fgp if fgp <= 5 else 16 - fgp) for fgp in POSITIONS}
ORDERS: dict[str, dict[int, int]] = {
    "hands swapped": _SWAPPED,
    "fingers of each hand in reverse order": _REVERSED,
}
"""Mistakes of order that a rescue tries: what it is called, and the FGP that each given FGP would then be."""


@dataclass(frozen=True, slots=True, eq=False)
class FingerMatch:
    """One finger position compared: by which image of the probe, which of the reference, and how it came out.

    `probe` and `reference` are indexes into the templates' `fingers`; `template` says which of the subject's.
    """

    probe: int
    template: int
    reference: int
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two images that may show the same finger: position, index of the probe's image, of the reference's."""

    position: int
    probe: int
    reference: int


Compare = Callable[[int, int], Comparison]
"""Compares the probe's image with the reference's, by their indexes."""


def is_single(finger: FingerTemplate) -> bool:
    """Whether the image shows one known finger."""
    return len(MAY_HOLD.get(finger.fgp, ())) == 1


def by_position(template: Template) -> dict[int, int]:
    """The image that stands for each position: one finger before a slap, then most minutiae, then first."""
    chosen: dict[int, int] = {}
    for position in POSITIONS:
        shows = [i for i, f in enumerate(template.fingers) if position in MAY_HOLD.get(f.fgp, ())]
        if shows:
            chosen[position] = min(shows, key=lambda i: _preference(template.fingers[i], i))
    return chosen


def pairings(probe: Template, reference: Template) -> tuple[Pairing, ...]:
    """The images to compare, one pair per position present in both, by position."""
    ours, theirs = by_position(probe), by_position(reference)
    return tuple(Pairing(p, ours[p], theirs[p]) for p in POSITIONS if p in ours and p in theirs)


def reordered(probe: Template, order: dict[int, int]) -> Template:
    """The probe as it would be had its fingers been numbered by `order`."""
    return replace(probe, fingers=tuple(replace(f, fgp=order.get(f.fgp, f.fgp)) for f in probe.fingers))


def together(probe: Template, matches: dict[int, FingerMatch], separation: float) -> dict[int, FingerMatch]:
    """One match per position, where no two positions claim the same place of a probe's slap.

    A slap faces each finger that it may hold. The best similarity takes its place first; a finger that would
    lie within `separation` pixels of a place already taken counts as compared and not alike.
    """
    settled: dict[int, FingerMatch] = {}
    places: dict[int, list[NDArray[np.float64]]] = {}
    for position in sorted(matches, key=lambda p: (-matches[p].comparison.similarity, p)):
        match = matches[position]
        finger = probe.fingers[match.probe]
        if not is_single(finger) and len(match.comparison.pairs):
            place = finger.minutiae[match.comparison.pairs[:, 0], :2].astype(np.float64).mean(axis=0)
            taken = places.setdefault(match.probe, [])
            if any(float(np.hypot(*(place - other))) < separation for other in taken):
                match = replace(match, comparison=NOTHING)
            else:
                taken.append(place)
        settled[position] = match
    return dict(sorted(settled.items()))


def fused(matches: dict[int, FingerMatch]) -> float:
    """The similarity of two people's fingers: the sum over positions, always added in the same order."""
    return float(sum(matches[position].comparison.similarity for position in sorted(matches)))


def agreeing(matches: dict[int, FingerMatch], bar: float) -> int:
    """How many fingers are each more similar than a stranger's finger is, one in a thousand apart."""
    return sum(match.comparison.similarity >= bar for match in matches.values())


def _preference(finger: FingerTemplate, index: int) -> tuple[bool, int, int]:
    return (not is_single(finger), -len(finger.minutiae), index)
