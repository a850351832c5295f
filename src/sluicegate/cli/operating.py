# SPDX-License-Identifier: Apache-2.0
"""`status` and `alerts`: what the operator of an installation watches."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

import click

from sluicegate import settings
from sluicegate.cli.calls import Call, plain, standard, table
from sluicegate.cli.moments import age
from sluicegate.cli.running import running
from sluicegate.store.journal import moment, stamp

_ROLES = ("bureau", "partner", "state")


@click.command()
@standard
def status(call: Call) -> None:
    """Show states and counts, the oldest queued message, and alerts. For the bureau's operator only.

    \b
    Example:
      sluicegate status
    """
    call.need_home()
    now = call.clock()()
    running_now = running(call.home)
    served = asdict(running_now) if running_now else None
    states = table("role", "state", "cases", right=("cases",))
    queues = table("role", "queued", "oldest", "trouble", right=("queued",))
    document: dict[str, object] = {"served": served, "program": settings.load(call.home).program}
    alerts = 0
    for role in _ROLES:
        with call.opened(role) as office:
            counts = {str(row["state"]): int(row["n"]) for row in office.store.rows("counts")}
            queued = [one for one in office.store.messages() if one.state == "queued"]
            alerts += len(office.store.rows("alerts"))
        for name, count in counts.items():
            states.add_row(role, name, str(count))
        oldest = min((one.created for one in queued), default=None)
        trouble = next((one.trouble for one in queued if one.trouble), "")
        queues.add_row(role, str(len(queued)), age(oldest, now) if oldest else "", plain(trouble))
        document[role] = {
            "states": counts,
            "queued": len(queued),
            "oldest": stamp(oldest) if oldest else None,
            "trouble": trouble,
        }
    serving = f"served by process {served['pid']}" if served else "not served: nothing moves"
    tail = f"{alerts} alert(s)" + (": sluicegate alerts" if alerts else "")
    call.show({**document, "alerts": alerts}, f"{call.home}: {serving}", "", states, "", queues, "", tail)


@click.command()
@click.option("--role", type=click.Choice(_ROLES), help="Only this role's.")
@standard
def alerts(call: Call, role: str | None) -> None:
    """List what a person must look at: whatever was denied for doubt, or keeps failing.

    \b
    Example:
      sluicegate alerts
    """
    shown = table("at", "role", "what")
    listed: list[tuple[datetime, str, str, str | None]] = []
    for one in (role,) if role else _ROLES:
        with call.opened(one) as office:
            rows = office.store.rows("alerts")
        listed += [(moment(row["at"]), one, str(row["reason"]), row["case_id"]) for row in rows]
    for at, whose, reason, _ in sorted(listed, key=lambda entry: entry[0]):
        shown.add_row(f"{at:%Y-%m-%d %H:%M:%S}", whose, plain(reason, 300))
    document = [{"at": stamp(a), "role": r, "reason": t, "case": c} for a, r, t, c in listed]
    call.show({"alerts": document}, shown if listed else "No alerts.")
