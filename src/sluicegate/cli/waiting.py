# SPDX-License-Identifier: Apache-2.0
"""Waits for the answers to what was submitted, by looking at the home, and with a ticket over HTTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sluicegate.cli import sending, story
from sluicegate.cli.calls import REFUSED, WAITS, Call, plain, write_new
from sluicegate.delivery.post import suffix
from sluicegate.errors import UsageError, quoted
from sluicegate.exchange.case import Case, MessageKind, State
from sluicegate.settings import FILE
from sluicegate.store.journal import Store

_LOOK_S = 0.1
_ANSWERS = frozenset({str(MessageKind.SRE), str(MessageKind.ERRT)})


@dataclass(frozen=True, slots=True)
class Awaited:
    """What waiting gave: lines for people, stories as data, and the exit code they amount to."""

    lines: tuple[str, ...]
    documents: tuple[dict[str, object], ...]
    exit_code: int


@dataclass(frozen=True, slots=True)
class Collect:
    """How answers are fetched: from which server (empty: not at all), and into which folder."""

    server: str = ""
    folder: Path | None = None

    def fetch(self, ticket: str) -> tuple[str, ...]:
        """Kinds of the answers that lie ready, written to the folder where there is one."""
        found = sending.answers(self.server, ticket)
        if self.folder is not None and found:
            _make(self.folder)
            for one in found:
                write_new(self.folder / f"{ticket[:26]}-{one.kind}.{suffix(one.kind, one.body)}", one.body)
        return tuple(one.kind for one in found)


def wait_for(
    call: Call,
    tickets: Mapping[str, str],
    refused: Mapping[str, Path | None],
    collect: Collect,
    seconds: float,
) -> Awaited:
    """Wait until every transaction (named by digest) went as far as it goes without a person, or time is up.

    `tickets` fetch answers as `collect` says; `refused` names the file that a folder's refusal is told in.
    """
    deadline = time.monotonic() + seconds
    lines: list[str] = []
    documents: list[dict[str, object]] = []
    code = 0
    for digest, ticket in tickets.items():
        lines.append("")
        if collect.server and not (call.home / FILE).is_file():
            one = _with_ticket(collect, ticket, deadline)
        else:
            one = _in_home(call, digest, refused[digest], deadline)
            one = _fetched(one, collect, ticket)
        lines.extend(one.lines)
        documents.extend(one.documents)
        code = max(code, one.exit_code)
    return Awaited(tuple(lines), tuple(documents), code)


def _in_home(call: Call, digest: str, refusal: Path | None, deadline: float) -> Awaited:
    with call.opened("bureau") as bureau, call.opened("partner") as partner:
        case, told = None, ""
        while True:
            case = bureau.store.case_of_digest(digest)
            if case is None and refusal is not None and refusal.exists():
                told = plain(" ".join(refusal.read_text("utf-8").split()), 400)
            if told or (case and _rests(case, partner.store)) or time.monotonic() > deadline:
                break
            time.sleep(_LOOK_S)
        answered = case is not None and any(
            m.kind in _ANSWERS for m in bureau.store.messages_of(case.case_id)
        )
    if told:
        return Awaited((f"refused: {told}",), ({"refused": told},), REFUSED)
    if case is None:
        return Awaited(("Nothing of it has arrived yet.",), (), WAITS)
    with call.exchange() as exchange:
        lines = tuple(story.render(exchange, case.case_id))
        document: dict[str, object] = dict(story.as_json(exchange, case.case_id))
    return Awaited(lines, (document,), 0 if answered else WAITS)


def _rests(case: Case, partner: Store) -> bool:
    """Whether nothing more happens to a case until a person acts."""
    if case.state in {State.CLOSED, State.AWAITING}:
        return True
    if case.state is not State.SHARED:
        return False
    copy = f"{case.case_id}.{MessageKind.COPY}"
    return any(one.text("reference") == copy for one in partner.cases_in([State.QUERIED]))


def _fetched(one: Awaited, collect: Collect, ticket: str) -> Awaited:
    if not (collect.server and ticket):
        return one
    return Awaited((*one.lines, _told(collect.fetch(ticket))), one.documents, one.exit_code)


def _with_ticket(collect: Collect, ticket: str, deadline: float) -> Awaited:
    """All that can be known from afar: the answers that the ticket fetches."""
    if not ticket:
        return Awaited(("A repeat gets no ticket, so its answer cannot be fetched here.",), (), WAITS)
    while True:
        kinds = collect.fetch(ticket)
        answered = any(kind in _ANSWERS for kind in kinds)
        if answered or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_S)
    return Awaited((_told(kinds),), ({"fetched": list(kinds)},), 0 if answered else WAITS)


def _told(kinds: tuple[str, ...]) -> str:
    return f"fetched with the ticket: {', '.join(kinds) or 'nothing yet'}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {quoted(str(folder), 200)} cannot be made: {error.strerror}."
        ) from error
