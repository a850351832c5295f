# SPDX-License-Identifier: Apache-2.0
"""Dates and moments as they are typed on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def typed(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A callback for options: a date (noon in UTC is meant) or an RFC 3339 moment, in UTC.

    Raises click.BadParameter.
    """
    if value is None:
        return None
    try:
        if _DAY.fullmatch(value):
            return datetime.fromisoformat(value).replace(tzinfo=UTC) + timedelta(hours=12)
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise click.BadParameter("write it as 2010-11-15, or as 2010-11-15T12:00:00Z")


def age(since: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
