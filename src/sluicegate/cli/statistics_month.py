# SPDX-License-Identifier: Apache-2.0
"""Gathers a month's figures from a home: places and time zones from the rules, counts from the ledgers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from sluicegate.app import Office
from sluicegate.cli.calls import Call
from sluicegate.errors import UsageError, quoted
from sluicegate.exchange.case import ANSWERS_LOG
from sluicegate.ledger import keys
from sluicegate.policy.places import midnight
from sluicegate.policy.program import Program
from sluicegate.statistics.export import About
from sluicegate.statistics.figures import UNPLACED, Cut, Figures, Place, Raw, tabulate
from sluicegate.store import statistics as ledger
from sluicegate.store.entries import COMMON_LOG
from sluicegate.store.journal import stamp

_MONTH = re.compile(r"(\d{4})-(\d\d)")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a home: its figures, the cuts that they were counted over, and what an export says."""

    figures: Figures
    cuts: tuple[Cut, ...]
    about: About
    open_until: str  # why no final export can be made yet, or empty


def first_days(month: str) -> tuple[date, date]:
    """The first day of a month written YYYY-MM, and of the next. Raises UsageError."""
    matched = _MONTH.fullmatch(month)
    if matched is None or not 1 <= int(matched[2]) <= 12 or not 1 <= int(matched[1]) < 9999:
        raise UsageError(f"{quoted(month)} is not a month; write it as 2010-11.")
    first = date(int(matched[1]), int(matched[2]), 1)
    return first, (first + timedelta(days=32)).replace(day=1)


def gather(call: Call, month: str, sizes: Mapping[str, int] | None = None, made: str = "") -> Month:
    """The month as the ledgers say.

    Args:
        call: how the command was called.
        month: YYYY-MM.
        sizes: count over logs of these sizes, by origin; without it, as they stand now.
        made: moment at which an earlier export was made (RFC 3339); without it, now.

    Raises:
        UsageError, LedgerError, ProgramError.
    """
    call.need_home()
    program = call.program()
    nation = next(one.id for one in program.jurisdictions.values() if not one.parent)
    first, after = first_days(month)
    now = datetime.fromisoformat(made.replace("Z", "+00:00")) if made else call.clock()()
    with (
        call.opened("bureau") as bureau,
        call.opened("partner") as partner,
        _moment(bureau) as own,
        _moment(partner) as other,
    ):
        mine = _cuts(_origin(call, "bureau"), bureau, own, program, (first, after), sizes)
        theirs = _cuts(_origin(call, "partner"), partner, other, program, (first, after), sizes)
        raw = ledger.bureau(own, mine, bureau.store.outgoing.get)
        raw = _with_officer(raw, other, theirs)
    cuts = (*mine, *theirs)
    places = _places(program, nation, [cut.place for cut in mine], midnight(after, "UTC"))
    figures = tabulate(month, places, raw)
    last = max(cut.until for cut in cuts) if cuts else stamp(midnight(after, "UTC"))
    ended = datetime.fromisoformat(last.replace("Z", "+00:00"))
    about = About(program.name, program.root, stamp(now), False, (now - ended).days)
    return Month(figures, cuts, about, _open_until(figures, now, ended))


def _open_until(figures: Figures, now: datetime, ended: datetime) -> str:
    if now < ended:
        return f"the month is not over everywhere before {ended:%Y-%m-%d %H:%M} UTC"
    pending = figures.values[figures.nation, "pending"]
    return f"{pending} booking(s) of the month are pending" if pending else ""


def _moment(office: Office) -> sa.Connection:
    """A connection in one read transaction: all figures are of one moment, beside a running server too."""
    connection = office.engine.connect()
    connection.exec_driver_sql("BEGIN")
    return connection


def _origin(call: Call, role: str) -> str:
    return keys.load_public(keys.public_path(call.home / "keys" / f"{role}-ledger.key")).name


def _cuts(
    origin: str,
    office: Office,
    held: sa.Connection,
    program: Program,
    days: tuple[date, date],
    sizes: Mapping[str, int] | None,
) -> list[Cut]:
    nation = next(one.id for one in program.jurisdictions.values() if not one.parent)
    found = []
    for log, head in sorted(ledger.heads(held).items()):
        place = log.removesuffix("/withheld")
        common = log in (COMMON_LOG, ANSWERS_LOG)
        if not common and place not in program.jurisdictions and place != UNPLACED:
            continue
        own = program.jurisdictions.get(place)
        since, until = (stamp(midnight(day, own.zone if own else "UTC")) for day in days)
        name = f"{origin}/{log}"
        if sizes is not None and name not in sizes:
            continue  # the log is younger than the export
        size, root = (
            head if sizes is None else (sizes[name], office.store.log.trees.root_of(held, log, sizes[name]))
        )
        found.append(Cut(name, log, nation if common else place, since, until, size, root))
    return found


def _with_officer(raw: Raw, held: sa.Connection, cuts: list[Cut]) -> Raw:
    told: dict[str, int] = dict.fromkeys(("determined", "citizen", "not-same", "otherwise"), 0)
    seconds: list[int] = []
    for cut in cuts:
        if cut.log == COMMON_LOG:
            told, seconds = ledger.partner(held, cut)
    return Raw(raw.counts, raw.seconds, raw.silenced, {**raw.nation, **told}, seconds)


def _places(program: Program, nation: str, found: list[str], at: datetime) -> list[Place]:
    """The jurisdictions that have logs and all that they stand in, the nation first, then by id."""
    wanted = {nation}
    for place in found:
        wanted |= {one.id for one in program.chain(place)} if place in program.jurisdictions else {place}
    return sorted(
        (_place(program, nation, one, at) for one in wanted), key=lambda one: (one.parent != "", one.id)
    )


def _place(program: Program, nation: str, place: str, at: datetime) -> Place:
    if place not in program.jurisdictions:
        return Place(place, "Placed by no rule", "none", nation, "", "NOT_ACTIVATED", "")
    own = program.jurisdictions[place]
    ruling = program.in_force(place, at - timedelta(microseconds=1))
    asked = str(ruling.asked.mode) if ruling.asked else ""
    return Place(place, own.name, own.kind, own.parent, own.fips, str(ruling.mode), asked)
