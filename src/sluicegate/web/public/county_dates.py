# SPDX-License-Identifier: Apache-2.0
"""The day that a visitor asks about, and whose knowledge; what cannot be read is never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sluicegate.policy.places import zone_of
from sluicegate.policy.program import Program

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_DAY = {"malformed", "nosuch"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says.

    Attributes:
        on: the day asked about; None where it cannot be answered.
        text: what stands in the field; empty where it is no day.
        then: whether only what was public by the end of that day counts.
        problem: key of the words that say what is wrong with the day, or empty.
        first: the earliest day that is answered.
        today: the latest: today in the place.
    """

    on: date | None
    text: str
    then: bool
    problem: str
    first: date
    today: date

    @property
    def is_today(self) -> bool:
        """Whether the day asked about is today in the place."""
        return self.on == self.today

    @property
    def query(self) -> str:
        """The part of an address after `?` that asks exactly this, also tomorrow."""
        return f"on={self.on}&known={'then' if self.then else 'now'}"


def earliest(program: Program) -> date:
    """New Year's Day of the year of the first rule or wording on record."""
    days = [one.begins for one in program.rules.values()] + [one.begins for one in program.wording.values()]
    return min((one for one in days if one), default=date(2000, 1, 1)).replace(month=1, day=1)


def asked(query: Mapping[str, str], program: Program, now: datetime, zone: str) -> Asked:
    """The day and knowledge that a query asks for, in a place's time zone; today where it asks for none."""
    today, first = now.astimezone(zone_of(zone)).date(), earliest(program)
    text, then = query.get("on", "").strip(), query.get("known") == "then"
    on, problem = (today, "") if not text else _read(text, first, today)
    shown = "" if problem in _NO_DAY else text or today.isoformat()
    return Asked(on, shown, then, problem, first, today)


def _read(text: str, first: date, today: date) -> tuple[date | None, str]:
    if not _DAY.fullmatch(text):
        return None, "malformed"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, "nosuch"
    if day > today:
        return None, "future"
    if day < first:
        return None, "early"
    return day, ""


def noon(day: date, zone: str) -> datetime:
    """Noon of a local day, in UTC: rules begin at local midnight, so it stands for the whole day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone_of(zone)).astimezone(UTC)
