# SPDX-License-Identifier: Apache-2.0
"""The API: every operation as it is described, the same figures as the pages, and problems in words."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import web_world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from web_world import TestClient

from scenes import scratch
from sluicegate.web.frame import Site
from sluicegate.web.public.api_operations import PREFIX, application

ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "places": ("/places", "/places?q=alameda", "/places?skip=2&limit=3"),
    "place": ("/places/US-CA-001", "/places/US-CA-001?on=2010-11-05&known=then", "/places/US"),
    "history": ("/places/US-CA-001/history",),
    "agencies": ("/agencies", "/agencies?q=sheriff&limit=2"),
    "agency": ("/agencies/{ori}", "/agencies/{ori}?on=2010-11-05&known=then"),
    "nation": ("/nation", "/nation?on=2010-11-05&known=then", "/nation?view=gap"),
    "words": ("/words",),
    "current": ("/words/current", "/words/current?on=2010-09-01&known=then&audience=press"),
    "version": ("/words/V04", "/words/V03"),
    "numbers": ("/numbers", "/numbers?jurisdiction=US-CA-001&from=2010-11&to=2010-11&limit=1"),
    "ledger": ("/ledger",),
    "logs": ("/ledger/logs", "/ledger/logs?place=US-CA-001"),
    "days": ("/ledger/places/US-CA-001/days",),
    "statements": ("/ledger/statements", "/ledger/statements?kind=day&before=20&limit=2"),
    "releases": ("/releases",),
    "release": ("/releases/letter-1",),
}
"""What is asked of each operation."""


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    """The OpenAPI document."""
    return application(site)[1]


def told(client: TestClient, path: str) -> Any:
    """What the API answers."""
    answer = client.get(PREFIX + path)
    assert answer.status_code == 200, path
    return answer.json()


def first_agency(client: TestClient) -> str:
    """An ORI that there is."""
    return str(told(client, "/agencies?limit=1")["agencies"][0]["ori"])


def as_rows(client: TestClient, path: str) -> list[dict[str, str]]:
    """A page's CSV."""
    return list(csv.DictReader(io.StringIO(client.get(path).text)))


def test_every_operation_answers_as_described(client: TestClient, document: dict[str, Any]) -> None:
    """Each described operation is asked, and every answer fits its JSON Schema, without a further field."""
    described = {held["get"]["operationId"]: held["get"] for held in document["paths"].values()}
    assert set(described) == set(ADDRESSES)
    for name, addresses in ADDRESSES.items():
        schema = described[name]["responses"]["200"]["content"]["application/json"]["schema"]
        check = Draft202012Validator({**schema, "components": document["components"]})
        for address in addresses:
            check.validate(told(client, address.format(ori=first_agency(client))))


def test_the_description_is_served_and_says_only_get(client: TestClient, document: dict[str, Any]) -> None:
    """`/api/v1/openapi.json` is an OpenAPI 3.1 document of operations that only read."""
    served = told(client, "/openapi.json")
    assert served == json.loads(json.dumps(document))
    assert served["openapi"].startswith("3.1")
    assert {method for held in served["paths"].values() for method in held} == {"get"}


def test_every_shape_is_closed_and_every_field_explained(document: dict[str, Any]) -> None:
    """No shape admits a field that it does not name, and each field says what it is."""
    for name, shape in document["components"]["schemas"].items():
        if "properties" in shape:
            assert shape["additionalProperties"] is False, name
            assert all(one["description"].endswith(".") for one in shape["properties"].values()), name


@pytest.mark.parametrize("query", ["", "?on=2010-11-05&known=then"])
def test_places_agencies_and_nation_say_what_their_pages_say(client: TestClient, query: str) -> None:
    """A place, an agency and the nation on a day are word for word what the pages have as JSON."""
    for path in ("/places/US-CA-001", f"/agencies/{first_agency(client)}", "/nation"):
        assert told(client, path + query) == client.get(f"{path}.json{query}").json()


