# SPDX-License-Identifier: Apache-2.0
"""Absence, end to end: what was withheld is proven so, both sides agree, and whoever cheats is named."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scenes import SCENES, Town, scratch
from sluicegate.cli.main import sluicegate
from sluicegate.ledger import days, verify
from sluicegate.ledger.days import Channel, Day
from sluicegate.store.sides import Side, compare

BOOKED = ("full", "filter", "no-answer", "full", "listed", "unlisted", "not-activated")


def run(home: Path, *words: object) -> Result:
    """A command over a home."""
    return CliRunner().invoke(sluicegate, [*map(str, words), "--home", str(home)], prog_name="sluicegate")


def told(home: Path, *words: object) -> Any:
    """What a command says to a machine."""
    return json.loads(run(home, *words, "--json").stdout)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home in which bookings of every mode ran their course and both sides' days are public."""
    with scratch() as folder:
        town = Town(folder / "home")
        for person, scene in enumerate(BOOKED):
            town.book(scene, person)
        town.finish()
        town.close()
        assert run(folder / "home", "ledger", "days").exit_code == 0
        yield folder / "home"


@pytest.mark.slow
def test_both_sides_reconcile_to_zero_from_public_files_alone(home: Path, tmp_path: Path) -> None:
    """Two folders and two public keys are enough to see that what was sent was taken, and nothing else."""
    for name in ("public", "partner-public"):
        shutil.copytree(home / name, tmp_path / name)
    for role in ("bureau", "partner"):
        shutil.copy(home / "keys" / f"{role}-ledger.key.pub", tmp_path / f"{role}.pub")
    words = ["audit", "reconcile", "--bureau", tmp_path / "public", "--partner", tmp_path / "partner-public"]
    words += ["--key", tmp_path / "bureau.pub", "--partner-key", tmp_path / "partner.pub"]
    ended = run(tmp_path / "nowhere", *words)
    assert ended.exit_code == 0, ended.output
    assert "RECONCILED: difference 0." in ended.stdout
    counts = told(tmp_path / "nowhere", *words)["counts"]
    shared = sum(SCENES[scene].shares for scene in BOOKED)
    assert counts == {"shared": shared, "withheld": len(BOOKED) - shared, "pending": 0, "taken": shared}


@pytest.mark.slow
def test_every_withheld_booking_and_no_other_is_proven_absent(home: Path, tmp_path: Path) -> None:
    """Each receipt whose G1 was closed gets a proof that two verifiers hold; each other one is refused."""
    for number, scene in enumerate(BOOKED, 1):
        paper, proof = tmp_path / f"{number}.txt", tmp_path / f"{number}-absent.txt"
        assert run(home, "receipt", f"TOWN{number:08d}", "--out", paper).exit_code == 0
        ended = run(home, "audit", "absent", paper, "--public", home / "public", "--out", proof)
        assert ended.exit_code == (4 if SCENES[scene].shares else 0), ended.output
        assert proof.exists() != SCENES[scene].shares
        if proof.exists():
            assert proof.stat().st_size <= 3072
            assert run(home, "audit", "absent", paper, "--proof", proof).exit_code == 0
            other = tmp_path / f"{number - 1}.txt"
            assert run(home, "audit", "absent", other, "--proof", proof).exit_code == 4
    key = home / "keys" / "bureau-ledger.key.pub"
    alone = [sys.executable, verify.__file__, str(proof), str(key), "--of", str(paper)]
    ended_alone = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert ended_alone.returncode == 0, ended_alone.stderr
    assert ended_alone.stdout.startswith("NOT SHARED")
    alone[-1] = str(tmp_path / "1.txt")
    assert subprocess.run(alone, capture_output=True, check=False).returncode == 4


@pytest.mark.slow
def test_nothing_public_names_a_booking_an_agency_or_a_case(home: Path) -> None:
    """No day's file, statement or tile of either side holds a TCN, an ORI, a case id or a digest."""
    town = Town(home)
    cases = [town.exchange.bureau.store.cases_of_tcn(f"TOWN{n:08d}")[0] for n in range(1, len(BOOKED) + 1)]
    town.close()
    words = {text for one in cases for text in (one.case_id, one.tcn, one.ori, one.cri, one.digest)}
    files = [
        path for name in ("public", "partner-public") for path in (home / name).rglob("*") if path.is_file()
    ]
    assert len(files) > len(BOOKED)
    held = b"".join(path.read_bytes() for path in files)
    assert {word for word in words if word.encode() in held} == set()


