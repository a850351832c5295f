# SPDX-License-Identifier: Apache-2.0
"""`audit check` derives the ledgers again and reconciles both sides; `verify` checks one receipt."""

from __future__ import annotations

import time
from pathlib import Path

import click

from sluicegate.cli.calls import NOT_HELD, Call, busy, leave, plain, read_bytes, standard, table
from sluicegate.cli.reconcile import Reconciled, Side, reconcile
from sluicegate.cli.running import is_served
from sluicegate.errors import LedgerError, UsageError, VerifyError, quoted
from sluicegate.exchange.case import State
from sluicegate.ledger import checkpoint, keys
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.verify import VerifierKey, key_id

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
        sizes, found = _look(call)
        for _ in range(_LOOKS - 1):
            if not found.differences or not is_served(call.home):
                break
            time.sleep(_PAUSE_S)
            sizes, found = _look(call)
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


def _look(call: Call) -> tuple[dict[str, dict[str, int]], Reconciled]:
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
@click.option(
    "--key", type=click.Path(path_type=Path), help="Public key of the bureau [default: of this home]."
)
@standard
def verify(call: Call, receipt: Path, key: Path | None) -> None:
    """Verify a receipt: its signature, its words, its place in the ledger. Needs no network.

    \b
    Example:
      sluicegate verify receipt.txt --key bureau-ledger.key.pub
    """
    data = read_bytes(receipt)
    place = key or keys.public_path(call.home / "keys" / "bureau-ledger.key")
    if key is None and not place.is_file():
        raise UsageError("There is no home with a key here.", advice="Name the bureau's key with --key FILE.")
    own = _named(keys.load_public(place), data)
    held = receipts.verify(data, str(own))
    lines = standalone.report(held, own)
    gates = {str(gate): outcome for gate, outcome in receipts.outcomes(held).items()}
    call.show({"verified": True, "log": own.name, "entry": held.index, "gates": gates}, *lines)


def _named(key: VerifierKey, data: bytes) -> VerifierKey:
    """The bureau's key under the name of the log that a receipt is of: each log signs as itself."""
    origin = checkpoint.parse(receipts.parse(data).checkpoint_note).origin
    if origin == key.name:
        return key
    if not origin.startswith(f"{key.name}/"):
        raise VerifyError(
            f"checkpoint: the receipt is of the log {quoted(origin, 120)}, which is not of this key",
            advice="Use the public key of the bureau that issued the receipt.",
        )
    return VerifierKey(origin, key_id(origin, key.public), key.public)
