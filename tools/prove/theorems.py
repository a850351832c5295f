# SPDX-License-Identifier: Apache-2.0
"""Theorems about the rule program, named after the promises, and the search for what would break each.

A theorem is proved when z3 finds nothing that satisfies the assumptions and contradicts the claim. Then
each guard that it rests on is taken out of the model, one at a time, and z3 must find a counterexample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import z3  # type: ignore[import-untyped]

from tools.prove import model as m
from tools.prove.model import Booking, Guards, Row, Term

ROWS = 3
"""Symbolic rows beside the default: an activation, a choice and a third that meddles is the smallest full
quarrel."""

_GATES = range(3)
_BITS = 4  # signed: comparisons are of numbers up to 7
_EFFECTS = ("closed", "nothing", "(silent)", "by charge", "by request", "open")
_KINDS = ("default", "activation", "override", "entry", "capability", "asks")
_CHARGES = ("absent", "unknown", "unlisted", "listed")


@dataclass(frozen=True, slots=True)
class World:
    """Rows and bookings as symbols: applying at receipt, now, in another county, and known by a day."""

    rows: tuple[Row, ...]
    then: tuple[Term, ...]
    now: tuple[Term, ...]
    elsewhere: tuple[Term, ...]
    booking: Booking
    query: Booking
    day: Term
    later: Term
    assumed: tuple[Term, ...]
    made: dict[object, tuple[Term, ...]] = field(default_factory=dict)

    def does(self, live: Sequence[Term], guards: Guards) -> tuple[Term, ...]:
        """What the row in force does to each gate where these rows apply; worked out once."""
        key = (tuple(one.get_id() for one in live), guards)
        if key not in self.made:
            self.made[key] = m.effects(self.rows, live, guards)
        return self.made[key]

    def open(self, live: Sequence[Term], gate: int, guards: Guards, booking: Booking | None = None) -> Term:
        """Whether a gate is open where these rows apply."""
        return m.decide(self.does(live, guards), booking or self.booking, gate, guards)

    def found(self, guards: Guards) -> Term:
        """Whether the booking is found by a look-up now."""
        at_receipt, now = self.open(self.then, 2, guards), self.open(self.now, 2, guards, self.query)
        return m.look_up(at_receipt, now, self.later, guards)


def _number(name: str) -> Term:
    """A whole number from 0 to 7: enough for every effect, kind and charge, and to put four rows in any
    order."""
    return z3.BitVec(name, _BITS)


def _row(name: str) -> Row:
    effects = tuple(_number(f"{name}.G{gate + 1}") for gate in _GATES)
    ends = tuple(z3.Bool(f"{name}.supersedes.{other}") for other in range(ROWS + 1))
    return Row(_number(f"{name}.kind"), effects, _number(f"{name}.rank"), _number(f"{name}.published"), ends)


def _booking(name: str, charges: tuple[Term, ...]) -> Booking:
    program, moment, cri, header = (
        z3.Bool(f"{name}.{one}") for one in ("program", "moment", "CRI", "header")
    )
    return Booking(program, moment, cri, header, charges, z3.Bool("request.granted"))


def world() -> World:
    """Fresh symbols, with what validation guarantees of every program that loads."""
    rows = tuple(_row(f"row{number}") for number in range(ROWS + 1))
    charges = (_number("charge1"), _number("charge2"))
    lives = [
        tuple(z3.Bool(f"row{number}.{when}") for number in range(ROWS + 1))
        for when in ("then", "now", "elsewhere")
    ]
    assumed: list[Term] = [z3.Distinct(*(row.rank for row in rows)), *(row.rank >= 0 for row in rows)]
    assumed += [row.published >= 0 for row in rows]
    default, *others = rows
    assumed += [default.kind == m.DEFAULT, z3.Not(m.opens(default)), *(live[0] for live in lives)]
    for number, row in enumerate(rows):
        assumed += [effect >= m.CLOSED for effect in row.effects] + [
            effect <= m.OPEN for effect in row.effects
        ]
        # Only G3 can be left to the request; a silent mode never loads, and is left in to see that it is
        # closed.
        assumed += [row.effects[0] != m.BY_REQUEST, row.effects[1] != m.BY_REQUEST]
        # A row that only asks ends no row in force, and the default is never superseded.
        assumed += [z3.Not(row.ends[0])]
        assumed += [z3.Not(z3.And(row.kind == m.ASKS, one)) for one in row.ends]
        assumed += [z3.Not(one) for one in (row.ends if number == 0 else row.ends[number : number + 1])]
    for row in others:
        assumed += [row.kind > m.DEFAULT, row.kind <= m.ASKS, row.rank < default.rank]
        assumed += [z3.Implies(row.kind == m.ACTIVATION, m.opens(row))]
    assumed += [z3.And(one >= m.ABSENT, one <= m.LISTED) for one in charges]
    return World(
        rows,
        then=lives[0],
        now=lives[1],
        elsewhere=lives[2],
        booking=_booking("booking", charges),
        query=_booking("query", charges),
        day=_number("day"),
        later=z3.Bool("now is not before receipt"),
        assumed=tuple(assumed),
    )


@dataclass(frozen=True, slots=True)
class Theorem:
    """A promise as a claim, in words, and the guards that it rests on."""

    name: str
    words: str
    claim: Callable[[World, Guards], Term]
    rests_on: tuple[str, ...]


def _shut(w: World, live: Sequence[Term]) -> Term:
    """The row in force where these rows apply opens no gate: the jurisdiction is filtered, or not switched
    on."""
    return z3.And(*(does <= m.MISSING for does in w.does(live, Guards())))


def _filter(w: World, g: Guards) -> Term:
    opened = z3.Or(*(w.open(w.then, gate, g) for gate in _GATES))
    return z3.Implies(_shut(w, w.then), z3.And(z3.Not(opened), z3.Not(w.found(g))))


def _filter_now(w: World, g: Guards) -> Term:
    return z3.Implies(_shut(w, w.now), z3.Not(w.found(g)))


def _filter_several(w: World, g: Guards) -> Term:
    answers = [m.several([w.open(w.then, gate, g), w.open(w.elsewhere, gate, g)], g) for gate in _GATES]
    return z3.Implies(z3.Or(_shut(w, w.then), _shut(w, w.elsewhere)), z3.Not(z3.Or(*answers)))


def _choice(w: World, g: Guards) -> Term:
    sound = Guards()
    then, now = w.open(w.then, 2, sound), w.open(w.now, 2, sound, w.query)
    return z3.Implies(w.found(g), z3.And(then, now, w.later))


def _silence(w: World, g: Guards) -> Term:
    sound = Guards()
    mine, theirs = w.open(w.then, 1, sound), w.open(w.elsewhere, 1, sound, w.query)
    heard = m.relay(w.open(w.then, 1, g), w.open(w.elsewhere, 1, g, w.query), g)
    return z3.Implies(heard, z3.And(mine, theirs))


def _back_dating(w: World, g: Guards) -> Term:
    """The last row is published after the day in question: with and without it, every gate answers alike."""
    rows, begun = w.rows, w.then
    before = m.known(rows[:-1], begun[:-1], w.day, g)
    after = m.known(rows, begun, w.day, g)
    answers = [m.effects(rows[:-1], before, g), m.effects(rows, after, g)]
    same = [
        m.decide(answers[0], w.booking, gate, g) == m.decide(answers[1], w.booking, gate, g)
        for gate in _GATES
    ]
    return z3.Implies(rows[-1].published > w.day, z3.And(*same))


def _egress(w: World, g: Guards) -> Term:
    """An open gate rests on a row that applies, is binding, says open itself, and stands on an activation."""
    sound = Guards()
    wins = m.in_force(w.rows, w.then, g)
    says = []
    for gate in _GATES:
        rests = [
            z3.And(
                one,
                live,
                row.kind != m.ASKS,
                m.lets_through(row.effects[gate], w.booking, sound),
            )
            for row, one, live in zip(w.rows, wins, w.then, strict=True)
        ]
        says.append(z3.Implies(w.open(w.then, gate, g), z3.Or(*rests)))
    return z3.And(*says)


def _activation(w: World, g: Guards) -> Term:
    on = z3.Or(*(z3.And(live, row.kind == m.ACTIVATION) for row, live in zip(w.rows, w.then, strict=True)))
    return z3.Implies(z3.Or(*(w.open(w.then, gate, g) for gate in _GATES)), on)


def _doubt(w: World, g: Guards) -> Term:
    b = w.booking
    unknown = z3.Or(*(one == m.UNKNOWN for one in b.charges))
    sure = z3.And(b.program, b.moment, b.cri)
    claims = []
    for gate in _GATES:
        effect = w.does(w.then, Guards())[gate]
        opened = w.open(w.then, gate, g)
        claims.append(z3.Implies(opened, sure))
        claims.append(z3.Implies(z3.And(opened, effect == m.BY_CHARGE), z3.Not(unknown)))
        claims.append(z3.Implies(effect == m.MISSING, z3.Not(opened)))
    return z3.And(*claims)


def _capability(w: World, g: Guards) -> Term:
    """Whatever is open would be open if no row said what cannot be done: such rows only close."""
    without = [z3.And(live, row.kind != m.CAPABILITY) for row, live in zip(w.rows, w.then, strict=True)]
    sound = Guards()
    return z3.And(*(z3.Implies(w.open(w.then, gate, g), w.open(without, gate, sound)) for gate in _GATES))


THEOREMS: Sequence[Theorem] = (
    Theorem(
        "filter-never-shares",
        "what is filtered at receipt is open at no gate and never found later",
        _filter,
        ("receipt_binds", "only_an_activation_switches_on", "a_row_that_only_asks_binds_nothing"),
    ),
    Theorem("filter-never-shares: now", "what is filtered now is not found now", _filter_now, ("now_binds",)),
    Theorem(
        "filter-never-shares: several",
        "an agency of several jurisdictions is closed if one of them is filtered",
        _filter_several,
        ("the_most_restrictive_place_decides",),
    ),
    Theorem(
        "filter-never-shares: capability",
        "a row that says what cannot be done closes gates and opens none",
        _capability,
        ("a_capability_only_narrows",),
    ),
    Theorem(
        "choice-at-booking",
        "a booking is found only if the gate was open at receipt, is open now, and now is not before receipt",
        _choice,
        ("receipt_binds", "now_binds", "the_clock_moves_on"),
    ),
    Theorem(
        "silence-is-total",
        "a recipient hears only if the booking's rule and its own let it",
        _silence,
        ("the_sender_mutes", "the_recipient_mutes"),
    ),
    Theorem(
        "no-back-dating",
        "a row published later changes no answer as it was known before",
        _back_dating,
        ("unpublished_rows_are_unknown", "unpublished_rows_end_nothing"),
    ),
    Theorem(
        "decision-before-egress",
        "whatever is open rests on a row that applies, binds, and itself lets the booking through",
        _egress,
        ("a_row_that_only_asks_binds_nothing", "an_unknown_charge_closes", "a_silent_mode_closes"),
    ),
    Theorem(
        "doubt-denies",
        "without a program, a moment, the agency's place, known charges or a word of the mode, nothing opens",
        _doubt,
        (
            "a_program_is_needed",
            "a_moment_is_needed",
            "the_header_opens_nothing",
            "an_unknown_charge_closes",
            "a_silent_mode_closes",
        ),
    ),
    Theorem(
        "doubt-denies: activation",
        "nothing opens where no activation applies",
        _activation,
        ("only_an_activation_switches_on",),
    ),
)
"""Every theorem."""


@dataclass(frozen=True, slots=True)
class Weakened:
    """What happens to a theorem when one guard is taken out."""

    guard: str
    counterexample: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a theorem is proved, how long it took in seconds, and what breaks it without each guard."""

    theorem: Theorem
    proved: bool
    counterexample: Mapping[str, str]
    seconds: float
    weakened: tuple[Weakened, ...]

    @property
    def solid(self) -> bool:
        """Whether it is proved, and can fail."""
        return self.proved and all(one.counterexample for one in self.weakened)


