# SPDX-License-Identifier: Apache-2.0
"""The page on gates and modes says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from policy_world import ARLINGTON, COOK, DISTRICT, SAN_FRANCISCO, booking, utc

from sluicegate.policy.decide import decide
from sluicegate.policy.program import Program
from sluicegate.policy.reasons import CODES
from sluicegate.terms import Gate

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "gates-and-modes.md"
_CLOCKS = _PAGE.with_name("two-clocks.md")
_WORDS = {"open": "open", "closed": "closed", "nothing": "nothing to relay", "by_charge": "by charge"}


def _rows(heads: str, page: Path = _PAGE) -> dict[str, list[str]]:
    text = page.read_text(encoding="utf-8")
    _, _, below = text.partition(heads + "\n")
    lines = below.split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_the_page_shows_the_table_of_modes(program: Program) -> None:
    """The page's table of modes and gates is the one that is in force."""
    gates = (Gate.SHARE, Gate.RELAY, Gate.LOOKUP)
    assert _rows("| mode | G1 | G2 | G3 |") == {
        name: [_WORDS[mode.effects[gate]] for gate in gates] for name, mode in program.modes.items()
    }


def test_the_page_asks_the_gates_questions(program: Program) -> None:
    """The page's questions are those of the program."""
    rows = _rows("| gate | question |")
    assert {name[:2]: cells[0] for name, cells in rows.items()} == {
        gate.value: text.question for gate, text in program.settings.gates.items()
    }


@pytest.mark.parametrize("page", [_PAGE, _CLOCKS], ids=lambda page: page.name)
def test_the_page_names_only_codes_that_exist(page: Path) -> None:
    """Each code on the page is in the table of codes."""
    named = set(re.findall(r"POL-[A-Z-]*[A-Z]", page.read_text(encoding="utf-8")))
    assert named
    assert named <= set(CODES)


def test_the_page_on_two_clocks_lists_every_answer_to_a_request() -> None:
    """Every code about requests, and no other, is in the page's table of requests."""
    rows = _rows("| request | code | gate |", _CLOCKS)
    about = {code for code in CODES if code.startswith(("POL-REQUEST", "POL-PURPOSE"))}
    assert {code for code, _ in rows.values()} == about
    assert [code for code, gate in rows.values() if gate == "open"] == ["POL-REQUEST-OPEN"]


def test_the_page_shows_claim_and_effect_as_decided(program: Program) -> None:
    """The page's examples are what the program decides."""
    rows = _rows("| booking | asked for | in force |")
    agencies = {
        "Arlington": (ARLINGTON, utc(2010, 11, 15)),
        "San Francisco": (SAN_FRANCISCO, utc(2010, 11, 15)),
        "District": (DISTRICT, utc(2010, 11, 15)),
        "Cook County, 15": (COOK, utc(2010, 11, 15)),
        "Cook County, 2014": (COOK, utc(2014, 6, 1)),
    }
    assert len(rows) == len(agencies)
    for name, (asked, mode) in rows.items():
        cri, at = next(value for key, value in agencies.items() if name.startswith(key))
        decision = decide(program, booking(cri, at), Gate.SHARE)
        assert asked.startswith(decision.asked_for)
        assert mode == decision.mode
