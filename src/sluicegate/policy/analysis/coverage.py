# SPDX-License-Identifier: Apache-2.0
"""What a program's rows cover: gaps, overlaps, rows that can never decide anything, agencies without a day.

None of this opens a gate. It is what a person who keeps the registry wants to know of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.rows import Period, Row, days
from sluicegate.policy.model import BINDING, Kind
from sluicegate.policy.table import Problems, read


@dataclass(frozen=True, slots=True)
class Gap:
    """From a day up to another nothing but the default holds, after some row had held before."""

    jurisdiction: str
    begins: str
    ends: str
    after: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rows of one jurisdiction that apply at once and name different modes; `rule` prevails over
    `other`."""

    jurisdiction: str
    begins: str
    ends: str
    rule: str
    other: str
    same_level: bool


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A row in force nowhere and never, on which nothing in force stands either, and why."""

    rule: str
    mode: str
    why: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """All of it; `waiting` counts jurisdictions with a time in which nothing was on record yet."""

    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    unreachable: tuple[Unreachable, ...]
    unused_modes: tuple[str, ...]
    waiting: int
    without_agency: int


def coverage(survey: Survey) -> Coverage:
    """Gaps, overlaps and unreachable rows of every jurisdiction of a program."""
    used: set[str] = set()
    gaps: list[Gap] = []
    overlaps: dict[tuple[str, str, str], list[tuple[int, int, bool]]] = {}
    waiting = 0
    for place, periods in survey.periods.items():
        bare = None
        for period in periods:
            row, live = period.row, period.live
            used.add(row.rule.id)
            if len(live) > 2 or row.needs_switch or row.rule.kind is Kind.DEFAULT:
                # Otherwise nothing stands beside the row in force but the default, which always applies.
                _note(used, overlaps, period)
            if row.rule.kind is not Kind.DEFAULT:
                bare = period
            elif bare is None:
                waiting += period is periods[0] and len(periods) > 1
            else:
                gaps.append(Gap(place, *days(period.begins, period.ends), bare.row.rule.id))
    modes = {one.mode for one in survey.program.rules.values() if one.mode}
    return Coverage(
        tuple(_joined(gaps)),
        tuple(_merged(overlaps)),
        tuple(_unreachable(survey, used)),
        tuple(sorted(set(survey.program.modes) - {str(mode) for mode in modes})),
        waiting,
        len(survey.program.jurisdictions) - len(survey.inhabited),
    )


def _note(
    used: set[str], overlaps: dict[tuple[str, str, str], list[tuple[int, int, bool]]], period: Period
) -> None:
    """The activation that others stand on, and rows that apply beside the one in force."""
    row, live = period.row, period.live
    if row.needs_switch:
        on = min((one.begins, one.rule.id) for one in live if one.switches_on)
        used.add(on[1])
    activated = period.on
    for other in live:
        if (
            other.mode == row.mode
            or other.rule.kind is Kind.DEFAULT
            or (other.needs_switch and not activated)
        ):
            continue
        if other.rule.jurisdiction == row.rule.jurisdiction:
            key = (row.rule.jurisdiction, row.rule.id, other.rule.id)
            same = row.rule.level == other.rule.level
            overlaps.setdefault(key, []).append((period.begins, period.ends, same))


def _joined(gaps: Iterable[Gap]) -> Iterator[Gap]:
    last: Gap | None = None
    for one in gaps:
        if last and (last.jurisdiction, last.ends, last.after) == (one.jurisdiction, one.begins, one.after):
            last = Gap(one.jurisdiction, last.begins, one.ends, one.after)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last


def _merged(overlaps: Mapping[tuple[str, str, str], list[tuple[int, int, bool]]]) -> Iterator[Overlap]:
    for (place, rule, other), found in overlaps.items():
        found.sort()
        begins, ends, same = found[0]
        for here, after, _ in found[1:]:
            if here > ends:
                yield Overlap(place, *days(begins, ends), rule, other, same)
                begins = here
            ends = max(ends, after)
        yield Overlap(place, *days(begins, ends), rule, other, same)


def _unreachable(survey: Survey, used: set[str]) -> Iterator[Unreachable]:
    rows = {row.rule.id: row for found in survey.rows.by_place.values() for row in found}
    for rule in survey.program.rules.values():
        if rule.kind in BINDING and rule.id not in used and rule.kind is not Kind.DEFAULT:
            yield Unreachable(rule.id, str(rule.mode), _why(survey, rows.get(rule.id)))


def _why(survey: Survey, row: Row | None) -> str:
    if row is None:
        return "another row supersedes it on the day on which it begins, or before"
    periods = [one for one in survey.periods[row.rule.jurisdiction] if row.begins <= one.begins < row.ends]
    if row.needs_switch and not any(one.on for one in periods):
        return "it would open a gate, and no activation is on record for its time"
    over = sorted({one.row.rule.id for one in periods})
    if row.limits:
        return f"it would open what {', '.join(over)} closes"
    if all(one.row.mode == row.mode for one in periods):
        return f"it only repeats what {', '.join(over)} says"
    return f"it always gives way to {', '.join(over)}"


def located(
    files: Mapping[str, bytes], extra: Mapping[str, bytes] | None = None
) -> dict[str, tuple[str, int]]:
    """File and row (the header is row 1) of every rule and choice, by id; rows that cannot be read are left
    out."""
    found: dict[str, tuple[str, int]] = {}
    for prefix, tables in (("", files), ("overlay/", extra or {})):
        for name in ("rules.csv", "choices.csv"):
            if name in tables:
                for row in read(name, tables[name], Problems(), shown_as=f"{prefix}{name}"):
                    found.setdefault(row["id"], (row.file, row.number))
    return found
