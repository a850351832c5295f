# SPDX-License-Identifier: Apache-2.0
"""The status officer's desk: what is known, the message before it is sent, the word, and its correction."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import desk_world
import pytest
from desk_world import DeskWorld
from web_world import TestClient

from scenes import SCENES, Town, scratch
from sluicegate.exchange.case import State
from sluicegate.exchange.stages import correct
from sluicegate.exchange.stages.partner import STATUSES
from sluicegate.itl.reader import read
from sluicegate.web.operator import officer_view

RECORD = {"status": "citizen", "source": "citizenship-record", "dated": "2009-03-31"}


@pytest.fixture(scope="module")
def shared() -> Iterator[DeskWorld]:
    """The desks over a home with cases in every state; tests here only look, or bring cases of their own."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


@pytest.fixture
def officer(shared: DeskWorld) -> TestClient:
    """The account `officer`, signed in."""
    shared.time.now += 100_000
    return shared.client("officer")


def queried(town: Town, person: int, scene: str = "full") -> str:
    """A query about a person of its own."""
    before = {one.case_id for one in town.queries()}
    town.enrol(town.exchange.gallery, person, f"P{person:08d}")
    town.book(scene, person, ret=False)
    town.settle()
    return next(one.case_id for one in town.queries() if one.case_id not in before)


def lines_of(page: str) -> list[str]:
    """The message as a preview shows it."""
    return [html.unescape(one) for one in re.findall(r"<li><code>(.*?)</code></li>", page)]


def say(world: DeskWorld, client: TestClient, case: str, **chosen: str) -> tuple[str, int]:
    """Preview, then confirm as the page offers it; the preview and the status of the answer."""
    form = world.form(client)
    preview = client.post(f"/desk/officer/{case}/preview", data={**form, **chosen})
    fields = dict(re.findall(r'name="(was|status|source|dated)" value="([^"]*)"', preview.text))
    answer = client.post(f"/desk/officer/{case}/say", data={**form, **fields})
    return preview.text, answer.status_code


def test_the_queue_says_how_old_everything_is_and_names_nobody(
    shared: DeskWorld, officer: TestClient
) -> None:
    """Waiting queries are listed with age, TCN, agency and best candidate; no name is on the page."""
    page = officer.get("/desk/officer").text
    case = shared.town.queries()[0].case_id
    assert f"/desk/officer/{case}" in page
    assert "ago" in page
    assert "JONES" not in page


@pytest.mark.parametrize("role", ["examiner", "operator", "records", "admin", "auditor", "registrar"])
def test_nobody_else_reaches_a_query(shared: DeskWorld, role: str) -> None:
    """Every other role is turned away from the list and from a case, and that is entered."""
    client = shared.client(role)
    case = shared.town.queries()[0].case_id
    assert [client.get(f"/desk/officer{one}").status_code for one in ("", f"/{case}")] == [403, 403]


def test_a_query_is_shown_only_once_the_view_is_in_the_partners_log(
    shared: DeskWorld, officer: TestClient
) -> None:
    """A query's page names the subject, and who looked is in the partner's ledger, not in the bureau's."""
    case = shared.town.queries()[0].case_id
    before = len(shared.facts("viewed", "partner"))
    page = officer.get(f"/desk/officer/{case}").text
    assert "Name" in page
    seen = shared.facts("viewed", "partner")
    assert len(seen) == before + 1
    assert seen[-1] == {"who": "officer", "case": case, "part": "query", "why": "to determine a status"}
    assert case not in str(shared.facts("viewed"))


@pytest.mark.slow
@pytest.mark.parametrize("status", sorted(STATUSES))
def test_what_is_shown_before_is_what_is_sent(shared: DeskWorld, officer: TestClient, status: str) -> None:
    """For every status, the preview and the message that the agency gets are the same, letter by letter."""
    case = queried(shared.town, 500 + list(STATUSES).index(status))
    preview, code = say(shared, officer, case, **{**RECORD, "status": status})
    assert code == 303
    shared.town.settle()
    _, _, body = next(one for one in reversed(shared.town.mail[SCENES["full"].cri]) if one[0] == "IDR")
    transaction = read(body).transaction
    assert transaction is not None
    field = next(transaction.of_type(2)).get(60)
    assert field is not None
    assert [one[0] for one in field.texts()] == lines_of(preview)
    assert "not a warrant" in preview


