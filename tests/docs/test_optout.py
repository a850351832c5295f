# SPDX-License-Identifier: Apache-2.0
"""The page on how "opt out" changed meaning is what the registry says, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import optout
from tools.optout_picture import digest, draw, scene, window

from sluicegate.policy.program import Program, load
from sluicegate.store.programs import shipped


@pytest.fixture(scope="module")
def program() -> Program:
    """The program that the page is about, as shipped."""
    return load(shipped(optout.PROGRAM))


def altered(name: str, old: str, new: str) -> Program:
    """The shipped program with one piece of text exchanged, which must be there exactly once."""
    files = shipped(optout.PROGRAM)
    assert files[name].count(old.encode()) == 1
    files[name] = files[name].replace(old.encode(), new.encode())
    return load(files)


def test_the_page_is_what_the_registry_says(program: Program) -> None:
    """The page in the documentation is, letter by letter, what the program's data make of it today."""
    kept = optout.PAGE.read_text("utf-8")
    assert kept == optout.page(program), "write it anew: python -m tools.optout"


def test_the_picture_was_drawn_from_the_same_data(program: Program) -> None:
    """The picture carries the digest of what the registry has to be drawn today."""
    made = scene(program, optout.COPY, *window(program))
    kept = optout.PICTURE.read_text("utf-8")
    assert f"data sha256 {digest(made)}" in kept, "draw it anew: python -m tools.optout"


@pytest.mark.slow
def test_drawing_twice_gives_the_same_picture(program: Program, tmp_path: Path) -> None:
    """The picture depends on the data alone: no day, no chance, no name of a machine is in it."""
    made = scene(program, optout.COPY, *window(program))
    for name in ("one.svg", "two.svg"):
        draw(made, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "<dc:date>" not in (tmp_path / "one.svg").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("claims.csv", "V04,copy,yes", "V04,copy,no"),
        ("claims.csv", "V12,local-out,no,To get no result", "V12,local-out,yes,To get no result"),
        ("wording.csv", "V06,2010-08-17", "V06,2010-08-18"),
        ("wording.csv", "Opting out is called no realistic possibility.", "Opting out is called hard."),
        ("choices.csv", "request,JURISDICTION_FILTER,,Arlington", "request,RESPONSE_OPT_OUT,,Arlington"),
        ("rules.csv", "V04,2010-06-08,,2010-06-08", "V04,2010-06-09,,2010-06-09"),
    ],
)
def test_an_altered_row_changes_the_page(program: Program, name: str, old: str, new: str) -> None:
    """When a row says something else of a claim, a day, a request or a rule, so does the page."""
    assert optout.page(altered(name, old, new)) != optout.page(program)


def test_the_frame_states_no_fact_of_its_own() -> None:
    """The sentences that a person wrote name no year, no version, no place and no official."""
    frame = "\n".join(optout.FRAME.values())
    assert not re.search(r"\d", frame)
    for word in ("Arlington", "San Francisco", "Santa Clara", "Columbia", "Cook", "ICE", "Secretary"):
        assert word not in frame


def test_every_row_that_is_not_verified_is_told_so_on_the_page(program: Program) -> None:
    """Each answer, rule and request in a table of the page carries the letter of how well it is known."""
    page = optout.page(program)
    cells = [
        cell.strip() for line in page.splitlines() if line.startswith("| ") for cell in line.split(" | ")
    ]
    answers = [cell for cell in cells if re.match(r"V\d\d: (yes|no|by agreement)", cell)]
    assert answers
    assert all(re.search(r"\([VSMI]\)$", cell.rstrip(" |")) for cell in answers)
    rules = [cell for cell in cells if re.match(r"[RC]\d{3}\b", cell)]
    assert rules
    assert all(re.search(r"\([VSMI]\)", cell) for cell in rules)