def test_words_ledger_and_numbers_say_what_their_pages_say(client: TestClient) -> None:
    """Words, checkpoint, logs and numbers are what the pages have as JSON."""
    assert told(client, "/words") == client.get("/words.json").json()
    page = client.get("/ledger.json").json()
    ledger, logs = told(client, "/ledger"), told(client, "/ledger/logs")["logs"]
    assert {**ledger, "logs": [{k: v for k, v in one.items() if k in page["logs"][0]} for one in logs]} == {
        **page,
        "key": ledger["key"],
    }
    numbers, page = told(client, "/numbers"), client.get("/numbers.json").json()
    for name in ("ledger", "updated", "asked", "months"):
        assert numbers[name] == page[name]
    assert [one["manifest"] for one in numbers["published"]] == [one["manifest"] for one in page["published"]]


def test_history_and_days_are_the_rows_of_the_pages_files(client: TestClient) -> None:
    """The history of a place and the days of its ledger are the rows that the pages give as CSV."""
    rows = as_rows(client, "/places/US-CA-001.csv")
    found = told(client, "/places/US-CA-001/history")["stretches"]
    assert [(one["begins"], one["mode"], one["rule"]) for one in found] == [
        (one["begins"], one["mode_in_force"], one["rule"]) for one in rows
    ]
    days = told(client, "/ledger/places/US-CA-001/days")["days"]
    same = ("day", "received", "shared", "withheld", "pending", "statement")
    assert [{k: str(one[k]) for k in same} for one in days] == [
        {k: one[k] for k in same} for one in as_rows(client, "/ledger/US-CA-001.csv")
    ]


def test_what_is_found_is_what_the_page_finds(client: TestClient) -> None:
    """Places and agencies that the API finds for a question are the ones that the page finds."""
    page = client.get("/places?q=francisco").text
    places = told(client, "/places?q=francisco")["places"]
    agencies = told(client, "/agencies?q=francisco")["agencies"]
    assert places
    for one in places:
        assert f"/places/{one['id']}" in page
    for one in agencies:
        assert f"/agencies/{one['ori']}" in page


def test_only_gaps_are_listed_where_they_are_asked_for(client: TestClient) -> None:
    """With view=gap the counts stay those of all places, and as many rows are listed as the counts say."""
    whole, gaps = told(client, "/nation"), told(client, "/nation?view=gap")
    assert gaps["by_mode"] == whole["by_mode"]
    assert len(gaps["rows"]) == whole["asked_for_something_else"] < len(whole["rows"])


def test_lists_are_walked_to_their_end_by_what_they_say_is_next(client: TestClient) -> None:
    """Following `next` from answer to answer gives every entry once."""
    whole = told(client, "/places?limit=500")
    found, skip = [], 0
    while skip is not None:
        part = told(client, f"/places?skip={skip}&limit=7")
        found += part["places"]
        skip = part["next"]
    assert found == whole["places"]
    assert len(found) == whole["total"]


