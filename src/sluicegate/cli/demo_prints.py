# SPDX-License-Identifier: Apache-2.0
"""Material of the demonstration: synthetic prints, earlier records, background galleries, the real card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sluicegate.app import Exchange
from sluicegate.cli.cast import CARD_ORI, Part
from sluicegate.ebts.build import booking, fingers_of
from sluicegate.ebts.submission import partial
from sluicegate.errors import UsageError
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft
from sluicegate.policy.decide import Facts, decide
from sluicegate.ridge import template as templates
from sluicegate.ridge.synthetic.impression import CLEAN, EVERYDAY
from sluicegate.ridge.synthetic.person import Person
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.store.repository import Basis, Repository, fresh_number
from sluicegate.terms import Gate, Ori
from sluicegate.testing.bookings import fields, finger

FINGERS = range(1, 11)
CHUNK = 50

Tick = Callable[[int], None]


EARLIER = (1, 2, 6, 7)
"""Fingers of an earlier record: enough to be found by, and less to extract while somebody waits."""


def rolled(person: int, session: int, fingers: Iterable[int] = FINGERS) -> list[FingerDraft]:
    """Rolled impressions of one session, as WSQ in Type-4 records."""
    one = Person(person)
    condition = CLEAN if session == 0 else EVERYDAY
    return [finger(fgp, one.impression(fgp, "rolled", session, condition)) for fgp in fingers]


def car(part: Part, at: datetime) -> bytes:
    """The booking that a part's agency sends."""
    text = fields(part.person, cri=part.ori, tcn=part.tcn, at=at)
    data = booking(text, rolled(part.person, 1))
    if not part.malformed:
        return data
    # Same length, so that the record's LEN still holds: only the date lies.
    wrong = (at + timedelta(days=400)).strftime("%Y%m%d").encode()
    return data.replace(b"2.045:" + text.doa.encode(), b"2.045:" + wrong)


def earlier_record(exchange: Exchange, person: int) -> bytes:
    """The template of an earlier booking of the person, extracted as any other is."""
    part = Part("EARLIER", CARD_ORI, "", person, "", "")
    drafts = rolled(person, 0, EARLIER)
    text = replace(fields(person, cri=part.ori, tcn=part.tcn, at=exchange.clock()), amp=_missing(drafts))
    images = partial(read(booking(text, drafts)).transaction).images
    assert exchange.workshop is not None
    return templates.encode(probe_images(exchange.workshop, images, 1).template)


def basis_of(exchange: Exchange, ori: str) -> Basis:
    """On what an earlier booking of this agency may be looked up: decided as any booking is."""
    now = exchange.clock()
    facts = Facts(Ori(ori), Ori(ori), now)
    return Basis(decide(exchange.programs.current(), facts, Gate.LOOKUP).to_json(), ori, ori, now)


def background(repository: Repository, maker: Template, count: int, first_seed: int, tick: Tick) -> None:
    """Fill a gallery with people who exist only as templates, so that the time goes into the bookings.

    They are drawn, not extracted; they bear the extractor's name because only templates of one making can be
    searched together, and nobody real can be mistaken for one.
    """
    width, height = FRAME
    for start in range(0, count, CHUNK):
        rows = []
        for seed in range(first_seed + start, first_seed + min(start + CHUNK, count)):
            fingers = tuple(
                FingerTemplate(fgp, 1, width, height, minutiae_template(seed, fgp)) for fgp in FINGERS
            )
            template = templates.encode(Template(maker.extractor, maker.parameters, fingers))
            rows.append((f"background-{seed}", fresh_number(), template, None, None))
        repository.enrol_many(rows)
        tick(len(rows))


def card_bookings(card: Path, at: datetime) -> list[tuple[str, str, bytes]]:
    """Two bookings from one real card: its rolled prints, then its flats. (title, TCN, bytes)."""
    transaction = read(card.read_bytes()).transaction
    drafts = fingers_of(transaction) if transaction else []
    prints = [one for one in drafts if one.fgp and one.fgp[0] <= 10]
    flats = [one for one in drafts if one.fgp and one.fgp[0] in (11, 12, 13, 14)]
    if not prints or not flats:
        raise UsageError(
            f"{card.name} does not hold rolled and flat prints.",
            advice="Give a tenprint card: finger positions 1 to 10 and 11 to 14.",
        )
    made = []
    for title, tcn, images in (
        ("the card's rolled prints", "DEMO-CARD-ROLLED-0001", prints),
        ("the same card's flat prints", "DEMO-CARD-FLATS-0001", flats),
    ):
        text = replace(fields(77, cri=CARD_ORI, tcn=tcn, at=at), amp=_missing(images))
        made.append((title, tcn, booking(text, images)))
    return made


def _missing(images: Iterable[FingerDraft]) -> tuple[tuple[int, str], ...]:
    """What AMP has to say of fingers that are not there: flats show all ten."""
    covers = {11: (1,), 12: (6,), 13: (2, 3, 4, 5), 14: (7, 8, 9, 10)}
    shown = {one for image in images for fgp in image.fgp for one in covers.get(fgp, (fgp,))}
    return tuple((fgp, "UP") for fgp in FINGERS if fgp not in shown)
