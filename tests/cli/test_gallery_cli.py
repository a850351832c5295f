# SPDX-License-Identifier: Apache-2.0
"""`gallery`: people in, found, out again; what cannot be read or searched is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_world import run

from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import encode

PEOPLE = 4


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A folder of templates, and one file that is none."""
    folder = tmp_path / "cards"
    folder.mkdir()
    for number in range(PEOPLE):
        (folder / f"P{number}.sgt").write_bytes(encode(population.person(8, number)))
    (folder / "note.txt").write_text("not a card")
    return folder


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    """Plain prints of one of them."""
    path = tmp_path / "probe.sgt"
    path.write_bytes(encode(population.impression_of(8, 2, 5)))
    return path


def document(*words: object, code: int = 0) -> dict[str, Any]:
    """What a command says as JSON, ending as expected."""
    ran = run(*words, "--json")
    assert ran.code == code, ran.err
    read: dict[str, Any] = ran.document
    return read


@pytest.mark.slow
def test_people_of_files_are_enrolled_found_and_forgotten(cards: Path, probe: Path, tmp_path: Path) -> None:
    """A person enrolled from a file is found by other prints of theirs, and after expunging no more."""
    folder = tmp_path / "g"
    built = document("gallery", "build", folder, "--from", cards, code=3)
    assert (built["subjects"], built["fingers"]) == (PEOPLE, 10 * PEOPLE)
    assert [one["file"] for one in built["refused"]] == ["note.txt"]
    found = document("gallery", "search", folder, probe)
    assert found["complete"]
    assert found["unsearched"] == 0
    assert (found["band"], found["candidates"][0]["subject"]) == ("accept", "P2")
    assert document("gallery", "search", folder, probe, "--shards", 3)["candidates"] == found["candidates"]
    assert document("gallery", "expunge", folder, "P2")["subjects"] == PEOPLE - 1
    assert document("gallery", "compact", folder)["log_entries"] == 0
    after = document("gallery", "search", folder, probe)
    assert "P2" not in [one["subject"] for one in after["candidates"]]
    assert document("gallery", "add", folder, "again", cards / "P2.sgt")["subjects"] == PEOPLE
    assert document("gallery", "search", folder, probe)["candidates"][0]["subject"] == "again"
    assert document("gallery", "stat", folder, "--verify")["verified"] is True


@pytest.mark.slow
def test_a_search_that_ends_too_early_says_what_it_left_out(cards: Path, probe: Path, tmp_path: Path) -> None:
    """Where the workers have no time to answer, the search is incomplete and grey, and fails."""
    folder = tmp_path / "g"
    document("gallery", "build", folder, "--from", cards, code=3)
    short = document(
        "gallery", "search", folder, probe, "--how", "process", "--shards", 2, "--deadline", 0.01, code=1
    )
    assert (short["complete"], short["unsearched"], short["band"]) == (False, 1.0, "grey")
    assert [one["shard"] for one in short["lost"]] == [0, 1]
    told = run("gallery", "search", folder, probe, "--how", "process", "--deadline", 0.01)
    assert "INCOMPLETE: 100.0% of 4 people were not searched." in told.out


@pytest.mark.slow
def test_drawn_people_are_the_same_again(tmp_path: Path) -> None:
    """Two galleries of one seed are one gallery, by their version; another seed makes another."""
    one, two, other = (
        document("gallery", "build", tmp_path / name, "--synthetic", 3, "--seed", seed, "--no-cold")[
            "version"
        ]
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert one == two != other


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    """No gallery, no people and no choice of people each end in one sentence."""
    assert "There is no gallery" in run("gallery", "stat", tmp_path).err
    assert "Say whom to enroll" in run("gallery", "build", tmp_path / "g").err
    ran = run("gallery", "build", tmp_path / "g", "--from", tmp_path / "nowhere")
    assert ran.code == 2
    assert "cannot be read" in ran.err
