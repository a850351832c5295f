# SPDX-License-Identifier: Apache-2.0
"""What happens to fingerprints taken in a place, on any day, as known then or as known now."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from web_world import TestClient

from sluicegate.policy.program import Program, load, overlay
from sluicegate.policy.table import COLUMNS
from sluicegate.store.programs import shipped
from sluicegate.terms import Ori
from sluicegate.web.catalog import catalog
from sluicegate.web.public import county_view as view
from sluicegate.web.public.county_dates import asked, noon
from sluicegate.web.public.home import count

NOW = datetime(2010, 12, 2, 12, tzinfo=UTC)
ENGLISH = catalog("en")


def more(name: str, *rows: dict[str, str]) -> dict[str, bytes]:
    """A table with these rows; cells not named are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[name], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return {name: text.getvalue().encode()}


def rule(number: str, place: str, mode: str, **cells: str) -> dict[str, str]:
    """A federal row that puts a mode in force from November 2010."""
    return {
        "id": number,
        "jurisdiction": place,
        "kind": "entry-into-force",
        "mode_in_force": mode,
        "issuer": "A test",
        "issuer_level": "federal",
        "authority": "a test",
        "legal_basis": "none on record",
        "wording": "V12",
        "valid_from": "2010-11-01",
        "public_from": "2010-11-01",
        "source": "SRC-GK",
        "confidence": "X",
        **cells,
    }


def program(*extra: dict[str, bytes]) -> Program:
    """The shipped program, and rows more."""
    added = {name: data for one in extra for name, data in one.items()}
    return overlay(shipped("secure-communities"), added) if added else load(shipped("secure-communities"))


def place(made: Program, key: str, day: date, *, then: bool = False) -> view.Answer:
    """The answer of a place on a day."""
    known = day if then else None
    both = view.of_place(made, key, noon(day, made.jurisdictions[key].zone), known)
    return view.answer(made, both, ENGLISH, known)


def states(answer: view.Answer) -> str:
    """The gates in one word."""
    return " ".join(one.state for one in answer.gates)


@pytest.mark.parametrize(
    ("mode", "gates"),
    [
        ("FULL", "open open open closed"),
        ("RESPONSE_OPT_OUT", "open closed open closed"),
        ("JURISDICTION_FILTER", "closed nothing closed closed"),
        ("OFFENCE_LEVEL_FILTER", "charge charge charge closed"),
    ],
)
def test_every_mode_is_drawn_as_its_gates_are(mode: str, gates: str) -> None:
    """The picture of a place has each gate as its mode leaves it, in between where charges decide."""
    made = program(more("rules.csv", rule("T1", "US-VA-013", mode)))
    assert states(place(made, "US-VA-013", date(2010, 11, 15))) == gates


def test_a_place_is_answered_as_an_agency_that_stands_there() -> None:
    """The page of a county and the page of its one sheriff say the same of every gate and of every rule."""
    made, day = program(), date(2010, 11, 15)
    county = place(made, "US-CA-075", day)
    both = view.of_agency(made, Ori("CA0380000"), noon(day, "America/Los_Angeles"), None)
    agency = view.answer(made, both, ENGLISH, None)
    assert (county.gates, county.parts) == (agency.gates, agency.parts)


def test_asked_for_and_in_force_are_told_apart() -> None:
    """San Francisco asked to be filtered out and took part in full: both are shown, and who refused."""
    part = place(program(), "US-CA-075", date(2010, 11, 15)).parts[0]
    stand = part.stand
    assert (stand.asked_for, stand.mode, part.agree, part.alike) == (
        "JURISDICTION_FILTER",
        "FULL",
        False,
        False,
    )
    assert stand.refused_by is not None
    assert part.since == "2010-06-08"
    assert part.asked_wording is not None


def test_only_issuers_that_would_prevail_can_change_it() -> None:
    """Under a federal rule only the federal level can change a gate; under the default any level can."""
    switched = place(program(), "US-CA-075", date(2010, 11, 15)).parts[0].change
    assert (switched.able, switched.unable) == (("federal",), ("state", "county", "city"))
    default = place(program(), "US-CA-075", date(2009, 6, 1)).parts[0].change
    assert default.off
    assert default.unable == ()
    assert default.next is not None
    assert default.next_on == "2010-06-08"


def test_what_was_not_public_then_is_not_said_then() -> None:
    """As known then the coming rule is left out, and the page lists what could not be known on that day."""
    day = date(2010, 6, 1)
    then, now = (place(program(), "US-CA-075", day, then=one) for one in (True, False))
    assert then.parts[0].change.next is None
    assert now.parts[0].change.next is not None
    assert any("became public on 2010-06-08" in one for one in then.unknown)
    assert {one.what for one in then.differences} >= {"ends"}


