# SPDX-License-Identifier: Apache-2.0
"""Images to a template in disposable workers, and a template to candidates over several repositories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sluicegate.errors import ImageRefused, InputRefused, ShardLost, WorkerLost
from sluicegate.exchange.stages.search import Found
from sluicegate.itl.model import Image
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import template as templates
from sluicegate.ridge.engine import Band, Engine, Search
from sluicegate.ridge.extract.job import pack
from sluicegate.ridge.extract.quality import poor
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.store.repository import Repository

ROLLED = frozenset(range(1, 11))


@dataclass(frozen=True, slots=True)
class Search1N:
    """The engine that searches, and how many candidates it lists."""

    engine: Engine
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """A booking's template, minutiae per finger, how many fingers can be searched, and which are poor.

    A slap that could not be told apart counts as one finger, under its own FGP (13, 14 or 15).
    """

    template: Template
    counts: tuple[tuple[int, int], ...]
    usable: int
    poor: tuple[int, ...] = ()

    def too_poor(self) -> str:
        """The sentence of L0008 for a probe with too few usable fingers; it names the poor ones."""
        named = ", ".join(str(fgp) for fgp in self.poor)
        which = f" The prints of these finger positions are poor: {named}." if named else ""
        return f"Quality of characteristics is too low for a search; take the prints again.{which}"


def chosen(images: Sequence[Image]) -> list[Image]:
    """The images to extract: where all ten rolled fingers are there, the flats of the same card add nothing
    to a search and cost as much again."""
    fingers = [image for image in images if image.fgp and image.fgp[0] <= 15]
    rolled = [image for image in fingers if image.fgp[0] in ROLLED]
    return rolled if {image.fgp[0] for image in rolled} == ROLLED else fingers


def probe_images(
    workshop: Workshop, images: Sequence[Image], min_minutiae: int, missing: Collection[int] = ()
) -> Probe:
    """Decode and extract every chosen image, each in a worker of its own.

    `missing` are the finger positions 1 to 10 that the transaction says have no print (2.084, AMP).

    Raises InputRefused with a sentence naming the image that could not be read, or WorkerLost likewise;
    SettingsError or UsageError where there are no workers to be had, and then it is worth another try.
    """
    wanted = chosen(images)
    if not wanted:
        raise ImageRefused("the booking holds no finger image", code="L0008")
    fingers: list[FingerTemplate] = []
    maker: Template | None = None
    results = workshop.map([pack(image, None, missing) for image in wanted])
    for image, result in zip(wanted, results, strict=True):
        if isinstance(result, InputRefused):
            raise ImageRefused(f"{_name(image)} {result.message}", code=result.code)
        if isinstance(result, WorkerLost):
            raise WorkerLost(f"{_name(image)} {result.message}")
        if isinstance(result, BaseException):
            raise result  # our own trouble, such as no workshop: the sender's image is not to blame
        maker = templates.decode(result)
        fingers.extend(maker.fingers)
    assert maker is not None
    best = _one_per_finger(fingers)
    counts = tuple((finger.fgp, len(finger.minutiae)) for finger in best)
    usable = sum(1 for _, count in counts if count >= min_minutiae)
    made = Template(maker.extractor, maker.parameters, tuple(best))
    return Probe(made, counts, usable, poor(made))


def _name(image: Image) -> str:
    fgp = image.fgp[0] if image.fgp else 0
    return f"Image of IDC {image.idc:02d} (FGP {fgp}):"


def _one_per_finger(fingers: Sequence[FingerTemplate]) -> list[FingerTemplate]:
    """At most two impressions of a finger, those with the most minutiae; a card may repeat a position."""
    by_fgp: dict[int, list[FingerTemplate]] = {}
    for finger in fingers:
        by_fgp.setdefault(finger.fgp, []).append(finger)
    kept: list[FingerTemplate] = []
    for fgp in sorted(by_fgp):
        kept.extend(sorted(by_fgp[fgp], key=lambda f: -len(f.minutiae))[:1])
    return kept


@dataclass(frozen=True, slots=True)
class FoundAll:
    """Candidates over several repositories, and what the best of them is."""

    candidates: tuple[Found, ...]
    band: str
    engine: str
    galleries: tuple[tuple[str, str], ...]  # (repository, version)
    best: tuple[tuple[str, Search], ...] = ()


def whole(search: Search) -> Search:
    """A search that reached everybody.

    Raises:
        ShardLost: it did not. Neither "nobody" nor "this is the person" follows then: it is tried again.
    """
    if search.complete:
        return search
    raise ShardLost(
        f"{search.unsearched:.1%} of the gallery was not searched: nothing follows from the search.",
        advice="It is tried again. `sluicegate gallery stat` shows whether the gallery is whole.",
    )


def search_repositories(search: Search1N, probe: Template, repositories: Sequence[Repository]) -> FoundAll:
    """Search each repository by itself, the booking's own first.

    A person may be known in both under two numbers; searched together they would look like two people who
    both fit, so each repository gets a verdict of its own and the strongest counts.

    Raises ShardLost where a part of a repository was not searched.
    """
    searches = [
        (one, whole(search.engine.identify(probe, [one.gallery], limit=search.limit))) for one in repositories
    ]
    bands = [search.engine.classify(found) for _, found in searches]
    strongest = next((b for b in (Band.ACCEPT, Band.GREY) if b in bands), Band.NONE)
    order = sorted(range(len(searches)), key=lambda i: (bands[i] is not strongest, i))
    found = [
        Found(
            candidate.subject,
            searches[i][0].name,
            round(candidate.similarity * 1000),
            candidate.compared,
            candidate.notes,
        )
        for i in order
        for candidate in searches[i][1].candidates
    ]
    galleries = tuple((one.name, result.gallery_versions[0]) for one, result in searches)
    return FoundAll(
        tuple(found),
        strongest.value,
        search.engine.name,
        galleries,
        tuple((one.name, result) for one, result in searches),
    )
