# SPDX-License-Identifier: Apache-2.0
"""`queue`: what waits for a person, and the person's word. No status is determined without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import click

from sluicegate.app import Office
from sluicegate.cli.calls import Call, plain, standard, table
from sluicegate.cli.moments import age
from sluicegate.cli.running import is_served
from sluicegate.ebts.submission import partial
from sluicegate.errors import UsageError
from sluicegate.exchange import correcting
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.envelopes import read_copy
from sluicegate.exchange.stages import relied
from sluicegate.exchange.stages.correct import given, standing
from sluicegate.exchange.stages.partner import NOT_SAME, STATUSES
from sluicegate.exchange.stages.relied import SOURCES
from sluicegate.itl.detect import peek_any, read_any
from sluicegate.store.journal import stamp

WORDS = {**STATUSES, NOT_SAME: "The candidate is another person; nothing goes back."}
"""Statuses that a status officer can determine, and their words."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One case that waits for a person."""

    role: str
    case: str
    since: datetime
    tcn: str
    agency: str
    candidates: tuple[str, ...]
    known: str  # about the person; empty unless asked for

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "role": self.role,
            "case": self.case,
            "since": stamp(self.since),
            "tcn": self.tcn,
            "agency": self.agency,
            "candidates": list(self.candidates),
            "known": self.known,
        }


@click.group(invoke_without_command=True)
@click.option("--role", type=click.Choice(["examiner", "officer"]), help="Whose queue [default: both].")
@click.option("--personal", is_flag=True, help="Show what the booking says about the person.")
@standard
@click.pass_context
def queue(ctx: click.Context, call: Call, role: str | None, personal: bool) -> None:
    """List what waits for an examiner of the bureau or for a status officer of the partner.

    \b
    Example:
      sluicegate queue --role officer
      sluicegate queue decide 015H80SN246G0H3P4WARW7NN17 --status citizen --by "officer 7"
    """
    if ctx.invoked_subcommand is not None:
        return
    waiting = [
        *(_of_examiner(call, personal=personal) if role != "officer" else []),
        *(_of_officer(call, personal=personal) if role != "examiner" else []),
    ]
    now = call.clock()()
    shown = table("role", "waits", "case", "TCN", "agency", "candidates", *(["known"] if personal else []))
    for one in waiting:
        row = [one.role, age(one.since, now), one.case, plain(one.tcn), plain(one.agency)]
        shown.add_row(*row, "; ".join(one.candidates), *([one.known] if personal else []))
    empty = "Nothing waits for a person."
    call.show({"waiting": [one.document() for one in waiting]}, shown if waiting else empty)


def _of_examiner(call: Call, *, personal: bool) -> list[Waiting]:
    with call.opened("bureau") as office:
        return [
            Waiting(
                "examiner",
                case.case_id,
                case.received,
                case.tcn,
                case.cri or case.ori,
                _candidates(case),
                _known(office.spool.get(case.digest)) if personal else "",
            )
            for case in office.store.cases_in([State.AWAITING])
        ]


def _of_officer(call: Call, *, personal: bool) -> list[Waiting]:
    with call.opened("partner") as office:
        return [_query(office, case, personal=personal) for case in office.store.cases_in([State.QUERIED])]


def _query(office: Office, case: Case, *, personal: bool) -> Waiting:
    transaction = read_copy(office.spool.get(case.digest)).transaction
    header = peek_any(transaction)
    return Waiting(
        "officer",
        case.case_id,
        case.received,
        header.tcn if header else "",
        header.ori if header else "",
        _candidates(case),
        _known(transaction) if personal else "",
    )


def _candidates(case: Case) -> tuple[str, ...]:
    listed = case.noted("candidates")
    told = []
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one.get("similarity"), int):
            fingers = f" over {one['fingers']} finger(s)" if "fingers" in one else ""
            told.append(f"{plain(one['subject'])} {int(str(one['similarity'])) / 1000:.1f}{fingers}")
    return tuple(told)


