# SPDX-License-Identifier: Apache-2.0
"""The report of `inspect --html`: one page that asks for nothing from outside and runs no script.

Everything that was received passes through `plain` (printable ASCII) and then through `html.escape`. The
page forbids itself whatever it does not need by a Content-Security-Policy, and it is well-formed XML too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib import resources
from importlib.metadata import version
from string import Template

from sluicegate.cli import inspect_nodes, inspect_shown, inspect_words
from sluicegate.cli.calls import plain
from sluicegate.cli.images import thumbnail
from sluicegate.cli.inspect_document import Summary
from sluicegate.cli.inspect_look import NAMES, VERDICTS, Look, Picture
from sluicegate.cli.inspect_nodes import Node
from sluicegate.cli.inspect_words import Words
from sluicegate.itl.model import Defect, Severity
from sluicegate.raster.decode import Decoded

_MOST_PICTURES = 400  # of a report: about 30 MB
_OPEN = (1, 2)  # records whose fields are shown from the start

Way = tuple[int, ...]


@dataclass(slots=True)
class Report:
    """The page, file by file. Grows by `add`."""

    sections: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    pictures: int = 0
    personal: bool = False

    def add(self, look: Look, words: Words, pixels: Sequence[Decoded | str]) -> None:
        """Write the section of one file."""
        name = f"f{len(self.sections)}"
        shown = [one if self._room() else "more pictures than a report holds" for one in pixels]
        self.sections.append(_section(name, look, words, shown))
        self.rows.append(_row(name, look))
        self.titles.append(look.path.name)
        self.personal |= words.personal

    def page(self, summary: Summary) -> str:
        """The whole page."""
        style = _data("report.css.txt")
        digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
        several = len(self.titles) != 1
        title = (
            f"Inspection of {len(self.titles)} files" if several else f"Inspection of {_safe(self.titles[0])}"
        )
        left_out = "It shows what the file says about the person: treat it as such."
        return Template(_data("report.html.txt")).substitute(
            digest=digest,
            style=style,
            title=title,
            heading=title,
            told=f"{summary.bytes:,} bytes, looked at in {summary.seconds:.2f} s.",
            body="\n".join((*(_overview(self.rows, summary) if several else ()), *self.sections)),
            version=_safe(version("sluicegate")),
            personal=left_out if self.personal else "What a file says about the person is left out.",
        )

    def _room(self) -> bool:
        self.pictures += 1
        return self.pictures <= _MOST_PICTURES


@cache
def _data(name: str) -> str:
    return resources.files("sluicegate.cli").joinpath("data", name).read_text(encoding="utf-8")


def _safe(text: object, limit: int = 4000) -> str:
    """Any text, made safe for the page."""
    return escape(plain(text, limit))


def _said(text: str) -> str:
    """A sentence of ours, in which what was received is quoted already, or a value of the tree."""
    return escape("".join(one if " " <= one <= "~" else f"\\u{ord(one):04x}" for one in text))


def _badge(severity: Severity) -> str:
    return f'<span class="badge {severity.name.lower()}">{severity.name}</span>'


def _verdict(look: Look) -> str:
    return f'<span class="badge {look.verdict}">{look.verdict.upper()}</span>'


def _table(caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[str]) -> str:
    """A table; a head is its text and the class of its column."""
    cells = "".join(f'<th scope="col"{_class(kind)}>{text}</th>' for text, kind in heads)
    body = "\n".join(rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead>"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _cells(*cells: tuple[str, str]) -> str:
    return "".join(f"<td{_class(kind)}>{text}</td>" for text, kind in cells)


def _row(name: str, look: Look) -> str:
    records = len(look.transaction.records) if look.transaction else 0
    cells = _cells(
        (f'<a href="#{name}">{_safe(look.path)}</a>', ""),
        (_verdict(look), "fixed"),
        (_safe(look.tot, 16), ""),
        (str(records), "number"),
        (str(len(look.pictures)), "number"),
        *((str(look.count(one)), "number") for one in inspect_shown.SEVERITIES),
        (f"{look.size:,}", "number"),
        (f"{look.seconds * 1000:.1f}", "number"),
    )
    return f"<tr>{cells}</tr>"


def _overview(rows: Sequence[str], summary: Summary) -> Iterable[str]:
    numbers = ("records", "images", "errors", "warnings", "notes", "bytes", "ms")
    heads = [("file", ""), ("verdict", ""), ("TOT", ""), *((one, "number") for one in numbers)]
    told = ", ".join(f"{summary.verdicts[one]} {one}" for one in VERDICTS if summary.verdicts[one])
    yield f'<section class="card"><h2>Files</h2>{_table(told, heads, rows)}</section>'
    if summary.defects:
        heads = [("severity", ""), ("code", ""), ("defects", "number"), ("files", "number")]
        codes = _table("All files together", heads, (_code(*row) for row in summary.rows()))
        yield f'<section class="card"><h2>Defects by code</h2>{codes}</section>'


def _code(severity: str, code: str, count: int, files: int) -> str:
    numbers = ((str(one), "number") for one in (count, files))
    return f"<tr>{_cells((_badge(Severity[severity]), 'fixed'), (_safe(code), 'mono'), *numbers)}</tr>"


def _section(name: str, look: Look, words: Words, pixels: Sequence[Decoded | str]) -> str:
    tree = inspect_nodes.nodes(look.transaction, words) if look.transaction else ()
    flaws: dict[Way, list[Defect]] = {}
    for one in look.defects:
        flaws.setdefault(inspect_nodes.find(tree, one), []).append(one)
    parts = [
        f'<article id="{name}" aria-labelledby="{name}-title">',
        f'<h2 id="{name}-title">{_safe(look.path)}</h2>',
        f'<p class="verdict {look.verdict}">{_said(inspect_shown.closing(look).plain)}</p>',
        _facts(look),
        "<h3>Defects</h3>",
        _defects(name, look, words, tree),
    ]
    if look.pictures:
        figures = "\n".join(
            _figure(one, pixels[at] if at < len(pixels) else "not decoded", words)
            for at, one in enumerate(look.pictures)
        )
        parts.append(f'<h3>Images</h3>\n<ul class="pictures">\n{figures}\n</ul>')
    if tree:
        parts.append("<h3>Records</h3>")
        parts += [_record(f"{name}-r{at}", one, at, flaws) for at, one in enumerate(tree)]
    return "\n".join((*parts, "</article>"))


def _facts(look: Look) -> str:
    header = look.transaction.header if look.transaction else None
    facts = [("bytes", f"{look.size:,}"), ("judged by", NAMES.get(look.profile, look.profile))]
    if header is not None and look.transaction is not None:
        numbers = {"TOT": 4, "date": 5, "from (ORI)": 8, "to (DAI)": 7, "TCN": 9, "TCR": 10, "version": 2}
        facts = [(label, header.text(number)) for label, number in numbers.items()] + facts
        facts.append(("records", str(len(look.transaction.records))))
    shown = (f"<div><dt>{label}</dt><dd>{_safe(value, 80)}</dd></div>" for label, value in facts if value)
    return f'<dl class="facts">{"".join(shown)}</dl>'


def _defects(name: str, look: Look, words: Words, tree: tuple[Node, ...]) -> str:
    if not look.defects:
        return f"<p>{_said(look.trouble or 'None.')}</p>"
    heads = [("severity", ""), ("code", ""), ("place", ""), ("what is wrong", ""), ("clause", "")]
    return _table(
        f"The worst first: {inspect_shown.counted(look)}",
        heads,
        (_defect(name, one, words, inspect_nodes.find(tree, one)) for one in look.defects),
    )


def _defect(name: str, defect: Defect, words: Words, way: Way) -> str:
    place = _safe(defect.place)
    cells = _cells(
        (_badge(defect.severity), "fixed"),
        (_safe(defect.code), "mono fixed"),
        (f'<a href="#{_anchor(name, way)}">{place}</a>' if way else place, ""),
        (_said(words.defect(defect)), ""),
        (_safe(defect.clause), "clause"),
    )
    return f"<tr>{cells}</tr>"


def _anchor(name: str, way: Way) -> str:
    return f"{name}-r{way[0]}" + (f"-n{way[1]}" if len(way) > 1 else "")


def _figure(picture: Picture, found: Decoded | str, words: Words) -> str:
    image = picture.image
    fingers = inspect_words.fingers(image.fgp) or inspect_words.what(picture.record)
    title = _safe(fingers)
    if not words.shows_image(image.record_type):
        found = "Left out: it may show the person. --personal shows it."
    if isinstance(found, Decoded):
        data = base64.b64encode(thumbnail(found.pixels)).decode("ascii")
        frame = f'<div class="frame"><img alt="{title}" src="data:image/png;base64,{data}" /></div>'
    else:
        frame = f'<div class="frame none"><p>{_said(found)}</p></div>'
    differs = "" if picture.agrees else ' <span class="badge warning">DIFFERS</span>'
    lines = [
        f"Type-{image.record_type} IDC {image.idc:02d} {inspect_words.impression(image.imp)}",
        f"claims {inspect_shown.claims(picture)}" + (f", {image.ppi_h:.0f} ppi" if image.ppi_h else ""),
        f"holds {inspect_shown.holds(picture)}, {len(image.data):,} bytes",
        *(found.notes if isinstance(found, Decoded) else ()),
    ]
    told = "".join(f'<span class="line">{_said(one)}</span>' for one in lines)
    caption = f"<figcaption><strong>{title}{differs}</strong>{told}</figcaption>"
    return f"<li><figure>{frame}{caption}</figure></li>"


def _record(name: str, node: Node, at: int, flaws: dict[Way, list[Defect]]) -> str:
    inside = [one for way, found in flaws.items() if way[:1] == (at,) for one in found]
    worst = max((one.severity for one in inside), default=None)
    badge = f" {_badge(worst)}" if worst else ""
    is_open = ' open="open"' if worst is not None or at + 1 in _OPEN else ""
    where = f", from byte {node.offset}" if node.offset >= 0 else ""
    head = (
        f'<summary><span class="where">{_said(node.value)}{where}</span>'
        f'<strong>{_said(node.label)}</strong> <span class="name">{_said(node.name)}</span>{badge}</summary>'
    )
    rows = (_field(f"{name}-n{n}", kid, flaws.get((at, n), [])) for n, kid in enumerate(node.kids))
    heads = [("field", ""), ("name", ""), ("value", ""), ("byte", "number")]
    table = _table(f"Fields of {node.label}", heads, rows) if node.kids else ""
    return f'<details id="{name}"{is_open}>{head}{table}</details>'


def _field(name: str, node: Node, found: Sequence[Defect]) -> str:
    badges = "".join(f" {_badge(one)}" for one in sorted({one.severity for one in found}, reverse=True))
    kids = "".join(f"<li>{_said(kid.value)}</li>" for kid in node.kids)
    kids = f"<ol>{kids}</ol>" if kids else ""
    cells = _cells(
        (f"{_said(node.label)}{badges}", "mono fixed"),
        (_said(node.name), "name"),
        (f"{_said(node.value)}{kids}", "mono"),
        (str(node.offset) if node.offset >= 0 else "", "number soft"),
    )
    return f'<tr id="{name}"{_class("flawed" if found else "")}>{cells}</tr>'
