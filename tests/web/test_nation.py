# SPDX-License-Identifier: Apache-2.0
"""The nation as people and programs get it: page, CSV and JSON of one day."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re

import pytest
from web_world import TestClient

from sluicegate.web import assets

DAY = "on=2010-11-20&view=mode&known=now"


def rows_of(client: TestClient, query: str) -> list[dict[str, str]]:
    """The lines of the CSV of a day."""
    return list(csv.DictReader(io.StringIO(client.get(f"/nation.csv?{query}").text)))


def test_the_page_says_the_day_and_how_many(client: TestClient) -> None:
    """The page names the day, counts places by what is in force, and lists every place with its rule."""
    text = client.get(f"/nation?{DAY}").text
    rows = rows_of(client, DAY)
    assert "November 20, 2010" in text
    assert f"of {len(rows)} places on record share with the partner" in text
    sharing = sum(one["shared_with_partner"] == "yes" for one in rows)
    assert f'<strong id="sharing">{sharing}</strong>' in text
    assert text.count("data-row=") == len(rows)
    assert all(f'href="/places/{one["place"]}"' in text for one in rows)


def test_csv_and_json_say_the_same(client: TestClient) -> None:
    """Both files have every place with asked for and in force, and the JSON the root of the rules."""
    document = client.get(f"/nation.json?{DAY}").json()
    rows = rows_of(client, DAY)
    assert [one["place"] for one in document["rows"]] == [one["place"] for one in rows]
    assert [one["mode_in_force"] for one in document["rows"]] == [one["mode_in_force"] for one in rows]
    assert sum(one["all"] for one in document["by_mode"].values()) == document["places"] == len(rows)
    assert len(document["root"]) == 64
    assert {(one["on"], one["known"]) for one in rows} == {("2010-11-20", "now")}


def test_what_was_known_then_differs_from_what_is_known_now(client: TestClient) -> None:
    """A county whose activation was never published is on by what is known now and off by what was then."""
    now, then = (
        {one["place"]: one for one in rows_of(client, f"on=2010-11-20&known={known}")}
        for known in ("now", "then")
    )
    assert (now["US-CA-013"]["mode_in_force"], now["US-CA-013"]["rule"]) == ("FULL", "R006")
    assert then["US-CA-013"]["mode_in_force"] == "NOT_ACTIVATED"


@pytest.mark.parametrize("wrong", ["2010-13-01", "yesterday", "2031-01-01", "1990-01-01", "<script>"])
def test_a_day_that_cannot_be_answered_is_not_guessed(client: TestClient, wrong: str) -> None:
    """A day that is none, not yet, or before the record gets words and no map, and no file at all."""
    answer = client.get("/nation", params={"on": wrong})
    assert answer.status_code == 400
    assert "No answer is shown" in answer.text
    assert "<path" not in answer.text.split("<main", 1)[1]
    assert "<script>" not in answer.text
    assert client.get("/nation.csv", params={"on": wrong}).status_code == 400
    assert client.get("/nation.json", params={"on": wrong}).status_code == 400


def test_days_of_change_are_one_link_away(client: TestClient) -> None:
    """Following the next change from the first day on goes through every change, each with something new."""
    address, before, steps = "/nation?on=2008-01-01&view=mode&known=now", "", 0
    while address:
        query = address.partition("?")[2].replace("&amp;", "&")
        after = "".join(sorted(line["place"] + line["mode_in_force"] + line["asked_for"] + line["rule"]
                               for line in rows_of(client, query)))  # fmt: skip
        assert after != before
        found = re.search(r'id="later" rel="next" href="([^"]+)"', client.get(f"/nation?{query}").text)
        before, steps, address = after, steps + 1, found[1] if found else ""
    assert 5 < steps < 60


def test_the_script_is_given_each_look_once(client: TestClient) -> None:
    """The data of the slider name every place, only looks that there are, and days that go up."""
    text = client.get(f"/nation?{DAY}").text
    found = re.search(r'<script type="application/json" id="moving">(.*?)</script>', text)
    assert found
    moving = json.loads(found[1])
    assert set(moving["places"]) == {one["place"] for one in rows_of(client, DAY)}
    used = set()
    for stretch in moving["places"].values():
        days, looks = stretch[::2], stretch[1::2]
        assert days == sorted(set(days))
        assert days[0] == 0
        assert days[-1] <= moving["last"]
        used |= set(looks)
    assert used == set(range(len(moving["looks"])))
    assert len({json.dumps(one) for one in moving["looks"]}) == len(moving["looks"])
    assert len(found[1]) < 60_000


def test_the_page_is_small_enough(client: TestClient) -> None:
    """The page with its map is below 400 kB, and below 120 kB as it travels."""
    answer = client.get(f"/nation?{DAY}", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) < 400_000
    assert len(gzip.compress(answer.content, 6)) < 120_000


def test_a_visitor_without_packing_gets_it_plain(client: TestClient) -> None:
    """Who does not accept packed answers gets the same bytes as they are."""
    plain = client.get(f"/nation?{DAY}", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == client.get(f"/nation?{DAY}").text


@pytest.mark.parametrize("view", ["mode", "gap"])
def test_both_views_are_in_spanish_too(client: TestClient, view: str) -> None:
    """The page has its words in Spanish, and links keep day, view and knowledge."""
    text = client.get(f"/nation?on=2010-11-20&view={view}&known=then&lang=es").text
    assert "20 de noviembre de 2010" in text
    assert "según lo que era público ese día" in text
    assert f"/nation.csv?on=2010-11-20&amp;view={view}&amp;known=then" in text


def test_what_the_page_needs_is_here(client: TestClient) -> None:
    """Styles, script and names come from this site, and no address in the page leads elsewhere."""
    text = client.get(f"/nation?{DAY}").text
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)
    for name in ("pages/nation.css", "pages/nation.js", "vendor/us-atlas/names.json"):
        assert client.get(assets.address(name)).status_code == 200
