# SPDX-License-Identifier: Apache-2.0
"""The records desk: challenges from letter to outcome, and what is destroyed only after it was shown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import desk_world
import pytest
from desk_world import DeskWorld
from web_world import TestClient

from scenes import SCENES, Town, scratch
from sluicegate.exchange.case import State
from sluicegate.store import sealkey

LETTER = {"what": "identification", "letter": "R-2010/17", "received": "2010-11-15"}
ORDER = {"why": "court-order", "by": "Superior Court 12"}


@pytest.fixture(scope="module")
def shared() -> Iterator[DeskWorld]:
    """The desks over a home; each test here brings bookings of its own."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


@pytest.fixture
def clerk(shared: DeskWorld) -> TestClient:
    """The account `records`, signed in."""
    shared.time.now += 100_000
    return shared.client("records")


def booked(town: Town, person: int, scene: str = "full", *, known: bool = False, **given: object) -> str:
    """A closed booking of a person of its own; where `known`, it was identified."""
    if known:
        town.enrol(town.exchange.open, person, f"G{person:08d}")
    case_id = town.book(scene, person, **given)
    town.finish()
    return case_id


def post(world: DeskWorld, client: TestClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form; the status, and where it leads or what it shows."""
    answer = client.post(f"/desk/records{path}", data={**world.form(client), **fields})
    return answer.status_code, answer.headers.get("location", html.unescape(answer.text))


def challenged(world: DeskWorld, client: TestClient, case: str, **fields: str) -> str:
    """Enter a challenge; the path of its page below the desk."""
    status, where = post(world, client, f"/booking/{case}/challenge", **{**LETTER, **fields})
    assert status == 303, where
    return where.removeprefix("/desk/records")


@pytest.mark.parametrize("role", ["examiner", "operator", "officer", "admin", "auditor", "registrar"])
def test_nobody_else_reaches_the_records_desk(shared: DeskWorld, role: str) -> None:
    """Every other role is turned away from the list, a booking, and every act."""
    client = shared.client(role)
    case = shared.cases["full"]
    assert client.get("/desk/records").status_code == 403
    assert client.get(f"/desk/records/booking/{case}").status_code == 403
    assert post(shared, client, f"/booking/{case}/destroy", **ORDER, sure=case)[0] == 403
    assert shared.town.case(case).state is State.CLOSED


@pytest.mark.slow
def test_a_booking_is_found_and_shows_where_it_came_from_and_names_nobody(
    shared: DeskWorld, clerk: TestClient
) -> None:
    """By TCN or case: the agency, the moment, the digest and who got something; no name of the subject."""
    case = shared.town.case(shared.cases["full"])
    for name in (case.tcn, case.case_id):
        answer = clerk.get("/desk/records", params={"name": name})
        assert answer.headers["location"] == f"/desk/records/booking/{case.case_id}"
    page = clerk.get(f"/desk/records/booking/{case.case_id}").text
    for shown in (case.ori, case.digest, "Second response", "Copy to the partner"):
        assert shown in page
    assert "No booking has" in clerk.get("/desk/records", params={"name": "NOBODY"}).text


@pytest.mark.slow
def test_a_challenge_goes_from_letter_to_corrected_answer(shared: DeskWorld, clerk: TestClient) -> None:
    """Entered, asked of the agency, and the identification taken back: the agency gets a second answer."""
    case = booked(shared.town, 700, known=True, ret=False)
    path = challenged(shared, clerk, case)
    page = clerk.get(f"/desk/records{path}").text
    assert "30 days left" in page or "29 days left" in page
    assert post(shared, clerk, f"{path}/ask")[0] == 303
    assert post(shared, clerk, f"{path}/amend")[0] == 303
    shared.town.settle()
    names = [name for kind, name, _ in shared.town.mail[SCENES["full"].cri] if kind == "SRE"]
    assert names[-1] == f"{case}.SRE.C1"
    assert "Amended" in clerk.get(f"/desk/records{path}").text
    told = [one["by"] for one in shared.facts("challenge-settled")]
    assert told[-1] == "records"


@pytest.mark.slow
def test_a_challenge_is_denied_with_its_reason_and_once(shared: DeskWorld, clerk: TestClient) -> None:
    """The reason is shown on its page; a second outcome is refused and says that it was settled."""
    case = booked(shared.town, 701)
    path = challenged(shared, clerk, case, what="charge")
    assert post(shared, clerk, f"{path}/deny", reason="because")[0] == 400
    assert post(shared, clerk, f"{path}/deny", reason="agency-verified")[0] == 303
    assert "verified it" in clerk.get(f"/desk/records{path}").text
    status, page = post(shared, clerk, f"{path}/deny", reason="withdrawn")
    assert status == 400
    assert "Somebody else was first" in page
    assert post(shared, clerk, f"{path}/shred")[0] == 404


@pytest.mark.slow
def test_a_challenge_ends_as_replaced_by_the_agencys_new_booking(
    shared: DeskWorld, clerk: TestClient
) -> None:
    """A later answered booking of the same agency settles it; an unknown name, or two of one TCN, do not."""
    case = booked(shared.town, 702)
    path = challenged(shared, clerk, case, what="charge")
    assert post(shared, clerk, f"{path}/resubmitted", name="NOBODY")[0] == 400
    later = booked(shared.town, 702)
    assert post(shared, clerk, f"{path}/resubmitted", name=shared.town.case(later).tcn)[0] == 303
    assert f"/desk/records/booking/{later}" in clerk.get(f"/desk/records{path}").text


@pytest.mark.slow
def test_an_overdue_challenge_says_so_in_words_and_is_an_alert(shared: DeskWorld, clerk: TestClient) -> None:
    """A letter that came long ago is overdue at once: the list says it, and the operator has an alert."""
    case = booked(shared.town, 703)
    challenged(shared, clerk, case, what="name", received="2010-09-01")
    assert "OVERDUE by 45 days" in clerk.get("/desk/records").text
    told = [row["reason"] for row in shared.town.exchange.bureau.store.rows("alerts")]
    assert any("is overdue" in one for one in told)


@pytest.mark.slow
def test_nothing_is_destroyed_before_it_was_shown_and_confirmed(shared: DeskWorld, clerk: TestClient) -> None:
    """The first form only shows what goes; without the tick nothing happens; with it, it is gone."""
    case = booked(shared.town, 704)
    path = challenged(shared, clerk, case, what="whole")
    assert post(shared, clerk, f"{path}/removed")[0] == 400
    status, page = post(shared, clerk, f"/booking/{case}/remove", act="expunge", **ORDER)
    assert (status, "Destroy this booking?" in page) == (200, True)
    assert "1 notice goes out" in page
    assert post(shared, clerk, f"/booking/{case}/destroy", act="expunge", **ORDER)[0] == 400
    assert shared.town.case(case).state is State.CLOSED
    assert post(shared, clerk, f"/booking/{case}/destroy", act="expunge", **ORDER, sure=case)[0] == 303
    shared.town.settle()
    assert shared.town.case(case).state is State.EXPUNGED
    gone = html.unescape(clerk.get(f"/desk/records/gone/{case}").text)
    assert "Ordered by: Superior Court 12" in gone
    assert "NOT YET" not in gone
    assert shared.facts("acted")[-1] == {"who": "records", "what": "expunge", "why": "court-order"}
    assert post(shared, clerk, f"{path}/removed")[0] == 303
    again, page = post(shared, clerk, f"/booking/{case}/remove", act="expunge", **ORDER)
    assert (again, "Nothing is left" in page) == (400, True)


@pytest.mark.slow
def test_a_booking_is_sealed_under_a_pasted_key(shared: DeskWorld, clerk: TestClient, tmp_path: Path) -> None:
    """The public key's text seals; a text that is none is refused; the private key brings it back."""
    key = sealkey.create(tmp_path / "court")
    case = booked(shared.town, 705, "filter")
    assert post(shared, clerk, f"/booking/{case}/remove", act="seal", **ORDER, key="x")[0] == 400
    status, page = post(shared, clerk, f"/booking/{case}/remove", act="seal", **ORDER, key=str(key.public))
    assert (status, key.public.key_id in page) == (200, True)
    sent = re.search(r'name="key" value="([^"]*)"', page)
    assert sent is not None
    assert "Nobody: nothing of it had left" in page
    done = post(shared, clerk, f"/booking/{case}/destroy", act="seal", **ORDER, key=sent[1], sure=case)
    assert done == (303, f"/desk/records/gone/{case}")
    assert shared.town.case(case).state is State.SEALED
    assert "Sealed" in clerk.get(f"/desk/records/gone/{case}").text


@pytest.mark.slow
def test_what_makes_no_sense_is_said_on_the_page(shared: DeskWorld, clerk: TestClient) -> None:
    """A name for a file number, no day, no reason, a field that no form sends, a booking that still moves."""
    case = booked(shared.town, 706)
    for wrong in (
        {"letter": "JONES"},
        {"received": "yesterday"},
        {"what": "hair"},
        {"received": "2011-01-01"},
    ):
        status, page = post(shared, clerk, f"/booking/{case}/challenge", **{**LETTER, **wrong})
        assert status == 400
        assert 'role="alert"' in page
    assert post(shared, clerk, f"/booking/{case}/remove", why="law", by="x")[0] == 400
    assert post(shared, clerk, f"/booking/{case}/remove", why="error", by="")[0] == 400
    assert post(shared, clerk, f"/booking/{case}/remove", by="x" * 2001)[0] == 400
    moving = shared.cases["awaiting"]
    assert post(shared, clerk, f"/booking/{moving}/remove", act="expunge", **ORDER)[0] == 400
    assert clerk.get(f"/desk/records/gone/{case}").status_code == 404
    for name in ("999", "x", "9" * 30):
        assert clerk.get(f"/desk/records/challenge/{name}").status_code == 404
