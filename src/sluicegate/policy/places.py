# SPDX-License-Identifier: Apache-2.0
"""Where an agency stands at a moment: dated rows, agencies in several counties, retired ORIs.

An agency that no row places stands nowhere, and nothing of it is shared. Where several jurisdictions in
several time zones are named, the agency stands there only while its row holds in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sluicegate.policy.model import Agency, Jurisdiction, Substitution
from sluicegate.terms import Ori

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placement:
    """An agency and the jurisdictions it stands in, its own first, the nation last.

    `several` is every jurisdiction of an agency that has more than one, in the order of the row, and empty
    for all others. `retired` holds the steps from a retired ORI to the agency that now stands for it.
    """

    agency: Agency
    jurisdiction: Jurisdiction
    chain: tuple[Jurisdiction, ...]
    several: tuple[Jurisdiction, ...] = ()
    retired: tuple[Substitution, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """A placement from an instant up to, not including, another (UTC)."""

    begins: datetime
    ends: datetime
    placement: Placement


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC.

    Where clocks skip midnight it is the instant of the skip, where they repeat it the first of the two. A day
    that a place never had (it moved over the date line) begins where the next one does.
    """
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def chain(place: str, table: Mapping[str, Jurisdiction]) -> tuple[Jurisdiction, ...]:
    """A jurisdiction and all it stands in, the nation last."""
    found = []
    while place:
        found.append(table[place])
        place = table[place].parent
    return tuple(found)


def _stay(agency: Agency, chains: Sequence[tuple[Jurisdiction, ...]]) -> Stay:
    firsts = [places[0] for places in chains]
    begins = (
        max((midnight(agency.begins, one.zone) for one in firsts), default=FIRST) if agency.begins else FIRST
    )
    ends = min((midnight(agency.ends, one.zone) for one in firsts), default=LAST) if agency.ends else LAST
    several = tuple(firsts) if len(firsts) > 1 else ()
    return Stay(begins, ends, Placement(agency, firsts[0], chains[0], several))


def _handed_on(step: Substitution, until: date | None, later: Sequence[Stay]) -> list[Stay]:
    """The stays of a successor as those of the ORI it replaces, from one day up to another."""
    found = []
    for stay in later:
        zone = stay.placement.jurisdiction.zone
        begins = max(stay.begins, midnight(step.begins, zone))
        ends = min(stay.ends, midnight(until, zone)) if until else stay.ends
        if begins < ends:
            steps = (step, *stay.placement.retired)
            found.append(Stay(begins, ends, replace(stay.placement, retired=steps)))
    return found


def stays(
    agencies: Sequence[Agency], substitutions: Sequence[Substitution], table: Mapping[str, Jurisdiction]
) -> dict[str, tuple[Stay, ...]]:
    """Every stay of every ORI. The rows must hold together: no circles among substitutions."""
    chains: dict[str, tuple[Jurisdiction, ...]] = {}
    found: dict[str, list[Stay]] = {}
    for agency in agencies:
        for place in (agency.jurisdiction, *agency.also):
            if place not in chains:
                chains[place] = chain(place, table)
        own = [chains[place] for place in (agency.jurisdiction, *agency.also)]
        found.setdefault(agency.ori, []).append(_stay(agency, own))
    steps: dict[str, list[Substitution]] = {}
    for one in sorted(substitutions, key=lambda one: one.begins):
        steps.setdefault(one.ori, []).append(one)
    done: set[Ori] = set()

    def follow(ori: Ori) -> list[Stay]:
        if ori not in done:
            done.add(ori)
            own = steps.get(ori, [])
            for step, after in zip(own, [*own[1:], None], strict=True):
                later = follow(step.replaced_by)
                found.setdefault(ori, []).extend(_handed_on(step, after.begins if after else None, later))
        return found.get(ori, [])

    for ori in [one.ori for one in substitutions]:
        follow(ori)
    return {ori: tuple(ones) for ori, ones in found.items()}
