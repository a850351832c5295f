# SPDX-License-Identifier: Apache-2.0
"""The release builder at the desk: from a booking or a document to a release, and nothing kept."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import desk_world
import pytest
from desk_world import DeskWorld
from web_world import TestClient

from scenes import scratch
from sluicegate.releases import document, redact
from sluicegate.releases.verify import verify
from sluicegate.store.master import MasterLog
from sluicegate.web.operator import releasing_view as view

LETTER = {
    "format": "sluicegate-document-1",
    "id": "letter",
    "title": "Letter about <prints>",
    "blocks": [
        {"id": "to", "kind": "field", "label": "To", "text": "Sheriff Marlowe"},
        {
            "id": "p1",
            "kind": "paragraph",
            "pieces": [{"id": "p1.1", "text": "We met "}, {"id": "p1.2", "text": "in the quiet harbor."}],
        },
        {"id": "p2", "kind": "paragraph", "text": "Sheriff Marlowe agreed."},
    ],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[DeskWorld]:
    """The desks over a home with bookings."""
    with scratch() as folder, desk_world.opened(folder) as made:
        yield made


@pytest.fixture
def clerk(shared: DeskWorld) -> TestClient:
    """The account `records`, signed in."""
    shared.time.now += 100_000
    return shared.client("records")


def post(world: DeskWorld, client: TestClient, path: str, **fields: Any) -> tuple[int, str]:
    """Send a form; the status, and where it leads or what it shows."""
    answer = client.post(f"/desk/release/{path}", data={**world.form(client), **fields})
    return answer.status_code, answer.headers.get("location", html.unescape(answer.text))


def sealed(world: DeskWorld, client: TestClient, text: str) -> str:
    """The custodian's file of a document."""
    answer = client.post("/desk/release/seal", data={**world.form(client), "document": text})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"].startswith("attachment")
    return answer.text


def carried(page: str) -> dict[str, str]:
    """The hidden fields of the form that publishes."""
    part = page[page.index('action="/desk/release/publish"') :]
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part))
    return {name: html.unescape(one) for name, one in found.items() if name != "csrf"}


def previewed(world: DeskWorld, client: TestClient, file: str, name: str, **more: Any) -> dict[str, str]:
    """What the preview of a release hands on."""
    fields = {**world.form(client), "sealed": file, "name": name, **more}
    answer = client.post("/desk/release/preview", data=fields)
    assert answer.status_code == 200, html.unescape(answer.text)
    return carried(answer.text)


def folder(world: DeskWorld, name: str) -> Path:
    """Where a release lies."""
    return world.town.home / "public" / "releases" / name


HARBOR = {"gone": ["p1.2"], "code": ["p1.2 (b)(6)"], "note.p1.2": "a place"}


@pytest.mark.parametrize("role", ["examiner", "operator", "officer", "admin", "auditor", "registrar"])
def test_nobody_else_reaches_the_release_builder(shared: DeskWorld, role: str) -> None:
    """Every other role is turned away from the start, a record, and every step."""
    client = shared.client(role)
    assert client.get("/desk/release").status_code == 403
    assert client.get(f"/desk/release/case/{shared.cases['full']}").status_code == 403
    for step in ("document", "seal", "choose", "preview", "page", "publish"):
        assert post(shared, client, step)[0] == 403


@pytest.mark.slow
def test_a_letter_is_sealed_redacted_and_published_once(shared: DeskWorld, clerk: TestClient) -> None:
    """The release verifies, is stated once, holds no withheld text, and its id is never used again."""
    file = sealed(shared, clerk, json.dumps(LETTER))
    form = previewed(shared, clerk, file, "letter-1", **HARBOR)
    assert post(shared, clerk, "publish", **form)[0] == 400
    assert not folder(shared, "letter-1").exists()
    where = post(shared, clerk, "publish", **form, sure="letter-1")
    assert where == (303, "/desk/release/made/letter-1")
    files = {one.name: one.read_bytes() for one in folder(shared, "letter-1").iterdir()}
    data, _ = verify(files)
    assert b"quiet harbor" not in b"".join(files.values())
    assert data["root"] == redact.root(redact.decode_secrets(file.encode())).hex()
    assert "1 of 4 pieces are withheld" in clerk.get(where[1]).text
    assert shared.facts("acted")[-1] == {"who": "records", "what": "release", "why": "letter-1"}
    status, page = post(shared, clerk, "publish", **form, sure="letter-1")
    assert (status, "is public already" in page) == (400, True)
    stated = MasterLog(shared.town.exchange.offices["bureau"].engine)
    assert [one.statement.subject for one in stated.every()].count("letter-1") == 1


@pytest.mark.slow
def test_nothing_of_the_custodians_file_stays_in_the_home(shared: DeskWorld, clerk: TestClient) -> None:
    """After a release no file of the home holds the withheld text or a salt that would open it."""
    file = sealed(shared, clerk, json.dumps(LETTER))
    form = previewed(shared, clerk, file, "letter-2", **HARBOR)
    assert post(shared, clerk, "publish", **form, sure="letter-2")[0] == 303
    salt = json.loads(file)["salts"]["p1.2"].encode()
    held = [one.read_bytes() for one in shared.town.home.rglob("*") if one.is_file()]
    assert any(b"We met" in one for one in held), "the search finds what is shown"
    assert not any(b"quiet harbor" in one or salt in one for one in held)


