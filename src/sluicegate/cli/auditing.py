# SPDX-License-Identifier: Apache-2.0
"""`audit check` derives the ledgers again and reconciles both sides; `verify` verifies one receipt."""

from __future__ import annotations

import time
from pathlib import Path

import click

from sluicegate.cli import published
from sluicegate.cli.calls import (
    NOT_HELD,
    WAITS,
    Call,
    busy,
    leave,
    plain,
    read_bytes,
    standard,
    table,
    write_new,
)
from sluicegate.cli.reconcile import Reconciled, Side, reconcile
from sluicegate.cli.running import is_served
from sluicegate.errors import LedgerError, UsageError
from sluicegate.exchange.case import State
from sluicegate.ledger import checkpoint, keyring, keys
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.holding import holding
from sluicegate.ledger.receipt import Receipt
from sluicegate.ledger.verify import Policy, VerifierKey

_FILE = click.Path(path_type=Path)
_ROLES = ("bureau", "partner", "state")
_LOOKS = 3  # beside a running server a row can be newer than the one it is compared with
_PAUSE_S = 0.7


@click.group()
def audit() -> None:
    """Audit an installation.

    \b
    Example:
      sluicegate audit check
    """


@audit.command()
@standard
def check(call: Call) -> None:
    """Derive every ledger again and compare what bureau, partner and state say of each other.

    Exit code 4 where anything differs; every difference is named.

    \b
    Example:
      sluicegate audit check --json
    """
    call.need_home()
    with busy("deriving the ledgers"):
        sizes, found = look(call)
        for _ in range(_LOOKS - 1):
            if not found.differences or not is_served(call.home):
                break
            time.sleep(_PAUSE_S)
            sizes, found = look(call)
    logs = table("role", "log", "entries", right=("entries",))
    for role, held in sizes.items():
        for name, size in held.items():
            logs.add_row(role, plain(name), str(size))
    counts = table("count", "bookings", right=("bookings",))
    for name, count in found.counts.items():
        counts.add_row(name, str(count))
    verdict = "Everything adds up." if not found.differences else f"{len(found.differences)} difference(s):"
    document = {"logs": sizes, "counts": dict(found.counts), "differences": list(found.differences)}
    call.show(document, logs, "", counts, "", verdict, *found.differences)
    leave(NOT_HELD if found.differences else 0)


def look(call: Call) -> tuple[dict[str, dict[str, int]], Reconciled]:
    """One look at all roles. The receivers are read first: what they hold, the sender must know of."""
    sizes: dict[str, dict[str, int]] = {}
    sides: dict[str, Side] = {}
    broken: list[str] = []
    for role in ("state", "partner", "bureau"):
        with call.opened(role) as office:
            try:
                sizes[role] = office.store.log.check()
            except LedgerError as error:
                sizes[role] = {}
                broken.append(f"The ledger of the {role}: {error.message}")
            cases = {case.case_id: case for case in office.store.cases_in(State)}
            messages = {one.message_id: one for one in office.store.messages()}
            sides[role] = Side(tuple(office.store.rows("all_entries")), cases, messages)
    found = reconcile(sides["bureau"], sides["partner"], sides["state"])
    ordered = {role: sizes[role] for role in _ROLES}
    return ordered, Reconciled(found.counts, (*broken, *found.differences))


@click.command()
@click.argument("receipt", type=click.Path(path_type=Path))
@click.option("--key", type=_FILE, help="Public key of the bureau [default: of this home].")
@click.option("--policy", type=_FILE, help="Witnesses to trust, for a final receipt (C2SP tlog-policy).")
@click.option("--public", type=_FILE, metavar="FOLDER", help="A public folder to hold the receipt against.")
@click.option("--history", "keys_told", type=_FILE, metavar="FILE", help="Key history; --key is its first.")
@click.option("--final", "out", type=_FILE, metavar="FILE", help="With --public: write the final receipt.")
@standard
def verify(
    call: Call,
    receipt: Path,
    key: Path | None,
    policy: Path | None,
    public: Path | None,
    keys_told: Path | None,
    out: Path | None,
) -> None:
    """Verify a receipt: its words, its place in the ledger, who signed that ledger. Needs no network.

    A receipt that was made at once becomes final once its day is public and witnesses have cosigned: give
    the public folder, and the final receipt is made of it, verified, and with --final written to a file.

    \b
    Example:
      sluicegate verify receipt.txt --key bureau-ledger.key.pub
      sluicegate verify receipt.txt --public ./public --policy witnesses.txt --final final.txt
    """
    if out is not None and public is None:
        raise UsageError("The final receipt needs the public folder.", advice="Name it with --public FOLDER.")
    data = read_bytes(receipt)
    with holding():
        trusted = standalone.read_policy(read_bytes(policy)) if policy is not None else None
    own = _of_history(data, keys_told, key) if keys_told is not None else _bureau(call, key, trusted)
    if public is None:
        held = receipts.verify(data, str(own) if own else None, trusted)
        call.show(_document(held), *standalone.report(held, own))
        return
    if own is None:
        raise UsageError(
            "The public folder is read with the bureau's key.", advice="Name it with --key FILE."
        )
    final, notes = _final(data, public, own, trusted)
    if final is None:
        held = receipts.verify(data, str(own))
        notes = ["NOT FINAL YET: the entry is not public yet. It will be when its day is over and published."]
    else:
        held = receipts.verify(final, str(own), trusted)
    if out is not None and final is not None:
        write_new(out, final)
        notes = [*notes, f"Wrote {out}."]
    call.show(_document(held) | {"notes": notes}, *standalone.report(held, own), *notes)
    leave(WAITS if final is None else 0)


def _of_history(data: bytes, told: Path, first: Path | None) -> VerifierKey:
    """The key of a verified history that signed the receipt while it was in force. Raises VerifyError."""
    if first is None:
        raise UsageError("A key history is believed from its first key.", advice="Name it with --key FILE.")
    ring = keyring.verify(keyring.decode(read_bytes(told)), keys.load_public(first))
    return keyring.signer_of(data, ring).key


def _bureau(call: Call, key: Path | None, policy: Policy | None) -> VerifierKey | None:
    """The key as named or of this home; None where the policy alone names the log."""
    place = key or keys.public_path(call.home / "keys" / "bureau-ledger.key")
    if key is not None or place.is_file():
        return keys.load_public(place)
    if policy is not None and policy.logs:
        return None
    raise UsageError("There is no home with a key here.", advice="Name the bureau's key with --key FILE.")


def _final(
    data: bytes, public: Path, own: VerifierKey, policy: Policy | None
) -> tuple[bytes | None, list[str]]:
    """The final receipt, given or made, and what is to be said of it; None while it cannot be made."""
    if receipts.parse(data).stated is not None:
        held = receipts.verify(data, str(own), policy)
        return data, [published.compared(public, held, own)]
    made = published.final_of(public, receipts.verify(data, str(own)), own, policy)
    if made is None:
        return None, []
    return made.encode(), ["The receipt was made at once; this is its final form, made of the public folder."]


def _document(held: Receipt) -> dict[str, object]:
    told = checkpoint.parse(held.checkpoint_note).origin
    return {
        "verified": True,
        "form": "at once" if held.stated is None else "final",
        "log": told if held.stated is None else held.stated.log,
        "entry": held.index,
        "gates": {str(gate): outcome for gate, outcome in receipts.outcomes(held).items()},
        "cosigned": {name: standalone.moment(time) for name, time in held.cosigned.items()},
    }
