# SPDX-License-Identifier: Apache-2.0
"""Deciding costs the same however large the nation: counted in calls, not in seconds."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType

import pytest
from policy_world import ARLINGTON, booking, rule, shipped, table, utc, with_rules

from sluicegate.policy.decide import decide, decide_all
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate
from sluicegate.testing.nation import nation

_NOV = utc(2010, 11, 15)


def _calls(work: Callable[[], object]) -> Counter[str]:
    """How often each Python function is called while something is done."""
    seen: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return seen


def _small(count: int) -> Program:
    return load(nation(seed=3, jurisdictions=count, agencies=count))


def test_a_decision_makes_a_handful_of_calls() -> None:
    """A decision that was asked before in another booking makes at most eight calls, with its reasons."""
    program = load(shipped())
    decide(program, booking(ARLINGTON, _NOV), Gate.SHARE)
    facts = booking(ARLINGTON, utc(2010, 11, 16))
    seen = _calls(lambda: decide(program, facts, Gate.SHARE))
    assert sum(seen.values()) <= 8
    assert len(decide(program, facts, Gate.SHARE).reasons) >= 5


@pytest.mark.slow
def test_a_decision_costs_the_same_in_a_larger_nation() -> None:
    """Four times the jurisdictions and agencies add no call to a decision, the first or a later one."""
    counted: list[Counter[str]] = []
    for count in (80, 320):
        program = _small(count)
        facts = booking(program.agencies[20].ori, _NOV)
        counted += [_calls(partial(decide_all, program, facts)) for _ in range(2)]
    first, again, larger, larger_again = (sum(one.values()) for one in counted)
    assert again == larger_again <= 40
    assert larger <= 3 * first


def test_loading_settles_nothing() -> None:
    """A program is loaded without working out a single timeline; asking works out one."""
    files = nation(seed=3, jurisdictions=80, agencies=80)
    assert _calls(lambda: load(files))["timeline"] == 0
    program = load(files)
    facts = booking(program.agencies[5].ori, _NOV)
    assert _calls(lambda: decide_all(program, facts))["timeline"] == 1
    assert _calls(lambda: decide_all(program, facts))["timeline"] == 0


def test_bookings_that_one_ruling_decides_alike_share_one_object() -> None:
    """All that a decision says but its moment is one object for every booking of the same ruling."""
    program = load(shipped())
    one, other = (decide(program, booking(ARLINGTON, at), Gate.SHARE) for at in (_NOV, utc(2010, 11, 16)))
    assert one.grounds is other.grounds
    assert one.at != other.at


def test_threads_that_ask_at_once_get_one_answer() -> None:
    """Many threads that ask a fresh program get the same timelines, the same views, the same grounds."""
    program = load(shipped())
    facts = booking(ARLINGTON, _NOV)

    def ask(_: int) -> tuple[int, int, int]:
        line = program.timelines["US-VA-013"]
        return id(line), id(program.known_at(_NOV.date())), id(decide(program, facts, Gate.SHARE).grounds)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(200)))) == 1


def test_strangers_leave_nothing_behind() -> None:
    """Asking for agencies that are not on file keeps nothing under their names."""
    program = load(shipped())
    for number in range(50):
        decide_all(program, booking(f"ZZ{number:07d}", _NOV, ori=ARLINGTON))  # type: ignore[arg-type]
    assert program.memo.dockets == {}


def test_the_json_of_a_decision_has_its_form_for_ever() -> None:
    """Entries of a ledger are compared byte for byte, so names and order of a decision's parts stay."""
    modes = [
        {"mode": "M", "gate": gate, "effect": "closed", "sentence": "as it says", "source": "SRC-GK"}
        for gate in ("G1", "G2", "G3")
    ]
    extra = {
        "modes.csv": table("modes.csv", *({**one, "confidence": "X"} for one in modes)),
        **with_rules(rule(mode_in_force="M", wording="V13", public_from="2010-11-08")),
    }
    program = overlay(shipped(), extra)
    found = decide(program, booking(ARLINGTON, _NOV), Gate.SHARE).to_json()
    wording = program.wording["V13"].digest
    head = (
        f'{{"rule_id": "T1", "rule_version": "{program.rules["T1"].version}", '
        '"program": "secure-communities", '
        f'"root": "{program.root}", "jurisdiction_id": "US-VA-013", "jurisdiction_name": "Arlington County", '
        '"asked_for": "JURISDICTION_FILTER", "asked_since": "2010-09-28", "legal_basis": "none on record", '
        f'"issuer": "A test", "wording_id": "V13", "wording_digest": "{wording}", '
        '"at": "2010-11-15T12:00:00.000000Z", "gate": "G1", "outcome": "closed", "mode": "M", '
        '"reasons": [{"code": "POL-CLOSED", "text": "as it says"}, {"code": "POL-WON", "text": "T1 of '
    )
    text = json.dumps(found)
    assert text.startswith(head)
    assert text.endswith('], "substituted": false}')
