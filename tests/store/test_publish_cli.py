# SPDX-License-Identifier: Apache-2.0
"""`sluicegate ledger` over a home with bookings: what people and machines are shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenes import Town, scratch
from sluicegate.cli.main import sluicegate


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home in which three bookings ran their course."""
    with scratch() as folder:
        town = Town(folder / "home")
        for person, scene in enumerate(("full", "filter", "no-answer")):
            town.book(scene, person)
        town.finish()
        town.close()
        yield folder / "home"


def run(home: Path, *words: str) -> Result:
    """A command of the group, with its output."""
    return CliRunner().invoke(sluicegate, ["ledger", *words, "--home", str(home)], prog_name="sluicegate")


@pytest.mark.slow
def test_a_home_is_published_shown_exported_and_verified(home: Path, tmp_path: Path) -> None:
    """Publishing says what is public; a stranger's check and a fresh copy hold; private logs stay so."""
    done = json.loads(run(home, "publish", "--everything", "--json").stdout)
    assert set(done["public"]) == {"US-CA-085", "US-CA-075/withheld", "US-VA-013"}
    assert done["waiting"] == {}
    shown = {one["log"]: one for one in json.loads(run(home, "show", "--json").stdout)["logs"]}
    assert shown["intake"]["public"] is shown["answers"]["public"] is None
    assert all(one["public"] == one["entries"] for log, one in shown.items() if log in done["public"])
    assert run(home, "export", str(tmp_path / "copy")).exit_code == 0
    for folder in (home / "public", tmp_path / "copy"):
        verified = run(home, "show", "--verify", "--public", str(folder), "--json")
        assert verified.exit_code == 0
        assert json.loads(verified.stdout)["logs"] == done["public"]
    people = run(home, "show").stdout
    assert "never public" in people
    assert "The master log states 8 thing(s)." in people


@pytest.mark.slow
def test_a_damaged_public_folder_ends_in_the_exit_code_of_what_does_not_hold(
    home: Path, tmp_path: Path
) -> None:
    """Change one byte of a public file: the check names log and file, and exits with 4."""
    run(home, "publish", "--everything")
    run(home, "export", str(tmp_path / "copy"))
    (tile,) = (tmp_path / "copy/logs/US-CA-085/tile/0").rglob("000.p/*")
    data = tile.read_bytes()
    tile.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    told = run(home, "show", "--verify", "--public", str(tmp_path / "copy"))
    assert told.exit_code == 4
    assert "log US-CA-085" in told.stderr
    assert "tile/0/000.p/" in told.stderr


@pytest.mark.slow
def test_without_a_home_nothing_is_made(tmp_path: Path) -> None:
    """Where there is no home, the command says so and leaves no folder behind."""
    told = run(tmp_path / "nowhere", "publish")
    assert told.exit_code == 2
    assert "is not a home" in told.stderr
    assert not (tmp_path / "nowhere").exists()
