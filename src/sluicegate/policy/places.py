# SPDX-License-Identifier: Apache-2.0
"""Where an agency stands at a moment: dated rows, agencies in several counties, retired ORIs.

An agency that no row places stands nowhere, and nothing of it is shared. Where several jurisdictions in
several time zones are named, the agency stands there only while its row holds in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from graphlib import TopologicalSorter
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
    return datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).astimezone(UTC)


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; `ZoneInfo` itself keeps only a few and reads the others again each time."""
    return ZoneInfo(name)


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
) -> dict[Ori, tuple[Stay, ...]]:
    """Every stay of every ORI. The rows must hold together: no circles among substitutions."""
    chains: dict[str, tuple[Jurisdiction, ...]] = {}
    found: dict[Ori, list[Stay]] = {}
    for agency in agencies:
        homes = (agency.jurisdiction, *agency.also)
        for place in homes:
            if place not in chains:
                chains[place] = chain(place, table)
        found.setdefault(agency.ori, []).append(_stay(agency, [chains[place] for place in homes]))
    _hand_on(found, substitutions)
    return {ori: tuple(ones) for ori, ones in found.items()}


def _hand_on(found: dict[Ori, list[Stay]], substitutions: Sequence[Substitution]) -> None:
    """Add the stays of retired ORIs, successors first, so that what is handed on is whole."""
    steps: dict[Ori, list[Substitution]] = {}
    for one in sorted(substitutions, key=lambda one: one.begins):
        steps.setdefault(one.ori, []).append(one)
    following = {ori: {one.replaced_by for one in ones} for ori, ones in steps.items()}
    for ori in TopologicalSorter(following).static_order():
        own = steps.get(ori, [])
        for step, until in zip(own, [*(one.begins for one in own[1:]), None], strict=False):
            later = found.get(step.replaced_by, [])
            found.setdefault(ori, []).extend(_handed_on(step, until, later))
