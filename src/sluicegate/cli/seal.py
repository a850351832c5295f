# SPDX-License-Identifier: Apache-2.0
"""`seal` and `unseal`: put a booking away under a key that is kept elsewhere, and bring it back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sluicegate.cli.calls import Call, busy, standard
from sluicegate.cli.expunge import notices, waits
from sluicegate.cli.finding import booking
from sluicegate.errors import SettingsError, UsageError
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.expunge import Expunger
from sluicegate.exchange.stages.expunge import SEAL_WHY, Order
from sluicegate.store import keyfile, sealkey
from sluicegate.store.sealkey import SealKey

_WHY = click.option("--why", required=True, type=click.Choice(list(SEAL_WHY)), help="Reason; it is public.")
_BY = click.option(
    "--by", required=True, metavar="WHO", help="Who ordered it; it is public: no subject's name."
)


@click.command()
@click.argument("name", metavar="TCN|CASE")
@click.option("--to", required=True, type=click.Path(path_type=Path), help="Public seal key (a .pub file).")
@_WHY
@_BY
@standard
def seal(call: Call, name: str, to: Path, why: str, by: str) -> None:
    """Put everything that is held of a booking away, so that only the holder of a seal key brings it back.

    It is gone as after `expunge`: from galleries, look-ups, lists and the ledger's contents, here and
    wherever a copy went. What remains is a box that the exchange itself cannot open. Make the key where it
    will be kept: sluicegate keys seal-key FILE.

    \b
    Example:
      sluicegate seal VA0070000-0001 --to court.seal.pub --why court-order --by "Superior Court 12"
    """
    order, key = Order(why, by), sealkey.load_public(to)
    with call.exchange() as exchange:
        case = booking(exchange.bureau.store, name)
        if case.state is State.SEALED and case.text("seal") != key.key_id:
            raise UsageError("It is sealed already, under another key.", advice="Unseal it first.")
        with busy("sealing, and writing the databases anew"):
            done = exchange.expungers["bureau"].seal(case.case_id, order, key)
    told, heard = notices(done)
    lines = [
        f"Sealed case {done.case_id} under key {key.key_id}. Without its private part it cannot be opened.",
        "The master log states the act, its reason and who ordered it, and no word of the booking.",
        waits(told, heard),
        f"To show it: sluicegate attestation {done.case_id}",
        f"Note the case id: its TCN is sealed too. sluicegate unseal {done.case_id} --key FILE",
    ]
    call.show({"case": done.case_id, "state": str(done.state), "seal": key.key_id, "notices": told}, *lines)


@click.command()
@click.argument("case_id", metavar="CASE")
@click.option("--key", "path", required=True, type=click.Path(path_type=Path), help="Private seal key.")
@_WHY
@_BY
@standard
def unseal(call: Call, case_id: str, path: Path, why: str, by: str) -> None:
    """Bring a sealed booking back as it was, here and with the roles of this home that sealed a copy.

    \b
    Example:
      sluicegate unseal 00W5N2T3J8XKZ4QH6YB1C7DVFR --key court.seal --why court-order --by "Superior Court 12"
    """
    order, key = Order(why, by), _open(path)
    with call.exchange() as exchange:
        case = exchange.bureau.store.case(case_id)
        # The bureau last: its booking opens only once those who took a copy have opened theirs.
        for role in ("state", "partner"):
            for part in _parts(exchange.expungers[role], case):
                exchange.expungers[role].unseal(part.case_id, order, key)
        done = exchange.expungers["bureau"].unseal(case_id, order, key)
    lines = [
        f"Unsealed case {case_id}: it is {done.state}, and everything of it is as it was.",
        "The master log states the act, its reason and who ordered it, and no word of the booking.",
    ]
    call.show({"case": case_id, "state": str(done.state), "tcn": done.tcn}, *lines)


def _parts(expunger: Expunger, case: Case) -> list[Case]:
    """What a role sealed of this booking's copies."""
    sealed = expunger.store.cases_in([State.SEALED])
    return [one for one in sealed if one.text("reference").startswith(f"{case.case_id}.")]


def _open(path: Path) -> SealKey:
    phrase = None
    if sealkey.needs_passphrase(path):
        phrase = keyfile.passphrase()
        if phrase is None and not sys.stdin.isatty():
            raise SettingsError("The seal key is encrypted.", advice=f"Set {keyfile.PASSPHRASE}.")
        phrase = phrase or click.prompt("Passphrase", hide_input=True, err=True)
    return sealkey.load(path, phrase)


@click.command(name="seal-key")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--encrypt", is_flag=True, help="Under a passphrase, which is asked for.")
@standard
def make_seal_key(call: Call, path: Path, encrypt: bool) -> None:
    """Make a seal key: FILE opens and is kept away from every exchange, FILE.pub seals.

    \b
    Example:
      sluicegate keys seal-key court.seal --encrypt
    """
    phrase = None
    if encrypt:
        phrase = keyfile.passphrase() or click.prompt(
            "New passphrase", hide_input=True, confirmation_prompt=True, err=True
        )
    key = sealkey.create(path, phrase)
    lines = [
        f"Made {path}, which opens, and {path}.pub, which seals.",
        f"key  {key.public}",
        f"Keep {path.name} away from the exchange. Whoever loses it has expunged what it sealed.",
    ]
    call.show({"key": str(key.public), "file": str(path)}, *lines)
