# SPDX-License-Identifier: Apache-2.0
"""`convert`: the same transaction in another encoding, or the same image in another coding."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import convert_images
from sluicegate.cli.calls import REFUSED, Call, busy, leave, plain, read_bytes, standard
from sluicegate.cli.convert_images import TARGETS
from sluicegate.errors import InputRefused, Missing, UsageError, quoted
from sluicegate.itl.detect import looks_like_xml, read_any
from sluicegate.itl.model import Image, Severity, Transaction
from sluicegate.itl.xml.convert import to_traditional
from sluicegate.itl.xml.writer import to_xml
from sluicegate.raster.header import Kind, sniff

SCHEMA = "sluicegate.convert/1"

_TRADITIONAL = frozenset((".an2", ".eft", ".an", ".nst", ".nist"))
_XML = frozenset((".xml",))
_SUFFIXES = ", ".join((*sorted(_TRADITIONAL), *_XML, *TARGETS))


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be written, what it is in words, and sentences on what it does not carry."""

    data: bytes
    what: str
    lost: tuple[str, ...]
    notes: tuple[str, ...] = ()


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--image", "idc", type=click.IntRange(0, 99), help="Take the image with this IDC out.")
@click.option("--type", "kind", type=int, help="Of records with that IDC, the one of this type.")
@click.option("--ppi", type=click.IntRange(10, 9999), help="Resolution of the image, over what it says.")
@click.option("--lossy", is_flag=True, help="Write also where something cannot be carried.")
@click.option("--force", is_flag=True, help="Overwrite OUT.")
@standard
def convert(
    call: Call,
    source: Path,
    target: Path,
    idc: int | None,
    kind: int | None,
    ppi: int | None,
    lossy: bool,
    force: bool,
) -> None:
    """Convert a transaction between traditional encoding and NIEM-XML, or an image between WSQ and PNG.

    What IN is, its content says; what OUT becomes, its name says. What cannot be carried is listed: then
    the exit code is 3 and nothing is written, unless --lossy says that it may be lost.

    \b
    Example:
      sluicegate convert booking.an2 booking.xml
      sluicegate convert thumb.wsq thumb.png
      sluicegate convert card.an2 index.png --image 2
    """
    _need_target(source, target, force=force)
    data = read_bytes(source)
    with busy("converting"):
        result = _converted(data, target, idc, kind, ppi)
    write = lossy or not result.lost
    if write:
        _write(target, result.data, force=force)
    document = {
        "schema": SCHEMA,
        "from": str(source),
        "to": str(target),
        "what": result.what,
        "lost": list(result.lost),
        "notes": list(result.notes),
        "written": len(result.data) if write else None,
    }
    call.show(document, *_told(result, target, written=write))
    leave(0 if write else REFUSED)


def _told(result: Result, target: Path, *, written: bool) -> list[RenderableType]:
    lines: list[RenderableType] = [*result.notes]
    if result.lost:
        lines.append("This is not carried over:" if written else "This cannot be carried over:")
        lines += [f"  {one}" for one in result.lost]
    if written:
        size = f"{len(result.data):,} bytes"
        return [*lines, f"Wrote {plain(target, 200)}: {result.what}, {size}."]
    return [*lines, "Nothing was written; --lossy writes without it."]


def _need_target(source: Path, target: Path, *, force: bool) -> None:
    suffix = target.suffix.lower()
    name = quoted(str(target), 200)
    if suffix not in _TRADITIONAL | _XML | TARGETS.keys():
        raise UsageError(
            f"The name {name} does not say what to write.", advice=f"End it in one of {_SUFFIXES}."
        )
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError("IN and OUT are the same file.")
    if target.exists() and not force:
        raise UsageError(f"The file {name} is there already.", advice="Overwrite it with --force.")


def _converted(data: bytes, target: Path, idc: int | None, kind: int | None, ppi: int | None) -> Result:
    suffix = target.suffix.lower()
    of_image = sniff(data) is not Kind.RAW
    if suffix not in TARGETS:
        if of_image or idc is not None:
            raise UsageError(
                "An image alone is no transaction.", advice="Build one with: sluicegate booking build"
            )
        return _transaction(data, xml=suffix in _XML)
    if of_image:
        if idc is not None:
            raise UsageError("IN is an image, and --image takes one out of a transaction.")
        image = convert_images.image_of(data)
    else:
        image = _taken_out(data, idc, kind)
    made = convert_images.convert(image, TARGETS[suffix], ppi)
    resolution = f"{made.ppi:g} ppi" if made.ppi else "resolution not known"
    return Result(
        made.data, f"{TARGETS[suffix]} {made.width}x{made.height}, {resolution}", made.lost, made.notes
    )


def _transaction(data: bytes, *, xml: bool) -> Result:
    transaction = _read(data)
    if looks_like_xml(data) == xml:
        raise UsageError(
            f"IN is {'NIEM-XML' if xml else 'in traditional encoding'} already.", advice="Copy the file."
        )
    written = to_xml(transaction) if xml else to_traditional(transaction)
    lost = tuple(f"{one.place}: {one.message}" for one in written.defects)
    return Result(written.data, "NIEM-XML" if xml else "traditional encoding", lost)


def _read(data: bytes) -> Transaction:
    """Raises InputRefused where it is no transaction, or has a defect that leaves its content in doubt."""
    reading = read_any(data)
    wrong = next((one for one in reading.defects if one.severity is Severity.ERROR), None)
    if wrong is not None:
        raise InputRefused(
            f"IN cannot be read without doubt: {wrong.place}: {wrong.message}",
            advice="Look with: sluicegate inspect",
        )
    if reading.transaction is None:
        raise InputRefused("IN is neither an ANSI/NIST transaction nor an image of a kind that is read.")
    return reading.transaction


def _taken_out(data: bytes, idc: int | None, kind: int | None) -> Image:
    """The image with an IDC, whatever else is wrong. Raises InputRefused, UsageError, Missing."""
    transaction = read_any(data).transaction
    if transaction is None:
        raise InputRefused("IN is neither an ANSI/NIST transaction nor an image of a kind that is read.")
    images = transaction.images
    if idc is None:
        raise UsageError(
            f"IN is a transaction with {len(images)} images.",
            advice=f"Choose one with --image: {_idcs(images) or 'it has none'}.",
        )
    found = [one for one in images if one.idc == idc and kind in (None, one.record_type)]
    if not found:
        raise Missing(
            f"There is no image with IDC {idc:02d}.", advice=f"There are: {_idcs(images) or 'none'}."
        )
    if len(found) > 1:
        types = ", ".join(str(one.record_type) for one in found)
        raise UsageError(f"Several images have IDC {idc:02d}, of types {types}.", advice="Say --type.")
    return found[0]


def _idcs(images: Sequence[Image]) -> str:
    return ", ".join(f"{one.idc:02d}" for one in images)


def _write(path: Path, data: bytes, *, force: bool) -> None:
    """Write a file whole or not at all, readable by its owner only. Raises UsageError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part") if force else path
    name = quoted(str(path), 200)
    try:
        file = os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise UsageError(f"The file {name} is there already.") from None
    except OSError as error:
        raise UsageError(f"The file {name} cannot be written: {error.strerror}.") from error
    try:
        with file:
            file.write(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"The file {name} cannot be written: {error.strerror}.") from error
