# SPDX-License-Identifier: Apache-2.0
"""XML bytes to a bounded tree whose nodes know their line and byte offset. No entity is ever expanded.

Source: W3C XML 1.0 (fifth edition), Namespaces in XML 1.0. The parser is expat: it streams, fetches nothing,
and is stopped by the first thing over a limit. A document type declaration is refused where it begins, so
that there are no entities but the five of XML itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from sluicegate.errors import quoted
from sluicegate.itl.model import Place
from sluicegate.itl.rules import defect as common_defect
from sluicegate.itl.xml import tables
from sluicegate.itl.xml.rules import RefusedError, defect

ROOT = "itl:NISTBiometricInformationExchangePackage"
_DATA = "nc:BinaryBase64Object"
_SPACE = " "
_ENCODINGS = frozenset(("utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin1"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """Caps applied before and while parsing. Units: bytes, characters and counts."""

    file_bytes: int = 64 * 1024 * 1024
    depth: int = 64
    elements: int = 100_000
    quotes: int = 200_000  # quotation marks in the whole file: no file has more attributes than half of them
    text: int = 1_000_000  # characters in one element that is no image
    image: int = 40 * 1024 * 1024  # characters of base64 in one image
    records: int = 1000


@dataclass(slots=True)
class Node:
    """One element. `name` is prefix:local with the prefixes of our table, or ?:local where it has none."""

    name: str
    line: int
    offset: int
    text: str = ""
    children: list[Node] = field(default_factory=list)
    attributes: int = 0  # those that are neither namespaces nor xsi nor xml

    @property
    def local(self) -> str:
        return self.name.partition(":")[2]

    def child(self, name: str) -> Node | None:
        """The first child of that name."""
        return next((one for one in self.children if one.name == name), None)

    def at(self, *names: str) -> Node | None:
        """The node down a path of first children."""
        node: Node | None = self
        for name in names:
            node = node.child(name) if node is not None else None
        return node


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed package. `end` is the offset of the root's end tag."""

    root: Node
    end: int


class EnoughError(Exception):
    """The caller has seen what it wanted. Raised by a watcher, caught where parsing began."""


def parse(data: bytes, limits: XmlLimits) -> Tree:
    """The tree of a whole document. Raises RefusedError with one defect; time is linear in the size."""
    if len(data) > limits.file_bytes:
        raise _over(Place(), f"file of {len(data)} bytes", f"at most {limits.file_bytes} bytes")
    builder = Builder(limits)
    feed(builder, data, final=True)
    if builder.root is None:
        raise RefusedError(defect("ITL-XML", Place(offset=0), found="no element"))
    return Tree(builder.root, builder.end)


def feed(builder: Builder, data: bytes, *, final: bool) -> None:
    """Parse with a builder. Raises RefusedError, and EnoughError where the builder's watcher does."""
    if data.count(b'"') + data.count(b"'") > builder.limits.quotes:
        raise _over(Place(), "more quotation marks", f"at most {builder.limits.quotes}")
    _check_encoding(data)
    try:
        builder.parser.Parse(data, final)
    except (expat.ExpatError, UnicodeError, LookupError, ValueError) as error:
        code = getattr(error, "code", 0)
        found = expat.ErrorString(code) if code else "characters that cannot be decoded"
        raise RefusedError(
            defect("ITL-XML", builder.place(), line=builder.parser.ErrorLineNumber, found=found or "")
        ) from None


def _check_encoding(data: bytes) -> None:
    head = data[:400].replace(b"\x00", b"")
    declared = _DECLARED.search(head)
    if declared is not None and declared.group(1).decode("ascii").lower() not in _ENCODINGS:
        raise RefusedError(
            defect("ITL-XML-ENC", Place(offset=0), line=1, found=quoted(declared.group(1)), expected="UTF-8")
        )


def _over(place: Place, found: str, expected: str) -> RefusedError:
    return RefusedError(common_defect("ITL-CAP", place, found=found, expected=expected))


class Builder:
    """Builds the tree from the parser's events and counts everything that can be too much."""

    def __init__(self, limits: XmlLimits, watch: Callable[[list[Node]], None] | None = None) -> None:
        self.limits = limits
        self.root: Node | None = None
        self.end = 0
        self._watch = watch
        self._stack: list[Node] = []
        self._parts: list[list[str]] = []
        self._room: list[int] = []
        self._elements = 0
        self._names: dict[str, str] = {}
        self.parser = self._parser()

    def place(self) -> Place:
        """Where the parser is."""
        return Place(offset=max(self.parser.CurrentByteIndex, 0))

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=_SPACE)
        parser.buffer_text = True
        parser.buffer_size = 65536
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._characters
        return parser

    def _doctype(self, *_about: object) -> None:
        raise RefusedError(defect("ITL-XML-DTD", self.place(), line=self.parser.CurrentLineNumber))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > self.limits.elements:
            raise _over(self.place(), "more elements", f"at most {self.limits.elements} elements")
        if len(self._stack) >= self.limits.depth:
            raise _over(self.place(), "deeper elements", f"a depth of at most {self.limits.depth}")
        own = sum(1 for key in attributes if not key.startswith((_INSTANCE, _XML)))
        at = self.parser.CurrentByteIndex
        node = Node(self._known(name), self.parser.CurrentLineNumber, at, attributes=own)
        self._place_in_tree(node)
        self._stack.append(node)
        self._parts.append([])
        self._room.append(self.limits.image if node.name == _DATA else self.limits.text)

    def _place_in_tree(self, node: Node) -> None:
        if self._stack:
            parent = self._stack[-1]
            parent.children.append(node)
            if len(self._stack) == 1 and len(parent.children) > self.limits.records:
                raise _over(self.place(), "more records", f"at most {self.limits.records} records")
        elif node.name == ROOT:
            self.root = node
        else:
            found = quoted(node.local)
            raise RefusedError(defect("ITL-XML-ROOT", self.place(), line=node.line, found=found))

    def _characters(self, text: str) -> None:
        if not self._stack:
            return
        self._room[-1] -= len(text)
        if self._room[-1] < 0:
            raise _over(self.place(), "longer text", f"at most {self.limits.text} characters in an element")
        self._parts[-1].append(text)

    def _close(self, _name: str) -> None:
        node = self._stack.pop()
        node.text = "".join(self._parts.pop())
        self._room.pop()
        if not self._stack:
            self.end = self.parser.CurrentByteIndex
        if self._watch is not None:
            self._watch([*self._stack, node])

    def _known(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            uri, _, local = name.rpartition(_SPACE)
            found = self._names[name] = f"{tables.namespaces().prefix.get(uri, '?')}:{local}"
        return found
