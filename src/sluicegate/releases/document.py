# SPDX-License-Identifier: Apache-2.0
"""A structured document: blocks of pieces, each with an id that stays. A piece is withheld whole or not.

A paragraph of which a part is to be withheld is written as several pieces. Structure (ids, kinds, labels,
order, title) is public in every release; whatever may have to be withheld belongs into a piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import InputRefused, LedgerError, quoted
from sluicegate.ledger import canonical
from sluicegate.ledger.verify import JSON

FORMAT = "sluicegate-document-1"
KINDS = ("heading", "paragraph", "field")
MAX_BYTES, MAX_PIECES = 16 * 1024 * 1024, 100_000
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
# Characters that would make a page say something else than the text does: controls, and turns of direction.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest part that can be withheld."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, or a field with its label; its pieces follow each other without a gap."""

    id: str
    kind: str
    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. `date` and `custodian` may be empty."""

    id: str
    title: str
    date: str
    custodian: str
    blocks: tuple[Block, ...]

    def pieces(self) -> Iterator[Piece]:
        """All pieces in order."""
        return (piece for block in self.blocks for piece in block.pieces)


def structure(document: Document) -> dict[str, JSON]:
    """Everything of a document but its texts: what each release of it shows."""
    return {
        "id": document.id,
        "title": document.title,
        "date": document.date,
        "custodian": document.custodian,
        "blocks": [
            {
                "id": block.id,
                "kind": block.kind,
                "label": block.label,
                "pieces": [piece.id for piece in block.pieces],
            }
            for block in document.blocks
        ],
    }


def to_json(document: Document) -> dict[str, JSON]:
    """The document as its file has it."""
    blocks: list[JSON] = [
        {
            "id": block.id,
            "kind": block.kind,
            "label": block.label,
            "pieces": [{"id": piece.id, "text": piece.text} for piece in block.pieces],
        }
        for block in document.blocks
    ]
    return {
        "format": FORMAT,
        "id": document.id,
        "title": document.title,
        "date": document.date,
        "custodian": document.custodian,
        "blocks": blocks,
    }


def read(data: bytes) -> Document:
    """The document of a file. Raises InputRefused, which names the block or piece."""
    return from_json(read_object(data, "document"))


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object without repeated keys. Raises InputRefused."""
    if len(data) > MAX_BYTES:
        raise InputRefused(f"The {what} is larger than {MAX_BYTES:,} bytes.")
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise InputRefused(f"The {what} is not JSON in UTF-8 whose keys stand once.") from None
    if not isinstance(value, dict):
        raise InputRefused(f"The {what} is not a JSON object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def from_json(value: Mapping[str, Any]) -> Document:
    """The document of plain values. Raises InputRefused."""
    _keys(value, {"format", "id", "title", "blocks"}, {"date", "custodian"}, "document")
    if value["format"] != FORMAT:
        raise InputRefused("The document is not in the format that this version knows.")
    if not isinstance(value["blocks"], list):
        raise InputRefused("The document has no list of blocks.")
    made = Document(
        check_id(value["id"], "document"),
        check_text(value["title"], "title"),
        check_text(value.get("date", ""), "date"),
        check_text(value.get("custodian", ""), "custodian"),
        tuple(_block(one) for one in value["blocks"]),
    )
    pieces = [piece.id for piece in made.pieces()]
    blocks = [block.id for block in made.blocks]
    if len(set(blocks)) != len(blocks) or len(set(pieces)) != len(pieces):
        raise InputRefused("Two blocks, or two pieces, of the document have the same id.")
    if not 0 < len(pieces) <= MAX_PIECES:
        raise InputRefused(f"A document has from 1 to {MAX_PIECES:,} pieces.")
    return made


def _block(value: Any) -> Block:
    if not isinstance(value, dict):
        raise InputRefused("A block of the document is not an object.")
    named = check_id(value.get("id"), "block")
    _keys(value, {"id", "kind"}, {"label", "text", "pieces"}, f"block {named}")
    if value["kind"] not in KINDS or ("text" in value) == ("pieces" in value):
        raise InputRefused(f"Block {named} needs a kind of {', '.join(KINDS)}, and either text or pieces.")
    given = value.get("pieces", [{"id": named, "text": value.get("text")}])
    if not isinstance(given, list) or not given:
        raise InputRefused(f"Block {named} has no list of pieces.")
    label = check_text(value.get("label", ""), f"label of {named}")
    return Block(named, value["kind"], label, tuple(_piece(one, named) for one in given))


def _piece(value: Any, block: str) -> Piece:
    if not isinstance(value, dict):
        raise InputRefused(f"A piece of block {block} is not an object.")
    _keys(value, {"id", "text"}, set(), f"piece of block {block}")
    named = check_id(value["id"], "piece")
    return Piece(named, check_text(value["text"], f"piece {named}"))


def _keys(value: Mapping[str, Any], needed: set[str], more: set[str], what: str) -> None:
    if not needed <= set(value) <= needed | more:
        odd = ", ".join(quoted(key) for key in sorted(needed ^ (set(value) - more)))
        raise InputRefused(f"The {what} lacks a part or has one too many: {odd}.")


def check_id(value: Any, what: str) -> str:
    """The id itself. Raises InputRefused."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InputRefused(f"The id of a {what} is up to 64 of a-z, 0-9, dot, dash and underscore.")
    return value


def check_text(value: Any, what: str) -> str:
    """The text itself, once it says on a page what it says in the file. Raises InputRefused."""
    if not isinstance(value, str):
        raise InputRefused(f"The {what} is not text.")
    found = _UNSEEN.search(value)
    if found:
        raise InputRefused(f"The {what} holds a character that cannot be seen: {quoted(found[0])}.")
    try:
        canonical.encode(value)
    except LedgerError:
        raise InputRefused(f"The {what} is not Unicode text.") from None
    return value
