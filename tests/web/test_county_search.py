# SPDX-License-Identifier: Apache-2.0
"""A place is found by what people type."""

from __future__ import annotations

from pathlib import Path

import pytest
import web_world
from hypothesis import given
from hypothesis import strategies as st
from web_world import TestClient

from sluicegate.policy.program import load
from sluicegate.store.programs import shipped
from sluicegate.web.frame import Site
from sluicegate.web.public.county_search import LONGEST, MOST, folded, index, search

ENTRIES = index(load(shipped("secure-communities")))


def first(question: str) -> str:
    """The best result: an ORI, or the id of a place."""
    found = search(ENTRIES, question)
    return (found[0].ori or found[0].id) if found else ""


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("San Francisco", "US-CA-075"),
        ("san francisco county", "US-CA-075"),
        ("  SAN   FRANCISCO, California ", "US-CA-075"),
        ("San Franc", "US-CA-075"),
        ("Condado de Santa Clara", "US-CA-085"),
        ("St. Clair", "US-IL-163"),
        ("saint clair", "US-IL-163"),
        ("Álameda", "US-CA-001"),
        ("DeKalb", "US-IL-037"),
        ("De Kalb County", "US-IL-037"),
        ("california", "US-CA"),
        ("US-CA-075", "US-CA-075"),
        ("Oakland", "CA0010900"),
        ("houston police", "TXHPD0000"),
        ("cook county sheriffs", "IL0160000"),
        ("cook county sheriff's office", "IL0160000"),
        ("CA0380000", "CA0380000"),
        ("ca0380000", "CA0380000"),
        ("Alexandria", "US-VA-510"),
        ("zzzz", ""),
        ("", ""),
        ("!!!", ""),
    ],
)
def test_a_question_finds_what_is_meant(typed: str, wanted: str) -> None:
    """Case, accents, St. and Saint, the word county and half a name do not keep a place from being found."""
    assert first(typed) == wanted


def test_a_city_leads_to_its_county() -> None:
    """A city that is no place of its own is found by its agency, which names the county it answers to."""
    found = search(ENTRIES, "Oakland")
    assert [one.homes[0].name for one in found] == ["Alameda County"]


def test_part_of_an_ori_finds_no_agency_by_it() -> None:
    """An agency number counts when it is whole, because half of one would name the wrong agency."""
    assert search(ENTRIES, "CA03800") == ()


@given(st.text(max_size=300))
def test_any_question_is_answered(typed: str) -> None:
    """Whatever is typed, the search ends with at most as many results as a page shows."""
    assert len(search(ENTRIES, typed)) <= MOST
    assert folded(folded(typed)) == folded(typed)


def test_an_ori_leads_straight_to_its_agency(client: TestClient) -> None:
    """Who types a whole ORI need not choose among one result."""
    answer = client.get("/places?q=ca0380000", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/agencies/CA0380000")


def test_what_was_typed_is_shown_as_text(client: TestClient) -> None:
    """A question is shown escaped, and cut at the length that counts."""
    page = client.get("/places", params={"q": "<script>alert(1)</script>" + "x" * 500}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert f'value="&lt;script&gt;alert(1)&lt;/script&gt;{"x" * (LONGEST - 25)}"' in page


def test_without_a_question_every_state_is_listed(client: TestClient) -> None:
    """Nobody has to type: from the nation's states every place can be reached by links."""
    page = client.get("/places").text
    assert page.count('href="/places/US-') == 51


def test_the_index_follows_the_rules(public_home: Path, site: Site) -> None:
    """Two sites of one home find the same."""
    other = web_world.client_of(web_world.site_of(public_home))
    assert other.get("/places?q=san").text == web_world.client_of(site).get("/places?q=san").text
