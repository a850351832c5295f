# SPDX-License-Identifier: Apache-2.0
"""A full account of what is in force for an agency at a moment, and two accounts beside each other.

The second is for the two clocks: what the registry says now, and what anyone could have known on an earlier
day. Accounts hold text only, so that sentences and JSON say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sluicegate.policy.decide import Facts, decide_all
from sluicegate.policy.decision import JSON, Decision, stamp
from sluicegate.policy.model import CONFIDENCE_WORDS, Confidence, Kind, Rule, Wording
from sluicegate.policy.places import FIRST, LAST
from sluicegate.policy.program import Program
from sluicegate.policy.rules import Ruling
from sluicegate.terms import Gate

NOTHING = "nothing on record"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of rules.csv or choices.csv in words; dates as YYYY-MM-DD, empty where there is none.

    `clocks` says where its two clocks differ: a late arrival, a correction, no public day at all.
    """

    id: str
    kind: str
    mode: str
    asked: str
    issuer: str
    level: str
    authority: str
    legal_basis: str
    valid_from: str
    valid_until: str
    public_from: str
    replaces: str
    source: str
    confidence: str
    verified: bool
    clocks: str
    note: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """The wording that a rule names; `public_from` is empty where no day is on record."""

    id: str
    label: str
    meaning: str
    issuer: str
    audience: str
    document: str
    public_from: str


@dataclass(frozen=True, slots=True)
class Before:
    """What was in force before the rule in force began."""

    rule: str
    mode: str
    until: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that applied and is not in force."""

    row: Row
    why: str


@dataclass(frozen=True, slots=True)
class Stand:
    """What is in force in one jurisdiction, from `begins` up to, not including, `ends` (UTC, or empty)."""

    jurisdiction: str
    name: str
    zone: str
    local: str
    mode: str
    why: str
    rule: Row
    wording: Said | None
    before: Before | None
    after: Row | None
    asked_for: str
    asked_since: str
    asked_by: Row | None
    refused_by: Row | None
    begins: str
    ends: str
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """All there is to say of an agency at a moment; `known` is the day whose knowledge it is, or empty."""

    ori: str
    at: str
    known: str
    agency: str
    retired: tuple[str, ...]
    stands: tuple[Stand, ...]
    decisions: Mapping[Gate, Decision]

    def document(self) -> dict[str, JSON]:
        """Plain values."""
        return {
            "agency": self.agency,
            "known": self.known or None,
            "retired": list(self.retired),
            "gates": {gate.value: one.to_json() for gate, one in self.decisions.items()},
            "stands": [_plain(asdict(one)) for one in self.stands],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two accounts say differently."""

    what: str
    then: str
    now: str


def account(program: Program, facts: Facts, *, known: date | None = None) -> Account:
    """The account of an agency (`facts.cri`) at the moment `facts.received`, which must be aware.

    With `known`, from only what anyone could have known by the end of that day.
    """
    seen = program.known_at(known) if known else program
    sitting = seen.sitting(facts.cri, facts.received)
    stands = [_stand(seen, one, facts.received) for one in sitting.rulings] if sitting else []
    retired = sitting.placement.retired if sitting else ()
    return Account(
        ori=facts.cri,
        at=stamp(facts.received.astimezone(UTC)),
        known=_day(known),
        agency=sitting.placement.agency.name if sitting else "",
        retired=tuple(
            f"{one.ori} is retired since {one.begins.isoformat()} and placed through {one.replaced_by}"
            for one in retired
        ),
        stands=tuple(stands),
        decisions=decide_all(seen, facts),
    )


