# SPDX-License-Identifier: Apache-2.0
"""`inspect`: what is in an ANSI/NIST file, and what is wrong with it; for one file, or for a thousand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from rich.progress import Progress

from sluicegate.cli import inspect_document, inspect_many, inspect_shown, inspect_words, report_html
from sluicegate.cli.calls import FAULT, REFUSED, Call, console, leave, plain, standard, write_new
from sluicegate.cli.images import decoded
from sluicegate.cli.inspect_document import Summary
from sluicegate.cli.inspect_look import PROFILES, Check, Look, look, look_safely
from sluicegate.cli.inspect_words import Words
from sluicegate.errors import UsageError, quoted
from sluicegate.itl.model import Severity
from sluicegate.itl.xml.rules import unchecked
from sluicegate.itl.xml.validate import Validator
from sluicegate.raster import encode
from sluicegate.raster.decode import Decoded
from sluicegate.raster.isolate import Workshop
from sluicegate.raster.jobs import decode_workshop
from sluicegate.store.schemas import read_schemas


@dataclass(frozen=True, slots=True)
class Wish:
    """How the files are to be looked at."""

    personal: bool
    decode: bool
    folder: Path | None
    profile: str
    brief: bool
    html: Path | None
    schemas: Path | None

    def check_xml(self) -> Check:
        """What holds an XML file against its schema, as far as schemas are at hand. Raises SettingsError."""
        return Validator(read_schemas(self.schemas)).check if self.schemas else unchecked

    @property
    def pixels(self) -> bool:
        """Whether images have to be decoded."""
        return self.decode or self.folder is not None or self.html is not None


@dataclass(slots=True)
class Seen:
    """What was seen so far. Grows by one file at a time, so that no file has to be kept."""

    summary: Summary = field(default_factory=Summary)
    documents: list[dict[str, object]] = field(default_factory=list)
    report: report_html.Report = field(default_factory=report_html.Report)
    worst: Severity = Severity.NOTE
    fault: bool = False
    unreadable: bool = False

    def exit_code(self, *, strict: bool) -> int:
        """1 where this program failed, 3 where a file is refused (or with `strict` has a warning), else 0."""
        if self.fault:
            return FAULT
        least = Severity.WARNING if strict else Severity.ERROR
        return REFUSED if self.unreadable or self.worst >= least else 0


@click.command()
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--brief", is_flag=True, help="One line for each file.")
@click.option("--personal", is_flag=True, help="Show what the file says about the person.")
@click.option("--decode", is_flag=True, help="Decode every image, each in a worker of its own.")
@click.option("--images", "folder", type=click.Path(path_type=Path), help="Decode, and write PNG files here.")
@click.option("--html", type=click.Path(path_type=Path), help="Decode, and write a report to this new file.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="auto",
    show_default=True,
    help="Judge by EBTS, by the standard (itl) alone, or by EBTS where the TOT is one of EBTS.",
)
@click.option("--schemas", type=click.Path(path_type=Path), help="Folder of schemas (.xsd) for XML files.")
@click.option("--strict", is_flag=True, help="Exit with 3 on a warning too.")
@standard
def inspect(call: Call, paths: tuple[Path, ...], strict: bool, **given: object) -> None:
    """Show the tree, images and defects of ANSI/NIST-ITL files, traditional or XML.

    One file is shown in full. Several, or a folder, are shown in one line each, and counted. Exit code 3
    where a file is refused: it has a defect of severity ERROR or cannot be read.

    \b
    Example:
      sluicegate inspect booking.an2
      sluicegate inspect booking.an2 --html report.html
      sluicegate inspect ./archive --json
    """
    wish = Wish(**given)  # type: ignore[arg-type]
    _need_new(wish.html)
    files = inspect_many.files_of(paths)
    seen = Seen()
    check_xml = wish.check_xml()
    with ExitStack() as stack:
        workshop = stack.enter_context(decode_workshop()) if wish.pixels else None
        if len(files) == 1 and not paths[0].is_dir():
            _one(call, look(files[0], wish.profile, check_xml), wish, workshop, seen)
        else:
            _many(call, files, wish, check_xml, workshop, seen)
    if wish.html is not None:
        write_new(wish.html, seen.report.page(seen.summary).encode("utf-8"))
        click.echo(f"wrote {plain(wish.html, 300)}", err=True)
    leave(seen.exit_code(strict=strict))


def _need_new(path: Path | None) -> None:
    if path is not None and path.exists():
        raise UsageError(
            f"The file {quoted(str(path), 200)} is there already.", advice="Name another with --html."
        )


def _one(call: Call, found: Look, wish: Wish, workshop: Workshop | None, seen: Seen) -> None:
    words, pixels, written = _take(found, wish, workshop, seen, quiet=False)
    document: dict[str, object] = {"schema": inspect_document.SCHEMA}
    if wish.brief:
        document |= inspect_document.brief(found, words)
        call.show(document, inspect_many.line(found, words))
        return
    document |= inspect_document.full(found, words, pixels, written)
    lines = inspect_shown.lines(found, words, pixels) if not call.as_json else ()
    call.show(document, *lines, *(f"wrote {plain(one, 200)}" for one in written))


def _many(
    call: Call, files: Sequence[Path], wish: Wish, check_xml: Check, workshop: Workshop | None, seen: Seen
) -> None:
    if not files:
        raise UsageError("There is no file in that folder.")
    with _progress(len(files)) as (step, say):
        if not call.as_json:
            say(inspect_many.HEAD)
        for path in files:
            found = look_safely(path, wish.profile, check_xml)
            words, pixels, written = _take(found, wish, workshop, seen, quiet=True)
            if call.as_json:
                full = inspect_document.full(found, words, pixels, written)
                seen.documents.append(inspect_document.brief(found, words) if wish.brief else full)
            else:
                say(inspect_many.line(found, words))
            step()
    call.show(inspect_document.many(seen.documents, seen.summary), *inspect_many.closing(seen.summary))


def _take(
    found: Look, wish: Wish, workshop: Workshop | None, seen: Seen, *, quiet: bool
) -> tuple[Words, list[Decoded | str], list[str]]:
    """Decode, write and count what one look found."""
    words = inspect_words.words_of(found.transaction, found.tot, personal=wish.personal)
    images = [one.image for one in found.pictures]
    pixels = decoded(workshop, images, quiet=quiet) if workshop and images else []
    folder = wish.folder / found.path.name if wish.folder and quiet else wish.folder
    written = _write(folder, found, pixels) if folder and pixels else []
    seen.summary.add(found)
    seen.worst = max(seen.worst, found.worst or Severity.NOTE)
    seen.unreadable |= found.transaction is None
    seen.fault |= found.fault
    if wish.html is not None:
        seen.report.add(found, words, pixels)
    return words, pixels, written


@contextmanager
def _progress(total: int) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """A bar on standard error where that is a terminal; how to move it, and how to say a line beside it."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield (lambda: None), click.echo
        return
    with Progress(console=shown, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("inspecting", total=total)

        def say(line: str) -> None:
            # Where both are one screen, only the bar's own console can write above the bar.
            if sys.stdout.isatty():
                bar.console.print(line, soft_wrap=True)
            else:
                click.echo(line)

        yield (lambda: bar.advance(task)), say


def _write(folder: Path, found: Look, pixels: Sequence[Decoded | str]) -> list[str]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    written = []
    for number, (picture, one) in enumerate(zip(found.pictures, pixels, strict=True), 1):
        if isinstance(one, Decoded):
            image = picture.image
            fgp = image.fgp[0] if image.fgp else 0
            path = folder / f"{number:02d}-type{image.record_type}-fgp{fgp:02d}.png"
            write_new(path, encode.png(one.pixels))
            written.append(str(path))
    return written
