# SPDX-License-Identifier: Apache-2.0
"""`audit absent`: proves from public files alone that a booking is not among those that were shared."""

from __future__ import annotations

from pathlib import Path

import click

from sluicegate.cli.calls import WAITS, Call, busy, leave, read_bytes, standard, write_new
from sluicegate.errors import LedgerError, Missing, UsageError, VerifyError
from sluicegate.ledger import absence, checkpoint, keys
from sluicegate.ledger import statement as statements
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.absence import Stated
from sluicegate.ledger.holding import holding
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.verify import Receipt, VerifierKey
from sluicegate.store.days import read_day
from sluicegate.store.master import MASTER_LOG
from sluicegate.store.public import open_log
from sluicegate.store.publish import read_file

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command("absent")
@click.argument("receipt", type=_FILE)
@click.option("--public", type=_FOLDER, metavar="FOLDER", help="Public folder of the bureau, to prove from.")
@click.option("--proof", type=_FILE, help="A proof made before, to verify: needs no folder.")
@click.option("--key", type=_FILE, help="Public key of the bureau [default: of this home].")
@click.option("--policy", type=_FILE, help="Witnesses to trust (C2SP tlog-policy).")
@click.option("--out", type=_FILE, help="Write the proof to a new file, to hand on.")
@standard
def audit_absent(
    call: Call,
    receipt: Path,
    public: Path | None,
    proof: Path | None,
    key: Path | None,
    policy: Path | None,
    out: Path | None,
) -> None:
    """Prove, or verify a proof, that the booking of a receipt was not shared. Needs no network.

    With --public the proof is made of the public folder; with --proof one made before is verified. Exit code
    4 where the booking was shared or anything does not hold, 6 where its day is not told yet, or it is
    pending and may be shared yet.

    \b
    Example:
      sluicegate audit absent receipt.txt --public ./public --out absent.txt
      sluicegate audit absent receipt.txt --proof absent.txt --key bureau-ledger.key.pub
    """
    if (public is None) == (proof is None):
        raise UsageError("Name the public folder, or a proof to verify.", advice="--public or --proof")
    own = keys.load_public(key or keys.public_path(call.home / "keys" / "bureau-ledger.key"))
    with holding():
        trusted = standalone.read_policy(read_bytes(policy)) if policy is not None else None
        held = standalone.booking_of(read_bytes(receipt), own, trusted)
    if public is not None:
        with busy("reading the public folder"):
            text = _made(public, held, own)
    else:
        assert proof is not None, "one of the two is given"
        text = read_bytes(proof).decode("utf-8", "replace")
    shown = absence.verified(text, own, trusted, held)
    lines = standalone.absence_report(shown)
    if out is not None:
        write_new(out, text.encode("utf-8"))
        lines = [*lines, f"Wrote {out}, {len(text.encode('utf-8')):,} bytes."]
    document = {
        "verified": True,
        "absent_from": "shared",
        "among": shown.name,
        "element": shown.element.hex(),
        "day": dict(shown.day),
        "cosigned": {name: standalone.moment(time) for name, time in shown.cosigned.items()},
    }
    call.show(document, *lines)
    leave(WAITS if shown.name != "withheld" else 0)


def _made(folder: Path, held: Receipt, own: VerifierKey) -> str:
    """The proof for a verified receipt. Raises VerifyError where it was shared or the folder does not hold,
    Missing where no statement tells its day yet."""
    master = open_log(folder, MASTER_LOG, own)
    note = (read_file(folder / "checkpoint") or b"").decode("utf-8", "replace")
    log = held.stated.log if held.stated else checkpoint.parse(held.checkpoint_note).origin
    jurisdiction = log.removeprefix(f"{own.name}/").removesuffix("/withheld")
    body = held.entry["body"]
    received = str(body.get("received")) if isinstance(body, dict) else ""
    found: tuple[int, Statement] | None = None
    for number, data in enumerate(master.entries()):
        try:
            said = statements.decode(data)
        except LedgerError:  # of a kind that a later version states
            continue
        if said.kind is StatementKind.DAY and said.subject == jurisdiction and _holds(said, received):
            found = number, said
    if found is None:
        raise Missing(
            "The day of this booking is not told yet.",
            advice="It is told when it is over and everything received in it is decided.",
        )
    number, said = found
    day = read_day(folder, said)
    try:
        return absence.compose(
            absence.element_of(held), day, Stated(said, number, master.inclusion(number), note)
        )
    except VerifyError:
        raise
    except LedgerError as error:
        raise VerifyError(error.message, advice=error.advice) from None


def _holds(said: Statement, received: str) -> bool:
    return str(said.parts.get("begins")) <= received < str(said.parts.get("ends"))