def refute(theorem: Theorem, guards: Guards, w: World) -> Mapping[str, str]:
    """A counterexample in words, or nothing if there is none. The world only keeps what was built for others.

    The most readable kind of counterexample is looked for first; only if nothing whatever is found does it
    hold.

    Raises:
        RuntimeError: z3 could not say.
    """
    claim = z3.Not(theorem.claim(w, guards))
    for tidy in (*_tidy(w), ()):
        solver = z3.SolverFor("QF_FD")
        solver.add(*w.assumed, claim, *tidy)
        answer = solver.check()
        if answer == z3.unknown:
            raise RuntimeError(f"z3 cannot say of {theorem.name}: {solver.reason_unknown()}")
        if answer == z3.sat:
            return dict(_shown(w, solver.model()))
    return {}


def _tidy(w: World) -> Iterator[Sequence[Term]]:
    """What makes a counterexample easy to read, where there is one of that kind: nothing missing, few
    rows."""
    placed = [one for b in (w.booking, w.query) for one in (b.program, b.moment, b.cri, b.header)]
    spoken = [one != m.MISSING for row in w.rows for one in row.effects]
    still = [z3.Not(live[-1]) for live in (w.then, w.now, w.elsewhere)]
    sane = [z3.And(one != m.ABSENT) for one in w.booking.charges[:1]]
    yield [*placed, *spoken, *sane, *still]
    yield [*placed, *spoken, *sane]


