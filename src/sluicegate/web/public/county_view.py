# SPDX-License-Identifier: Apache-2.0
"""What the page of a place or of an agency says, worked out from the rules alone: values in, values out.

A place without an agency of its own is answered as an agency that stands there would be, so that both pages
have one account (`policy.account`) and one way to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sluicegate.policy.account import Account, Difference, Row, Stand, account, differences, unknown_then
from sluicegate.policy.decide import Facts
from sluicegate.policy.decision import Decision
from sluicegate.policy.model import Agency, Confidence, Effect, Jurisdiction, Kind, Source, Wording
from sluicegate.policy.places import FIRST, LAST, Placement, Stay, zone_of
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate, ModeName, Ori
from sluicegate.web.catalog import Catalog

STAND_IN = Ori("000000000")
"""The agency that stands for a place; no real ORI begins with a digit."""


@dataclass(frozen=True, slots=True)
class GateShown:
    """A gate on the page: `state` is open, closed, charge, request or nothing."""

    id: str
    label: str
    question: str
    state: str
    says: str
    rule_says: str

    @property
    def kind(self) -> str:
        """How it is drawn: open, closed, or in between."""
        return {"open": "open", "charge": "between", "request": "between"}.get(self.state, "closed")


@dataclass(frozen=True, slots=True)
class Path:
    """One stretch of the history of a place; days are local, empty where there is no end on record."""

    begins: str
    ends: str
    mode: str
    asked_for: str
    rule: str
    issuer: str
    level: str
    legal_basis: str
    wording: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What could change what is in force, derived from the rules.

    Attributes:
        next: the row that follows on record, or None.
        next_on: the local day on which it begins.
        able: levels of issuer whose rule would prevail over the one in force, first the strongest.
        unable: levels whose rule would be put on record and lose.
        off: whether nothing is switched on here, so that only an activation opens anything.
    """

    next: Row | None
    next_on: str
    able: tuple[str, ...]
    unable: tuple[str, ...]
    off: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What is in force in one jurisdiction, as shown: its account, the local day it began, what may come.

    `agree` is whether what was asked for is in force, `alike` whether it would do the same at every gate.
    `asked_wording` is what the words were by the row that asks; None for none, or where they were not public.
    """

    stand: Stand
    since: str
    agree: bool
    alike: bool
    asked_wording: Wording | None
    late: tuple[Row, ...]
    lost: tuple[tuple[Row, str], ...]
    change: Change


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a page says of one day; `parts` is empty where an agency is not on file that day."""

    account: Account
    gates: tuple[GateShown, ...]
    parts: tuple[Part, ...]
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]
    sources: tuple[Source, ...]

    @property
    def by_gate(self) -> Mapping[str, GateShown]:
        """The gates by their names."""
        return {one.id: one for one in self.gates}


def of_place(program: Program, place: str, at: datetime, known: date | None) -> tuple[Account, Account]:
    """The account of a jurisdiction at a moment by what is on record now, and by what was public by a day."""

    def one(seen: Program) -> Account:
        whole = seen.chain(place)
        agency = Agency(STAND_IN, place, "", None, None, Confidence.PRIMARY)
        stay = Stay(FIRST, LAST, Placement(agency, whole[0], whole))
        return account(replace(seen, stays={STAND_IN: (stay,)}), Facts(STAND_IN, STAND_IN, at))

    now = one(program)
    return now, replace(one(program.known_at(known)), known=known.isoformat()) if known else now


def of_agency(program: Program, ori: Ori, at: datetime, known: date | None) -> tuple[Account, Account]:
    """The same for an agency."""
    facts = Facts(ori, ori, at)
    now = account(program, facts)
    return now, account(program, facts, known=known) if known else now


def answer(program: Program, accounts: tuple[Account, Account], words: Catalog, known: date | None) -> Answer:
    """The page's values from the account of now and the one that was asked for."""
    now, told = accounts
    gates = tuple(_gate(program, told, gate, words) for gate in Gate)
    seen = program.known_at(known) if known else program
    parts = tuple(_part(seen, one) for one in told.stands)
    later = differences(told, now) if known else ()
    return Answer(
        told, gates, parts, later, unknown_then(now, known) if known else (), _sources(program, parts)
    )


def _gate(program: Program, told: Account, gate: Gate, words: Catalog) -> GateShown:
    text, decision = program.settings.gates[gate], told.decisions[gate]
    state = _state(program, told.stands, decision, gate)
    modes = dict.fromkeys(one.mode for one in told.stands)
    sentences = [program.modes[one].sentences.get(gate, "") for one in modes]
    rules = [text.sentence] if text.declared else sentences
    return GateShown(
        gate.value,
        text.label,
        text.question,
        state,
        words.text(f"county.gate.{gate.value}.{state}", partner=role(program, "partner")),
        "; ".join(one for one in rules if one),
    )


def _state(program: Program, stands: Sequence[Stand], decision: Decision, gate: Gate) -> str:
    """Open only if the decision without any charge or request is; else what keeps it closed."""
    if decision.open:
        return "open"
    if program.settings.gates[gate].declared or not stands:
        return "closed"
    effects = {program.modes[one.mode].effects[gate] for one in stands}
    for effect, state in (
        (Effect.CLOSED, "closed"),
        (Effect.NOTHING, "nothing"),
        (Effect.BY_CHARGE, "charge"),
        (Effect.BY_REQUEST, "request"),
    ):
        if effect in effects:
            return state
    return "closed"


