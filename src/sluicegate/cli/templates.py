# SPDX-License-Identifier: Apache-2.0
"""`template`: what a file of minutiae holds, and the same minutiae in another form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from rich.console import RenderableType

from sluicegate.cli import template_files
from sluicegate.cli.calls import REFUSED, Call, leave, plain, read_bytes, standard, table, write_new
from sluicegate.cli.template_files import KINDS, NAMES, Found, Header
from sluicegate.ebts import codes
from sluicegate.errors import UsageError, quoted
from sluicegate.itl.model import Defect, Severity
from sluicegate.ridge.extract.quality import quality

_READ = (
    click.option(
        "--maker", default="", metavar="NAME", help="The extractor that made IN, if it does not say."
    ),
    click.option("--ppi", type=click.FloatRange(200, 2400), default=None, help="Resolution, if IN has none."),
)


def _reading(work: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(_READ):
        work = option(work)
    return work


@click.group()
def template() -> None:
    """Minutiae as templates, finger minutiae records (ISO, ANSI) and Type-9 records.

    \b
    Example:
      sluicegate template show index.fmr
      sluicegate template convert index.fmr index.sgt --to own
    """


@template.command()
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@_reading
@standard
def show(call: Call, source: Path, maker: str, ppi: float | None) -> None:
    """Show the fingers of a file and what is wrong with it, and no minutia.

    Confidence is the median of what the extractor says of its minutiae. Quality, 0 to 100, says how much a
    finger gives a search to go by; compare it only between templates of one extractor. It is not NFIQ 2.

    Exit code 3 where the file is refused. What it is, its first bytes say.

    \b
    Example:
      sluicegate template show index.fmr
      sluicegate template show card.an2 --json
    """
    found = template_files.look(read_bytes(source), maker=maker, ppi=ppi or 0.0)
    call.show(_document(found), *_lines(found))
    leave(REFUSED if found.refused else 0)


@template.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--to", required=True, type=click.Choice(KINDS), help="What OUT becomes.")
@_reading
@click.option("--ori", default="", help="Originator of the transaction (type9).")
@click.option("--tcn", default="", help="Control number of the transaction (type9).")
@click.option("--tot", default="TPFS", show_default=True, help="Type of the transaction (type9).")
@click.option("--lossy", is_flag=True, help="Write also where something is left out.")
@standard
def convert(
    call: Call,
    source: Path,
    target: Path,
    to: str,
    maker: str,
    ppi: float | None,
    ori: str,
    tcn: str,
    tot: str,
    lossy: bool,
) -> None:
    """Write the minutiae of IN to the new file OUT in another form.

    What is left out is listed: then the exit code is 3 and nothing is written, unless --lossy says that it
    may be. A transaction of Type-9 records has no Type-2 record: it carries minutiae, and is no submission.

    \b
    Example:
      sluicegate template convert index.sgt index.fmr --to iso
      sluicegate template convert index.fmr index.an2 --to type9 --ori VA0070100 --tcn A-1
    """
    if target.exists():
        raise UsageError(
            f"The file {quoted(str(target), 200)} is there already.", advice="Name one that is not."
        )
    found = template_files.look(read_bytes(source), maker=maker, ppi=ppi or 0.0)
    data, lost, notes = template_files.written(found, to, Header(ori, tcn, tot))
    write = lossy or not lost
    if write:
        write_new(target, data)
    document = {
        "schema": "sluicegate.template-convert/1",
        "from": str(source),
        "to": str(target),
        "kind": to,
        "written": len(data) if write else 0,
        "lost": list(lost),
        "notes": list(notes),
    }
    call.show(document, *_told(target, to, len(data), lost, notes, write=write))
    leave(0 if write else REFUSED)


def _told(
    target: Path, to: str, size: int, lost: tuple[str, ...], notes: tuple[str, ...], *, write: bool
) -> Iterator[str]:
    yield from (f"not carried: {one}" for one in lost)
    yield from (f"note: {one}" for one in notes)
    if write:
        yield f"Wrote {plain(target, 200)}: {NAMES[to]}, {size:,} bytes."
    else:
        yield "Nothing was written; --lossy writes without it."


def _document(found: Found) -> dict[str, object]:
    fingers = found.template.fingers if found.template else ()
    return {
        "schema": "sluicegate.template-show/1",
        "kind": found.kind,
        "refused": found.refused,
        "extractor": found.template.extractor if found.template else "",
        "parameters": found.template.parameters if found.template else "",
        "fingers": [
            {
                "fgp": one.fgp,
                "imp": one.imp,
                "width": one.width,
                "height": one.height,
                "minutiae": len(one.minutiae),
                "quality": quality(one),
            }
            for one in fingers
        ],
        "defects": [
            {
                "code": one.code,
                "severity": one.severity.name,
                "place": str(one.place),
                "message": one.message,
                "found": one.found,
                "expected": one.expected,
                "clause": one.clause,
            }
            for one in found.defects
        ],
    }


def _lines(found: Found) -> Iterator[RenderableType]:
    made = found.template
    yield f"{NAMES[found.kind]}"
    if made is not None:
        yield f"made by {plain(made.extractor, 120)}, parameters {plain(made.parameters, 120)}"
        if not made.extractor.startswith(("fmr:", "type9:")):
            yield "It is compared only with templates of the same extractor and parameters."
        elif ":unknown-" in made.extractor:
            yield "Its maker is not told: it is compared with nothing but itself. --maker names it."
        yield ""
        yield _fingers(found)
    if found.defects:
        yield ""
        yield _defects(found.defects)
    yield ""
    yield _verdict(found)


def _verdict(found: Found) -> str:
    if found.template is None:
        trouble = found.trouble
        return f"refused: {trouble.message} {trouble.advice}".rstrip() if trouble else "refused"
    worse = any(one.severity > Severity.NOTE for one in found.defects)
    fingers = found.template.fingers
    minutiae = sum(len(one.minutiae) for one in fingers)
    told = (_many(len(fingers), "finger", "fingers"), _many(minutiae, "minutia", "minutiae"))
    word = "defect" if worse else "note"
    defects = (_many(len(found.defects), word, f"{word}s"),) if found.defects else ()
    return f"{'warnings' if worse else 'sound'}: {', '.join((*told, *defects))}"


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _fingers(found: Found) -> RenderableType:
    drawn = table(
        "FGP",
        "finger",
        "IMP",
        "pixels at 500 ppi",
        "minutiae",
        "confidence",
        "quality",
        right=("FGP", "minutiae", "quality"),
    )
    for one in found.taken().fingers:
        name = codes.table("FGP").get(str(one.fgp), "no such position")
        middle = f"{float(np.median(one.minutiae[:, 3])):.2f}" if len(one.minutiae) else "-"
        size = f"{one.width} x {one.height}"
        numbers = (str(len(one.minutiae)), middle, str(quality(one)))
        drawn.add_row(str(one.fgp), plain(name), str(one.imp), size, *numbers)
    return drawn


def _defects(defects: tuple[Defect, ...]) -> RenderableType:
    drawn = table("severity", "code", "place", "what is wrong", "found", "expected")
    for one in sorted(defects, key=lambda one: -one.severity):
        drawn.add_row(one.severity.name, one.code, str(one.place), one.message, one.found, one.expected)
    return drawn