def prove(theorem: Theorem, w: World) -> Verdict:
    """Prove a theorem, and refute it once without each of its guards."""
    begins = time.perf_counter()
    found = refute(theorem, Guards(), w)
    seconds = time.perf_counter() - begins
    weakened = tuple(
        Weakened(name, refute(theorem, replace(Guards(), **{name: False}), w)) for name in theorem.rests_on
    )
    return Verdict(theorem, not found, found, seconds, weakened)


def guards_used() -> set[str]:
    """Every guard that some theorem rests on."""
    return {name for one in THEOREMS for name in one.rests_on}


def all_guards() -> set[str]:
    """Every guard of the model."""
    return {one.name for one in fields(Guards)}


def _shown(w: World, found: z3.ModelRef) -> Iterator[tuple[str, str]]:
    """A counterexample row by row, in words."""

    def number(term: Term) -> int:
        return int(found.eval(term, model_completion=True).as_signed_long())

    def true(term: Term) -> bool:
        return bool(z3.is_true(found.eval(term, model_completion=True)))

    for place, row in enumerate(w.rows):
        applies = [
            name
            for name, live in (("at receipt", w.then), ("now", w.now), ("elsewhere", w.elsewhere))
            if true(live[place])
        ]
        effects = " ".join(f"G{gate + 1} {_EFFECTS[number(one)]}" for gate, one in enumerate(row.effects))
        if applies:
            what = f"{_KINDS[number(row.kind)]}: {effects}; applies {', '.join(applies)}"
            yield f"row {place}", what
    missing = [
        f"{who} has no {what}"
        for who, one in (("booking", w.booking), ("query", w.query))
        for what, term in (("program", one.program), ("moment", one.moment), ("known CRI", one.cri))
        if not true(term)
    ]
    yield "charges", " and ".join(_CHARGES[number(one)] for one in w.booking.charges)
    if missing:
        yield "missing", ", ".join(missing)