def _plain(value: object) -> JSON:
    """Tuples as lists, all the way down."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    assert value is None or isinstance(value, str | int | bool), "accounts hold text"
    return value


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def clocks(rule: Rule) -> str:
    """How the two clocks of a row differ, in words; empty where people could know it when it began."""
    if rule.kind is Kind.DEFAULT or rule.begins is None:
        return ""
    if rule.public is None:
        return f"no day is on record on which {rule.id} became public"
    late = (rule.public - rule.begins).days
    if late <= 0:
        return ""
    days = f"{late} day" if late == 1 else f"{late} days"
    if rule.supersedes:
        return (
            f"{rule.id} is a correction: it replaces {rule.supersedes} from {rule.begins.isoformat()} on and "
            f"became public {days} later, on {rule.public.isoformat()}"
        )
    return (
        f"{rule.id} arrived late: it holds from {rule.begins.isoformat()} on and "
        f"became public {days} later, on {rule.public.isoformat()}"
    )


def _row(program: Program, rule: Rule) -> Row:
    return Row(
        id=rule.id,
        kind=rule.kind.value,
        mode=str(rule.mode or ""),
        asked=rule.asked,
        issuer=rule.issuer,
        level=rule.level,
        authority=rule.authority,
        legal_basis=rule.legal_basis,
        valid_from=_day(rule.begins),
        valid_until=_day(rule.ends),
        public_from=_day(rule.public),
        replaces=rule.supersedes,
        source=rule.source,
        confidence=CONFIDENCE_WORDS[rule.confidence],
        verified=rule.confidence is Confidence.PRIMARY,
        clocks=clocks(rule),
        note=rule.note,
        documents=tuple(
            f"{one.id} of {one.day.isoformat()}: {one.title} (sha256 {one.sha256})"
            for one in program.documents.get(rule.id, ())
        ),
    )


def _said(wording: Wording | None) -> Said | None:
    if wording is None:
        return None
    return Said(
        wording.id,
        wording.label,
        wording.meaning,
        wording.issuer,
        wording.audience,
        wording.document,
        _day(wording.public),
    )


def _run(program: Program, ruling: Ruling) -> tuple[list[Ruling], Ruling | None, Ruling | None]:
    """The unbroken rulings by the same rule around one, the ruling before them and the one after."""
    rulings = program.timelines[ruling.jurisdiction.id].rulings
    first = last = rulings.index(ruling)
    while first and rulings[first - 1].rule is ruling.rule:
        first -= 1
    while last + 1 < len(rulings) and rulings[last + 1].rule is ruling.rule:
        last += 1
    before = rulings[first - 1] if first else None
    after = rulings[last + 1] if last + 1 < len(rulings) else None
    return list(rulings[first : last + 1]), before, after


def _stand(program: Program, ruling: Ruling, at: datetime) -> Stand:
    run, earlier, later = _run(program, ruling)
    begins, ends = run[0].begins, run[-1].ends
    asked = ruling.asked
    place = ruling.jurisdiction
    before = Before(earlier.rule.id, str(earlier.mode), stamp(begins)) if earlier else None
    return Stand(
        jurisdiction=place.id,
        name=place.name,
        zone=place.zone,
        local=at.astimezone(ZoneInfo(place.zone)).isoformat(" ", "minutes"),
        mode=str(ruling.mode),
        why=ruling.why,
        rule=_row(program, ruling.rule),
        wording=_said(program.wording.get(ruling.rule.wording)),
        before=before,
        after=_row(program, later.rule) if later else None,
        asked_for=asked.mode if asked else "",
        asked_since=_day(asked.since) if asked else "",
        asked_by=_row(program, asked.rule) if asked else None,
        refused_by=_row(program, asked.refused) if asked and asked.refused else None,
        begins=stamp(begins) if begins != FIRST else "",
        ends=stamp(ends) if ends != LAST else "",
        lost=tuple(Lost(_row(program, one.rule), one.why) for one in ruling.lost),
    )


def differences(then: Account, now: Account) -> tuple[Difference, ...]:
    """Everything that two accounts of one agency at one moment say differently, gates first."""
    found = [
        Difference(f"{gate.value} is", then.decisions[gate].outcome.value, now.decisions[gate].outcome.value)
        for gate in Gate
    ]
    earlier = {one.jurisdiction: one for one in then.stands}
    for stand in now.stands:
        other = earlier[stand.jurisdiction]  # places have no public clock
        prefix = f"{stand.name}: " if len(now.stands) > 1 else ""
        found += [
            Difference(prefix + what, was, told)
            for (what, was), (_, told) in zip(_told(other), _told(stand), strict=True)
        ]
    return tuple(one for one in found if one.then != one.now)


def _told(stand: Stand) -> Iterator[tuple[str, str]]:
    """What two accounts are compared by, in words."""
    wording = stand.wording
    yield "in force", stand.mode
    yield "rule", stand.rule.id
    yield "issued by", stand.rule.issuer
    yield "legal basis", stand.rule.legal_basis
    yield "wording", f"{wording.id} ({wording.label})" if wording else "not public"
    since = f" since {stand.asked_since}" if stand.asked_since else ""
    yield "asked for", f"{stand.asked_for}{since}" if stand.asked_for else NOTHING
    yield "refused by", stand.refused_by.id if stand.refused_by else "nobody"
    before = stand.before
    yield (
        "in force before",
        f"{before.mode} ({before.rule}) until {before.until[:10]}" if before else "nothing",
    )
    yield "ends", stand.ends[:10] or "no end on record"
    yield "not in force", ", ".join(one.row.id for one in stand.lost) or "nothing else"


def unknown_then(now: Account, known: date) -> tuple[str, ...]:
    """Why what is on record now could not be known by the end of a day: one clause for each such row."""
    rows = dict[str, Row]()
    secret = dict[str, str]()
    for stand in now.stands:
        named = (stand.rule, stand.after, stand.asked_by, stand.refused_by, *(one.row for one in stand.lost))
        rows |= {one.id: one for one in named if one and one.kind != Kind.DEFAULT.value}
        said = stand.wording
        if said and (not said.public_from or said.public_from > known.isoformat()):
            secret[said.id] = said.public_from
    late = [
        f"{one.id} ({one.mode or one.asked or one.kind}) "
        + (f"became public on {one.public_from}" if one.public_from else "has no public day on record")
        for one in rows.values()
        if not one.public_from or one.public_from > known.isoformat()
    ]
    late += [
        f"wording {key} " + (f"became public on {day}" if day else "has no public day on record")
        for key, day in secret.items()
    ]
    return tuple(late)