def _known(transaction: bytes) -> str:
    said = partial(read_any(transaction).transaction)
    parts = {"NAM": said.nam, "DOB": " ".join(said.dob), "SEX": said.sex, "POB": said.pob}
    return ", ".join(f"{name} {plain(value)}" for name, value in parts.items() if value)


@queue.command()
@click.argument("case_id", metavar="CASE")
@click.option("--same", "same", flag_value="same", help="Examiner: the best candidate is this person.")
@click.option(
    "--different", "same", flag_value="different", help="Examiner: the candidate is another person."
)
@click.option("--status", type=click.Choice(list(WORDS)), help="Status officer: what was determined.")
@click.option("--source", type=click.Choice(list(SOURCES)), help="Status officer: what was relied on.")
@click.option("--dated", metavar="DAY", help="Date of the record that was relied on.")
@click.option("--by", required=True, help="Who decides; it goes into the ledger.")
@standard
def decide(
    call: Call,
    case_id: str,
    same: str | None,
    status: str | None,
    source: str | None,
    dated: str | None,
    by: str,
) -> None:
    """Give a person's word on a waiting case: an examiner's, or a status officer's.

    \b
    Example:
      sluicegate queue decide 015H80SN246G0H3P4WARW7NN17 --same --by "examiner 3"
      sluicegate queue decide 015H80SN246G0H3P4WARW7NN17 --status citizen --by "officer 7"
    """
    if (same is None) == (status is None):
        raise UsageError(
            "Say one thing: --same or --different as an examiner, or --status as a status officer."
        )
    if (source is None) != (dated is None) or (source and same):
        raise UsageError("--source and --dated go together, and with --status.")
    _check_name(by)
    on = relied.typed(source, dated) if source and dated else None
    with call.exchange() as exchange:
        if same is not None:
            case = exchange.bureau.examine(case_id, same=same == "same", by=by)
            said = f"An examiner, {plain(by)}, says: {same}."
        else:
            case = exchange.partner.determine(case_id, status=str(status), by=by, relied=on)
            said = f"A status officer, {plain(by)}, determined: {status}. {WORDS[str(status)]}"
    moves, after = _after(call)
    call.show({"case": case.case_id, "state": str(case.state), "said": said, "served": moves}, said, after)


def _check_name(by: str) -> None:
    if not (by.strip() and by.isprintable() and len(by) <= 80):
        raise UsageError("--by is a name of at most 80 printable characters.")


def _after(call: Call) -> tuple[bool, str]:
    """Whether the exchange is served, and in words what happens next."""
    moves = is_served(call.home)
    stands = f"It goes on when served: sluicegate serve --home {call.home}"
    return moves, "The exchange goes on with it now." if moves else stands


@queue.command()
@click.argument("case_id", metavar="CASE")
@click.option("--status", required=True, type=click.Choice(list(WORDS)), help="What is right.")
@click.option("--source", required=True, type=click.Choice(list(SOURCES)), help="What was relied on.")
@click.option("--dated", required=True, metavar="DAY", help="Date of the record that was relied on.")
@click.option("--by", required=True, help="Who corrects; it goes into the ledger.")
@standard
def correct(call: Call, case_id: str, status: str, source: str, dated: str, by: str) -> None:
    """Correct a determined answer that was wrong: everybody who got it gets the new one, and nobody else.

    CASE is the partner's case of the copy. The first determination stays in the ledger; this one names it.

    \b
    Example:
      sluicegate queue correct 015H80SN246G0H3P4WARW7NN17 --status citizen --source citizenship-record \\
          --dated 2009-03-31 --by "officer 7"
    """
    _check_name(by)
    on = relied.typed(source, dated)
    with call.exchange() as exchange:
        before = standing(exchange.partner.store.case(case_id))
        case = correcting.correct(exchange.partner, case_id, status=status, by=by, relied=on)
    number = len(given(case))
    said = f"Correction {number} by a status officer, {plain(by)}: {status} instead of {before}."
    moves, after = _after(call)
    document = {"case": case.case_id, "correction": number, "was": before, "status": status, "served": moves}
    call.show(document, said, WORDS[status], after)
