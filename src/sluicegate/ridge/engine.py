# SPDX-License-Identifier: Apache-2.0
"""Identify: one person's probe against galleries, with candidates, evidence and a band.

The story is `identify`: every gallery is screened; the survivors' first fingers are compared exactly; the
best of them are compared on all fingers; the sums are ranked. If nobody is accepted, the probe is tried with
its fingers in another order, and who fits then is reported with a note and waits for a person. The same
probe, galleries and parameters give the same answer, ties by subject name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sluicegate.errors import UsageError
from sluicegate.ridge.compare import compare_built
from sluicegate.ridge.cylinders import Cylinders
from sluicegate.ridge.fusion import (
    ORDERS,
    FingerMatch,
    Pairing,
    agreeing,
    fused,
    pairings,
    reordered,
    together,
)
from sluicegate.ridge.gallery import Gallery, Snapshot
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.screen import built
from sluicegate.ridge.template import Template, digest, encode

ENGINE = "sluicegate-plain-1"


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


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What one search found: candidates best first, by which engine, in which states of the galleries."""

    candidates: tuple[Candidate, ...]
    engine: str
    gallery_versions: tuple[str, ...]


class Engine(Protocol):
    """Searches galleries. May be called from any thread at once; holds no state between calls."""

    @property
    def name(self) -> str:
        """Names the method and its numbers, so that the search can be repeated."""

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        """The at most `limit` likeliest subjects of all the galleries together.

        Raises:
            TemplateError: a gallery was made by another extractor than the probe.
        """

    def classify(self, search: Search) -> Band:
        """What this engine's thresholds say of a search that it made."""


@dataclass(frozen=True, slots=True)
class PlainEngine:
    """The engine in plain NumPy; the reference that faster ones are compared with."""

    parameters: Parameters

    @property
    def name(self) -> str:
        return _engine_name(self.parameters)

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        return identify(probe, galleries, self.parameters, limit=limit)

    def classify(self, search: Search) -> Band:
        return classify(search, self.parameters)


@dataclass(frozen=True, slots=True)
class NullEngine:
    """Finds only subjects enrolled with exactly the probe's template, byte for byte.

    It compares no fingers. It exists to measure the pipeline around a search, with the null extractor.
    """

    @property
    def name(self) -> str:
        return "sluicegate-null"

    def identify(self, probe: Template, galleries: Sequence[Gallery], *, limit: int = 20) -> Search:
        mark = digest(encode(probe))
        snapshots = [gallery.snapshot() for gallery in galleries]
        where: dict[str, int] = {}
        for index, snapshot in enumerate(snapshots):
            for subject in snapshot.holders(mark):
                where.setdefault(subject, index)
        candidates = tuple(
            Candidate(subject, 1.0, {}, {}, {}, rank, where[subject], ("same template",))
            for rank, subject in enumerate(sorted(where)[:limit], start=1)
        )
        return Search(candidates, self.name, tuple(s.version for s in snapshots))

    def classify(self, search: Search) -> Band:
        return Band.ACCEPT if len(search.candidates) == 1 else Band.GREY if search.candidates else Band.NONE


def identify(
    probe: Template, galleries: Sequence[Gallery], parameters: Parameters, limit: int = 20
) -> Search:
    """The at most `limit` likeliest subjects; one enrolled in several galleries is named once, at their best.

    Raises:
        TemplateError: a gallery was made by another extractor than the probe.
        UsageError: `limit` is less than 1.
    """
    if limit < 1:
        raise UsageError("a search lists at least one candidate")
    snapshots = [gallery.snapshot() for gallery in galleries]
    candidates = _searched(probe, snapshots, parameters, limit=limit, least=parameters.screen.keep)
    if _band(candidates, parameters) is not Band.ACCEPT:
        candidates = [*_rescued(probe, snapshots, parameters), *candidates]
    ranked = _ranked(candidates)[:limit]
    return Search(ranked, _engine_name(parameters), tuple(snapshot.version for snapshot in snapshots))


def classify(search: Search, parameters: Parameters) -> Band:
    """What the thresholds for the number of fingers compared say.

    Two subjects at or above `accept` cannot both be the person; a fit in another order of fingers, or of
    fewer than half of them, says that the card is wrong somewhere: all these wait for a person.
    """
    return _band(search.candidates, parameters)


def _band(candidates: Sequence[Candidate], parameters: Parameters) -> Band:
    bands = [_candidate_band(candidate, parameters) for candidate in candidates]
    if bands.count(Band.ACCEPT) == 1:
        return Band.ACCEPT
    return Band.NONE if all(band is Band.NONE for band in bands) else Band.GREY


def _candidate_band(candidate: Candidate, parameters: Parameters) -> Band:
    if not candidate.compared:
        return Band.NONE
    place = min(candidate.compared, len(parameters.fusion.accept)) - 1
    if candidate.similarity >= parameters.fusion.accept[place] and not candidate.notes:
        return Band.ACCEPT
    return Band.GREY if candidate.similarity >= parameters.fusion.grey[place] else Band.NONE


