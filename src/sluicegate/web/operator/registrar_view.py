# SPDX-License-Identifier: Apache-2.0
"""What a change would do, in the form in which a registrar is shown it: values in, values out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from sluicegate.policy import contradictions, succession
from sluicegate.policy.analysis.diff import Change, Difference, Move, diff
from sluicegate.policy.analysis.refuse import Objection, objections
from sluicegate.policy.model import BINDING, CONFIDENCE_WORDS, Confidence, Effect, Kind
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program
from sluicegate.policy.table import Problem, Row
from sluicegate.store.preview import EARLIEST_DAY
from sluicegate.terms import Gate

MOST = 40
"""Lines of a list that a page shows; how many there are is always said."""


@dataclass(frozen=True, slots=True)
class Count:
    """Jurisdictions on one day: before the change, and after it."""

    name: str
    before: int
    after: int

    @property
    def moved(self) -> int:
        """By how many it grows; negative where it shrinks."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class AtGate:
    """A gate, and in how many jurisdictions it answers what."""

    gate: Gate
    label: str
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """An agency in a jurisdiction whose answer changes."""

    ori: str
    name: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where what people were told does not agree. `made` by the change, or else settled by it.

    `kind` is clash, gap or turn; `words` are the plain claims on both sides.
    """

    kind: str
    made: bool
    question: str
    words: tuple[str, str]
    where: str
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Added:
    """One row that is added: its first cell, and every cell that is not empty with its column."""

    table: str
    id: str
    cells: tuple[tuple[str, str], ...]
    confidence: str
    binding: bool
    midnight: str

    @property
    def verified(self) -> bool:
        """Whether it was read in a primary text, or has no confidence of its own."""
        return self.confidence in {"", CONFIDENCE_WORDS[Confidence.PRIMARY]}


@dataclass(frozen=True, slots=True)
class Shown:
    """A change with everything that it would do.

    Attributes:
        on: the day that counts are of: today, or the first later day on which it shows.
        past: whether it changes answers of past days only.
        changes, moves, agencies: at most `MOST` each; the numbers tell how many there are.
        nation: address of the map as it stands on that day, without the change.
        opens, shuts: answers that let more through, or not more, than before.
    """

    on: date
    past: bool
    rows: tuple[Added, ...]
    gates: tuple[AtGate, ...]
    modes: tuple[Count, ...]
    changes: tuple[Change, ...]
    number: int
    opens: int
    jurisdictions: tuple[tuple[str, str], ...]
    moves: tuple[Move, ...]
    agencies: tuple[Affected, ...]
    agency_number: int
    contradictions: tuple[Contradiction, ...]
    late: tuple[Problem, ...]
    restated: int
    nation: str

    @property
    def shuts(self) -> int:
        """Answers that let no more through than before."""
        return self.number - self.opens


def shown(
    before: Program,
    after: Program,
    effect: Difference,
    late: Sequence[Problem],
    added: Mapping[str, bytes],
    now: datetime,
) -> Shown:
    """A change from one program to another, at a moment (aware)."""
    today = succession.today(before, before.settings.root_jurisdiction, now)
    on = _shows(effect.changes, today)
    places = dict.fromkeys((one.jurisdiction, one.name) for one in effect.changes)
    agencies = tuple(_agencies(after, {place for place, _ in places}))
    return Shown(
        on=on,
        past=bool(effect.changes)
        and all(one.ends and one.ends <= today.isoformat() for one in effect.changes),
        rows=tuple(_added(after, added)),
        gates=_gates(before, after, on),
        modes=_modes(before, after, on),
        changes=effect.changes[:MOST],
        number=len(effect.changes),
        opens=sum(one.widens for one in effect.changes),
        jurisdictions=tuple(places),
        moves=effect.moves[:MOST],
        agencies=agencies[:MOST],
        agency_number=len(agencies),
        contradictions=tuple(_contradictions(before, after)),
        late=tuple(late),
        restated=effect.restated,
        nation="/nation?" + urlencode({"on": min(on, today).isoformat()}),
    )


def refused(before: Program, after: Program, now: datetime) -> tuple[Objection, ...]:
    """The promises that a change would break, as the registry asks before anybody signs."""
    return objections(before, after, today=(now - EARLIEST_DAY).date())


def difference(before: Program, after: Program) -> Difference:
    """What differs from one program to another."""
    return diff(before, after)


def _shows(changes: Sequence[Change], today: date) -> date:
    """The first day from today on which something differs; today where nothing does."""
    day = today.isoformat()
    days = [max(one.begins, day) for one in changes if not one.ends or one.ends > day]
    return date.fromisoformat(min(days, default=day))


def _rulings(program: Program, on: date) -> Iterator[str]:
    for one in program.jurisdictions.values():
        yield str(program.in_force(one.id, midnight(on, one.zone)).mode)


def _answers(program: Program, on: date, gate: Gate) -> Counter[str]:
    declared, found = program.settings.gates[gate].declared, Counter[str]()
    for mode in _rulings(program, on):
        effect = declared or program.modes[mode].effects.get(gate)
        found[_WORDS.get(effect, "closed") if effect else "closed"] += 1
    return found


_WORDS = {Effect.OPEN: "open", Effect.BY_CHARGE: "by charge", Effect.BY_REQUEST: "by request"}


def _counts(before: Counter[str], after: Counter[str], order: Sequence[str]) -> tuple[Count, ...]:
    return tuple(Count(one, before[one], after[one]) for one in order if before[one] or after[one])


def _gates(before: Program, after: Program, on: date) -> tuple[AtGate, ...]:
    order = ("open", "by charge", "by request", "closed")
    return tuple(
        AtGate(
            gate,
            after.settings.gates[gate].label,
            _counts(_answers(before, on, gate), _answers(after, on, gate), order),
        )
        for gate in Gate
    )


def _modes(before: Program, after: Program, on: date) -> tuple[Count, ...]:
    order = tuple(dict.fromkeys((*before.modes, *after.modes)))
    return _counts(Counter(_rulings(before, on)), Counter(_rulings(after, on)), order)


def _agencies(program: Program, places: set[str]) -> Iterator[Affected]:
    for one in program.agencies:
        for place in (one.jurisdiction, *one.also):
            if place in places:
                yield Affected(one.ori, one.name, program.jurisdictions[place].name)


def _added(program: Program, added: Mapping[str, bytes]) -> Iterator[Added]:
    for table, rows in succession.tables_of(added).items():
        for row in rows:
            cells = tuple((column, value) for column, value in row.cells.items() if value)
            known = row.cells.get("confidence", "")
            words = CONFIDENCE_WORDS[Confidence(known)] if known in tuple(Confidence) else known
            kind = row.cells.get("kind", "")
            binding = "mode_in_force" in row.cells and kind in tuple(Kind) and Kind(kind) in BINDING
            yield Added(table, cells[0][1] if cells else "", cells, words, binding, _midnight(program, row))


def _midnight(program: Program, row: Row) -> str:
    """The instant at which a row of a jurisdiction begins, in UTC."""
    place = program.jurisdictions.get(row.cells.get("jurisdiction", ""))
    begins = row.cells.get("valid_from", "")
    if place is None or not begins:
        return ""
    at = midnight(date.fromisoformat(begins), place.zone).astimezone(UTC)
    return f"midnight in {place.zone}, which is {at:%Y-%m-%d %H:%M} UTC"


# -- contradictions ----------------------------------------------------------------------------------------

_Key = tuple[str, ...]


def _contradictions(before: Program, after: Program) -> Iterator[Contradiction]:
    was, now = _found(before), _found(after)
    for key, one in now.items():
        if key not in was or _longer(one[-1], was[key][-1]):
            yield _told(key, one, made=True)
    for key, one in was.items():
        if key not in now or _longer(one[-1], now[key][-1]):
            yield _told(key, one, made=False)


def _longer(ends: str, other: str) -> bool:
    """Whether a period ends later than another; without an end it lasts."""
    return (ends or "9999") > (other or "9999")


def _found(program: Program) -> dict[_Key, _Key]:
    """Every contradiction by what makes it the same one: the words of both sides, the place, and its end."""
    questions, found = program.settings.questions, dict[_Key, _Key]()
    for clash in contradictions.clashes(program):
        key = ("clash", questions[clash.question].text, clash.first.wording, clash.second.wording)
        ends = clash.ends.isoformat() if clash.ends else ""
        found[*key, clash.begins.isoformat()] = (clash.first.words, clash.second.words, "", ends)
    for gap in contradictions.gaps(program):
        place, mode = gap.period.jurisdiction.name, str(gap.period.mode)
        asked, ends = questions[gap.claim.question].text, gap.ends.isoformat() if gap.ends else ""
        said = f"{gap.gate} is {gap.enforced} there: {mode} is in force"
        whole = ("gap", asked, gap.claim.wording, mode, place, gap.begins.isoformat())
        found[whole] = (gap.claim.words, said, place, ends)
    for turn in contradictions.turns(program):
        key = ("turn", questions[turn.question].text, turn.before.wording, turn.after.wording)
        found[*key, turn.day.isoformat()] = (turn.before.words, turn.after.words, "", "")
    return found


def _told(key: _Key, one: _Key, *, made: bool) -> Contradiction:
    first, second, where, ends = one
    names = key[2], "" if key[0] == "gap" else key[3]
    words = tuple(
        f"{name}: {text}" if name else text for name, text in zip(names, (first, second), strict=True)
    )
    return Contradiction(key[0], made, key[1], (words[0], words[1]), where, key[-1], ends)