def test_a_rule_that_was_public_late_says_so() -> None:
    """A row that held before anyone could know is listed with both of its days."""
    late = rule("T1", "US-VA-013", "RESPONSE_OPT_OUT", public_from="2010-11-20")
    rows = place(program(more("rules.csv", late)), "US-VA-013", date(2010, 11, 15)).parts[0].late
    assert {("T1", "2010-11-01", "2010-11-20"), ("C009", "2010-11-05", "2010-11-09")} == {
        (one.id, one.valid_from, one.public_from) for one in rows
    }


def test_an_agency_in_two_counties_shows_both_and_the_closed_gate() -> None:
    """Where one of two counties closes a gate, it is shown closed, and both counties' rules are shown."""
    both = {"ori": "ZZ0000001", "jurisdiction": "US-TX-201 US-VA-013", "name": "Both", "source": "SRC-GK"}
    made = program(
        more("agencies.csv", {**both, "confidence": "X"}),
        more("rules.csv", rule("T1", "US-VA-013", "JURISDICTION_FILTER")),
    )
    at = noon(date(2010, 11, 15), "America/Chicago")
    found = view.answer(made, view.of_agency(made, Ori("ZZ0000001"), at, None), ENGLISH, None)
    assert states(found).split()[0] == "closed"
    assert [one.stand.jurisdiction for one in found.parts] == ["US-TX-201", "US-VA-013"]


def test_a_retired_ori_is_answered_through_its_successor() -> None:
    """An agency that was replaced shows what its successor would meet, and that it was replaced."""
    step = {"ori": "CA0380100", "replaced_by": "CA0380000", "from": "2010-01-01", "source": "SRC-GK"}
    old = shipped("secure-communities")
    lines = old["agencies.csv"].decode().splitlines(keepends=True)
    old["agencies.csv"] = "".join(one for one in lines if not one.startswith("CA0380100")).encode()
    made = overlay(old, more("substitutions.csv", {**step, "confidence": "X"}))
    at = noon(date(2010, 11, 15), "America/Los_Angeles")
    found = view.answer(made, view.of_agency(made, Ori("CA0380100"), at, None), ENGLISH, None)
    assert [one.partition(" ")[0] for one in found.account.retired] == ["CA0380100"]
    assert found.parts[0].stand.jurisdiction == "US-CA-075"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2010-11-15", ""),
        ("", ""),
        ("yesterday", "malformed"),
        ("2010-1-5", "malformed"),
        ("٢٠١٠-11-15", "malformed"),
        ("2010-02-30", "nosuch"),
        ("2010-12-03", "future"),
        ("9999-12-31", "future"),
        ("0001-01-01", "early"),
    ],
)
def test_a_day_that_cannot_be_answered_is_told_in_words(text: str, problem: str) -> None:
    """A day that is malformed, impossible, to come or before the record is never taken for another day."""
    found = asked({"on": text}, program(), NOW, "America/New_York")
    assert found.problem == problem
    assert (found.on is None) == bool(problem)
    assert not problem or f"county.when.wrong.{problem}" in ENGLISH.words


def test_today_is_today_in_the_place() -> None:
    """After midnight in London it is still yesterday in California."""
    late = datetime(2010, 12, 2, 3, tzinfo=UTC)
    assert asked({}, program(), late, "America/Los_Angeles").on == date(2010, 12, 1)


def test_the_history_of_a_place_has_every_change_once() -> None:
    """Each stretch begins where the one before it ends, and no two neighbors say the same."""
    paths = view.history(program(), "US-CA-075", NOW)
    assert [one.ends for one in paths[:-1]] == [one.begins for one in paths[1:]]
    said = [(one.mode, one.asked_for, one.rule) for one in paths]
    assert all(one != other for one, other in pairwise(said))


def test_a_state_says_that_its_counties_may_differ(client: TestClient) -> None:
    """The page of a state is about the state itself, and counts the places in it under another mode."""
    made, at = program(), NOW
    found = view.inside(made, "US-CA", at)
    own = made.in_force("US-CA", at).mode
    counties = [one for one in made.jurisdictions.values() if one.parent == "US-CA"]
    assert found.other == sum(made.in_force(one.id, at).mode != own for one in counties) > 0
    assert {one.id for one, _ in found.direct} == {one.id for one in counties}
    assert view.inside(made, "US", at).all == len(made.jurisdictions) - 1
    assert "agencies that answer to California itself" in client.get("/places/US-CA").text


