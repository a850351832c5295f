# SPDX-License-Identifier: Apache-2.0
"""`audit run` and `audit county` as people type them, and the clerk's tutorial, word for word."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import audit_world as world
import pytest
from harms import takes
from tampered import Scene, moved, retold

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "check-your-county.md"
_STEP = re.compile(r"```sh\n(?P<typed>.+?)```\n\n```text\n(?P<shown>.+?)```", re.DOTALL)


@pytest.fixture
def desk(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clerk's folder: what the county got, what is public, and two keys; nothing of the installation."""
    (tmp_path / "partner").rename(tmp_path / "partner-public")
    for name, data in scene.receipts.items():
        if name.startswith("CA0380000/"):
            path = tmp_path / "receipts" / Path(name).name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
    for role in ("bureau", "partner"):
        (tmp_path / f"{role}.pub").write_text(f"{world.public_key(scene.home, role)}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLUICEGATE_HOME", str(tmp_path / "no-home"))
    return tmp_path


def county(*more: str, month: str = "2010-11") -> list[str]:
    """The words of the county's command."""
    words = "audit county ./receipts --public ./public --partner ./partner-public"
    return [*words.split(), "--key", "bureau.pub", "--partner-key", "partner.pub", "--month", month, *more]


def test_the_tutorial_shows_what_its_commands_show(desk: Path) -> None:
    """Whoever types the two commands of the tutorial sees what the page shows, and both end well."""
    steps = _STEP.findall(TUTORIAL.read_text("utf-8"))
    assert len(steps) == 2
    for typed, shown in steps:
        done = world.run(*shlex.split(typed.replace("\\\n", " "))[1:])
        assert done.stdout == shown
        assert done.exit_code == 0


def test_a_county_none_of_whose_bookings_went_is_told_so(desk: Path) -> None:
    """For a filtered county the answer is none, with the counts of both sides beside it."""
    done = world.run(*county("--json"))
    told = json.loads(done.stdout)
    assert (done.exit_code, told["answer"], told["receipts"]) == (0, "none went", 4)
    assert told["jurisdictions"][world.COUNTY]["withheld"] == 4
    assert told["jurisdictions"][world.COUNTY]["taken"] == 0


def test_a_county_whose_bookings_went_is_told_which(desk: Path, scene: Scene) -> None:
    """For a county that takes part the answer names every receipt whose booking went to the partner."""
    for path in (desk / "receipts").iterdir():
        path.unlink()
    (name,) = [one for one in scene.receipts if one.startswith("CA0430000/")]
    (desk / "receipts" / "ours.txt").write_bytes(scene.receipts[name])
    done = world.run(*county())
    assert done.exit_code == 4
    assert done.stdout.startswith("SOME WENT.")
    assert "ours.txt: it went to the partner." in done.stdout


def test_a_month_without_receipts_is_not_settled(desk: Path) -> None:
    """Of a month of which there is no receipt nothing is said, and the exit code says so."""
    done = world.run(*county(month="2010-10"))
    assert done.exit_code == 6
    assert done.stdout.startswith("NOT SETTLED.")


def test_a_lie_about_a_county_is_no_answer(desk: Path, scene: Scene) -> None:
    """Where the operator tells a withheld booking as shared, no comfort is given: the proof does not hold."""
    retold(scene, world.COUNTY, moved)
    done = world.run(*county())
    assert done.exit_code == 4
    assert done.stdout.startswith("THE PROOF DOES NOT HOLD")


def test_a_partner_who_took_a_withheld_booking_is_caught_by_the_clerk(desk: Path, scene: Scene) -> None:
    """What the partner says of itself is held against the county's receipts."""
    scene.partner = desk / "partner-public"
    takes(scene)
    done = world.run(*county())
    assert done.exit_code == 4
    assert "taken, although it was withheld" in done.stdout


def test_without_a_key_from_elsewhere_nothing_is_audited(desk: Path) -> None:
    """The key is never taken from the folder that it is to vouch for."""
    done = world.run("audit", "run", "./public")
    assert done.exit_code == 2
    assert "source you trust" in done.stderr


def test_the_report_for_machines_holds_every_finding(desk: Path) -> None:
    """Each finding has its place, what it means and what to do, also in the file, and the exit code is 4."""
    shutil.rmtree(desk / "public" / "statistics")
    done = world.run("audit", "run", "./public", "--key", "bureau.pub", "--report", "audit.json")
    assert done.exit_code == 4
    told = json.loads((desk / "audit.json").read_text("utf-8"))
    assert [one["kind"] for one in told["findings"]] == ["statistics"]
    assert all(told["findings"][0][name] for name in ("place", "found", "means", "do"))
    assert "NOT CHECKED" in done.stdout


@pytest.mark.slow
def test_with_access_to_the_home_the_databases_are_held_to_it_too(
    month: tuple[Path, Path], tmp_path: Path
) -> None:
    """With --home every entry is checked; a row of a role's ledger that was taken out is a finding."""
    home = tmp_path / "home"
    shutil.copytree(month[0], home)
    words = ("audit", "run", str(home / "public"), "--home", str(home), "--json")
    clean = json.loads(world.run(*words).stdout)
    assert clean["holds"], clean["findings"]
    with sqlite3.connect(home / "partner" / "story.db") as database:
        database.execute("DELETE FROM entry WHERE kind = 'copy-taken' AND seq = 0")
    done = world.run(*words)
    assert done.exit_code == 4
    assert "count" in {one["kind"] for one in json.loads(done.stdout)["findings"]}
