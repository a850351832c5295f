# SPDX-License-Identifier: Apache-2.0
"""`submit`: hand transactions to an exchange as an agency does, and wait for the answer if asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from rich.progress import track

from sluicegate.cli import sending
from sluicegate.cli.calls import Call, busy, console, leave, plain, read_bytes, standard
from sluicegate.cli.running import find
from sluicegate.cli.sending import Sent
from sluicegate.cli.waiting import Awaited, Collect, wait_for
from sluicegate.errors import UsageError
from sluicegate.store.blobs import digest_of

_BAR_FROM = 5  # files


@dataclass(frozen=True, slots=True)
class Handed:
    """One file that was handed over."""

    file: Path
    digest: str
    sent: Sent

    def lines(self) -> list[str]:
        """For people."""
        said = [f"{plain(self.file)}: {self.sent.said}"]
        return [*said, f"ticket: {self.sent.ticket}"] if self.sent.ticket else said

    def document(self) -> dict[str, object]:
        """As JSON."""
        said = {"said": self.sent.said, "ticket": self.sent.ticket}
        return {"file": str(self.file), "digest": self.digest, **said}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--via", type=click.Choice(["smtp", "http", "folder"]), default="smtp", show_default=True, help="The way."
)
@click.option("--server", help="HOST:PORT, or the folder to drop into [default: what serves the home].")
@click.option(
    "--answers", type=click.Path(path_type=Path), help="With http and --wait: write the fetched answers here."
)
@click.option("--wait", type=click.FloatRange(min=0), default=0.0, help="Seconds to wait for the answer.")
@standard
def submit(
    call: Call, files: tuple[Path, ...], via: str, server: str | None, answers: Path | None, wait: float
) -> None:
    """Hand transactions to an exchange, say what it said, and wait for the answer if asked.

    \b
    Example:
      sluicegate submit booking.an2
      sluicegate submit booking.an2 --via http --wait 60
    """
    held = [(file, read_bytes(file)) for file in files]
    place = server or _place(call, via)
    shown = console(stderr=True)
    bar = track(
        held,
        "handing over",
        console=shown,
        transient=True,
        disable=len(held) < _BAR_FROM or not shown.is_terminal,
    )
    handed = [Handed(file, digest_of(data), _hand(via, place, data, file.name)) for file, data in bar]
    lines = [line for one in handed for line in one.lines()]
    awaited = Awaited((), (), 0)
    if wait:
        tickets = {one.digest: one.sent.ticket for one in handed}
        refused = {one.digest: _why(via, place, one.sent) for one in handed}
        with busy("waiting for the answer"):
            awaited = wait_for(call, tickets, refused, Collect(place if via == "http" else "", answers), wait)
    document = {"files": [one.document() for one in handed], "stories": list(awaited.documents)}
    call.show(document, *lines, *awaited.lines)
    leave(awaited.exit_code)


def _place(call: Call, via: str) -> str:
    if via == "folder":
        call.need_home()
        return str(call.home / "incoming")
    running = find(call.home)
    place = running.smtp if via == "smtp" else running.http
    if not place:
        raise UsageError(f"The exchange that serves {call.home} does not listen on {via}.")
    return place


def _hand(via: str, place: str, data: bytes, name: str) -> Sent:
    if via == "smtp":
        return sending.by_smtp(place, data)
    if via == "http":
        return sending.by_http(place, data)
    return sending.by_folder(Path(place), data, name)


def _why(via: str, place: str, sent: Sent) -> Path | None:
    """Where the exchange says why it refused a dropped file."""
    return Path(place).parent / "refused" / f"{sent.name}.why.txt" if via == "folder" else None
