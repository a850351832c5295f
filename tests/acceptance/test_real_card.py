# SPDX-License-Identifier: Apache-2.0
"""A real tenprint card through a running installation: its flat prints must find its rolled prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance_world import AGENCY, Service, kind_of, scratch

from sluicegate.cli import demo_prints as prints
from sluicegate.ebts.submission import partial
from sluicegate.exchange.case import Case
from sluicegate.exchange.searching import probe_images
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read
from sluicegate.ridge.template import Template

pytestmark = [pytest.mark.shared, pytest.mark.slow]

BACKGROUND = 200
FAR = 3  # times the similarity of the runner-up


@pytest.fixture
def service() -> Iterator[Service]:
    """A running installation that extracts with LEADER."""
    with scratch() as folder, Service(folder / "home", extractor="leader") as running:
        yield running


def maker(service: Service, booking: bytes) -> Template:
    """A template of this installation's making, for the background to be of the same."""
    assert service.exchange.workshop is not None
    images = partial(read(booking).transaction).images
    return probe_images(service.exchange.workshop, images[:1], 1).template


def sent(service: Service, tcn: str, booking: bytes) -> tuple[Transaction, Case]:
    """The answer to a booking that was mailed, and its case."""
    assert service.mail(booking).code == 250
    answer = service.answer(tcn)
    (case,) = service.exchange.bureau.store.cases_of_tcn(tcn)
    return answer, case


def test_a_real_cards_flat_prints_find_its_rolled_prints(service: Service, shared_data: Path) -> None:
    """A real card's rolled prints, mailed as a booking, are nobody known and are enrolled; its flat prints,
    mailed next, are the person of the number just given, far above 200 others."""
    card = shared_data / "an2-valid" / "nist2007-type-4-tpcard.an2"
    (_, rolled_tcn, rolled), (_, flats_tcn, flats) = prints.card_bookings(card, service.exchange.clock())
    prints.background(service.exchange.open, maker(service, rolled), BACKGROUND, 1_000_000, lambda _: None)

    first, first_case = sent(service, rolled_tcn, rolled)
    record = next(first.of_type(2))
    assert (kind_of(first), record.text(59)) == ("SRE", "N")
    number = record.text(14)
    assert number
    assert first_case.cri == AGENCY

    second, second_case = sent(service, flats_tcn, flats)
    record = next(second.of_type(2))
    assert (kind_of(second), record.text(59)) == ("SRE", "I")
    assert record.text(14) == number

    candidates = second_case.noted("candidates")
    assert isinstance(candidates, list)
    best, *others = [(one["subject"], one["similarity"]) for one in candidates]
    print(f"\nbest {best}, others {others}")
    assert best[0] == number
    assert others, "the background was not searched"
    assert best[1] > FAR * max(similarity for _, similarity in others)
