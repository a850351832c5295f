# SPDX-License-Identifier: Apache-2.0
"""What every command has in common: where the home is, how output is wanted, how a failure is told."""

from __future__ import annotations

import functools
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console, RenderableType
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from sluicegate import settings
from sluicegate.app import Exchange, Office, SystemClock, home_of, open_office, open_programs
from sluicegate.cli.running import running
from sluicegate.errors import InputRefused, SettingsError, SluicegateError, StoreError, UsageError, quoted
from sluicegate.itl.model import Limits
from sluicegate.policy.program import Program

FAULT = 1
REFUSED = 3
NOT_HELD = 4
MISSING = 5
WAITS = 6
INTERRUPTED = 130

EXIT_CODES: dict[int, str] = {
    0: "done",
    FAULT: "a fault: storage, a worker, a delivery, or a defect of this program",
    2: "the command or a setting is wrong",
    REFUSED: "the input was refused, or has a defect of severity ERROR",
    NOT_HELD: "a proof, a signature or an audit does not hold",
    MISSING: "there is nothing of that name",
    WAITS: "nothing is wrong, but there is no answer yet",
    INTERRUPTED: "stopped from the keyboard",
}
"""Every exit code of every command; `docs/reference/cli.md` carries this table."""

_DEBUG, _JSON = "sluicegate.debug", "sluicegate.json"
_PIPE_WIDTH = 140
_LARGEST = Limits().file_bytes
_WORK = TypeVar("_WORK", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """How a command was called."""

    home: Path
    as_json: bool

    def show(self, document: object, *lines: RenderableType) -> None:
        """The one JSON document, or the same for people: lines and tables."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
            return
        out = console()
        with out.capture() as drawn:
            for line in lines:
                out.print(line, soft_wrap=isinstance(line, str))
        click.echo("\n".join(line.rstrip() for line in drawn.get().splitlines()))

    @contextmanager
    def opened(self, role: str) -> Iterator[Office]:
        """The files of one role of this home. Raises SettingsError where it is no home."""
        office = open_office(self.home, role)
        try:
            yield office
        finally:
            office.engine.dispose()

    def program(self) -> Program:
        """The program in force, through the registry. Raises ProgramError where it is not as registered."""
        self.need_home()
        with self.opened("bureau") as office:
            return open_programs(settings.load(self.home), office.store).load()

    def clock(self) -> SystemClock:
        """The clock of the server of this home; without one, of its settings. A drill has one time."""
        served = running(self.home)
        if served is not None:
            return SystemClock(datetime.now(UTC) + timedelta(seconds=served.ahead_s))
        return SystemClock(settings.load(self.home).starts_at)

    @contextmanager
    def exchange(self, *, searching: bool = False, **given: object) -> Iterator[Exchange]:
        """The whole installation, opened to look and decide beside a server that may be running."""
        self.need_home()
        opened = Exchange(settings.load(self.home, **given), searching=searching, clock=self.clock())
        try:
            yield opened
        finally:
            opened.close()

    def need_home(self) -> None:
        """Raises SettingsError where this is not the home of an installation."""
        if not (self.home / settings.FILE).is_file():
            raise SettingsError(
                f"{self.home} is not a home.",
                advice=f"Run: sluicegate init --home {self.home} (or name another with --home).",
            )


def console(*, stderr: bool = False) -> Console:
    """Plain output: no markup is read from data; wide where nobody looks at a screen."""
    made = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = _PIPE_WIDTH
    return made


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """Show on a terminal that something is being done that takes a while."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield
        return
    with shown.status(doing):
        yield


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines, so that it can be cut and pasted; `right` names the columns of numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def plain(text: object, limit: int = 80) -> str:
    """Text from outside made safe for a terminal, without the backticks."""
    return quoted(str(text), limit)[1:-1]


def leave(code: int) -> None:
    """End the command with this exit code, its output being complete."""
    if code:
        click.get_current_context().exit(code)


def _keep(key: str) -> Callable[[click.Context, click.Parameter, bool], bool]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
        ctx.meta[key] = ctx.meta.get(key, False) or value
        return value

    return keep


def standard(work: _WORK) -> _WORK:
    """Give a command --home, --json and --debug; its function gets a `Call` first."""

    @click.option(
        "--home",
        metavar="PATH",
        help="Folder of the installation [default: SLUICEGATE_HOME, or ~/.sluicegate].",
    )
    @click.option(
        "--json", "as_json", is_flag=True, callback=_keep(_JSON), is_eager=True, help="One JSON document."
    )
    @click.option(
        "--debug",
        is_flag=True,
        callback=_keep(_DEBUG),
        is_eager=True,
        expose_value=False,
        help="Show where a failure came from.",
    )
    @functools.wraps(work)
    def command(home: str | None, as_json: bool, **rest: Any) -> None:
        work(Call(home_of(home), as_json), **rest)

    return command  # type: ignore[return-value]


class Commands(click.Group):
    """The program: whatever goes wrong in a command ends here as one sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a failure is told on stderr, with --json also as the document on stdout."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("sluicegate: stopped.", err=True)
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 the edge of the process: nobody is shown a traceback unasked
            told = _told(error)
            if ctx.meta.get(_DEBUG):
                traceback.print_exception(error)
            _report(told, as_json=bool(ctx.meta.get(_JSON)))
            ctx.exit(told.exit_code)


def _told(error: Exception) -> SluicegateError:
    """Any failure as one of ours, in a sentence."""
    if isinstance(error, SluicegateError):
        return error
    if isinstance(error, SQLAlchemyError):
        return StoreError(
            "The database could not be read or written; nothing was changed.",
            advice="Check the space on the disk and the permissions of the home: sluicegate doctor",
        )
    if isinstance(error, OSError):
        name = f" {quoted(str(error.filename), 200)}" if error.filename else ""
        return StoreError(f"The system refused{name}: {error.strerror or type(error).__name__}.")
    return SluicegateError(
        f"This program failed where it should not have ({type(error).__name__}).",
        advice="Run the command again with --debug and report what it shows.",
    )


def _report(error: SluicegateError, *, as_json: bool) -> None:
    if as_json:
        document = {"error": error.message, "advice": error.advice, "exit_code": error.exit_code}
        click.echo(json.dumps(document, indent=2))
    click.echo(f"sluicegate: {error.message}", err=True)
    if error.advice:
        click.echo(error.advice, err=True)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that was named on the command line.

    Raises UsageError where it cannot be read, InputRefused where it is larger than any transaction.
    """
    name = quoted(str(path), 200)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"The file {name} cannot be read: {error.strerror}.", advice="Check the path."
        ) from error
    if len(data) > _LARGEST:
        raise InputRefused(f"The file {name} is larger than {_LARGEST:,} bytes.")
    return data


def write_new(path: Path, data: bytes) -> None:
    """Write a file that was named on the command line, readable by its owner only. Raises UsageError."""
    try:
        path.touch(mode=0o600)
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"The file {quoted(str(path), 200)} cannot be written: {error.strerror}.") from error