def test_statements_are_walked_by_number(client: TestClient) -> None:
    """Following `next` from statement to statement gives every number once, the newest first."""
    found: list[int] = []
    before = ""
    while True:
        part = told(client, f"/ledger/statements?limit=5{before}")
        found += [one["number"] for one in part["statements"]]
        if part["next"] is None:
            break
        before = f"&before={part['next']}"
    assert found == list(range(part["total"]))[::-1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/places/US-XX-<b>", 404),
        ("/places/US?on=2010-02-30", 400),
        ("/places/US?on=2035-01-01", 400),
        ("/places/US?on=1812-01-01", 400),
        ("/places/US?on=<b>today", 422),
        ("/places/US?known=<b>", 422),
        ("/places?limit=501", 422),
        ("/places?limit=<b>", 422),
        ("/places?<b>=1", 422),
        ("/places/US?onn=2010-01-01", 422),
        ("/agencies/<b>", 422),
        ("/agencies/ZZ0000000", 404),
        ("/words/<b>", 404),
        ("/words/current?audience=<b>", 404),
        ("/numbers?from=2010-13", 422),
        ("/numbers?from=2011-02&to=2010-02", 400),
        ("/numbers?jurisdiction=<b>", 404),
        ("/ledger/statements?kind=<b>", 422),
        ("/ledger/places/<b>/days", 404),
        ("/releases/<b>", 404),
        ("/<b>", 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem_in_words(
    client: TestClient, document: dict[str, Any], path: str, status: int
) -> None:
    """Every bad address gives RFC 9457 problem details of its status, and nothing sent comes back."""
    answer = client.get(PREFIX + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    shape = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    Draft202012Validator(shape).validate(problem)
    assert problem["status"] == status
    assert (status == 422) == bool(problem["wrong"])
    assert "<b>" not in answer.text
    assert "onn" not in answer.text


def test_problems_speak_the_language_that_is_accepted(client: TestClient) -> None:
    """A problem is told in Spanish to who accepts Spanish."""
    spanish = client.get(f"{PREFIX}/places/US?on=2010-02-30", headers={"Accept-Language": "es"})
    assert spanish.headers["content-language"] == "es"
    assert spanish.json()["detail"] == "Ese día no existe en el calendario."


def test_no_number_is_told_of_a_ledger_that_does_not_hold(public_home: Path) -> None:
    """With a changed checkpoint the numbers are refused, and the checkpoint itself is said not to hold."""
    with scratch() as folder:
        shutil.copytree(public_home, folder / "home")
        note = folder / "home" / "public" / "checkpoint"
        lines = note.read_text("utf-8").split("\n")
        note.write_text("\n".join([lines[0], str(int(lines[1]) - 1), *lines[2:]]), "utf-8")
        with web_world.client_of(web_world.site_of(folder / "home")) as client:
            numbers = client.get(f"{PREFIX}/numbers")
            assert (numbers.status_code, numbers.json()["wrong"]) == (503, [])
            assert "no number is told" in numbers.json()["detail"]
            assert told(client, "/ledger")["holds"] is False


def test_nothing_can_be_sent_here_and_no_receipt(client: TestClient) -> None:
    """Whatever is sent is refused unread, with the reason why a receipt stays with its holder."""
    for path in ("/places", "/receipts", "/ledger"):
        answer = client.post(PREFIX + path, content=b"Sluicegate receipt v1")
        assert answer.status_code in {404, 405}
        assert "Sluicegate receipt" not in answer.text
    assert "a receipt is checked where its holder is" in client.post(f"{PREFIX}/places").json()["detail"]


def test_the_same_answer_is_not_sent_twice(client: TestClient) -> None:
    """Who sends the tag of an answer back is told 304 and nothing else."""
    first = client.get(f"{PREFIX}/words")
    again = client.get(f"{PREFIX}/words", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "public, max-age=60"
    assert client.get(f"{PREFIX}/places", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_any_site_may_read_the_api_and_no_other_page(client: TestClient) -> None:
    """Only under /api/v1 may another site's script read what is answered, and never with a cookie."""
    origin = {"Origin": "https://elsewhere.example"}
    for path in (f"{PREFIX}/ledger", f"{PREFIX}/nowhere"):
        answer = client.get(path, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    for path in ("/api", "/ledger.json", "/"):
        answer = client.get(path, headers=origin)
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_head_is_answered_as_get_is(client: TestClient) -> None:
    """HEAD has the headers of GET."""
    assert client.head(f"{PREFIX}/ledger").headers["etag"] == client.get(f"{PREFIX}/ledger").headers["etag"]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=90)
PARAMETERS = st.sampled_from(
    ["on", "known", "q", "skip", "limit", "view", "audience", "from", "to", "jurisdiction", "kind", "before"]
)
PATHS = st.sampled_from([one[0] for one in ADDRESSES.values() if "{" not in one[0]])


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATHS, st.dictionaries(PARAMETERS, TEXT, max_size=3))
def test_no_parameter_breaks_the_api(client: TestClient, path: str, query: dict[str, str]) -> None:
    """Whatever parameters hold, the answer is a document or a problem that is the asker's, never a fault."""
    answer = client.get(PREFIX + path, params=query)
    assert answer.status_code in {200, 400, 404, 422}
    assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
    assert isinstance(answer.json(), dict)