@pytest.mark.slow
def test_a_withheld_text_that_stands_elsewhere_must_be_confirmed(
    shared: DeskWorld, clerk: TestClient
) -> None:
    """The preview names the place; without the second tick the release is refused."""
    file = sealed(shared, clerk, json.dumps(LETTER))
    gone = {"gone": ["to"], "code": ["to (b)(7)(C)"]}
    assert "to stands in: p2" in post(shared, clerk, "preview", sealed=file, name="letter-3", **gone)[1]
    form = previewed(shared, clerk, file, "letter-3", **gone)
    assert post(shared, clerk, "publish", **form, sure="letter-3")[0] == 400
    assert not folder(shared, "letter-3").exists()
    assert post(shared, clerk, "publish", **form, sure="letter-3", repeated="yes")[0] == 303


@pytest.mark.slow
def test_the_record_of_a_booking_is_entered_as_seen_and_can_be_sealed(
    shared: DeskWorld, clerk: TestClient
) -> None:
    """A TCN leads to the record; the view is in the ledger with its case; proposals are only ticked."""
    case = shared.town.case(shared.cases["full"])
    found = clerk.get("/desk/release", params={"case": case.tcn})
    assert found.headers["location"] == f"/desk/release/case/{case.case_id}"
    answer = clerk.get(found.headers["location"])
    assert (case.digest in answer.text, answer.headers["cache-control"]) == (True, "no-store")
    assert shared.facts("viewed")[-1] == {
        "who": "records",
        "case": case.case_id,
        "part": "administrative record",
        "why": "to make a release",
    }
    text = re.search(r'name="document" value="([^"]*)"', answer.text)
    assert text is not None
    file = sealed(shared, clerk, html.unescape(text[1]))
    assert shared.facts("viewed")[-1]["part"] == "custodian's file of a release"
    page = post(shared, clerk, "choose", sealed=file, propose="yes")[1]
    assert 'name="gone" value="tcn" checked' in page
    assert 'name="gone" value="ori" checked' not in page
    assert "No booking has" in clerk.get("/desk/release", params={"case": "NOBODY"}).text


@pytest.mark.slow
def test_the_page_is_the_one_that_will_be_public_and_can_run_nothing(
    shared: DeskWorld, clerk: TestClient
) -> None:
    """The page that opens is the released one but for its moment, and can run nothing."""
    file = sealed(shared, clerk, json.dumps(LETTER))
    form = previewed(shared, clerk, file, "letter-4", **HARBOR)
    answer = clerk.post("/desk/release/page", data={**shared.form(clerk), **form})
    assert post(shared, clerk, "publish", **form, sure="letter-4")[0] == 303
    public = (folder(shared, "letter-4") / "release.html").read_bytes()
    moment = re.compile(rb"made [0-9T:.Z-]+\. ")
    assert moment.sub(b"", answer.content) == moment.sub(b"", public)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.slow
def test_what_cannot_be_meant_is_said_and_keeps_what_was_ticked(shared: DeskWorld, clerk: TestClient) -> None:
    """A tick without exemption, an exemption without tick, a bad id, or a bad file: told in words."""
    file = sealed(shared, clerk, json.dumps(LETTER))
    for wrong, told in (
        ({"gone": ["to"]}, "names no exemption"),
        ({"code": ["to (b)(6)"]}, "is not ticked"),
        ({"gone": ["to"], "code": ["to (b)(99)"]}, "does not exist"),
        ({"gone": ["none"], "code": ["none (b)(6)"]}, "no piece or block none"),
        ({"name": "../x"}, "The id of a release"),
        ({"gone": ["to"], "code": ["to (b)(6)"], "note.to": "a\u202eb"}, "cannot be seen"),
    ):
        status, page = post(shared, clerk, "preview", **{"sealed": file, "name": "letter-9", **wrong})
        assert (status, told in page) == (400, True), told
    assert post(shared, clerk, "choose", sealed="{}")[0] == 400
    assert post(shared, clerk, "document", document="<b>")[0] == 400
    assert post(shared, clerk, "publish", sealed=file, redactions="x", name="y")[0] == 400
    assert clerk.get("/desk/release/made/nothing").status_code == 404
    many = {**LETTER, "blocks": [{"id": f"b{at}", "kind": "paragraph", "text": "x"} for at in range(121)]}
    status, page = post(shared, clerk, "choose", sealed=sealed(shared, clerk, json.dumps(many)))
    assert (status, "too many for this form" in page) == (400, True)


def test_choices_survive_the_way_through_a_list_of_redactions() -> None:
    """What a form says becomes a list of redactions and the same choices again."""
    choices = view.choices_of([("gone", "a"), ("code", "a (b)(6)"), ("note.a", " n "), ("untold", "a")])
    assert choices == {"a": view.Choice(True, ("(b)(6)",), "n", True)}
    letter = document.from_json({**LETTER, "blocks": [{"id": "a", "kind": "paragraph", "text": "x"}]})
    gone = redact.read(view.redactions_text(letter, choices).encode(), letter)
    assert view.choices_from(gone) == choices
