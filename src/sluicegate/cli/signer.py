# SPDX-License-Identifier: Apache-2.0
"""`keys serve`: a process that holds a private key and signs for an exchange that never sees it."""

from __future__ import annotations

import grp
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sluicegate.cli.calls import Call, standard
from sluicegate.cli.logs import to_stderr
from sluicegate.errors import SettingsError
from sluicegate.ledger import keys as files
from sluicegate.ledger.keys import FileKey
from sluicegate.signing.server import SigningServer
from sluicegate.store import keyfile

_STOP = {signal.SIGTERM, signal.SIGINT}


@click.command(name="serve")
@click.argument("role", type=click.Choice(("bureau", "partner", "state")))
@click.option("--socket", "path", required=True, type=click.Path(path_type=Path), help="Socket to make.")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Key file [default: of the home].")
@click.option("--group", metavar="NAME", help="Accounts of this group may ask too; else the own one only.")
@standard
def serve_key(call: Call, role: str, path: Path, file: Path | None, group: str | None) -> None:
    """Hold the key of a ROLE and sign for its exchange until SIGTERM or Ctrl-C.

    Run it under an account of its own. It signs a checkpoint under the name of its log, a receipt over such
    a checkpoint, and attestations; anything else it refuses. Rotations need the key file itself.

    \b
    Example:
      sluicegate keys serve bureau --file /srv/signer/bureau-ledger.key --socket /run/sluicegate/bureau.sock
    """
    key = _key(call, role, file)
    with _told_to_stop(), to_stderr():
        server = SigningServer(key, path, group=_gid(group)).start()
        try:
            lines = [f"signs for  {key.name}", f"asked at   {path}", f'setting    signer_{role} = "{path}"']
            call.show(
                {"name": key.name, "key": str(key.public), "socket": str(path)}, *lines, "Stop with Ctrl-C."
            )
            sys.stdout.flush()
            signal.sigwait(_STOP)
        finally:
            server.close()
            for (kind, of), number in sorted(server.counts().items()):
                click.echo(f"signed {number} {kind}(s) {f'of {of}' if of else ''}".rstrip(), err=True)


def _key(call: Call, role: str, file: Path | None) -> FileKey:
    if file is None:
        call.need_home()
        return keyfile.open_key(call.home, role)
    if file.exists() and files.is_protected(file) and keyfile.passphrase() is None and sys.stdin.isatty():
        return files.load(file, passphrase=click.prompt("Passphrase", hide_input=True, err=True))
    return keyfile.open_file(file)


def _gid(name: str | None) -> int | None:
    try:
        return grp.getgrnam(name).gr_gid if name else None
    except KeyError:
        raise SettingsError("There is no group of that name.") from None


@contextmanager
def _told_to_stop() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
