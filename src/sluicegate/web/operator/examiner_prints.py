# SPDX-License-Identifier: Apache-2.0
"""What an examiner compares: the fingers of a booking and of one candidate, compared anew, and their images.

The search keeps similarities only, so the comparison is made again from the stored templates, with the exact
comparison of the engine. It is bounded: at most `REFERENCES` records of a candidate, ten fingers of each.
Nothing here tells which repository a candidate is kept in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.ebts.submission import partial
from sluicegate.errors import Missing
from sluicegate.exchange.case import Case, Json, State
from sluicegate.exchange.searching import chosen
from sluicegate.exchange.stages.examine import candidates_of, has_spoken
from sluicegate.itl.detect import read_any
from sluicegate.itl.model import Image
from sluicegate.ridge import parameters, template
from sluicegate.ridge.comparing import Prepared, compare_one, prepare
from sluicegate.ridge.extract.slap import FINGERS
from sluicegate.ridge.fusion import ORDERS, FingerMatch, by_position, pairings, reordered, together
from sluicegate.ridge.parameters import Parameters
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.store.repository import Repository
from sluicegate.web.operator.frame import BureauSide
from sluicegate.web.operator.roles import Role
from sluicegate.web.operator.sessions import Person

REFERENCES = 4
"""At most so many records of one candidate are compared, the newest."""
MARGIN = 60
"""Pixels (500 ppi) of the image that are shown around the outermost minutiae."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a finger's image in pixels at 500 ppi."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A booking's fingers and a candidate's, and what they have in common, by finger position 1 to 10."""

    probe: Template
    references: tuple[tuple[str, Template], ...]
    matches: Mapping[int, FingerMatch]

    def finger(self, side: str, position: int) -> FingerTemplate | None:
        """The finger of a position on a side, `probe` or `candidate`; None where there is none."""
        match = self.matches.get(position)
        if match is None:
            own = by_position(self.probe).get(position) if side == "probe" else None
            return self.probe.fingers[own] if own is not None else None
        if side == "probe":
            return self.probe.fingers[match.probe]
        return self.references[match.template][1].fingers[match.reference]

    def origin(self, side: str, position: int) -> str:
        """The case whose record gave the finger, empty for the booking itself. Raises Missing."""
        if side == "probe":
            return ""
        match = self.matches.get(position)
        if match is None:
            raise Missing("The candidate has no print of that finger.")
        return self.references[match.template][0]


def sees_too_much(side: BureauSide, person: Person) -> bool:
    """Whether two must agree and this account opens bookings too, where another's word leaves a trace."""
    return side.bureau.parts.opinions > 1 and bool({Role.OPERATOR, Role.RECORDS} & set(person.roles))


def waiting_case(side: BureauSide, case_id: str, person: Person) -> Case:
    """A case that waits for this examiner's word.

    Raises Missing in the same words for a case that does not wait, that was never, and on which they have
    spoken: whether others have, or must, is not told.
    """
    case = side.office.store.case(case_id)
    if case.state is not State.AWAITING or has_spoken(case, person.name) or sees_too_much(side, person):
        raise Missing("There is no case of that id.")
    return case


def candidate_of(case: Case, number: int) -> Mapping[str, Json]:
    """A candidate by its number, counted from 1. Raises Missing."""
    listed = candidates_of(case)
    if not 1 <= number <= len(listed):
        raise Missing("The case has no such candidate.")
    return listed[number - 1]


def compared(side: BureauSide, case: Case, number: int) -> Compared:
    """The booking's fingers and those of a candidate. Raises Missing where the prints are gone."""
    candidate = candidate_of(case, number)
    probe = template.decode(side.bureau.parts.spool.get(case.text("template")))
    references = repository_of(side, candidate).newest_of(str(candidate["subject"]), REFERENCES)
    notes = candidate.get("notes")
    said = " ".join(str(one) for one in notes) if isinstance(notes, list) else ""
    order = next((order for what, order in ORDERS.items() if what in said), {})
    matches = faced(probe, [one for _, one in references], order, parameters.load())
    return Compared(probe, references, matches)


def repository_of(side: BureauSide, candidate: Mapping[str, Json]) -> Repository:
    """Where a candidate is kept."""
    return side.bureau.repository(str(candidate["repository"]))


def faced(
    probe: Template, references: Sequence[Template], order: dict[int, int], numbers: Parameters
) -> dict[int, FingerMatch]:
    """Every position compared that both have, at the candidate's best record; `order` renumbers the probe."""
    probe = reordered(probe, order)
    ours: dict[int, Prepared] = {}
    best: dict[int, FingerMatch] = {}
    for index, reference in enumerate(references):
        if (reference.extractor, reference.parameters) != (probe.extractor, probe.parameters):
            continue  # minutiae of two extractors say nothing of each other
        for one in pairings(probe, reference):
            if one.probe not in ours:
                ours[one.probe] = prepare(probe.fingers[one.probe], numbers)
            comparison = compare_one(ours[one.probe], reference.fingers[one.reference])
            known = best.get(one.position)
            if known is None or comparison.similarity > known.comparison.similarity:
                best[one.position] = FingerMatch(one.probe, index, one.reference, comparison)
    return together(probe, best, numbers.fusion.separation)


def shown_part(finger: FingerTemplate) -> Box:
    """The part of the image around the minutiae: of a slap one finger, of a print all that matters."""
    if len(finger.minutiae) < 2:
        return Box(0, 0, max(1, finger.width), max(1, finger.height))
    low, high = finger.minutiae[:, :2].min(axis=0), finger.minutiae[:, :2].max(axis=0)
    left, top = (max(0, int(value) - MARGIN) for value in low)
    right = min(finger.width, int(high[0]) + MARGIN + 1)
    bottom = min(finger.height, int(high[1]) + MARGIN + 1)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def images_of(side: BureauSide, case: Case, number: int, origins: Iterable[str]) -> dict[str, list[Image]]:
    """Finger images that are still held, by the case they came from; the booking's under the empty name."""
    wanted = set(origins)
    if wanted == {""}:
        return {"": _images(side.bureau.parts.spool.get(case.digest))}
    repository = repository_of(side, candidate_of(case, number))
    held = {origin: repository.held_of(origin) for origin in sorted(wanted)}
    return {
        origin: _images(one.transaction) if one is not None and one.transaction else []
        for origin, one in held.items()
    }


def pictured(side: BureauSide, case: Case, found: Compared, number: int, position: int) -> dict[str, bool]:
    """Whether an image of a finger is held, by side."""
    held = {}
    for whose in ("probe", "candidate"):
        finger = found.finger(whose, position)
        if finger is not None:
            origin = found.origin(whose, position)
            images = images_of(side, case, number, (origin,))
            held[whose] = bool(showing(images.get(origin, ()), finger))
    return {"probe": False, "candidate": False, **held}


def _images(transaction: bytes) -> list[Image]:
    read = read_any(transaction).transaction
    return chosen(partial(read).images) if read is not None else []


def showing(images: Sequence[Image], finger: FingerTemplate) -> list[Image]:
    """Images that may be the one a finger was extracted from: its own, or a slap that holds it."""
    return [
        one
        for one in images
        if one.fgp
        and one.imp == finger.imp
        and (one.fgp[0] == finger.fgp or finger.fgp in FINGERS.get(one.fgp[0], ()))
    ]
