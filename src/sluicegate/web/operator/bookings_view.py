# SPDX-License-Identifier: Apache-2.0
"""What the pages of bookings show, out of what was asked and what the store holds; no request and no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from sluicegate.exchange.case import State
from sluicegate.exchange.story import STORIES
from sluicegate.exchange.walk import GATE_NAMES, SEARCHED, Move, Walk, partner_said
from sluicegate.itl.model import Defect
from sluicegate.policy.decision import Decision, sentence
from sluicegate.store.listing import Line, Wanted

BAR = 160
"""Width of the longest bar, in pixels."""
FIELDS = ("q", "ori", "state", "from", "to", "after")
COLUMNS = ("received", "case", "tcn", "ori", "cri", "tot", "state", "channel", "bytes")
WAITS = frozenset({State.AWAITING, State.SHARED, State.SPOOLED})
_AGENCY = re.compile(r"[A-Z0-9]{1,9}")
_AFTER = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_([0-9A-Za-z]{1,40})", re.ASCII)
_LEAST_S, _MOST_S = 0.001, 10 * 86400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says, as typed; what is wanted by it; and names of the fields that cannot be read."""

    given: Mapping[str, str]
    wanted: Wanted
    wrong: tuple[str, ...]

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return any(self.given[one] for one in FIELDS if one != "after")

    def address(self, path: str, **changed: str) -> str:
        """The same view at another path or from another place in the list."""
        held = {**self.given, **changed}
        query = urlencode([(one, held[one]) for one in FIELDS if held[one]])
        return f"{path}?{query}" if query else path


def asked(query: Mapping[str, str]) -> Asked:
    """Read the query of a list. A field that cannot be read narrows nothing and is told."""
    given = {one: query.get(one, "").strip()[:80] for one in FIELDS}
    wrong = []
    agency = given["ori"].upper()
    if agency and not _AGENCY.fullmatch(agency):
        wrong.append("ori")
    if given["state"] and given["state"] not in set(State):
        wrong.append("state")
    begins, ends = (_day(given[one]) for one in ("from", "to"))
    wrong += [one for one, day in (("from", begins), ("to", ends)) if given[one] and day is None]
    placed = _AFTER.fullmatch(given["after"])
    if given["after"] and not placed:
        wrong.append("after")
    wanted = Wanted(
        name=given["q"].upper(),
        agency="" if "ori" in wrong else agency,
        state="" if "state" in wrong else given["state"],
        begins=begins,
        ends=ends + timedelta(days=1) if ends else None,
        after=_place(placed) if placed else None,
    )
    return Asked(given, wanted, tuple(wrong))


def _day(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
        found = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
        return found if found and found.year < 9999 else None
    except ValueError:
        return None


def _place(found: re.Match[str]) -> tuple[datetime, str] | None:
    try:
        return datetime.fromisoformat(found[1].replace("Z", "+00:00")), found[2]
    except ValueError:
        return None


def place_after(line: Line) -> str:
    """The value of `after` that goes on below a booking."""
    return f"{line.received:%Y-%m-%dT%H:%M:%S.%f}Z_{line.case_id}"


def kind_of(state: State) -> str:
    """How a state is drawn: it moves by itself, it waits for somebody, or it has ended."""
    if state in {State.AWAITING, State.SHARED}:
        return "waits"
    return "moves" if state in STORIES["bureau"] else "ended"


def row_of(line: Line) -> tuple[object, ...]:
    """One booking in a CSV file."""
    when = f"{line.received:%Y-%m-%dT%H:%M:%S.%f}Z"
    names = line.case_id, line.tcn, line.ori, line.cri, line.tot
    return (when, *names, str(line.state), line.channel, line.size)


def lasted(took: timedelta) -> str:
    """How long something took, in one unit."""
    seconds = took.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    raise AssertionError("a minute or more has a unit")


def bar(took: timedelta) -> int:
    """The width of a duration: on a logarithmic scale from a millisecond to ten days, in pixels."""
    seconds = min(max(took.total_seconds(), _LEAST_S), _MOST_S)
    return max(1, round(BAR * math.log(seconds / _LEAST_S) / math.log(_MOST_S / _LEAST_S)))


def moment(at: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class GateShown:
    """A gate of a booking: what it did, in words; asked for and in force; by which rule, and why."""

    gate: str
    name: str
    open: bool
    said: str
    asked: str
    mode: str
    rule: str
    basis: str
    wording: str
    reasons: tuple[str, ...]
    unverified: bool
    address: str  # of the place on that day, as known then; empty where no place is known
    place: str


def gates(walk: Walk) -> tuple[GateShown, ...]:
    """Every gate; empty before they were decided."""
    return tuple(_gate(str(gate), GATE_NAMES[gate], one) for gate, one in walk.decisions.items())


def _gate(gate: str, name: str, one: Decision) -> GateShown:
    day = one.at[:10]
    known = bool(one.jurisdiction_id and day)
    return GateShown(
        gate=gate,
        name=name,
        open=one.open,
        said=sentence(one),
        asked=one.asked_for,
        mode=str(one.mode),
        rule=one.rule_id,
        basis=one.legal_basis,
        wording=one.wording_id,
        reasons=tuple(reason.text for reason in one.reasons),
        unverified=any(reason.code == "POL-UNVERIFIED" for reason in one.reasons),
        address=f"/places/{one.jurisdiction_id}?on={day}&known=then" if known else "",
        place=one.jurisdiction_name,
    )


@dataclass(frozen=True, slots=True)
class Flaw:
    """A departure from the standard, with its place in the file; without what was found there."""

    code: str
    severity: str
    offset: int
    record: str
    field: str
    clause: str


def flaws(defects: Sequence[Defect]) -> tuple[Flaw, ...]:
    """Defects for a page that shows no personal data: what a message quotes may be a name."""
    return tuple(_flaw(one) for one in defects)


def _flaw(one: Defect) -> Flaw:
    place = one.place
    record = f"Type-{place.record_type}" if place.record_type else ""
    record += f" IDC {place.idc:02d}" if place.idc >= 0 else ""
    field = place.tag
    field += f" subfield {place.subfield}" if place.subfield else ""
    field += f" item {place.item}" if place.item else ""
    return Flaw(one.code, one.severity.name, place.offset, record, field, one.clause)


def outcome(walk: Walk) -> tuple[str, str]:
    """Key of the words for where a booking stands, and what the partner said of its copy."""
    kinds = {one.kind for one in walk.messages}
    partner = partner_said(walk.case) if "COPY" in kinds else ""
    return str(walk.case.state), partner


def searched(walk: Walk) -> str:
    """What the search came to, in words, or nothing."""
    return SEARCHED.get(walk.case.text("band"), "")


def widest(moves: Sequence[Move]) -> timedelta:
    """From receipt to the last move."""
    return sum((one.took for one in moves), timedelta())
