# SPDX-License-Identifier: Apache-2.0
"""The walk over a whole program finds no open gate that must be closed, and finds one that is planted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_world import rule, shipped, with_rules

from sluicegate.policy.check import cells, leaks
from sluicegate.policy.model import Effect
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate

_SHIPPED = load(shipped())


@pytest.mark.slow
def test_the_shipped_program_has_no_leak(program: Program, scenario: Program) -> None:
    """Over every jurisdiction, moment, gate and charge, no gate is open that the rows do not open."""
    assert cells(program) > 80_000
    assert leaks(program) == []
    assert leaks(scenario) == []


def _small(program: Program, *places: str) -> Program:
    kept = {key: place for key, place in program.jurisdictions.items() if key in places}
    return replace(program, jurisdictions=kept)


@pytest.mark.parametrize("mode", sorted(_SHIPPED.modes))
def test_no_mode_leaks(mode: str) -> None:
    """Whatever mode a county is under, the walk over it finds nothing open that must be closed."""
    program = overlay(shipped(), with_rules(rule(mode_in_force=mode)))
    assert leaks(_small(program, "US-VA-013", "US-VA", "US")) == []


def test_a_ruling_without_an_activation_is_found() -> None:
    """If the index gave Cook County the rulings of Harris County, the walk would say so."""
    wrong = replace(_SHIPPED, timelines={**_SHIPPED.timelines, "US-IL-031": _SHIPPED.timelines["US-TX-201"]})
    found = leaks(_small(wrong, "US-IL-031", "US-IL", "US"))
    assert {one.why for one in found} == {"no activation covers the jurisdiction"}
    assert {one.gate for one in found} == {Gate.SHARE, Gate.RELAY, Gate.LOOKUP}


def test_a_mode_that_opens_more_than_its_rows_is_found() -> None:
    """If a filter were in force over a county whose rows never open, an open look-up would be found."""
    limp = rule(jurisdiction="US-VA-059", kind="activation", mode_in_force="RESPONSE_OPT_OUT")
    program = overlay(shipped(), with_rules(limp))
    ruling = program.in_force("US-VA-059", program.timelines["US-VA-059"].starts[-1])
    full = replace(
        ruling, rule=_SHIPPED.rules["R007"], mode=_SHIPPED.modes["FULL"].name, begins=ruling.begins
    )
    line = replace(
        program.timelines["US-VA-059"], rulings=(full,) * len(program.timelines["US-VA-059"].starts)
    )
    wrong = replace(program, timelines={**program.timelines, "US-VA-059": line})
    found = leaks(_small(wrong, "US-VA-059", "US-VA", "US"))
    assert "no row that covers the jurisdiction opens this gate" in {one.why for one in found}
    assert Gate.RELAY in {one.gate for one in found}


def test_a_gate_that_a_decision_opens_against_its_mode_is_found() -> None:
    """A mode whose table was tampered with so that it opens is found wherever it is in force."""
    tampered = replace(_SHIPPED.modes["NOT_ACTIVATED"], effects=dict.fromkeys(Gate, Effect.OPEN))
    wrong = replace(_SHIPPED, modes={**_SHIPPED.modes, "NOT_ACTIVATED": tampered})
    found = leaks(_small(wrong, "US-IL-031", "US-IL", "US"))
    assert {one.rule for one in found} == {"R000"}
