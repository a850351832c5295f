# SPDX-License-Identifier: Apache-2.0
"""The words: which version was current, who could know, what contradicts what, and any two compared."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_world import TestClient

from sluicegate.policy import wording
from sluicegate.policy.program import Program, load
from sluicegate.store.programs import shipped
from sluicegate.web.public import words_view as view

DAY = date(2010, 11, 15)


@pytest.fixture(scope="module")
def program() -> Program:
    """The program as it ships."""
    return load(shipped("secure-communities"))


def test_several_versions_at_once_are_said_to_contradict_each_other(client: TestClient) -> None:
    """On a day with several versions the page counts them, says that they clash, and names each."""
    page = client.get("/words?on=2010-11-15&known=now").text
    assert "3 versions were in force at once." in page
    assert "They contradict each other" in page
    assert all(f'href="/words/{name}"' in page for name in ("V10", "V11", "V12"))


def test_what_was_not_public_on_the_day_is_never_left_out(program: Program) -> None:
    """Seen from the day itself, a secret version is still among those in force, and is shown as secret."""
    then, now = (view.on_day(program, DAY, seen, "") for seen in (DAY, date(2026, 1, 1)))
    assert [one.wording.id for one in then.standing] == [one.wording.id for one in now.standing]
    assert {one.wording.id for one in then.standing if not one.public} == {"V10"}
    assert len(then.known) < len(now.known)


def test_a_row_is_marked_where_two_answers_contradict(program: Program) -> None:
    """A question is marked exactly when two versions in force that day clash over it."""
    day = view.on_day(program, DAY, DAY, "")
    assert {one.question.id for one in day.answers if one.apart} == {one.question for one in day.clashes}
    assert day.clashes


def test_words_meant_for_somebody_else_stay_out_unless_they_were_public(program: Program) -> None:
    """With an audience only what was said to it, or was public, is shown."""
    found = view.on_day(program, DAY, DAY, "Arlington")
    assert {one.wording.id for one in found.standing} == {"V11", "V12"}


@pytest.mark.parametrize("text", ["2010-13-01", "yesterday", "3000-01-01", "0001-01-01", "<b>"])
def test_a_day_that_cannot_be_answered_is_said_to_be_wrong(client: TestClient, text: str) -> None:
    """A malformed, missing, early or future day gets status 400, words, and no version at all as current."""
    answer = client.get("/words", params={"on": text})
    assert answer.status_code == 400
    assert 'id="on-wrong"' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize("path", ["/words/V99", "/words/compare?a=V01&b=V99", "/words?audience=nobody"])
def test_what_is_not_on_record_is_not_found(client: TestClient, path: str) -> None:
    """A version or an audience that the rules do not have is answered with 404."""
    assert client.get(path).status_code == 404


def test_every_version_has_a_page_with_its_row_and_source(client: TestClient, program: Program) -> None:
    """Each version's page shows its meaning, its source, its digest and every claim."""
    for one in program.wording.values():
        page = client.get(f"/words/{one.id}").text
        assert one.digest in page
        assert all(claim.wording != one.id or "</td>" in page for claim in program.claims)
        assert page.count('class="says ') == len(wording.claims_of(program, one.id))


def test_the_file_holds_every_version(client: TestClient, program: Program) -> None:
    """CSV and JSON hold each version once, in order, with its days."""
    rows = list(csv.DictReader(io.StringIO(client.get("/words.csv").text)))
    held = client.get("/words.json").json()
    ids = [one.id for one in wording.in_order(program)]
    assert [row["id"] for row in rows] == ids
    assert [one["id"] for one in held["versions"]] == ids
    assert held["registry"]["root"]
    assert sum(len(one["claims"]) for one in held["versions"]) == len(program.claims)


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_difference_gives_both_texts_back(first: str, second: str) -> None:
    """Without what is new the pieces are the first text, without what is gone they are the second."""
    found = view.pieces(first, second)
    assert "".join(one.text for one in found if one.kind != "new") == first
    assert "".join(one.text for one in found if one.kind != "gone") == second


def test_the_time_line_holds_every_version_and_stays_within_its_width(program: Program) -> None:
    """In all years each version has one bar; in any year every bar lies within the picture."""
    today = date(2026, 11, 22)
    assert len(view.span(program, today, None, DAY).bars) == len(program.wording)
    for year in view.years(program, today):
        for bar in view.span(program, today, year, DAY).bars:
            assert 0 <= bar.x < 100
            assert bar.width > 0
            assert bar.x + bar.width <= 100.6


def test_two_versions_differ_where_the_policy_says_so(client: TestClient, program: Program) -> None:
    """The comparison marks as many questions as the two versions answer otherwise."""
    page = client.get("/words/compare?a=V04&b=V12").text
    differing = [one for one in wording.compare(program, "V04", "V12").questions if not one.same]
    assert page.count('<tr class="apart">') == len(differing) > 0
