# SPDX-License-Identifier: Apache-2.0
"""What the release builder's form says, and what its pages show: values in, values out.

Nothing is guessed: a tick without an exemption, or an exemption without a tick, is said to the person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import InputRefused
from sluicegate.ledger import canonical
from sluicegate.ledger.verify import JSON
from sluicegate.releases import redact
from sluicegate.releases.codes import BY_CODE
from sluicegate.releases.document import Document
from sluicegate.releases.redact import FORMAT, Redaction

MOST_PIECES = 120
"""A form carries at most 500 fields; the command line has no such limit."""
_NOTE = 300


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said of one piece."""

    gone: bool = False
    codes: tuple[str, ...] = ()
    note: str = ""
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One piece in the form; `label` is public and stands before the block's first piece."""

    id: str
    kind: str
    label: str
    text: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class Repeat:
    """A withheld piece whose text still stands elsewhere."""

    piece: str
    where: str


def choices_of(items: Iterable[tuple[str, str]]) -> dict[str, Choice]:
    """Choices by piece as the fields of a form have them: `gone`, `untold`, `code` and `note.PIECE`."""
    gone: set[str] = set()
    untold: set[str] = set()
    codes: dict[str, list[str]] = {}
    notes: dict[str, str] = {}
    for name, value in items:
        if name == "gone":
            gone.add(value)
        elif name == "untold":
            untold.add(value)
        elif name == "code":
            piece, _, code = value.partition(" ")
            codes.setdefault(piece, []).append(code)
        elif name.startswith("note.") and value.strip():
            notes[name.removeprefix("note.")] = value.strip()
    return {
        piece: Choice(piece in gone, tuple(codes.get(piece, ())), notes.get(piece, ""), piece in untold)
        for piece in {*gone, *untold, *codes, *notes}
    }


def choices_from(redactions: Iterable[Redaction]) -> dict[str, Choice]:
    """Choices as a list of redactions has them."""
    return {one.piece: Choice(True, one.codes, one.note, not one.tell_extent) for one in redactions}


def troubles(document: Document, choices: Mapping[str, Choice]) -> tuple[tuple[str, str], ...]:
    """What cannot be meant: (which kind, piece), in order of the document."""
    found = []
    for piece in document.pieces():
        one = choices.get(piece.id, Choice())
        if one.gone and not one.codes:
            found.append(("no_code", piece.id))
        if not one.gone and (one.codes or one.note or one.untold):
            found.append(("no_tick", piece.id))
        if len(one.note) > _NOTE:
            found.append(("long_note", piece.id))
    return tuple(found)


def redactions_text(document: Document, choices: Mapping[str, Choice]) -> str:
    """The ticked choices as a list of redactions, which `redact.read` holds against the document."""
    listed: list[JSON] = [
        {"id": name, "codes": list(one.codes), "note": one.note, "extent": not one.untold}
        for name, one in sorted(choices.items())
        if one.gone
    ]
    value: dict[str, JSON] = {"format": FORMAT, "document": document.id, "redactions": listed}
    return canonical.encode(value).decode("utf-8")


def rows(document: Document, choices: Mapping[str, Choice]) -> tuple[Row, ...]:
    """The pieces in order. Raises InputRefused where there are more than a form can carry."""
    if sum(len(block.pieces) for block in document.blocks) > MOST_PIECES:
        raise InputRefused(
            f"The document has more than {MOST_PIECES} pieces, too many for this form.",
            advice="Make its release with the command: sluicegate release make.",
        )
    return tuple(
        Row(piece.id, block.kind, block.label if at == 0 else "", piece.text, choices.get(piece.id, Choice()))
        for block in document.blocks
        for at, piece in enumerate(block.pieces)
    )


def repeats(document: Document, redactions: Sequence[Redaction]) -> tuple[Repeat, ...]:
    """Withheld texts that still stand elsewhere in what would be public."""
    return tuple(Repeat(piece, where) for piece, where in redact.repeats(document, redactions))


def counted(redactions: Iterable[Redaction]) -> tuple[tuple[str, str, int], ...]:
    """For each exemption that is named: code, meaning, and how many pieces are withheld under it."""
    every = [code for one in redactions for code in one.codes]
    return tuple((code, BY_CODE[code].about, every.count(code)) for code in sorted(set(every)))


def shown(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The structure of a release's data, and its pieces by id."""
    value = json.loads(data)
    return value["structure"], {one["id"]: one for one in value["pieces"]}