def _engine_name(parameters: Parameters) -> str:
    return f"{ENGINE}+{parameters.digest()[:12]}"


def _searched(
    probe: Template, snapshots: Sequence[Snapshot], parameters: Parameters, *, limit: int, least: int
) -> list[Candidate]:
    """Candidates of all galleries, in no order."""
    ours = {i: built(finger, parameters) for i, finger in enumerate(probe.fingers)}
    found: list[Candidate] = []
    for index, snapshot in enumerate(snapshots):
        keep = max(least, round(parameters.screen.share * len(snapshot)))
        survivors = [
            _Faced(probe, ours, subject, snapshot.references(subject), parameters)
            for subject in snapshot.screen(probe, keep=keep)
        ]
        for faced in survivors:
            faced.compare_fingers(parameters.screen.first)
        survivors.sort(key=lambda faced: (-faced.similarity(), faced.subject))
        for place, faced in enumerate(survivors[:limit]):
            if place < parameters.screen.finish or faced.is_promising():
                faced.compare_fingers(None)
                found.append(faced.candidate(index))
    return found


def _rescued(probe: Template, snapshots: Sequence[Snapshot], parameters: Parameters) -> list[Candidate]:
    """Candidates at or above grey once the probe's fingers are taken in another order, each with a note."""
    rescue = parameters.fusion.rescue
    found: list[Candidate] = []
    for what, order in ORDERS.items():
        other = reordered(probe, order)
        note = f"fits with {what}, not as numbered on the card"
        fits = _searched(other, snapshots, parameters, limit=rescue, least=rescue)
        found.extend(
            replace(candidate, notes=(note, *candidate.notes))
            for candidate in fits
            if _candidate_band(candidate, parameters) is not Band.NONE
        )
    return found


def _ranked(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.similarity, c.subject, c.gallery, c.notes)):
        best.setdefault(candidate.subject, candidate)
    return tuple(replace(candidate, rank=rank) for rank, candidate in enumerate(best.values(), start=1))


class _Faced:
    """A probe face to face with one subject: fingers are compared when asked for, once."""

    def __init__(
        self,
        probe: Template,
        ours: dict[int, Cylinders],
        subject: str,
        references: Sequence[Template],
        parameters: Parameters,
    ) -> None:
        self.subject = subject
        self._probe = probe
        self._ours = ours
        self._references = references
        self._parameters = parameters
        self._matches: dict[int, FingerMatch] = {}
        self._built: dict[tuple[int, int], Cylinders] = {}
        self._open: dict[int, list[tuple[int, Pairing]]] = {}
        for template, reference in enumerate(references):
            for pairing in pairings(probe, reference):
                self._open.setdefault(pairing.position, []).append((template, pairing))

    def compare_fingers(self, most: int | None) -> None:
        """Compare `most` of the fingers not compared yet, those with most minutiae in the probe first."""
        telling = sorted(self._open, key=lambda p: (-self._minutiae(p), p))
        for position in telling[:most]:
            matches = [self._match(template, pairing) for template, pairing in self._open.pop(position)]
            self._matches[position] = max(matches, key=lambda m: (m.comparison.similarity, -m.template))

    def settled(self) -> dict[int, FingerMatch]:
        return together(self._probe, self._matches, self._parameters.fusion.separation)

    def similarity(self) -> float:
        return fused(self.settled())

    def is_promising(self) -> bool:
        """Whether the fingers compared so far come half way to the grey band."""
        grey = self._parameters.fusion.grey
        return bool(self._matches) and self.similarity() >= grey[len(self._matches) - 1] / 2.0

    def candidate(self, gallery: int) -> Candidate:
        settled = self.settled()
        similarity = fused(settled)
        return Candidate(
            subject=self.subject,
            similarity=similarity,
            per_finger={position: match.comparison.similarity for position, match in settled.items()},
            corresponding={position: match.comparison.pairs for position, match in settled.items()},
            evidence=settled,
            rank=0,
            gallery=gallery,
            notes=self._notes(settled, similarity),
        )

    def _notes(self, settled: dict[int, FingerMatch], similarity: float) -> tuple[str, ...]:
        """Says so where a few fingers fit well and most do not: a card may hold two people's fingers."""
        fusion = self._parameters.fusion
        fit = agreeing(settled, fusion.agree)
        if (
            not settled
            or similarity < fusion.grey[len(settled) - 1]
            or fit >= fusion.agree_share * len(settled)
        ):
            return ()
        return (f"only {fit} of {len(settled)} fingers correspond",)

    def _minutiae(self, position: int) -> int:
        return max(len(self._probe.fingers[pairing.probe].minutiae) for _, pairing in self._open[position])

    def _match(self, template: int, pairing: Pairing) -> FingerMatch:
        reference = self._reference(template, pairing.reference)
        comparison = compare_built(self._ours[pairing.probe], reference, self._parameters.compare)
        return FingerMatch(pairing.probe, template, pairing.reference, comparison)

    def _reference(self, template: int, finger: int) -> Cylinders:
        key = (template, finger)
        if key not in self._built:
            self._built[key] = built(self._references[template].fingers[finger], self._parameters)
        return self._built[key]
