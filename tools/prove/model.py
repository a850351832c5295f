# SPDX-License-Identifier: Apache-2.0
"""The rule program as terms: the same text works on plain numbers and on z3's symbols.

On numbers it is compared with `decide` on a whole finite space (tests/policy/test_proofs.py), so a proof
about the symbols speaks of the code. Written from docs/explanation/gates-and-modes.md, not from
`policy.rules`. Effects and kinds are small whole numbers; rows compete by `rank`, all different, the
smallest prevails. `Guards` names each clause that a promise rests on, so that it can be taken out: a proof
that cannot fail is no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import z3  # type: ignore[import-untyped]

Term: TypeAlias = Any
"""A Python bool or int, or a z3 expression of that sort; z3 ships no types."""

CLOSED, NOTHING, MISSING, BY_CHARGE, BY_REQUEST, OPEN = range(6)
"""Effects; MISSING is a mode that does not speak of a gate."""

DEFAULT, ACTIVATION, OVERRIDE, ENTRY, CAPABILITY, ASKS = range(6)
"""Kinds; ASKS is any kind that puts nothing in force."""

ABSENT, UNKNOWN, UNLISTED, LISTED = range(4)
"""What a charge can be."""


@dataclass(frozen=True, slots=True)
class Guards:
    """The clauses that promises rest on; one set to False is taken out."""

    only_an_activation_switches_on: bool = True
    a_row_that_only_asks_binds_nothing: bool = True
    a_capability_only_narrows: bool = True
    receipt_binds: bool = True
    now_binds: bool = True
    the_clock_moves_on: bool = True
    the_sender_mutes: bool = True
    the_recipient_mutes: bool = True
    unpublished_rows_are_unknown: bool = True
    unpublished_rows_end_nothing: bool = True
    the_header_opens_nothing: bool = True
    an_unknown_charge_closes: bool = True
    a_silent_mode_closes: bool = True
    a_program_is_needed: bool = True
    a_moment_is_needed: bool = True
    the_most_restrictive_place_decides: bool = True


def every(*terms: Term) -> Term:
    """All of them hold."""
    for one in terms:
        if type(one) is not bool:
            return z3.And(*terms)
    return all(terms)


def some(*terms: Term) -> Term:
    """One of them holds."""
    for one in terms:
        if type(one) is not bool:
            return z3.Or(*terms)
    return any(terms)


def no(term: Term) -> Term:
    """It does not hold."""
    return not term if type(term) is bool else z3.Not(term)


def when(condition: Term, then: Term, other: Term) -> Term:
    """One of two, by a condition."""
    if type(condition) is bool:
        return then if condition else other
    return z3.If(condition, then, other)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its kind, what its mode does to G1, G2 and G3, its rank, when it was published, which row it
    ends."""

    kind: Term
    effects: tuple[Term, ...]
    rank: Term
    published: Term = 0
    ends: tuple[Term, ...] = ()


def opens(row: Row) -> Term:
    """Whether a mode opens any gate."""
    return some(*(effect > MISSING for effect in row.effects))


def within(inner: Row, outer: Row) -> Term:
    """Whether one mode surely lets through nothing that another does not.

    What a request is granted differs from mode to mode, so by request is within nothing but open and itself.
    """
    pairs = list(zip(inner.effects, outer.effects, strict=True))
    return some(
        every(*(a == b for a, b in pairs)),
        every(*(some(a <= MISSING, b == OPEN, every(a == BY_CHARGE, b == BY_CHARGE)) for a, b in pairs)),
    )


def fit(rows: Sequence[Row], live: Sequence[Term], guards: Guards) -> list[Term]:
    """Which rows can be in force. Only an activation switches on; a row that only asks is never in force."""
    activated = some(*(every(here, row.kind == ACTIVATION) for row, here in zip(rows, live, strict=True)))
    if not guards.only_an_activation_switches_on:
        activated = True
    return [
        every(
            here,
            some(row.kind != ASKS, not guards.a_row_that_only_asks_binds_nothing),
            some(row.kind == ACTIVATION, row.kind == DEFAULT, activated, no(opens(row))),
        )
        for row, here in zip(rows, live, strict=True)
    ]


def _first(rows: Sequence[Row], among: Sequence[Term]) -> list[Term]:
    """For each row whether it is the first in rank among those named."""
    return [
        every(
            mine,
            *(some(no(other), row.rank <= rival.rank) for rival, other in zip(rows, among, strict=True)),
        )
        for row, mine in zip(rows, among, strict=True)
    ]


