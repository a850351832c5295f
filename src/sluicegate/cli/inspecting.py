# SPDX-License-Identifier: Apache-2.0
"""`inspect`: what is in an ANSI/NIST file, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli.calls import REFUSED, Call, leave, plain, read_bytes, standard, table, write_new
from sluicegate.cli.images import decoded
from sluicegate.cli.judging import defects_of
from sluicegate.ebts import dictionary
from sluicegate.errors import UsageError
from sluicegate.itl.model import Defect, Image, Record, Severity, Transaction
from sluicegate.itl.reader import read
from sluicegate.raster import encode
from sluicegate.raster.decode import Decoded

_WHAT = {
    1: "header",
    2: "descriptive text",
    3: "fingerprint, low resolution, grey",
    4: "fingerprint, grey",
    5: "fingerprint, low resolution, binary",
    6: "fingerprint, binary",
    7: "user-defined image",
    8: "signature",
    9: "minutiae",
    10: "face, scar, mark or tattoo",
    13: "latent friction ridge image",
    14: "fingerprint, variable resolution",
    15: "palm print, variable resolution",
    17: "iris",
    99: "biometric data of another standard",
}
_QUOTE = re.compile(r"`[^`]*`")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--personal", is_flag=True, help="Show what the file says about the person.")
@click.option("--decode", is_flag=True, help="Decode every image, each in a worker of its own.")
@click.option("--images", "folder", type=click.Path(path_type=Path), help="Decode, and write PNG files here.")
@click.option("--strict", is_flag=True, help="Exit with 3 on a warning too.")
@standard
def inspect(call: Call, file: Path, personal: bool, decode: bool, folder: Path | None, strict: bool) -> None:
    """Show the records, header, images and defects of an ANSI/NIST-ITL file.

    \b
    Example:
      sluicegate inspect booking.an2
      sluicegate inspect booking.an2 --images ./prints
    """
    reading = read(read_bytes(file))
    transaction = reading.transaction
    defects = sorted(defects_of(reading, datetime.now(UTC)), key=lambda d: -d.severity)
    pictures = list(transaction.images) if transaction else []
    pixels = decoded(pictures) if (decode or folder) and pictures else []
    files = _write(folder, pictures, pixels) if folder else []
    document = {
        "file": str(file),
        "records": [_record(one) for one in transaction.records] if transaction else [],
        "header": _items(transaction, 1),
        "personal": _items(transaction, 2) if personal else None,
        "images": [_image(one, at, pixels) for at, one in enumerate(pictures)],
        "defects": [_defect(one, personal=personal) for one in defects],
        "written": files,
    }
    lines = [
        *_people(transaction, personal=personal, pixels=pixels),
        *_defect_lines(defects, personal=personal),
    ]
    call.show(document, *lines, *(f"wrote {plain(one, 200)}" for one in files))
    worst = max((one.severity for one in defects), default=Severity.NOTE)
    refused = transaction is None or worst is Severity.ERROR or (strict and worst is Severity.WARNING)
    leave(REFUSED if refused else 0)


def _people(
    transaction: Transaction | None, *, personal: bool, pixels: Sequence[Decoded | str]
) -> list[RenderableType]:
    if transaction is None:
        return ["This is not an ANSI/NIST transaction that can be read."]
    records = table("type", "IDC", "bytes", "fields", "what", right=("type", "IDC", "bytes", "fields"))
    for one in transaction.records:
        idc = f"{one.idc:02d}" if one.idc >= 0 else ""
        records.add_row(str(one.type), idc, f"{len(one.raw):,}", str(len(one.fields) or ""), _what(one))
    lines: list[RenderableType] = [records, "", _fields(transaction, 1)]
    if personal:
        lines += ["", _fields(transaction, 2)]
    elif any(transaction.of_type(2)):
        lines += ["", "What the file says about the person is left out; --personal shows it."]
    if transaction.images:
        lines += ["", _pictures(transaction.images, pixels)]
    return lines


def _what(record: Record) -> str:
    return _WHAT.get(record.type, "not described by the standard that is read here")


def _items(transaction: Transaction | None, kind: int) -> list[dict[str, object]]:
    return [
        {"tag": field.tag, "mnemonic": dictionary.mnemonic(field.tag), "items": field.texts()}
        for record in (transaction.of_type(kind) if transaction else ())
        for field in record.fields
    ]


def _fields(transaction: Transaction, kind: int) -> RenderableType:
    shown = table("tag", "item", "value")
    for record in transaction.of_type(kind):
        for field in record.fields:
            value = " | ".join(" , ".join(plain(item, 60) for item in one) for one in field.texts()[:20])
            shown.add_row(field.tag, dictionary.mnemonic(field.tag), value)
    return shown


def _pictures(images: Sequence[Image], pixels: Sequence[Decoded | str]) -> RenderableType:
    shown = table(
        "type", "IDC", "FGP", "IMP", "pixels", "ppi", "coding", "bytes", "decoded", right=("bytes",)
    )
    for at, one in enumerate(images):
        said = _image(one, at, pixels)
        shown.add_row(
            str(one.record_type),
            f"{one.idc:02d}",
            ",".join(str(n) for n in one.fgp),
            str(one.imp),
            f"{one.hll}x{one.vll}",
            f"{one.ppi_h:.0f}",
            plain(one.compression, 10),
            f"{len(one.data):,}",
            *([str(said["decoded"])] if pixels else []),
        )
    return shown


def _image(image: Image, at: int, pixels: Sequence[Decoded | str]) -> dict[str, object]:
    found = pixels[at] if at < len(pixels) else None
    size = f"{found.pixels.shape[1]}x{found.pixels.shape[0]}" if isinstance(found, Decoded) else found
    return {
        "type": image.record_type,
        "idc": image.idc,
        "fgp": list(image.fgp),
        "imp": image.imp,
        "width": image.hll,
        "height": image.vll,
        "ppi": image.ppi_h,
        "coding": image.compression,
        "bytes": len(image.data),
        "decoded": size,
        "notes": list(found.notes) if isinstance(found, Decoded) else [],
    }


def _record(record: Record) -> dict[str, object]:
    return {
        "type": record.type,
        "idc": record.idc,
        "offset": record.offset,
        "bytes": len(record.raw),
        "what": _what(record),
    }


def _defect(defect: Defect, *, personal: bool) -> dict[str, str]:
    # A sentence about the text of a person may quote that text.
    hidden = defect.place.record_type == 2 and not personal
    message = _QUOTE.sub("`...`", defect.message) if hidden else defect.message
    return {
        "code": defect.code,
        "severity": defect.severity.name,
        "place": str(defect.place),
        "message": message,
        "clause": defect.clause,
    }


def _defect_lines(defects: Sequence[Defect], *, personal: bool) -> list[RenderableType]:
    if not defects:
        return ["", "No defects."]
    shown = table("severity", "code", "place", "what is wrong", "clause")
    for one in defects:
        said = _defect(one, personal=personal)
        shown.add_row(said["severity"], said["code"], said["place"], said["message"], said["clause"])
    return ["", shown]


def _write(folder: Path, images: Sequence[Image], pixels: Sequence[Decoded | str]) -> list[str]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    written = []
    for number, (image, found) in enumerate(zip(images, pixels, strict=True), 1):
        if isinstance(found, Decoded):
            fgp = image.fgp[0] if image.fgp else 0
            path = folder / f"{number:02d}-type{image.record_type}-fgp{fgp:02d}.png"
            write_new(path, encode.png(found.pixels))
            written.append(str(path))
    return written
