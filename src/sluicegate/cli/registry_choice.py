# SPDX-License-Identifier: Apache-2.0
"""`registry choice`: one dated event of a jurisdiction's choice, with its papers, as a row of choices.csv.

A request, its acknowledgement, its refusal and its entry into force are four events with four dates; none of
them stands for another. What is not given about a legal basis is said in words: none on record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from sluicegate.cli.calls import Call, standard
from sluicegate.cli.registry_signing import deciding, opened, papers_of, put_forward, signing
from sluicegate.errors import UsageError, quoted
from sluicegate.policy.model import CONFIDENCE_WORDS, NO_BASIS, Confidence, Kind
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import Paper
from sluicegate.policy.succession import today
from sluicegate.policy.table import COLUMNS

_WORK = TypeVar("_WORK", bound=Callable[..., Any])
_MODE = "MODE"
_EVENTS: Mapping[str, tuple[Kind, str]] = {
    "request": (Kind.REQUEST, "It asks for this mode; nothing comes into force by that."),
    "agreement": (Kind.AGREEMENT, "It agrees to this mode; nothing comes into force by that."),
    "acknowledge": (Kind.ACKNOWLEDGEMENT, "Somebody says that the request arrived."),
    "refuse": (Kind.REFUSAL, "Somebody says no to the request."),
    "statement": (Kind.STATEMENT, "Somebody says something about it."),
    "in-force": (Kind.ENTRY, "This mode comes into force."),
    "activate": (Kind.ACTIVATION, "The jurisdiction is switched on, with this mode."),
    "override": (Kind.OVERRIDE, "A higher issuer goes on with this mode all the same."),
}
_ASKS = ("request", "agreement")
_BINDS = ("in-force", "activate", "override")


@dataclass(frozen=True, slots=True)
class _Event:
    """Which event it is, and the mode that it names."""

    kind: Kind
    asked: str
    in_force: str


def _events(work: _WORK) -> _WORK:
    for name, (_, says) in reversed(list(_EVENTS.items())):
        given: dict[str, Any] = {"metavar": _MODE} if name in (*_ASKS, *_BINDS) else {"is_flag": True}
        work = click.option(f"--{name}", help=says, **given)(work)
    return work


def _columns(work: _WORK) -> _WORK:
    options = [
        click.option("--jurisdiction", required=True, metavar="ID", help="Whose choice, such as US-CA-075."),
        click.option("--asked", default="", metavar=_MODE, help="What had been asked for, where it binds."),
        click.option("--issuer", required=True, help="Who says so."),
        click.option("--level", required=True, help="Level of the issuer, such as county or federal."),
        click.option("--authority", required=True, help="By what act: a letter, a vote, an order."),
        click.option("--basis", default=NO_BASIS, show_default=True, help="Legal basis."),
        click.option("--wording", required=True, metavar="ID", help="Version of the language at that time."),
        click.option("--valid", required=True, metavar="DATE", help="First day, local to the jurisdiction."),
        click.option("--until", default="", metavar="DATE", help="First day on which it is over."),
        click.option("--public", default="", metavar="DATE", help="Public from [default: today]."),
        click.option("--supersedes", default="", metavar="ID", help="Row that it ends."),
        click.option("--source", default="", metavar="ID", help="Source on file."),
        click.option("--read-in", default="", help="Where it was read; makes a new source."),
        click.option(
            "--confidence",
            default=Confidence.SECONDARY.value,
            show_default=True,
            type=click.Choice([one.value for one in CONFIDENCE_WORDS]),
            help="V: read in a primary text; everything else is shown as unverified.",
        ),
        click.option("--note", default="", help="One line."),
    ]
    for option in reversed(options):
        work = option(work)
    return work


@click.command()
@_columns
@_events
@click.option("--document", "documents", multiple=True, type=click.Path(path_type=Path),
              help="The paper of this event; its SHA-256 goes on record.")  # fmt: skip
@click.option("--why", required=True, help="Why it is registered, in one line.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@deciding
@signing
@standard
def choice(
    call: Call,
    documents: tuple[Path, ...],
    why: str,
    by: str,
    key: Path | None,
    *,
    dry_run: bool,
    yes: bool,
    **given: Any,
) -> None:
    """Propose one dated event of a choice: a request, an answer to it, or its entry into force.

    \b
    Example:
      sluicegate registry choice --jurisdiction US-CA-075 --request JURISDICTION_FILTER
        --issuer "San Francisco Sheriff" --level county --authority "letter" --wording V06
        --valid 2010-08-31 --read-in "letter of 31 Aug 2010" --document letter.pdf
        --why "second request" --by alice
    """
    papers = papers_of(documents)
    with opened(call) as reg:
        program, number = reg.source.load(), len(reg.chain().links)
    rows = rows_of(program, number, given, papers, call.clock()())
    put_forward(call, rows, why, papers, by, key, dry_run=dry_run, yes=yes)


def rows_of(
    program: Program, number: int, given: Mapping[str, Any], papers: tuple[Paper, ...], now: datetime
) -> dict[str, bytes]:
    """The rows of one event by table: choices.csv, and where needed sources.csv and documents.csv.

    Raises UsageError where no event or more than one is named, or no source.
    """
    event = _event(given)
    name = _free(program, number)
    if bool(given["source"]) == bool(given["read_in"]):
        raise UsageError("Name the source on file with --source, or a new one with --read-in.")
    source = given["source"] or f"SRC-{name}"
    public = given["public"] or today(program, given["jurisdiction"], now).isoformat()
    row = {
        "id": name,
        "jurisdiction": given["jurisdiction"],
        "kind": event.kind.value,
        "mode_asked": event.asked,
        "mode_in_force": event.in_force,
        "issuer": given["issuer"],
        "issuer_level": given["level"],
        "authority": given["authority"],
        "legal_basis": given["basis"],
        "wording": given["wording"],
        "valid_from": given["valid"],
        "valid_until": given["until"],
        "public_from": public,
        "supersedes": given["supersedes"],
        "source": source,
        "confidence": given["confidence"],
        "note": given["note"],
    }
    tables = {"choices.csv": [row]}
    if given["read_in"]:
        tables["sources.csv"] = [{"id": source, "locator": given["read_in"], "kind": "document"}]
    if papers:
        tables["documents.csv"] = [
            {
                "id": f"D-{name}-{count}",
                "rule": name,
                "title": paper.title,
                "date": given["valid"],
                "sha256": paper.sha256,
                "source": source,
            }
            for count, paper in enumerate(papers, start=1)
        ]
    return {table: _written(table, listed) for table, listed in tables.items()}


def _event(given: Mapping[str, Any]) -> _Event:
    named = [name for name in _EVENTS if given[name.replace("-", "_")]]
    if len(named) != 1:
        raise UsageError(
            "Name exactly one event.", advice="One of: " + ", ".join(f"--{name}" for name in _EVENTS)
        )
    name = named[0]
    mode = given[name.replace("-", "_")]
    if name in _ASKS:
        return _Event(_EVENTS[name][0], mode, "")
    if name in _BINDS:
        return _Event(_EVENTS[name][0], given["asked"], mode)
    if given["asked"]:
        raise UsageError(f"--asked {quoted(given['asked'])} has no place with --{name}.")
    return _Event(_EVENTS[name][0], "", "")


def _free(program: Program, number: int) -> str:
    """An id that no row has: N and the number of the link."""
    name, more = f"N{number:04d}", 0
    while name in program.rules:
        more += 1
        name = f"N{number:04d}-{more}"
    return name


def _written(table: str, rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[table], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