@pytest.mark.slow
@pytest.mark.parametrize("side", ["public", "partner-public"])
def test_a_changed_file_of_either_side_is_an_alarm(home: Path, side: str, tmp_path: Path) -> None:
    """Take one booking out of a day's file: the comparison ends with 4 and names the file."""
    for name in ("public", "partner-public"):
        shutil.copytree(home / name, tmp_path / name)
    path = next((tmp_path / side / "days").rglob("US-CA-085.json"))
    document = json.loads(path.read_text())
    document["shared" if side == "public" else "taken"].pop()
    path.write_text(json.dumps(document))
    words = ["audit", "reconcile", "--bureau", tmp_path / "public", "--partner", tmp_path / "partner-public"]
    ended = run(home, *words)
    assert (ended.exit_code, "US-CA-085.json" in ended.output) == (4, True)


# -- what no delay explains, on sides made by hand -----------------------------------------------------------


def element(number: int) -> bytes:
    """Some element."""
    return number.to_bytes(32, "big")


def day(sets: dict[str, tuple[bytes, ...]], on: str = "2010-11-15") -> Day:
    """A day of San Francisco."""
    return Day("US-CA-075", on, f"{on}T08:00:00Z", f"{on}T23:00:00Z", 0, None, sets)


def sides() -> tuple[Side, Side]:
    """Bureau and partner that agree."""
    shared = (element(1), element(2), element(3))
    ours = day({"shared": shared, "withheld": (element(4),), "pending": (element(5),)})
    theirs = day({"taken": shared})
    place, numbers = ("US-CA-075", "2010-11-15"), days.channel("c", [1, 2, 3])
    return (
        Side({place: ours}, {place: "2010-11-17T00:00:00Z"}, numbers, "2010-11-17T00:00:00Z", ()),
        Side({place: theirs}, {place: "2010-11-17T00:00:00Z"}, numbers, "2010-11-17T00:00:00Z", ()),
    )


def taking(*numbers: int, on: str = "2010-11-15") -> Callable[[Side], Side]:
    """The partner says that it took these."""
    sets = {"taken": tuple(map(element, numbers))}
    return lambda side: replace(side, days={("US-CA-075", on): day(sets, on)})


def numbered(*numbers: int) -> Callable[[Side], Side]:
    """The side saw these numbers."""
    return lambda side: replace(side, channel=days.channel("c", numbers))


@pytest.mark.parametrize(
    ("who", "change", "what", "alarm"),
    [
        ("partner", taking(1, 2, 3, 9), "taken, never sent", True),
        ("partner", taking(1, 2, 3, 4), "taken, although it was withheld", True),
        ("partner", taking(1, 2, 3, 5), "told it as pending", False),
        ("partner", taking(1, 2), "sent, not yet taken", False),
        ("partner", taking(1, 2, 3, on="2010-11-14"), "taken as of US-CA-075 2010-11-14", True),
        ("partner", numbered(1, 2), "numbers 3 to 3 have not come yet", False),
        ("partner", numbered(1, 3), "number 2 never came", True),
        ("partner", numbered(1, 2, 2, 3), "number 2 came twice", True),
        ("partner", numbered(2, 1, 3), "number 1 came after 2", True),
        ("partner", numbered(1, 2, 3, 4), "number 4 came, the bureau tells of 3", True),
        ("bureau", numbered(1, 3), "number 2 never came", True),
    ],
)
def test_every_difference_is_named_with_its_side(
    who: str, change: Callable[[Side], Side], what: str, alarm: bool
) -> None:
    """What only waits is told apart from what no delay explains; each names element, day and side."""
    bureau, partner = sides()
    assert compare(bureau, partner) == []
    found = compare(change(bureau), partner) if who == "bureau" else compare(bureau, change(partner))
    named = [one for one in found if what in one.what]
    assert [one.alarm for one in named[:1]] == [alarm]
    assert any(one.alarm for one in found) == alarm
    assert all(one.side in ("bureau", "partner") for one in found)


@pytest.mark.slow
def test_half_a_million_bookings_are_compared_completely() -> None:
    """The one booking that was taken and never sent is found among half a million."""
    shared = tuple(element(n) for n in range(1, 500_001))
    bureau, partner = sides()
    place = next(iter(bureau.days))
    numbers = Channel("c", 1, 500_000, 500_000, ())
    ours = replace(
        bureau, days={place: day({"shared": shared, "withheld": (), "pending": ()})}, channel=numbers
    )
    theirs = replace(partner, days={place: day({"taken": (*shared, element(500_001))})}, channel=numbers)
    assert [one.element for one in compare(ours, theirs)] == [element(500_001)]
