# SPDX-License-Identifier: Apache-2.0
"""Refuses a change that falsifies a promise: what the registry asks before two people can put it in force.

A change is given as the program before and the program after it. Rows may only be added. Whatever the program
after breaks that the program before kept is an objection; so is a change of what was known on a day that is
past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.analysis.diff import Change, diff
from sluicegate.policy.analysis.leaks import Found, walk
from sluicegate.policy.analysis.promises import broken, promises
from sluicegate.policy.model import Rule
from sluicegate.policy.program import Program


@dataclass(frozen=True, slots=True)
class Objection:
    """A promise that a change would falsify, where, and why; `jurisdiction` and `rule` may be empty."""

    promise: str
    jurisdiction: str
    rule: str
    why: str


def objections(before: Program, after: Program, *, today: date | None = None) -> tuple[Objection, ...]:
    """Why a change must be refused; empty if nothing speaks against it.

    `today` is the day on which the change would be registered: no added row may claim to have been public
    before it. Without it that is not looked at.
    """
    found = [*_removed(before, after), *_published(before, after, today)]
    kept = {(one.promise, one.jurisdiction, one.why) for one in _broken(before)}
    found += [one for one in _broken(after) if (one.promise, one.jurisdiction, one.why) not in kept]
    found += _rewritten(before, after, today)
    return tuple(found)


def _broken(program: Program) -> Iterator[Objection]:
    survey = Survey(program)
    walked: Found = walk(survey)
    for one in broken(promises(survey, walked)):
        yield Objection(one.promise, one.jurisdiction, one.rule, one.why)


def _removed(before: Program, after: Program) -> Iterator[Objection]:
    """Rows that are gone or altered: the registry only ever grows."""
    for rule in before.rules.values():
        now = after.rules.get(rule.id)
        if now is None or now.version != rule.version:
            why = "a row on record is altered" if now else "a row on record is gone"
            yield Objection("no-back-dating", rule.jurisdiction, rule.id, why)
    for wording in before.wording.values():
        if wording.id not in after.wording or after.wording[wording.id].digest != wording.digest:
            yield Objection("no-back-dating", "", wording.id, "a wording on record is gone or altered")
    for name, mode in before.modes.items():
        if name not in after.modes or after.modes[name].effects != mode.effects:
            yield Objection("choice-at-booking", "", "", f"mode {name} would do something else at a gate")
    for agency in sorted({one.ori for one in set(before.agencies) - set(after.agencies)}):
        yield Objection("no-back-dating", "", "", f"the row of agency {agency} is gone or altered")
    for charge in sorted(set(before.charges.items()) - set(after.charges.items())):
        yield Objection("choice-at-booking", "", "", f"the charge {charge[0]} would be treated otherwise")


def added(before: Program, after: Program) -> list[Rule]:
    """The rules and choices that a change adds."""
    return [rule for rule in after.rules.values() if rule.id not in before.rules]


def _published(before: Program, after: Program, today: date | None) -> Iterator[Objection]:
    for rule in added(before, after):
        if rule.public is None:
            why = "it does not say since when it is public"
            yield Objection("no-back-dating", rule.jurisdiction, rule.id, why)
        elif today is not None and rule.public < today:
            why = f"it claims to have been public on {rule.public.isoformat()}, before it was registered"
            yield Objection("no-back-dating", rule.jurisdiction, rule.id, why)


def _rewritten(before: Program, after: Program, today: date | None) -> Iterator[Objection]:
    """What was known on the day before the change must be what was known: no answer of that day may differ.

    A place that the program did not have had no answer that could differ: its bookings were doubt.
    """
    if today is None:
        return
    eve = today - timedelta(days=1)
    for one in diff(before.known_at(eve), after.known_at(eve)).changes:
        if one.jurisdiction not in before.jurisdictions:
            continue
        why = (
            f"what was known on {eve.isoformat()} of {one.gate} from {one.begins or 'the beginning'} differs"
        )
        yield Objection("no-back-dating", one.jurisdiction, one.after.rule, why)


def openings(before: Program, after: Program, today: date) -> tuple[Change, ...]:
    """The changes that would widen a gate for days that are past on `today`.

    They are no reason to refuse: a booking that was decided stays as it was decided. They are to be shown.
    """
    day = today.isoformat()
    return tuple(one for one in diff(before, after).changes if one.widens and one.begins < day)
