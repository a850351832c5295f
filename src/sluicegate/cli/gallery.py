# SPDX-License-Identifier: Apache-2.0
"""`gallery`: gallery folders made, changed, looked at and searched. They are not part of an exchange."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import gallery_people as people
from sluicegate.cli.calls import REFUSED, Call, busy, leave, plain, standard, table
from sluicegate.cli.gallery_search import bench, search
from sluicegate.errors import UsageError, quoted
from sluicegate.ridge import parameters
from sluicegate.ridge.forms import form_of
from sluicegate.ridge.gallery_file import FileGallery, Size
from sluicegate.ridge.gallery_manifest import MANIFEST

FOLDER = click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))


@click.group()
def gallery() -> None:
    """Galleries in folders: thousands to millions of people, searched by their fingers.

    A gallery folder is not encrypted, and an exchange does not use one: its templates lie under keys.

    \b
    Example:
      sluicegate gallery build people --synthetic 10000
      sluicegate gallery search people probe.an2
    """


@gallery.command()
@FOLDER
@click.option("--synthetic", type=click.IntRange(1, 10_000_000), help="So many people, drawn by chance.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Which population.")
@click.option(
    "--from", "source", type=click.Path(path_type=Path), metavar="DIR", help="A person from each file of DIR."
)
@click.option(
    "--extractor",
    type=click.Choice(("leader", "mindtct")),
    help="Who finds the minutiae [default: leader]; drawn people then pass for its own.",
)
@click.option("--cold/--no-cold", default=True, show_default=True, help="Keep full templates too.")
@standard
def build(
    call: Call,
    folder: Path,
    synthetic: int | None,
    seed: int,
    source: Path | None,
    extractor: str | None,
    cold: bool,
) -> None:
    """Make the new gallery FOLDER, of drawn people or of files.

    A file is a template, a finger minutiae record, or an ANSI/NIST transaction with minutiae or images; its
    name without the suffix is the subject's. What cannot be read is listed, and the exit code is then 3.

    \b
    Example:
      sluicegate gallery build people --synthetic 10000 --no-cold
      sluicegate gallery build county --from cards
    """
    if (synthetic is None) == (source is None):
        raise UsageError("Say whom to enroll: --synthetic N or --from DIR.")
    if (folder / MANIFEST).exists():
        raise UsageError(
            f"There is a gallery in {quoted(str(folder), 200)} already.", advice="Name another folder."
        )
    files = people.Files(extractor or "leader")
    with closing(FileGallery(folder, parameters.load(), write=True, cold=cold)) as made, closing(files):
        if source is not None:
            found = files.people(source)
            total, lots = len(found), people.filed(files.each(found), cold=cold)
        else:
            total = synthetic or 0
            lots = people.drawn(seed, total, people.named(extractor or ""), cold=cold)
        with people.bar("enrolling", total) as tick:
            for count in made.add_packed(lots):
                tick(count)
        _changed(call, folder, made, files.refused)


@gallery.command()
@FOLDER
@click.argument("subject")
@click.argument("sources", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--extractor",
    type=click.Choice(("leader", "mindtct")),
    default="leader",
    show_default=True,
    help="Who finds the minutiae: the one that the gallery was made with.",
)
@standard
def add(call: Call, folder: Path, subject: str, sources: tuple[Path, ...], extractor: str) -> None:
    """Enroll one more template of SUBJECT from each FILE. Searches see it when it is on the disk.

    \b
    Example:
      sluicegate gallery add county "P 104" card.an2
    """
    with closing(people.Files(extractor)) as files, busy("enrolling"):
        read = [files.read(source) for source in sources]
        with closing(_opened(folder, write=True)) as made:
            for one in read:
                made.enrol(subject, one)
            _changed(call, folder, made, [])


@gallery.command()
@FOLDER
@click.argument("subjects", metavar="SUBJECT...", nargs=-1, required=True)
@standard
def expunge(call: Call, folder: Path, subjects: tuple[str, ...]) -> None:
    """Forget these people: no search finds them any more, and their bytes are overwritten with zeros.

    Copies and backups of the folder are not reached.

    \b
    Example:
      sluicegate gallery expunge county "P 104"
    """
    with closing(_opened(folder, write=True)) as made:
        for subject in subjects:
            made.expunge(subject)
        _changed(call, folder, made, [])


@gallery.command()
@FOLDER
@standard
def compact(call: Call, folder: Path) -> None:
    """Write the log into segments, and give back the room of those who were expunged.

    \b
    Example:
      sluicegate gallery compact county
    """
    with busy("writing"), closing(_opened(folder, write=True)) as made:
        made.compact()
        _changed(call, folder, made, [])


@gallery.command()
@FOLDER
@click.option("--verify", is_flag=True, help="Read everything and check every checksum.")
@standard
def stat(call: Call, folder: Path, verify: bool) -> None:
    """Show how large a gallery is, who made its templates, and whether it is whole.

    \b
    Example:
      sluicegate gallery stat county --verify
    """
    with closing(_opened(folder)) as made:
        if verify:
            with people.bar("verifying", len(made)) as tick:
                for count in made.verify():
                    tick(count)
        size, maker = made.size(), made.extractor or ("", "")
        document = {
            "schema": "sluicegate.gallery-stat/1",
            "folder": str(folder),
            "version": made.version,
            "extractor": maker[0],
            "parameters": maker[1],
            "form": form_of(parameters.load()),
            "verified": verify,
            **_counts(size),
        }
        call.show(document, *_stat(folder, made, size, verify=verify))


for _one in (search, bench):
    gallery.add_command(_one)


def _opened(folder: Path, *, write: bool = False) -> FileGallery:
    """A gallery that is there. Raises UsageError where none is."""
    if not (folder / MANIFEST).is_file():
        raise UsageError(
            f"There is no gallery in {quoted(str(folder), 200)}.",
            advice="Make one: sluicegate gallery build FOLDER --from DIR",
        )
    return FileGallery(folder, parameters.load(), write=write)


def _counts(size: Size) -> dict[str, object]:
    return {
        "subjects": size.subjects,
        "fingers": size.images,
        "segments": size.segments,
        "log_entries": size.logged,
        "bytes": size.bytes,
        "bytes_per_finger": round(size.bytes / size.images) if size.images else None,
    }


def _changed(call: Call, folder: Path, made: FileGallery, refused: Sequence[tuple[str, str]]) -> None:
    size = made.size()
    document = {
        "schema": "sluicegate.gallery-change/1",
        "folder": str(folder),
        "version": made.version,
        "refused": [{"file": name, "why": why} for name, why in refused],
        **_counts(size),
    }
    call.show(document, *_refusals(refused), _told(folder, size))
    leave(REFUSED if refused else 0)


def _told(folder: Path, size: Size) -> str:
    counts = f"{size.subjects:,} people, {size.images:,} fingers, {size.bytes / 1e6:,.1f} MB"
    return f"{plain(folder, 200)}: {counts}."


def _refusals(refused: Sequence[tuple[str, str]]) -> Iterator[RenderableType]:
    if refused:
        shown = table("not enrolled", "why")
        for name, why in refused:
            shown.add_row(plain(name, 80), why)
        yield shown
        yield ""


def _stat(folder: Path, made: FileGallery, size: Size, *, verify: bool) -> Iterator[RenderableType]:
    shown = table(plain(folder, 200), "", right=("",))
    per = f"{size.bytes / size.images:,.0f}" if size.images else "-"
    rows = (
        ("people", f"{size.subjects:,}"),
        ("fingers", f"{size.images:,}"),
        ("segments", f"{size.segments:,}"),
        ("writes in the log", f"{size.logged:,}"),
        ("bytes", f"{size.bytes:,}"),
        ("bytes a finger, all files", per),
    )
    for row in rows:
        shown.add_row(*row)
    yield shown
    yield ""
    maker = made.extractor
    yield f"made by {plain(maker[0], 120)}" if maker else "empty: the first template says whose it takes"
    yield f"version {made.version}"
    yield "whole: every checksum holds" if verify else "not verified: --verify reads everything"