def in_force(rows: Sequence[Row], live: Sequence[Term], guards: Guards) -> list[Term]:
    """For each row whether it is the one in force."""
    able = fit(rows, live, guards)
    bids = [every(one, row.kind != CAPABILITY) for row, one in zip(rows, able, strict=True)]
    best = _first(rows, bids)
    limits = [
        every(
            one,
            row.kind == CAPABILITY,
            *(
                some(no(chosen), within(row, rival), not guards.a_capability_only_narrows)
                for rival, chosen in zip(rows, best, strict=True)
            ),
        )
        for row, one in zip(rows, able, strict=True)
    ]
    limited = some(*limits)
    return [when(limited, limit, one) for limit, one in zip(_first(rows, limits), best, strict=True)]


def effects(rows: Sequence[Row], live: Sequence[Term], guards: Guards) -> tuple[Term, ...]:
    """What the row in force does to G1, G2 and G3; exactly one row is in force."""
    found: list[Term] = [CLOSED, CLOSED, CLOSED]
    for row, wins in zip(rows, in_force(rows, live, guards), strict=True):
        found = [when(wins, mine, before) for mine, before in zip(row.effects, found, strict=True)]
    return tuple(found)


def listed(charges: Sequence[Term], guards: Guards) -> Term:
    """Whether a gate that goes by charge opens: all charges known, one of them listed."""
    known = every(*(charge != UNKNOWN for charge in charges))
    if not guards.an_unknown_charge_closes:
        known = True
    return every(known, some(*(charge == LISTED for charge in charges)))


@dataclass(frozen=True, slots=True)
class Booking:
    """What else a decision looks at: whether there is a program, a moment, a place for CRI and header;
    charges."""

    program: Term
    moment: Term
    cri: Term
    header: Term
    charges: tuple[Term, ...]
    granted: Term


def lets_through(effect_: Term, booking: Booking, guards: Guards) -> Term:
    """Whether an effect opens a gate for a booking."""
    ways = [
        effect_ == OPEN,
        every(effect_ == BY_CHARGE, listed(booking.charges, guards)),
        every(effect_ == BY_REQUEST, booking.granted),
    ]
    if not guards.a_silent_mode_closes:
        ways.append(effect_ == MISSING)
    return some(*ways)


def placed(booking: Booking, guards: Guards) -> Term:
    """Whether all that a decision needs is there. The header's ORI alone opens nothing."""
    return every(
        some(booking.program, not guards.a_program_is_needed),
        some(booking.moment, not guards.a_moment_is_needed),
        some(booking.cri, every(booking.header, not guards.the_header_opens_nothing)),
    )


def decide(does: Sequence[Term], booking: Booking, gate: int, guards: Guards) -> Term:
    """Whether a gate (0 to 2) is open for a booking, given what the row in force does to each."""
    return every(placed(booking, guards), lets_through(does[gate], booking, guards))


def several(opened: Sequence[Term], guards: Guards) -> Term:
    """Whether a gate is open for an agency of several jurisdictions, given each one's own answer."""
    return every(*opened) if guards.the_most_restrictive_place_decides else some(*opened)


def look_up(at_receipt: Term, now: Term, later: Term, guards: Guards) -> Term:
    """Whether a booking is found: open at receipt, open now, and now is not before receipt."""
    return every(
        some(at_receipt, not guards.receipt_binds),
        some(now, not guards.now_binds),
        some(later, not guards.the_clock_moves_on),
    )


def relay(sender: Term, recipient: Term, guards: Guards) -> Term:
    """Whether a recipient gets the second response."""
    return every(some(sender, not guards.the_sender_mutes), some(recipient, not guards.the_recipient_mutes))


def known(rows: Sequence[Row], begun: Sequence[Term], day: Term, guards: Guards) -> list[Term]:
    """Which rows apply, as far as anyone could know on a day: begun, published, and ended by none such."""
    public = [
        some(row.kind == DEFAULT, row.published <= day, not guards.unpublished_rows_are_unknown)
        for row in rows
    ]
    ending = [some(shown, not guards.unpublished_rows_end_nothing) for shown in public]
    return [
        every(
            begun[number],
            public[number],
            *(
                no(every(other.ends[number], begun[later], ending[later]))
                for later, other in enumerate(rows)
                if later != number and other.ends
            ),
        )
        for number in range(len(rows))
    ]
