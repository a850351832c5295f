# SPDX-License-Identifier: Apache-2.0
"""One file on a terminal: its tree, its images with what they claim and what they hold, its defects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

from sluicegate.cli import inspect_nodes, inspect_words
from sluicegate.cli.calls import plain, table
from sluicegate.cli.inspect_look import NAMES, VERDICTS, Look, Picture
from sluicegate.cli.inspect_nodes import Node
from sluicegate.cli.inspect_words import LEFT_OUT, Words
from sluicegate.itl.model import Severity
from sluicegate.raster.decode import Decoded

SEVERITIES = tuple(sorted(Severity, reverse=True))
"""The severities, the worst first."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
_VERDICT_STYLES = dict(zip(VERDICTS, ("green", "yellow", "bold red", "bold red", "bold red"), strict=True))
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def lines(look: Look, words: Words, pixels: Sequence[Decoded | str]) -> Iterator[RenderableType]:
    """Everything about one file, the verdict last, so that it stands above the prompt."""
    if look.transaction is None:
        yield look.trouble or "This is not an ANSI/NIST transaction that can be read."
    else:
        yield tree(look, words)
        if not words.personal:
            yield from ("", f"What the file says about the person is {LEFT_OUT}; --personal shows it.")
        if look.pictures:
            yield from ("", pictures(look.pictures, pixels))
    yield ""
    if look.defects:
        yield from (defects(look, words), "")
    yield closing(look)


def tree(look: Look, words: Words) -> Tree:
    """The transaction as a tree; `@` is the offset in the file."""
    assert look.transaction is not None
    drawn = Tree(Text(f"{plain(look.path, 300)}  {look.size:,} bytes", style="bold"), guide_style="dim")
    for node in inspect_nodes.nodes(look.transaction, words):
        _grow(drawn, node, top=True)
    return drawn


def _grow(tree_: Tree, node: Node, *, top: bool = False) -> None:
    line = Text(node.label, style="bold" if top else "cyan")
    if node.name:
        line.append(f"  {node.name}", style="" if top else "dim")
    line.append(f"  {node.value}", style="dim" if top else "")
    if node.offset >= 0:
        line.append(f"  @{node.offset}", style="dim")
    branch = tree_.add(line)
    for kid in node.kids:
        _grow(branch, kid)


def pictures(found: Sequence[Picture], pixels: Sequence[Decoded | str]) -> RenderableType:
    """The images: what the record claims, what the bytes say, and what decoding gave."""
    columns = ("type", "IDC", "finger", "impression", "claims", "holds", "ppi", "bytes")
    shown = table(*columns, *(("decoded",) if pixels else ()), right=("ppi", "bytes"))
    for at, one in enumerate(found):
        image = one.image
        row = [
            str(image.record_type),
            f"{image.idc:02d}",
            inspect_words.fingers(image.fgp),
            inspect_words.impression(image.imp),
            claims(one),
            f"{holds(one)}{'' if one.agrees else ' DIFFERS'}",
            f"{image.ppi_h:.0f}" if image.ppi_h else "",
            f"{len(image.data):,}",
        ]
        shown.add_row(*row, *([decoded_as(pixels[at])] if pixels else []))
    return shown


def claims(picture: Picture) -> str:
    """Coding and size as the record has them."""
    image = picture.image
    return f"{plain(image.compression, 14)} {image.hll}x{image.vll}"


def holds(picture: Picture) -> str:
    """Coding and size as the first bytes of the image have them."""
    kind = picture.frame.kind if picture.frame.kind != "RAW" else "raw"
    size = picture.frame.size
    return f"{kind} {size[0]}x{size[1]}" if size else f"{kind}, no size"


def decoded_as(found: Decoded | str) -> str:
    """The size of the pixels, or the sentence that says why there are none."""
    return f"{found.pixels.shape[1]}x{found.pixels.shape[0]}" if isinstance(found, Decoded) else found


def defects(look: Look, words: Words) -> RenderableType:
    """The defects, the worst first."""
    shown = table("severity", "code", "place", "what is wrong", "clause")
    for one in look.defects:
        severity = Text(one.severity.name, style=_STYLES[one.severity])
        shown.add_row(severity, one.code, str(one.place), words.defect(one), one.clause)
    return shown


def closing(look: Look) -> Text:
    """The verdict in a line: by which rules, and how many defects there are of each severity."""
    line = Text(look.verdict.upper(), style=_VERDICT_STYLES[look.verdict])
    judged = NAMES.get(look.profile, "")
    line.append(f" by {judged}" if judged else "", style="default")
    line.append(f": {counted(look)}.", style="default")
    return line


def counted(look: Look) -> str:
    """The number of defects by severity in words."""
    told = [
        f"{number} {_NOUNS[severity]}{'s' if number > 1 else ''}"
        for severity in SEVERITIES
        if (number := look.count(severity))
    ]
    return ", ".join(told) or look.trouble.rstrip(".") or "no defects"
