# SPDX-License-Identifier: Apache-2.0
"""A month of a whole exchange: counted, exported, verified, counted again; and releases of one booking."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenes import Town, scratch
from sluicegate.cli.main import sluicegate

LATER = "2011-01-20T12:00:00Z"
BOOKED = {"full": 3, "no-answer": 3, "no-relay": 3, "filter": 4, "listed": 3, "unlisted": 1}
pytestmark = pytest.mark.slow


def town(folder: Path, *, known: bool) -> tuple[Path, dict[str, list[str]]]:
    """A month in which the partner knows, or does not, the last person booked where answers are muted."""
    home = folder / ("known" if known else "unknown")
    world = Town(home)
    if known:
        world.enrol(world.exchange.gallery, 105, "DHS105")
    person, cases = 100, {}
    for scene, count in BOOKED.items():
        cases[scene] = []
        for _ in range(count):
            cases[scene].append(world.book(scene, person))
            person += 1
    world.book("unlisted", person, cri="CA0999999")
    world.finish()
    world.close()
    return home, cases


@pytest.fixture(scope="module")
def towns() -> Iterator[dict[bool, tuple[Path, dict[str, list[str]]]]]:
    """The same month twice: with a match that was muted, and without."""
    with scratch() as folder:
        yield {known: town(folder, known=known) for known in (True, False)}


def run(home: Path, *words: object, clock: str = LATER, code: int = 0) -> Any:
    """A command with --json over a home whose clock has come to a moment."""
    every = [*map(str, words), "--json", "--home", str(home)]
    environment = {**os.environ, "SLUICEGATE_CLOCK": clock}
    result = CliRunner().invoke(sluicegate, every, env=environment)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def counted(home: Path) -> dict[tuple[str, str], int]:
    """What the operator is shown."""
    shown = run(home, "statistics", "show", "--month", "2010-11")
    return {(one["place"], one["measure"]): one["value"] for one in shown["figures"]}


def test_figures_are_what_was_booked(towns: dict[bool, Any]) -> None:
    """Every count of the month is that of the bookings made, by place and for the nation."""
    found = counted(towns[True][0])
    assert found["US-CA-085", "copied"] == 3
    assert found["US-CA-075", "withheld"] == 4
    assert (found["US-CA-001", "copied"], found["US-CA-001", "withheld"]) == (3, 1)
    assert (found["US", "submissions"], found["US", "copied"], found["US", "withheld"]) == (17, 12, 5)
    assert (found["US", "received"], found["US", "refused-at-door"], found["US", "agencies"]) == (18, 1, 5)
    outcomes = ("matched", "relayed", "muted", "not-matched", "determined")
    assert [found["US", name] for name in outcomes] == [1, 0, 1, 11, 1]
    assert counted(towns[False][0])["US", "muted"] == 0


def test_an_export_does_not_differ_by_a_match_that_was_muted(towns: dict[bool, Any], tmp_path: Path) -> None:
    """Two months that differ only in what the partner answered give exports that show the same."""
    documents = []
    for known, (home, _) in towns.items():
        folder = tmp_path / str(known)
        run(home, "statistics", "export", "--month", "2010-11", "--threshold", 3, "--to", folder)
        document = json.loads((folder / "statistics.json").read_bytes())
        for part in (*document["figures"], *document["basis"]):
            part.pop("commitment", None)
            part.pop("root", None)
        document.pop("made")
        documents.append(document)
    for part in documents[0]:
        assert documents[0][part] == documents[1][part], part


def test_an_export_is_verified_alone_and_counted_again_from_its_home(
    towns: dict[bool, Any], tmp_path: Path
) -> None:
    """Files, openings and ledgers agree; another home did not make it; a changed file is refused."""
    home, folder = towns[True][0], tmp_path / "month"
    words = ("export", "--month", "2010-11", "--threshold", 3, "--state", "--to", folder)
    made = run(home, "statistics", *words)
    assert made["stated"] is not None
    assert Path(made["openings"]).stat().st_mode & 0o777 == 0o600
    held = run(home, "statistics", "verify", folder, "--opened", made["openings"])
    assert any("count the same" in line for line in held["holds"])
    run(towns[False][0], "statistics", "verify", folder, code=5)
    path = folder / "table.csv"
    path.write_bytes(path.read_bytes().replace(b"US-CA-085", b"US-CA-086"))
    run(home, "statistics", "verify", folder, code=4)


def test_bookings_count_on_after_their_entries_are_erased(tmp_path: Path) -> None:
    """With bodies and salts of every entry of a place erased, its counts are what they were."""
    world = Town(tmp_path / "home")
    for person in range(3):
        world.book("full", person + 1)
    world.finish()
    before = counted(world.home)
    store = world.exchange.bureau.store
    gone = [row["seq"] for row in store.rows("all_entries") if row["log"] == "US-CA-085"]
    with store.session() as session:
        store.log.erase(session, "US-CA-085", gone)
    world.close()
    after = counted(world.home)
    assert {cell: value for cell, value in before.items() if cell[1] != "agencies"} == {
        cell: value for cell, value in after.items() if cell[1] != "agencies"
    }
    assert after["US-CA-085", "submissions"] == 3


def test_a_month_that_is_not_over_is_only_a_draft(towns: dict[bool, Any], tmp_path: Path) -> None:
    """No export is made before the month is over everywhere, unless as a draft that says so."""
    home, during = towns[True][0], "2010-11-20T12:00:00Z"
    words = ("statistics", "export", "--month", "2010-11", "--to", tmp_path / "draft")
    assert "not final" in run(home, *words, clock=during, code=2)["error"]
    assert run(home, *words, "--draft", clock=during)["draft"] is True
    assert run(home, "statistics", "verify", tmp_path / "draft", clock=during)["draft"] is True


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_month_is_drawn_without_a_screen(towns: dict[bool, Any], tmp_path: Path, kind: str) -> None:
    """The drawing is a file of the kind asked for; another kind is refused."""
    path = tmp_path / f"month.{kind}"
    run(towns[True][0], "statistics", "show", "--month", "2010-11", "--public", "--plot", path)
    assert path.read_bytes()[:5] in (b"<?xml", b"\x89PNG\r")
    run(towns[True][0], "statistics", "show", "--month", "2010-11", "--plot", tmp_path / "a.gif", code=2)


def test_the_record_of_a_booking_is_the_same_whatever_the_partner_answered(
    towns: dict[bool, Any], tmp_path: Path
) -> None:
    """A record that is released tells by no block whether a copy matched."""
    shapes = []
    for known, (home, cases) in towns.items():
        path = tmp_path / f"{known}.json"
        run(home, "release", "from-case", cases["no-answer"][-1], "--to", path)
        record = json.loads(path.read_bytes())
        shapes.append([(one["id"], one["kind"], one["label"]) for one in record["blocks"]])
    assert shapes[0] == shapes[1]


def test_a_release_is_made_stated_opened_and_verified(towns: dict[bool, Any], tmp_path: Path) -> None:
    """From a booking to a release in the master log, and to what a court is shown of it."""
    home, cases = towns[True]
    record, wanted, kept = tmp_path / "record.json", tmp_path / "redactions.json", tmp_path / "kept.secrets"
    run(home, "release", "from-case", cases["filter"][0], "--to", record, "--propose", wanted)
    made = run(
        home, "release", "make", record, "--redact", wanted, "--secrets", kept,
        "--to", tmp_path / "release", "--state",
    )  # fmt: skip
    assert made["withheld"] > 0
    assert made["stated"] is not None
    whole = b"".join(path.read_bytes() for path in (tmp_path / "release").iterdir())
    assert cases["filter"][0].encode() not in whole
    run(home, "release", "open", kept, "case", "--to", tmp_path / "opened.json")
    held = run(home, "release", "verify", tmp_path / "release", "--opened", tmp_path / "opened.json")
    assert held["opened"] == [{"id": "case", "text": cases["filter"][0]}]
    assert kept.stat().st_mode & 0o777 == 0o600


def test_secrets_may_not_lie_in_the_release_nor_serve_another_document(
    towns: dict[bool, Any], tmp_path: Path
) -> None:
    """The custodian's file stays out of what is published, and belongs to one document."""
    home, cases = towns[True]
    one, other, kept = tmp_path / "one.json", tmp_path / "other.json", tmp_path / "kept.secrets"
    run(home, "release", "from-case", cases["filter"][0], "--to", one)
    run(home, "release", "from-case", cases["filter"][1], "--to", other)
    inside = ("release", "make", one, "--to", tmp_path / "r", "--secrets")
    assert "may not lie" in run(home, *inside, tmp_path / "r" / "kept", code=2)["error"]
    run(home, *inside, kept)
    refused = run(home, "release", "make", other, "--to", tmp_path / "r2", "--secrets", kept, code=2)
    assert "another document" in refused["error"]
