# SPDX-License-Identifier: Apache-2.0
"""`expunge` and `attestation`: destroy what is held of a booking, and show a signed word that it is so."""

from __future__ import annotations

from pathlib import Path

import click

from sluicegate.cli.calls import WAITS, Call, busy, leave, plain, standard, table, write_new
from sluicegate.cli.finding import booking
from sluicegate.errors import Missing, UsageError
from sluicegate.exchange.case import EMPTIED, Case
from sluicegate.exchange.stages.expunge import WHY, Order, subject_of


@click.command()
@click.argument("name", metavar="TCN|CASE")
@click.option("--why", required=True, type=click.Choice(list(WHY)), help="Reason; it is public.")
@click.option("--by", required=True, metavar="WHO", help="Who ordered it; it is public: no subject's name.")
@click.option("--yes", is_flag=True, help="Do not ask: what is destroyed cannot be brought back.")
@standard
def expunge(call: Call, name: str, why: str, by: str, yes: bool) -> None:
    """Destroy everything that is held of a booking, wherever a copy went, in backups too.

    Prints, received bytes, answers, names and numbers, contents and salts of its ledger entries go; the
    commitments stay, so that every receipt and every other proof still verifies. Give the case id to go on
    with an expunction that was interrupted, or to expunge a sealed booking.

    \b
    Example:
      sluicegate expunge VA0070000-0001 --why court-order --by "Superior Court 12" --yes
    """
    order = Order(why, by)
    with call.exchange() as exchange:
        case = booking(exchange.bureau.store, name)
        if not yes:
            if call.as_json:
                raise UsageError("With --json nobody can be asked.", advice="Add --yes.")
            click.confirm(f"Destroy everything held of case {case.case_id}, for ever?", abort=True, err=True)
        with busy("destroying, and writing the databases anew"):
            done = exchange.expungers["bureau"].expunge(case.case_id, order)
    told, heard = notices(done)
    lines = [
        f"Expunged case {done.case_id}. Its entries are empty, its commitments stay in the ledger.",
        "The master log states the act, its reason and who ordered it, and no word of the booking.",
        waits(told, heard),
        f"To show it: sluicegate attestation {done.case_id}",
    ]
    document = {"case": done.case_id, "state": str(done.state), "why": why, "by": by, "notices": list(told)}
    call.show(document, *lines)


def notices(case: Case) -> tuple[list[str], dict[str, str]]:
    """The notices that a case's end caused, and the attestations that came back, by reference."""
    told, heard = case.noted("notices"), case.noted("attested")
    return (
        [str(one) for one in told] if isinstance(told, list) else [],
        {name: str(text) for name, text in heard.items()} if isinstance(heard, dict) else {},
    )


def waits(told: list[str], heard: dict[str, str]) -> str:
    """In words, who was told and who has not attested."""
    if not told:
        return "Nothing of it had left for the partner or the state, so nobody is told."
    waiting = len(told) - len(heard)
    if waiting:
        return f"{len(told)} notice(s) to others that took something; {waiting} NOT ATTESTED there yet."
    return f"{len(told)} notice(s) to others that took something, each attested by its receiver."


@click.command()
@click.argument("case_id", metavar="CASE")
@click.option("--out", type=click.Path(path_type=Path), help="Write the attestation here, byte for byte.")
@standard
def attestation(call: Call, case_id: str, out: Path | None) -> None:
    """Show the signed word that a booking was expunged or sealed, here and wherever something of it had gone.

    Exit code 6 while another installation has not attested yet.

    \b
    Example:
      sluicegate attestation 00W5N2T3J8XKZ4QH6YB1C7DVFR --out attestation.txt
    """
    with call.opened("bureau") as office:
        case = office.store.case(case_id)
    if case.state not in EMPTIED:
        raise Missing(f"That booking was not expunged or sealed: it is {case.state}.")
    told, heard = notices(case)
    texts = [case.text("attestation"), *heard.values()]
    if out is not None:
        write_new(out, "\n".join(texts).encode("utf-8"))
    rows = table("notice", "attested")
    for one in told:
        rows.add_row(plain(one), "yes" if subject_of(one) in heard else "NOT YET")
    document = {"case": case.case_id, "attestations": texts, "waiting": len(told) - len(heard)}
    call.show(document, *texts, *([rows] if told else []), waits(told, heard))
    leave(WAITS if len(heard) < len(told) else 0)
