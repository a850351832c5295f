# SPDX-License-Identifier: Apache-2.0
"""Every promise that speaks of policy holds on every cell, and the check of each can fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from policy_world import changed, rule, shipped, with_rules

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis.promises import CLOSED_BY_NAME, PROMISES
from sluicegate.policy.check import check
from sluicegate.policy.decision import Decision
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate, Ori

_SHIPPED = load(shipped())


def _broken(program: Program, *, thorough: bool = False) -> dict[str, str]:
    """Each broken promise with its first reason."""
    found = check(program, thorough=thorough).promises
    return {one.name: one.breaches[0].why for one in found if one.breaches}


def test_every_promise_holds_of_the_shipped_program(program: Program, scenario: Program) -> None:
    """On every cell of Secure Communities, and of the demonstration, every promise of policy holds."""
    for one in (program, scenario):
        assert _broken(one, thorough=True) == {}
        assert [p.name for p in check(one).promises] == list(PROMISES)
        assert all(p.cells for p in check(one).promises)


def test_the_promises_checked_are_promises_of_the_design() -> None:
    """Each name that is checked stands in docs/explanation/promises.md as a promise."""
    page = (Path(__file__).parents[2] / "docs/explanation/promises.md").read_text("utf-8")
    assert [name for name in PROMISES if f"## `{name}`" not in page] == []


def test_a_filter_that_lets_look_ups_through_is_found() -> None:
    """A program that calls JURISDICTION_FILTER what leaves look-ups open breaks filter-never-shares."""
    files = changed(
        "modes.csv",
        "JURISDICTION_FILTER,G3,closed,",
        "JURISDICTION_FILTER,G3,open,",
    )
    assert _broken(load(files))["filter-never-shares"] == "mode JURISDICTION_FILTER opens G3"


@pytest.mark.parametrize("name", sorted(CLOSED_BY_NAME))
def test_a_mode_must_close_what_its_name_says(name: str) -> None:
    """A mode with a name that the design fixes, and a gate open that this name closes, breaks a promise."""
    for gate in CLOSED_BY_NAME[name]:
        mode = _SHIPPED.modes[name]
        wide = replace(mode, effects={**mode.effects, gate: deciding.Effect.OPEN})
        broken = _broken(replace(_SHIPPED, modes={**_SHIPPED.modes, name: wide}))
        expected = "silence-is-total" if gate is Gate.RELAY else "filter-never-shares"
        assert broken[expected] == f"mode {name} opens {gate}"


def _looked_up_now(
    _booked: Decision, now: Program | None, facts: deciding.Facts, at: datetime, **_rest: object
) -> Decision:
    return deciding.decide(now, replace(facts, received=at), Gate.LOOKUP)


def test_a_look_up_that_forgets_the_day_of_booking_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If look-ups asked only the rule of now, what was not shared when it was booked would be found later."""
    monkeypatch.setattr(deciding, "decide_lookup", _looked_up_now)
    why = _broken(load(shipped()))["filter-never-shares"]
    assert "booked under NOT_ACTIVATED, looked up under FULL" in why


def test_a_look_up_that_forgets_today_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If look-ups asked only the rule of then, a filter put in force later would not close them."""
    monkeypatch.setattr(deciding, "decide_lookup", lambda booked, *_rest, **_more: booked)
    filtered = rule(mode_in_force="JURISDICTION_FILTER", valid_from="2012-01-01")
    broken = _broken(overlay(shipped(), with_rules(filtered)))
    assert "looked up under JURISDICTION_FILTER" in broken["filter-never-shares"]


def test_a_loosened_charge_filter_is_a_broken_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """If look-ups asked only the rule of now, a booking kept back for its charge would be found under
    FULL."""
    monkeypatch.setattr(deciding, "decide_lookup", _looked_up_now)
    only = rule(mode_in_force="OFFENCE_LEVEL_FILTER", valid_from="2010-11-08", valid_until="2011-03-01")
    assert "booked under OFFENCE_LEVEL_FILTER, looked up under FULL" in _broken(
        overlay(shipped(), with_rules(only))
    ).get("choice-at-booking", "")


def test_an_answer_to_a_muted_recipient_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the booking's own answer decided for every recipient, one that has opted out would hear."""

    def broken(
        _program: Program | None, booking: Decision, _recipient: Ori, _at: datetime, **_rest: object
    ) -> Decision:
        return booking

    monkeypatch.setattr(deciding, "decide_recipient", broken)
    assert "silence-is-total" in _broken(load(shipped()))


def test_a_late_row_that_does_not_say_so_is_found() -> None:
    """A row that became public after it began and whose decisions are silent on it breaks no-back-dating."""
    lines = {place: _SHIPPED.timelines[place] for place in _SHIPPED.jurisdictions}
    line = lines["US-TX-201"]
    mute = tuple(
        replace(one, reasons=tuple(r for r in one.reasons if r.code != "POL-PUBLIC-LATE"))
        for one in line.rulings
    )
    wrong = replace(_SHIPPED, timelines={**lines, "US-TX-201": replace(line, rulings=mute)})
    assert set(_broken(wrong)) == {"no-back-dating"}


def test_a_row_in_force_that_is_not_on_record_is_found() -> None:
    """A ruling that stands on a row which the program does not hold breaks decision-before-egress."""
    lines = {place: _SHIPPED.timelines[place] for place in _SHIPPED.jurisdictions}
    line = lines["US-TX-201"]
    forged = tuple(replace(one, rule=replace(one.rule, issuer="somebody else")) for one in line.rulings)
    wrong = replace(_SHIPPED, timelines={**lines, "US-TX-201": replace(line, rulings=forged)})
    assert "decision-before-egress" in _broken(wrong)


def test_a_header_that_opens_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the header's ORI stood in for an unknown agency, doubt would not deny, and the check says so."""
    honest = deciding.decide

    def broken(program: Program | None, facts: deciding.Facts, gate: Gate) -> Decision:
        aware = facts.received.tzinfo is not None
        if program is not None and aware and program.place(facts.cri, facts.received) is None:
            facts = replace(facts, cri=facts.ori)
        return honest(program, facts, gate)

    monkeypatch.setattr(deciding, "decide", broken)
    assert "header" in _broken(load(shipped()))["doubt-denies"]
