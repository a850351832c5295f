# SPDX-License-Identifier: Apache-2.0
"""`keys`: the signing keys of this exchange, how they were replaced, and how they lie on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import click

from sluicegate import settings
from sluicegate.cli.calls import Call, read_bytes, standard, table
from sluicegate.cli.running import is_served
from sluicegate.errors import UsageError
from sluicegate.ledger import keyring
from sluicegate.ledger import keys as files
from sluicegate.ledger.keyring import Keyring
from sluicegate.store import keyfile
from sluicegate.store.keyfile import KeyBook

_ROLES = ("bureau", "partner", "state")
_ROLE = click.option(
    "--role", type=click.Choice(_ROLES), default="bureau", show_default=True, help="Whose key."
)


@click.group()
def keys() -> None:
    """Show, replace, revoke and protect the keys that sign the ledger.

    \b
    Example:
      sluicegate keys show
      sluicegate keys rotate --overlap 30
    """


@contextmanager
def _book(call: Call, role: str) -> Iterator[KeyBook]:
    call.need_home()
    with call.opened(role) as office:
        yield KeyBook(call.home, role, office.store, call.clock())


def _told(call: Call, ring: Keyring, *words: str) -> None:
    rows = table("id", "from", "until", "replaces", "")
    document = []
    for one in ring.periods:
        note = "REVOKED" if one.revoked else "signs now" if one is ring.newest else "replaced"
        rows.add_row(one.key.key_id.hex(), one.since[:19], (one.until or "")[:19], one.replaces or "", note)
        document.append({**keyring.parts_of(one), "state": note})
    call.show({"keys": document}, f"key {ring.newest.key}", "", rows, "", *words)


@keys.command()
@_ROLE
@standard
def show(call: Call, role: str) -> None:
    """Show every key that ever signed for this exchange, and when.

    \b
    Example:
      sluicegate keys show
    """
    with _book(call, role) as book:
        ring = book.ring()
    _told(call, ring, _where(call, role))


def _where(call: Call, role: str) -> str:
    """Where the private key lies."""
    socket, path = settings.load(call.home).signer(role), keyfile.path_of(call.home, role)
    if socket is not None and not path.exists():
        return f"The private key is not in this home: the process at {socket} signs."
    locked = "The private key is encrypted." if files.is_protected(path) else _PLAIN
    return f"The process at {socket} signs, and {_STILL}" if socket is not None else locked


_PLAIN = "The private key is NOT encrypted on the disk: sluicegate keys protect"
_STILL = "the private key STILL LIES in this home: move it to the account that signs."


@keys.command()
@_ROLE
@click.option(
    "--overlap",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="How long the old key signs checkpoints beside the new one.",
)
@standard
def rotate(call: Call, role: str, overlap: int) -> None:
    """Put a new key in the place of the present one; both sign the statement that says so.

    Stop the server first. Every old receipt keeps verifying against the history. Run it again after a crash.

    \b
    Example:
      sluicegate keys rotate --overlap 30
    """
    _need_stopped(call)
    with _book(call, role) as book:
        ring = book.rotate(timedelta(days=overlap))
    words = [
        f"Key {ring.newest.key.key_id.hex()} signs from now on.",
        f"History: {call.home / 'public' / keyfile.HISTORY}",
        "Next: sluicegate ledger publish, then give witnesses and auditors the new key line above.",
    ]
    _told(call, ring, *words)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--since", required=True, metavar="MOMENT", help="From when on nothing it signed counts (RFC 3339)."
)
@_ROLE
@standard
def revoke(call: Call, key_id: str, since: str, role: str) -> None:
    """Revoke a key that others may have got hold of; receipts of entries from then on no longer verify.

    Rotate first: the new key signs the revocation.

    \b
    Example:
      sluicegate keys revoke 1a2b3c4d --since 2010-11-20T00:00:00Z
    """
    _need_stopped(call)
    try:
        moment = datetime.fromisoformat(since.replace("Z", "+00:00"))
    except ValueError:
        raise UsageError("That is no moment.", advice="Write it as 2010-11-20T00:00:00Z.") from None
    if moment.tzinfo is None:
        raise UsageError("A moment needs a time zone.", advice="Write it as 2010-11-20T00:00:00Z.")
    with _book(call, role) as book:
        ring = book.revoke(key_id, moment - (moment.utcoffset() or timedelta(0)))
    _told(call, ring, f"Key {key_id} is revoked. Publish the log: sluicegate ledger publish")


@keys.command()
@click.option("--file", "file", type=click.Path(path_type=Path), help="A history to verify.")
@click.option("--first", type=click.Path(path_type=Path), help="Public key that it must begin with.")
@_ROLE
@standard
def history(call: Call, file: Path | None, first: Path | None, role: str) -> None:
    """Verify a key history and show it. Needs no home where a file is given.

    Exit code 4 where it does not hold.

    \b
    Example:
      sluicegate keys history --file history.json --first bureau-ledger.key.pub
    """
    trusted = files.load_public(first) if first is not None else None
    if file is not None:
        told = keyring.decode(read_bytes(file))
    else:
        with _book(call, role) as book:
            told = tuple(book.statements())
            if not told:
                _told(call, book.ring(), "No key was ever replaced, so nothing is stated yet.")
                return
    ring = keyring.verify(told, trusted)
    anchor = "it begins with the given key." if trusted else "give --first to say which key you trust."
    _told(call, ring, f"VERIFIED: every key is signed by the one it replaced; {anchor}")


@keys.command()
@click.option("--role", type=click.Choice(_ROLES), help="Whose keys  [default: those of every role]")
@standard
def protect(call: Call, role: str | None) -> None:
    """Encrypt the private keys that sign, of every role, under a passphrase.

    The passphrase comes from SLUICEGATE_PASSPHRASE, from the file that SLUICEGATE_PASSPHRASE_FILE names, or
    from the keyboard. The server needs it at every start.

    \b
    Example:
      sluicegate keys protect
    """
    call.need_home()
    phrase = keyfile.passphrase() or click.prompt(
        "New passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    done = []
    for one in (role,) if role else _ROLES:
        for path in sorted((call.home / "keys").glob(f"{one}-ledger*.key")):
            # If we crash between two keys, those done are done: run it again with the same passphrase.
            if not files.is_protected(path):
                files.protect(path, phrase)
                done.append(path.name)
    words = f"Encrypted: {', '.join(done)}." if done else "Every key was encrypted already."
    call.show({"encrypted": done}, words)


def _need_stopped(call: Call) -> None:
    if is_served(call.home):
        raise UsageError(
            "An exchange is serving this home and holds the old key in memory.", advice="Stop it first."
        )
