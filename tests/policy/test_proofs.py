# SPDX-License-Identifier: Apache-2.0
"""The theorems are proved, each can fail, and the model that they speak of is the code."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from itertools import product

import pytest
from policy_world import NOBODY, utc
from tools.prove import model as m
from tools.prove import space
from tools.prove.theorems import THEOREMS, World, all_guards, guards_used, prove, world

from sluicegate.policy.decide import Facts, decide, decide_lookup, decide_recipient
from sluicegate.policy.program import Program, load
from sluicegate.terms import Gate, Ori

_AT, _LATER = utc(2013, 6, 1), utc(2014, 6, 1)
_GATES = (Gate.SHARE, Gate.RELAY, Gate.LOOKUP)
_ALL = m.Guards()
_CHARGES = (
    ((), (m.ABSENT,)),
    (("NO SUCH",), (m.UNKNOWN,)),
    (("UNLISTED",), (m.UNLISTED,)),
    (("LISTED",), (m.LISTED,)),
    (("LISTED", "NO SUCH"), (m.LISTED, m.UNKNOWN)),
    (("LISTED", "UNLISTED"), (m.LISTED, m.UNLISTED)),
)


@cache
def _world() -> World:
    return world()


@cache
def _points() -> tuple[space.Point, ...]:
    return (*space.enumerated(), *space.sampled(7, 600))


@cache
def _program() -> Program:
    return load(space.files(_points()))


def _facts(number: int, charges: tuple[str, ...], *, asks: bool = False, at: datetime = _AT) -> Facts:
    ori = Ori(space.ori(number))
    if not asks:
        return Facts(ori, ori, at, charges)
    return Facts(ori, ori, at, charges, requester=Ori(space.REQUESTER), purpose=space.PURPOSE)


def _booking(charges: tuple[int, ...], *, granted: bool = False) -> m.Booking:
    return m.Booking(True, True, True, True, charges, granted)


@cache
def _does(number: int, day: int = 9) -> tuple[int, ...]:
    rows = space.rows(_points()[number])
    return m.effects(rows, m.known(rows, [True] * len(rows), day, _ALL), _ALL)


@pytest.mark.slow
@pytest.mark.parametrize("theorem", THEOREMS, ids=[one.name for one in THEOREMS])
def test_each_promise_is_proved_and_can_fail(theorem: object) -> None:
    """The theorem holds of all rows and bookings, and without any one guard it rests on z3 finds where it
    fails."""
    verdict = prove(theorem, _world())  # type: ignore[arg-type]
    assert verdict.proved, verdict.counterexample
    assert [one.guard for one in verdict.weakened if not one.counterexample] == []
    assert verdict.weakened


def test_no_guard_of_the_model_is_idle() -> None:
    """Every clause that can be taken out of the model is one that some promise rests on."""
    assert guards_used() == all_guards()


@pytest.mark.slow
def test_the_assumptions_of_the_proofs_can_be_met() -> None:
    """The theorems do not hold for want of a world: with nothing claimed, z3 finds one."""
    from_nothing = prove(
        THEOREMS[0].__class__("nothing", "false", lambda *_: False, ()),  # type: ignore[arg-type]
        _world(),
    )
    assert not from_nothing.proved
    assert "row 0" in from_nothing.counterexample


@pytest.mark.slow
def test_the_model_decides_as_the_code_does() -> None:
    """On every point of the space - kinds, modes, ranks, activation, charges, requests - model and decide
    agree."""
    program, wrong, asked = _program(), [], 0
    for number, point in enumerate(_points()):
        does = _does(number)
        for (named, symbols), asks in product(_CHARGES, (False, True)):
            for gate, symbol in zip(_GATES, range(3), strict=True):
                if asks and gate is not Gate.LOOKUP:
                    continue
                expected = m.decide(does, _booking(symbols, granted=asks), symbol, _ALL)
                asked += 1
                if decide(program, _facts(number, named, asks=asks), gate).open != expected:
                    wrong.append((point, named, asks, gate, expected))
    assert asked > 80_000
    assert wrong[:3] == []


@pytest.mark.slow
def test_the_model_looks_up_and_relays_as_the_code_does() -> None:
    """For bookings under one point and questions under another, look-ups and relays agree with the model."""
    program, some_points = _program(), range(0, len(_points()), len(_points()) // 30)
    wrong = []
    for then, now, (named, symbols), asks in product(some_points, some_points, _CHARGES[2:5], (False, True)):
        booked = decide(program, _facts(then, named, asks=asks), Gate.LOOKUP)
        found = decide_lookup(booked, program, _facts(now, named, asks=asks), _LATER).open
        booking = _booking(symbols, granted=asks)
        open_then, open_now = m.decide(_does(then), booking, 2, _ALL), m.decide(_does(now), booking, 2, _ALL)
        if found != m.look_up(open_then, open_now, True, _ALL):
            wrong.append((then, now, named, asks))
        sender = decide(program, _facts(then, named), Gate.RELAY)
        heard = decide_recipient(program, sender, Ori(space.ori(now)), _AT, charges=named).open
        mine, theirs = m.decide(_does(then), booking, 1, _ALL), m.decide(_does(now), booking, 1, _ALL)
        if heard != m.relay(mine, theirs, _ALL):
            wrong.append((then, now, named, "relay"))
    assert wrong[:3] == []


@pytest.mark.slow
def test_the_model_knows_what_the_code_knows() -> None:
    """Of what was known on a day before some rows were published, model and known_at agree on every point."""
    then = _program().known_at(date.fromisoformat(space.DAY))
    wrong = [
        (point, gate)
        for number, point in enumerate(_points())
        for gate, symbol in zip(_GATES, range(3), strict=True)
        if decide(then, _facts(number, ("LISTED",)), gate).open
        != m.decide(_does(number, 0), _booking((m.LISTED,)), symbol, _ALL)
    ]
    assert wrong[:3] == []
    assert any(_does(number, 0) != _does(number) for number in range(len(_points())))


def test_the_model_doubts_as_the_code_does() -> None:
    """Without a program, a moment, or a place for the CRI the model and the code both keep every gate
    closed."""
    number = next(n for n in range(len(_points())) if _does(n) == (m.OPEN, m.OPEN, m.OPEN))
    ori = Ori(space.ori(number))
    for program, moment, cri, header in product((True, False), repeat=4):
        at = _AT if moment else _AT.replace(tzinfo=None)
        facts = Facts(ori if cri else NOBODY, ori if header else NOBODY, at, ())
        booking = m.Booking(program, moment, cri, header, (m.ABSENT,), False)
        for gate, symbol in zip(_GATES, range(3), strict=True):
            expected = m.decide(_does(number), booking, symbol, _ALL)
            assert decide(_program() if program else None, facts, gate).open == expected
    early = decide(_program(), _facts(number, (), at=_LATER), Gate.LOOKUP)
    assert early.open
    assert not decide_lookup(early, _program(), _facts(number, ()), _AT).open
    assert not m.look_up(True, True, False, _ALL)
