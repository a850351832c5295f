# SPDX-License-Identifier: Apache-2.0
"""The walk over a whole program finds no open gate that must be closed, and finds each one that is
planted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from policy_world import rule, shipped, with_rules

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis.cells import Survey, cases
from sluicegate.policy.analysis.leaks import walk
from sluicegate.policy.check import cells, check, leaks
from sluicegate.policy.model import Effect
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate, Outcome
from sluicegate.testing.nation import nation

_SHIPPED = load(shipped())


def _filtered() -> Program:
    return overlay(shipped(), with_rules(rule(mode_in_force="OFFENCE_LEVEL_FILTER", valid_from="2010-11-08")))


def test_the_shipped_program_has_no_leak(program: Program, scenario: Program) -> None:
    """Over every jurisdiction, period, gate and case, decide opens no gate that the rows alone do not
    open."""
    for one in (program, scenario):
        report = check(one, thorough=True)
        assert report.leaks == report.differences == ()
        assert report.sound
        assert report.decided > 5_000
    assert cells(program) == check(program).cells > 7_000


@pytest.mark.slow
def test_a_nation_has_no_leak() -> None:
    """Over a synthetic nation the timelines that decisions use and the rows alone put the same rows in
    force."""
    report = check(load(nation(seed=3, jurisdictions=400, agencies=600)))
    assert report.cells > 20_000
    assert report.leaks == report.differences == ()
    assert report.sound


@pytest.mark.parametrize("mode", sorted(_SHIPPED.modes))
def test_no_mode_leaks(mode: str) -> None:
    """Whatever mode a county is under, the walk over it finds nothing open that must be closed."""
    assert leaks(overlay(shipped(), with_rules(rule(mode_in_force=mode)))) == []


def test_a_capability_that_would_open_gives_way() -> None:
    """A state that cannot relay does not open by it what a county's filter by charge closes."""
    limit = rule(id="T2", kind="capability", mode_in_force="STATE_NO_RELAY", issuer_level="state")
    program = overlay(shipped(), with_rules(rule(mode_in_force="OFFENCE_LEVEL_FILTER"), limit))
    assert leaks(program) == []


def test_a_ruling_without_an_activation_is_found() -> None:
    """If the index gave Cook County the rulings of Harris County, the walk would say so."""
    lines = {place: _SHIPPED.timelines[place] for place in _SHIPPED.jurisdictions}
    wrong = replace(_SHIPPED, timelines={**lines, "US-IL-031": lines["US-TX-201"]})
    found = walk(Survey(wrong)).leaks
    assert {one.jurisdiction for one in found} == {"US-IL-031"}
    assert "no activation covers the jurisdiction" in {one.why for one in found}
    assert {one.gate for one in found} == {Gate.SHARE, Gate.RELAY, Gate.LOOKUP}


def test_a_ruling_that_ends_too_early_is_found() -> None:
    """If the index forgot the last ruling of San Francisco, the walk would say where the two part."""
    lines = {place: _SHIPPED.timelines[place] for place in _SHIPPED.jurisdictions}
    line = lines["US-CA-075"]
    short = replace(line, starts=line.starts[:2], rulings=line.rulings[:2])
    found = walk(Survey(replace(_SHIPPED, timelines={**lines, "US-CA-075": short})))
    assert found.leaks == ()
    assert {one.jurisdiction for one in found.differences} == {"US-CA-075"}


def test_a_gate_that_a_decision_opens_against_its_mode_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the code opened what a mode closes, every mode that closes it would be reported."""
    honest = deciding.settled

    def broken(*given: object) -> object:
        found = honest(*given)  # type: ignore[arg-type]
        return (Outcome.OPEN, found[1]) if found else found

    monkeypatch.setattr(deciding, "settled", broken)
    report = check(load(shipped()))
    assert {one.gate for one in report.leaks} == set(Gate)
    assert not report.sound


def test_a_charge_that_decides_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If an unknown charge opened a gate that goes by charge, the walk would name the case."""
    monkeypatch.setattr(deciding, "by_charge", lambda _program, charges: (Outcome.OPEN, _reason(charges)))
    found = walk(Survey(_filtered())).leaks
    assert {one.jurisdiction for one in found} == {"US-VA-013"}
    assert all("an unknown charge" in one.why for one in found)


def _reason(_charges: object) -> deciding.Reason:
    return deciding.plain("POL-CHARGE-LISTED")


def test_only_the_thorough_walk_finds_what_is_wrong_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decide that is wrong for one agency alone is found where every cell is decided, as the page says."""
    honest = deciding.decide

    def broken(program: Program | None, facts: deciding.Facts, gate: Gate) -> object:
        if facts.cri == "CA0380000" and facts.received.year == 2010 and gate is Gate.SHARE:
            shut = honest(None, facts, gate)
            return replace(shut, grounds=replace(shut.grounds, outcome=Outcome.OPEN))
        return honest(program, facts, gate)

    monkeypatch.setattr(deciding, "decide", broken)
    survey = Survey(load(shipped()))
    assert walk(survey).leaks == ()
    assert {one.jurisdiction for one in walk(survey, thorough=True).leaks} == {"US-CA-075"}


def test_the_cases_cover_what_charges_can_be(program: Program) -> None:
    """There is a case for no charge, an unknown, an unlisted and a listed one, and for two mixtures."""
    known = cases(program)
    assert len(known) == 6
    assert [one.listed for one in known] == [False, False, False, True, False, True]
    assert Effect.BY_REQUEST not in {e for mode in program.modes.values() for e in mode.effects.values()}
