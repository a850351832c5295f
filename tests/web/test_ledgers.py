# SPDX-License-Identifier: Apache-2.0
"""The ledger and releases as pages: read again from public files, and loud where these do not hold."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import web_world
from web_world import TestClient

from scenes import scratch
from sluicegate.ledger.statement import StatementKind
from sluicegate.web.public import ledgers_view as view
from sluicegate.web.source import PublicSource


@pytest.fixture
def copied(public_home: Path) -> Iterator[Path]:
    """A copy of the published home, to be spoiled."""
    with scratch() as folder:
        shutil.copytree(public_home, folder / "home")
        yield folder / "home"


def asked(home: Path, path: str) -> tuple[int, str]:
    """Status and text of a page of a home."""
    with web_world.client_of(web_world.site_of(home)) as client:
        answer = client.get(path)
        return answer.status_code, answer.text


def test_the_whole_ledger_is_read_again_and_said_to_hold(client: TestClient, public_home: Path) -> None:
    """The page says that all of it holds, with the signed size and root, and who cosigned."""
    page, held = client.get("/ledger").text, client.get("/ledger.json").json()
    note = (public_home / "public" / "checkpoint").read_text("utf-8").split("\n")
    assert "All of it holds." in page
    assert [str(held["size"]), held["root"]] == note[1:3]
    assert held["holds"]
    assert all(one["name"] in page for one in held["cosigned"])
    assert len(held["cosigned"]) == sum(line.startswith("— witness") for line in note)


@pytest.mark.parametrize("spoiled", ["tile/entries", "logs/US-CA-001/tile/entries"])
def test_a_changed_tile_is_told_and_nothing_is_said_to_hold(copied: Path, spoiled: str) -> None:
    """One byte changed in any bundle of entries: the page warns and claims nothing."""
    file = next(one for one in sorted((copied / "public" / spoiled).rglob("*")) if one.is_file())
    data = bytearray(file.read_bytes())
    data[-2] ^= 1
    file.write_bytes(bytes(data))
    status, page = asked(copied, "/ledger")
    assert status == 200
    assert "does not hold" in page or "do not hold" in page
    assert "All of it holds." not in page


def test_before_anything_is_published_the_page_says_so(copied: Path) -> None:
    """Without a checkpoint there is a sentence, and neither sizes nor roots."""
    (copied / "public" / "checkpoint").unlink()
    status, page = asked(copied, "/ledger")
    assert status == 200
    assert "Nothing has been published here yet." in page


def test_the_days_of_a_place_add_up(client: TestClient, public_home: Path) -> None:
    """Each day's sets, as page and as CSV, are those of its newest statement, and received is their sum."""
    rows = list(csv.DictReader(io.StringIO(client.get("/ledger/US-CA-001.csv").text)))
    page = client.get("/ledger/US-CA-001").text
    source = web_world.site_of(public_home).source
    ledger = view.Reader(source.bureau).read()
    assert ledger is not None
    told = {
        str(one.statement.parts["day"])
        for one in ledger.statements
        if one.statement.kind is StatementKind.DAY and one.statement.subject == "US-CA-001"
    }
    assert {row["day"] for row in rows} == told
    for row in rows:
        assert int(row["received"]) == sum(int(row[name]) for name in ("shared", "withheld", "pending"))
        assert f"/public/days/{row['day']}/US-CA-001.json" in page


@pytest.mark.parametrize("path", ["/ledger/intake", "/ledger/answers", "/ledger/US-XX", "/ledger/..%2fkeys"])
def test_logs_that_are_not_public_do_not_exist_here(client: TestClient, path: str) -> None:
    """Private logs, unknown places and paths out of the folder are answered with 404."""
    assert client.get(path).status_code == 404


def test_statements_are_shown_by_kind_and_page(client: TestClient) -> None:
    """A kind shows its statements only; a number shows what came before it."""
    page = client.get("/ledger?kind=release").text
    assert page.count('scope="row" class="number"') == 1
    assert client.get("/ledger?before=1").text.count('scope="row" class="number"') == 1


def test_a_statement_leads_to_the_tile_that_holds_it(client: TestClient, public_home: Path) -> None:
    """The file named beside each statement is there, public, and holds its bytes."""
    ledger = view.Reader(web_world.site_of(public_home).source.bureau).read()
    assert ledger is not None
    for one in ledger.statements:
        answer = client.get(one.file)
        assert answer.status_code == 200
        assert one.statement.at.encode() in answer.content


def test_lines_that_are_no_cosignature_are_not_shown(public_home: Path) -> None:
    """The operator's own line, and lines of another length, name no witness."""
    note = (public_home / "public" / "checkpoint").read_bytes()
    held = web_world.site_of(public_home).source
    assert isinstance(held, PublicSource)
    found = view.cosigned(note, held.key.name, "")
    assert found
    assert not any(one.name.startswith(held.key.name) for one in found)
    assert view.cosigned(b"no note", held.key.name, "") == ()
    assert view.cosigned(note[: note.rindex(b"=")], held.key.name, "") == ()


def test_a_release_is_shown_with_what_was_verified(client: TestClient) -> None:
    """A release that holds is shown piece by piece, with root, manifest and the statement that names it."""
    page = client.get("/releases/letter-1").text
    assert "Option 2." in page
    assert "What was verified" in page
    assert 'href="/releases/letter-1"' in client.get("/releases").text


@pytest.mark.parametrize("file", ["release.json", "release.html", "manifest.json"])
def test_a_release_that_was_changed_is_not_shown(copied: Path, file: str) -> None:
    """Data, page or manifest changed: no piece of the document is shown, and the trouble is."""
    path = copied / "public" / "releases" / "letter-1" / file
    path.write_bytes(path.read_bytes().replace(b"Option 2", b"Option 3").replace(b'"size"', b'"siz3"'))
    status, page = asked(copied, "/releases/letter-1")
    assert status == 200
    assert "does not hold" in page
    assert "Option" not in page


def test_a_release_that_nobody_stated_is_not_shown(copied: Path) -> None:
    """A whole release under another name than the ledger states is refused, however well it verifies."""
    folder = copied / "public" / "releases"
    shutil.copytree(folder / "letter-1", folder / "letter-2")
    assert "does not hold" in asked(copied, "/releases/letter-2")[1]
    assert asked(copied, "/releases/letter-3")[0] == 404