@pytest.mark.slow
def test_a_word_is_entered_under_the_officers_account_with_what_it_rests_on(
    shared: DeskWorld, officer: TestClient
) -> None:
    """The ledger names who determined, the kind of record that was seen, and its date."""
    case = queried(shared.town, 520)
    say(shared, officer, case, **RECORD)
    said = shared.facts("determined", "partner")[-1]
    assert said == {"copy": case, "by": "officer", "source": RECORD["source"], "dated": RECORD["dated"]}


@pytest.mark.slow
def test_an_answer_is_corrected_for_the_agency_that_got_it(shared: DeskWorld, officer: TestClient) -> None:
    """The correction is shown before it is sent, names the answer it replaces, and reaches the agency."""
    case = queried(shared.town, 530)
    say(shared, officer, case, **{**RECORD, "status": "possible-removable", "source": "database-only"})
    shared.town.settle()
    page = officer.get(f"/desk/officer/{case}").text
    assert "The copy was erased" in page
    preview, code = say(shared, officer, case, **RECORD)
    assert code == 303
    assert lines_of(preview)[0] == correct.REPLACES
    shared.town.settle()
    assert STATUSES["citizen"].encode() in shared.town.mail[SCENES["full"].cri][-1][2]
    again = officer.get(f"/desk/officer/{case}").text
    assert "Correction 1" in again


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "Choose what you determined"),
        ({**RECORD, "status": "deported"}, "Choose what you determined"),
        ({**RECORD, "source": "rumor"}, "no such source"),
        ({**RECORD, "dated": ""}, "date of the record is missing"),
        ({**RECORD, "dated": "2031-01-01"}, "in the future"),
    ],
)
def test_a_word_without_its_grounds_is_not_taken(
    shared: DeskWorld, officer: TestClient, chosen: dict[str, str], said: str
) -> None:
    """A missing or unknown status, source or date is said on the page, and nothing is determined."""
    case = shared.town.queries()[0].case_id
    for step in ("preview", "say"):
        answer = officer.post(f"/desk/officer/{case}/{step}", data={**shared.form(officer), **chosen})
        assert answer.status_code == 400
        assert said in html.unescape(answer.text)
    assert shared.town.exchange.partner.store.case(case).state is State.QUERIED


@pytest.mark.slow
def test_the_second_of_two_officers_is_told_that_somebody_was_first(
    shared: DeskWorld, officer: TestClient
) -> None:
    """A page that was open while another determined sends nothing: the second word is refused."""
    case = queried(shared.town, 540)
    form = shared.form(officer)
    shared.town.exchange.partner.determine(case, status="unknown", by="another")
    shared.town.settle()
    answer = officer.post(f"/desk/officer/{case}/say", data={**form, **RECORD, "was": ""})
    assert answer.status_code == 400
    assert "Somebody else was first" in answer.text
    assert correct.given(shared.town.exchange.partner.store.case(case)) == []


def test_a_copy_that_matched_nobody_has_no_page(shared: DeskWorld, officer: TestClient) -> None:
    """What was searched and deleted is not found by its id, and an overlong field is refused."""
    gone = [
        one.case_id
        for one in shared.town.exchange.partner.store.cases_in([State.CLOSED])
        if not one.text("status")
    ]
    assert officer.get(f"/desk/officer/{gone[0]}").status_code == 404
    case = shared.town.queries()[0].case_id
    long = {**shared.form(officer), **RECORD, "source": "x" * 61}
    assert officer.post(f"/desk/officer/{case}/preview", data=long).status_code == 400


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, ("minutes", 0)), (7200, ("hours", 2)), (86400 * 800, ("years", 2))]
)
def test_an_age_is_told_in_one_unit(seconds: int, told: tuple[str, int], shared: DeskWorld) -> None:
    """The largest unit of which there is a whole one."""
    now = shared.town.clock()
    age = officer_view.Age.of(now - timedelta(seconds=seconds), now)
    assert (age.unit, age.number) == told
