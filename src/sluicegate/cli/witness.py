# SPDX-License-Identifier: Apache-2.0
"""`witness`: run a witness, and (in `splits`) hold two checkpoints of one log against each other."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sluicegate import settings
from sluicegate.cli.calls import Call, standard, table
from sluicegate.cli.cosigning import show_asked
from sluicegate.cli.logs import to_stderr
from sluicegate.cli.running import only_server
from sluicegate.cli.splits import compare
from sluicegate.cli.trust import key_text, named, read_log_key
from sluicegate.errors import SettingsError, UsageError
from sluicegate.ledger import cosign, keys
from sluicegate.ledger.cosign import moment
from sluicegate.ledger.keys import FileKey
from sluicegate.witness import server, state
from sluicegate.witness.judge import Witness
from sluicegate.witness.server import WitnessServer
from sluicegate.witness.state import State

log = logging.getLogger("sluicegate.serve")

_KEY, _MEMORY = "witness.key", "witness.db"
_STOP = {signal.SIGTERM, signal.SIGINT}


@click.group()
def witness() -> None:
    """Watch that a log takes nothing back: run a witness, compare two checkpoints.

    \b
    Example:
      sluicegate witness init paper.example/witness --home ./witness
      sluicegate witness add-log bureau-ledger.key.pub --master --home ./witness
      sluicegate witness serve --home ./witness
    """


@witness.command()
@click.argument("name")
@standard
def init(call: Call, name: str) -> None:
    """Make a witness of that NAME: a key, and a memory that must never be restored from a backup.

    By custom the name is an address without its scheme, such as paper.example/witness.

    \b
    Example:
      sluicegate witness init paper.example/witness --home ./witness
    """
    home = call.home
    if (home / settings.FILE).exists():
        raise UsageError(
            f"{home} is the home of an exchange. An exchange that is its own witness proves nothing.",
            advice="Make the witness in a folder of its own, on a machine of somebody else.",
        )
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder {home} cannot be made: {error.strerror}.") from error
    key = keys.create(home / _KEY, name)
    state.create(home / _MEMORY)
    public = cosign.verifier_key(key)
    lines = [
        f"Made the witness {name} in {home}.",
        f"key  {public}",
        "Give this key to whoever asks, by a way that cannot be tampered with, such as print.",
        f"Never restore {_MEMORY} from a backup: a witness that forgot can be shown a second history.",
        f"Next: sluicegate witness add-log KEY --home {home}",
    ]
    call.show({"home": str(home), "name": name, "key": str(public)}, *lines)


@witness.command(name="add-log")
@click.argument("key")
@click.option("--master", is_flag=True, help="KEY is the key of an exchange: watch its master log.")
@standard
def add_log(call: Call, key: str, master: bool) -> None:
    """Watch the log of a public KEY (a file, or name+id+key), or trust one more key of it.

    \b
    Example:
      sluicegate witness add-log bureau-ledger.key.pub --master --home ./witness
    """
    found = read_log_key(key_text(key))
    found = named(found, f"{found.name}/master") if master else found
    with _memory(call) as memory:
        fresh = memory.add_log(found)
        trusted = len(memory.keys(found.name))
    told = f"Watches {found.name} now." if fresh else f"{found.name} was watched by that key already."
    more = [f"It trusts {trusted} keys of this log; drop one with drop-key."] if trusted > 1 else []
    call.show({"log": found.name, "key": str(found), "added": fresh, "keys": trusted}, told, *more)


@witness.command(name="drop-key")
@click.argument("key")
@standard
def drop_key(call: Call, key: str) -> None:
    """Trust a key of a log no longer. What was seen of the log is not forgotten.

    \b
    Example:
      sluicegate witness drop-key old-master.pub --home ./witness
    """
    found = read_log_key(key_text(key))
    with _memory(call) as memory:
        memory.drop_key(found)
        left = len(memory.keys(found.name))
    call.show({"log": found.name, "keys": left}, f"Dropped. {left} key(s) of {found.name} are trusted.")


@witness.command()
@standard
def show(call: Call) -> None:
    """What this witness saw of each log; in the home of an exchange, how its witnesses answered.

    \b
    Example:
      sluicegate witness show --home ./witness
    """
    if (call.home / settings.FILE).exists():
        show_asked(call)
        return
    public = cosign.verifier_key(_own_key(call))
    with _memory(call) as memory:
        seen = [(one, len(memory.keys(one.origin))) for one in memory.logs()]
        forks = memory.forks()
    shown = table("log", "keys", "entries", "cosigned last", right=("keys", "entries"))
    for one, trusted in seen:
        when = moment(one.time) if one.note else "never"
        shown.add_row(one.origin, str(trusted), f"{one.size:,}", when)
    alarms = [
        f"SPLIT VIEW: {one.origin} signed two histories of {one.size:,} entries; shown on {moment(one.time)}."
        for one in forks
    ]
    document = {
        "name": public.name,
        "key": str(public),
        "logs": [
            {"log": one.origin, "keys": trusted, "size": one.size, "time": one.time, "note": one.note}
            for one, trusted in seen
        ],
        "forks": [
            {"log": one.origin, "size": one.size, "time": one.time, "first": one.known, "second": one.shown}
            for one in forks
        ],
    }
    lines = [f"witness  {public.name}", f"key      {public}", ""]
    empty = "It watches no log: sluicegate witness add-log KEY"
    advice = (
        ["--json gives both checkpoints; sluicegate witness compare A B makes evidence."] if forks else []
    )
    call.show(document, *lines, shown if seen else empty, *alarms, *advice)


@witness.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8026, show_default=True, help="0 picks a free one."
)
@standard
def serve(call: Call, host: str, port: int) -> None:
    """Answer logs (C2SP tlog-witness) until SIGTERM or Ctrl-C.

    Nothing in a request is secret; put a proxy with TLS in front all the same where strangers can reach it.

    \b
    Example:
      sluicegate witness serve --home ./witness --port 8026
    """
    key = _own_key(call)
    with _told_to_stop(), to_stderr(), only_server(call.home), _memory(call) as memory:
        one = Witness(key, memory, lambda: int(time.time()))
        served = WitnessServer(server.application(one), host, port).start()
        try:
            watched = [seen.origin for seen in memory.logs()]
            document = {"url": served.url, "name": key.name, "logs": watched}
            lines = [f"witness  {key.name}", f"asked at {served.url}/add-checkpoint"]
            lines += [f"watches  {origin}" for origin in watched] or ["watches  no log yet"]
            call.show(document, *lines, "Stop with Ctrl-C.")
            sys.stdout.flush()
            signal.sigwait(_STOP)
        finally:
            served.close()


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Blocks the signals that stop, so that they wait for `sigwait` and never cut a commit in two."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _own_key(call: Call) -> FileKey:
    if not (call.home / _KEY).exists():
        raise SettingsError(
            f"{call.home} is not the folder of a witness.",
            advice=f"Run: sluicegate witness init NAME --home {call.home}",
        )
    return keys.load(call.home / _KEY)


@contextmanager
def _memory(call: Call) -> Iterator[State]:
    _own_key(call)
    memory = State(call.home / _MEMORY)
    try:
        yield memory
    finally:
        memory.close()


witness.add_command(compare)
