# SPDX-License-Identifier: Apache-2.0
"""What a search decides once fingers are compared: candidates, their order and notes, the band, the rescue.

Every engine decides here, so two engines that compare alike answer alike. The story is `answers`: the probe
is searched as its card numbers the fingers; if nobody is accepted, it is tried with the fingers in another
order, and who fits then is reported with a note and waits for a person. Ties fall by subject name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.fusion import ORDERS, FingerMatch, agreeing, fused, reordered, together
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import Template


class Band(StrEnum):
    """What the thresholds say of a search."""

    ACCEPT = "accept"
    """An identification without an examiner."""

    GREY = "grey"
    """A candidate that waits for a person."""

    NONE = "none"
    """No candidate."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A subject and how far the evidence goes.

    `similarity` is the sum of `per_finger` (finger position to similarity); `corresponding` holds for each
    position the rows, int32 (k, 2), of the corresponding minutiae in the two images that `evidence` names.
    `rank` counts from 1; `gallery` is an index into the galleries searched; `notes` are for a person.
    """

    subject: str
    similarity: float
    per_finger: dict[int, float]
    corresponding: dict[int, NDArray[np.int32]]
    evidence: dict[int, FingerMatch]
    rank: int
    gallery: int
    notes: tuple[str, ...] = ()

    @property
    def compared(self) -> int:
        """How many finger positions were compared."""
        return len(self.per_finger)


@dataclass(frozen=True, slots=True)
class Work:
    """What a search did, in counts that follow from the probe and the galleries it was given alone.

    `subjects` were faced; `screened` is coarse comparisons of one finger image with another, `compared` exact
    ones, each counted once for every order of fingers tried.
    """

    subjects: int = 0
    screened: int = 0
    compared: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.subjects + other.subjects, self.screened + other.screened, self.compared + other.compared
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """A part of a gallery that was not searched to the end: `subjects` of them, and why."""

    gallery: int
    shard: int
    subjects: int
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What one search found: candidates best first, by which engine, in which states of the galleries.

    Where something is `lost` the search is incomplete: the person may be among those not searched, and so
    may a second one who fits. It is doubt, whatever the candidates are.
    """

    candidates: tuple[Candidate, ...]
    engine: str
    gallery_versions: tuple[str, ...]
    work: Work = Work()
    lost: tuple[Lost, ...] = ()
    enrolled: int = 0

    @property
    def complete(self) -> bool:
        """Whether everybody enrolled was searched."""
        return not self.lost

    @property
    def unsearched(self) -> float:
        """Share of the subjects enrolled, 0 to 1, who were not searched."""
        return sum(one.subjects for one in self.lost) / max(self.enrolled, 1) if self.lost else 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One probe of a batch, by its place in it, with its fingers numbered as they are to be taken.

    `again`: in another order than on the card.
    """

    place: int
    probe: Template
    again: bool = False


Round = Callable[[Sequence[Asked], int, int], Sequence[Sequence[Candidate]]]
"""Searches a batch: the probes, most candidates of each, fewest subjects to go on from the coarse pass."""


def answers(
    probes: Sequence[Template], searched: Round, parameters: Parameters, *, limit: int, keep: int
) -> list[tuple[Candidate, ...]]:
    """For each probe the at most `limit` likeliest subjects, each named once, at their best.

    At least `keep` subjects of a gallery go on from the coarse pass, in a rescue fewer.

    Raises:
        UsageError: `limit` is less than 1.
    """
    if limit < 1:
        raise UsageError("a search lists at least one candidate")
    given = [Asked(place, probe) for place, probe in enumerate(probes)]
    found = [list(one) for one in searched(given, limit, keep)]
    doubtful = [one for one in given if band_of(found[one.place], parameters) is not Band.ACCEPT]
    rescue = parameters.fusion.rescue
    for what, order in ORDERS.items():
        note = f"fits with {what}, not as numbered on the card"
        other = [Asked(one.place, reordered(one.probe, order), again=True) for one in doubtful]
        fits = searched(other, rescue, rescue) if other else []
        for asked, candidates in zip(other, fits, strict=True):
            found[asked.place].extend(
                replace(candidate, notes=(note, *candidate.notes))
                for candidate in candidates
                if candidate_band(candidate, parameters) is not Band.NONE
            )
    return [ranked(candidates)[:limit] for candidates in found]


def band_of(candidates: Sequence[Candidate], parameters: Parameters) -> Band:
    """What the thresholds for the number of fingers compared say of these candidates together.

    Two subjects at or above `accept` cannot both be the person; a fit in another order of fingers, or of
    fewer than half of them, says that the card is wrong somewhere: all these wait for a person.
    """
    bands = [candidate_band(candidate, parameters) for candidate in candidates]
    if bands.count(Band.ACCEPT) == 1:
        return Band.ACCEPT
    return Band.NONE if all(band is Band.NONE for band in bands) else Band.GREY


def candidate_band(candidate: Candidate, parameters: Parameters) -> Band:
    """What the thresholds say of one candidate alone."""
    if not candidate.compared:
        return Band.NONE
    place = min(candidate.compared, len(parameters.fusion.accept)) - 1
    if candidate.similarity >= parameters.fusion.accept[place] and not candidate.notes:
        return Band.ACCEPT
    return Band.GREY if candidate.similarity >= parameters.fusion.grey[place] else Band.NONE


def ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Each subject once, at their best, the likeliest first, ties by name."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.similarity, c.subject, c.gallery, c.notes)):
        best.setdefault(candidate.subject, candidate)
    return tuple(replace(candidate, rank=rank) for rank, candidate in enumerate(best.values(), start=1))


def is_promising(similarity: float, fingers: int, parameters: Parameters) -> bool:
    """Whether the fingers compared so far come half way to the grey band."""
    return fingers > 0 and similarity >= parameters.fusion.grey[fingers - 1] / 2.0


def candidate_from(
    probe: Template, subject: str, matches: dict[int, FingerMatch], gallery: int, parameters: Parameters
) -> Candidate:
    """A subject as a candidate, not ranked yet, from all that was compared."""
    settled = together(probe, matches, parameters.fusion.separation)
    similarity = fused(settled)
    return Candidate(
        subject=subject,
        similarity=similarity,
        per_finger={position: match.comparison.similarity for position, match in settled.items()},
        corresponding={position: match.comparison.pairs for position, match in settled.items()},
        evidence=settled,
        rank=0,
        gallery=gallery,
        notes=_notes(settled, similarity, parameters),
    )


def _notes(settled: dict[int, FingerMatch], similarity: float, parameters: Parameters) -> tuple[str, ...]:
    """Says so where a few fingers fit well and most do not: a card may hold two people's fingers."""
    fusion = parameters.fusion
    fit = agreeing(settled, fusion.agree)
    if not settled or similarity < fusion.grey[len(settled) - 1] or fit >= fusion.agree_share * len(settled):
        return ()
    return (f"only {fit} of {len(settled)} fingers correspond",)