def test_the_nation_is_counted_without_itself() -> None:
    """Every place but the nation is in exactly one mode, and copies go or do not go from each."""
    made = program()
    nation = count(made, NOW)
    assert sum(number for _, number in nation.modes) == nation.places == len(made.jurisdictions) - 1
    assert nation.sharing + nation.stopped == nation.places
    assert {name for name, _ in nation.modes} == set(made.modes)


def test_a_place_shows_both_columns_and_every_gate(client: TestClient) -> None:
    """One page has the answer in words, asked for beside in force, legal basis, wording and the picture."""
    page = client.get("/places/US-CA-085").text
    for words in ("Asked for", "In force", "none on record", "G1 OPEN", "G4 CLOSED", "/words/V"):
        assert words in page
    assert page.count('role="img"') == 2
    assert len(page.encode()) < 100_000


def test_the_first_page_is_small_and_counts(client: TestClient) -> None:
    """The first page has the search and three numbers, in less than 100 kB."""
    page = client.get("/").text
    assert len(re.findall(r"<strong>\d", page)) == 3
    assert 'action="/places"' in page
    assert len(page.encode()) < 100_000


def test_a_day_in_the_past_has_an_address_of_its_own(client: TestClient) -> None:
    """The address that a page cites answers the same day and knowledge again."""
    page = client.get("/places/US-CA-075?on=2010-06-01&known=then").text
    assert "On June 1, 2010:" in page
    assert "no fingerprints taken here go to DHS" in page
    cited = "/places/US-CA-075?on=2010-06-01&amp;known=then"
    assert f"http://127.0.0.1:8080{cited}" in page


@pytest.mark.parametrize("on", ["2010-13-45", "tomorrow", "2011-01-01", "1999-01-01", "<b>"])
def test_a_wrong_day_gets_words_and_no_answer(client: TestClient, on: str) -> None:
    """A day that cannot be answered gets its reason, status 400, and no gate at all."""
    answer = client.get("/places/US-CA-075", params={"on": on})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "G1 OPEN" not in answer.text
    assert client.get("/places/US-CA-075.json", params={"on": on}).status_code == 400


@pytest.mark.parametrize(
    "path",
    ["/places/US-ZZ", "/places/US-ZZ.json", "/places/x.csv", "/agencies/CA0999999", "/agencies/ca0380000"],
)
def test_what_is_not_on_record_is_not_found(client: TestClient, path: str) -> None:
    """A place or an agency that no row names has no page."""
    assert client.get(path).status_code == 404


def test_the_page_and_its_json_say_the_same(client: TestClient) -> None:
    """The data beside a page names the same rule and gates, and the root that they follow from."""
    document = client.get("/agencies/VA0070100.json?on=2010-11-20").json()
    page = client.get("/agencies/VA0070100?on=2010-11-20").text
    assert document["stands"][0]["mode"] == "RESPONSE_OPT_OUT"
    assert document["gates"]["G2"]["outcome"] == "closed"
    for value in (document["stands"][0]["rule"]["id"], document["registry"]["root"], "G2 CLOSED"):
        assert value in page


def test_a_change_of_the_rules_is_on_the_page(client: TestClient) -> None:
    """The filter that two registrars put in force in the home's month is shown from its day on."""
    before, after = (
        client.get("/places/US-VA-013.json", params={"on": on}).json()["stands"][0]["mode"]
        for on in ("2010-11-20", "2010-12-01")
    )
    assert (before, after) == ("RESPONSE_OPT_OUT", "JURISDICTION_FILTER")


def test_the_history_is_there_as_a_table(client: TestClient) -> None:
    """The CSV of a place has one line for each stretch, its legal basis and whether it is verified."""
    answer = client.get("/places/US-VA-013.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["mode_in_force"] for one in rows][-1] == "JURISDICTION_FILTER"
    assert {one["verified"] for one in rows} == {"no"}


def test_a_county_page_in_spanish_has_no_english_of_ours(client: TestClient) -> None:
    """In Spanish only what was said in English on record stays in English, and is marked so."""
    page = client.get("/places/US-CA-075?lang=es").text
    assert "Lo pedido y lo vigente" in page
    assert "G1 CERRADA" in page
    for words in ("Asked for", "In force", "none on record", "What could change"):
        assert words not in page


def test_every_page_names_what_varies_it(client: TestClient) -> None:
    """A page that others may keep says that it differs by language."""
    headers = client.get("/places/US-CA-075").headers
    assert headers["cache-control"] == "public, max-age=60"
    assert "Accept-Language" in headers["vary"]