def _part(program: Program, stand: Stand) -> Part:
    rows = (*_rows(stand), *(one.row for one in stand.lost))
    late = {one.id: one for one in rows if one and one.clocks}
    lost = tuple((one.row, one.why) for one in stand.lost if one.row.kind != Kind.DEFAULT.value)
    return Part(
        stand,
        local_day(stand.begins, stand.zone),
        stand.asked_for in {"", stand.mode},
        _alike(program, stand),
        _asked_wording(program, stand),
        tuple(late.values()),
        lost,
        _change(program, stand),
    )


def _rows(stand: Stand) -> tuple[Row | None, ...]:
    """The rows that a stand rests on."""
    return stand.rule, stand.asked_by, stand.refused_by


def _alike(program: Program, stand: Stand) -> bool:
    """Whether the mode that was asked for lets through exactly what the one in force does."""
    wanted, held = (program.modes.get(ModeName(one)) for one in (stand.asked_for, stand.mode))
    return bool(wanted and held and wanted.within(held) and held.within(wanted))


def _asked_wording(program: Program, stand: Stand) -> Wording | None:
    return program.wording.get(program.rules[stand.asked_by.id].wording) if stand.asked_by else None


def _change(program: Program, stand: Stand) -> Change:
    order = [one for one in program.settings.issuers if one != "program"]
    level = stand.rule.level
    strong = order.index(level) + 1 if level in order else len(order)
    off = not program.modes[stand.mode].opens and stand.rule.kind == Kind.DEFAULT.value
    return Change(
        stand.after,
        local_day(stand.ends, stand.zone),
        tuple(order[:strong]),
        tuple(order[strong:]),
        off,
    )


def _sources(program: Program, parts: Sequence[Part]) -> tuple[Source, ...]:
    named = {
        row.source: None
        for part in parts
        for row in (*_rows(part.stand), *(one for one, _ in part.lost))
        if row
    }
    return tuple(program.sources[one] for one in named if one in program.sources)


def local_day(stamp: str, zone: str) -> str:
    """The local day of a moment (RFC 3339), or empty for none."""
    return datetime.fromisoformat(stamp).astimezone(zone_of(zone)).date().isoformat() if stamp else ""


def history(program: Program, place: str, until: datetime) -> tuple[Path, ...]:
    """Every stretch on record in which a place had one mode, one rule and one claim, up to a moment."""
    zone = program.jurisdictions[place].zone
    found = [one for one in program.timelines[place].rulings if one.begins <= until]
    paths: list[Path] = []
    for one in found:
        path = _path(one, zone)
        if paths and _same(paths[-1], path):
            paths[-1] = replace(paths[-1], ends=path.ends)
        else:
            paths.append(path)
    return tuple(paths)


def _same(one: Path, other: Path) -> bool:
    return replace(one, begins="", ends="") == replace(other, begins="", ends="")


def _path(one: Ruling, zone: str) -> Path:
    def day(moment: datetime) -> str:
        return "" if moment in {FIRST, LAST} else moment.astimezone(zone_of(zone)).date().isoformat()

    rule = one.rule
    return Path(
        day(one.begins),
        day(one.ends),
        str(one.mode),
        one.asked.mode if one.asked else "",
        rule.id,
        rule.issuer,
        rule.level,
        rule.legal_basis,
        rule.wording,
        rule.confidence is Confidence.PRIMARY,
    )


def role(program: Program, which: str) -> str:
    """The short name of a role: what stands before the colon."""
    return program.settings.roles[which].partition(":")[0]


def mode_words(program: Program, words: Catalog) -> Callable[[str], str]:
    """Says a mode, or what was asked for, in plain words; what the catalogue lacks, as the program does."""

    def said(mode: str) -> str:
        known = words.words.get(f"county.mode.{mode}")
        return known or program.settings.claims.get(mode) or mode

    return said


def day_words(words: Catalog) -> Callable[[str], str]:
    """Says a day (YYYY-MM-DD) in words of the language."""

    def said(day: str) -> str:
        year, month, number = day.split("-")
        return words.text(
            "county.day", day=int(number), month=words.text(f"county.month.{int(month)}"), year=year
        )

    return said


def known_words(words: Catalog, group: str) -> Callable[[str], str]:
    """Says a name of a closed list in the language; a name that is not on the list, as it is."""
    return lambda name: words.words.get(f"county.{group}.{name}", name)


@dataclass(frozen=True, slots=True)
class Inside:
    """The places in a place: those directly in it, each with the mode in force there.

    `all` counts every place in it at any depth, `other` those under another mode than the place itself.
    """

    direct: tuple[tuple[Jurisdiction, str], ...]
    all: int
    other: int


def inside(program: Program, place: str, at: datetime) -> Inside:
    """The places in a place at a moment."""
    own = program.in_force(place, at).mode
    deep = [
        one
        for one in program.jurisdictions
        if one != place and program.jurisdictions[place] in program.chain(one)
    ]
    other = sum(program.in_force(one, at).mode != own for one in deep)
    direct = [program.jurisdictions[one] for one in children(program, place)]
    return Inside(tuple((one, str(program.in_force(one.id, at).mode)) for one in direct), len(deep), other)


def children(program: Program, place: str) -> Iterator[str]:
    """Places that stand directly in a place, by name."""
    inside = [one for one in program.jurisdictions.values() if one.parent == place]
    yield from (one.id for one in sorted(inside, key=lambda one: one.name))
