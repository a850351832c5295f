# SPDX-License-Identifier: Apache-2.0
"""Asks the witnesses of a policy to cosign what is published, and says whether it is final."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import trust
from sluicegate.cli.calls import NOT_HELD, WAITS, Call, busy, leave, plain, standard, table
from sluicegate.ledger.cosign import moment
from sluicegate.witness import client
from sluicegate.witness.client import Asked, Collected
from sluicegate.witness.publishing import gather
from sluicegate.witness.record import Record

_RECORD = "cosignatures.db"


@click.command()
@click.option(
    "--policy", type=click.Path(path_type=Path), help="Whom to ask [default: witnesses.txt of the home]."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=client.TIMEOUT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for all of them together.",
)
@standard
def cosign(call: Call, policy: Path | None, timeout: float) -> None:
    """Ask the witnesses of a policy to cosign the published checkpoint, and put their word under it.

    A witness that does not answer stops nobody. Exit code 0 where the checkpoint is final, 6 where
    too few cosigned, 4 where a witness says that it was shown another history.

    \b
    Example:
      sluicegate ledger cosign --policy witnesses.txt
    """
    call.need_home()
    read, text = trust.policy(trust.policy_path(call, policy))
    now = call.clock()
    record = Record(call.home / _RECORD)
    try:
        with busy(f"asking {len(read.witnesses)} witness(es)"):
            found = gather(
                call.home / "public",
                read,
                client.addresses(text),
                record,
                clock=lambda: int(now().timestamp()),
                timeout_s=timeout,
            )
    finally:
        record.close()
    call.show(_document(found), *_lines(found))
    leave(NOT_HELD if found.alarms else 0 if found.finality.final else WAITS)


def _document(found: Collected) -> dict[str, object]:
    times = dict(found.finality.signed)
    return {
        "log": found.checkpoint.origin,
        "size": found.checkpoint.size,
        "final": found.finality.final,
        "needed": found.finality.needed,
        "fewest_missing": found.finality.fewest,
        "witnesses": [
            {
                "name": one.witness,
                "outcome": one.outcome.value,
                "time": times.get(one.witness),
                "said": one.said,
            }
            for one in found.asked
        ],
        "alarms": [one.witness for one in found.alarms],
        "words": found.finality.words,
    }


def _lines(found: Collected) -> list[RenderableType]:
    times = dict(found.finality.signed)
    shown = table("witness", "outcome", "cosigned at", "what happened")
    for one in found.asked:
        when = moment(times[one.witness]) if one.witness in times else "not"
        shown.add_row(plain(one.witness), one.outcome.value, when, plain(one.said, 200))
    head = f"checkpoint of {plain(found.checkpoint.origin, 200)}, {found.checkpoint.size:,} entries"
    return [head, "", shown, "", found.finality.words, *map(_alarm, found.alarms)]


def _alarm(one: Asked) -> str:
    return (
        f"ALARM: of {plain(one.witness)}: {one.said}. Ask it for that checkpoint and run: "
        "sluicegate witness compare THEIRS public/checkpoint --tiles public"
    )


def show_asked(call: Call) -> None:
    """How the witnesses of this exchange last answered, and the line by which a policy names its log."""
    own = trust.home_key(call)
    master = trust.named(own, own.name + trust.MASTER) if own else None
    record = Record(call.home / _RECORD)
    try:
        contacts = record.contacts(master.name) if master else {}
    finally:
        record.close()
    shown = table("witness", "asked last", "entries", "outcome", "what happened", right=("entries",))
    for one in contacts.values():
        shown.add_row(plain(one.witness), moment(one.at), f"{one.size:,}", one.outcome, plain(one.said, 200))
    document = {
        "log": str(master),
        "contacts": [
            {"name": one.witness, "at": one.at, "size": one.size, "outcome": one.outcome, "said": one.said}
            for one in contacts.values()
        ],
    }
    nobody = "No witness was asked yet: sluicegate ledger cosign --policy witnesses.txt"
    call.show(document, f"In a policy: log {master}", "", shown if contacts else nobody)
