# SPDX-License-Identifier: Apache-2.0
"""What is withheld from a document and why; and the salted commitments that prove it.

    commitment of a piece = SHA-256(salt || canonical JSON of document, piece and text)    salt: 32 bytes
    root of a document    = RFC 9162 tree over the structure's canonical JSON, then every commitment in order

Released and withheld pieces are committed to alike. With the same salts two releases of one document have one
root, whatever each withholds: nothing was altered between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import InputRefused
from sluicegate.ledger import canonical, merkle
from sluicegate.ledger.entry import commitment
from sluicegate.ledger.verify import JSON, SALT_BYTES, leaf_hash
from sluicegate.releases.codes import BY_CODE
from sluicegate.releases.document import (
    Document,
    check_id,
    check_text,
    from_json,
    read_object,
    structure,
    to_json,
)

FORMAT, SECRETS_FORMAT, OPENED_FORMAT = (
    "sluicegate-redactions-1",
    "sluicegate-secrets-1",
    "sluicegate-opened-1",
)
_STEPS = (5, 10, 25, 50, 100, 250, 500)
UNTOLD = "not told"
_SHORTEST = 4  # shorter texts occur by chance


@dataclass(frozen=True, slots=True)
class Redaction:
    """One withheld piece: under which exemptions, how much is told of its extent, and a public note."""

    piece: str
    codes: tuple[str, ...]
    note: str = ""
    tell_extent: bool = True


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the custodian keeps: the whole document and a salt for each piece."""

    document: Document
    salts: Mapping[str, bytes]


def seal(document: Document, salt: Callable[[], bytes]) -> Secrets:
    """Salts for a document that has none yet; `salt` gives 32 fresh random bytes at each call."""
    return Secrets(document, {piece.id: salt() for piece in document.pieces()})


def encode_secrets(secrets: Secrets) -> bytes:
    """The custodian's file."""
    salts: dict[str, JSON] = {name: one.hex() for name, one in secrets.salts.items()}
    return canonical.encode({"format": SECRETS_FORMAT, "document": to_json(secrets.document), "salts": salts})


def decode_secrets(data: bytes) -> Secrets:
    """The secrets of a custodian's file. Raises InputRefused."""
    value = read_object(data, "file of secrets")
    if value.get("format") != SECRETS_FORMAT or not isinstance(value.get("document"), dict):
        raise InputRefused("That is not a file of secrets.")
    document = from_json(value["document"])
    salts = _salts(value.get("salts"))
    if set(salts) != {piece.id for piece in document.pieces()}:
        raise InputRefused("The file of secrets does not hold one salt for each piece.")
    return Secrets(document, salts)


def _salts(value: Any) -> dict[str, bytes]:
    try:
        salts = {str(name): bytes.fromhex(one) for name, one in value.items()}
    except (AttributeError, TypeError, ValueError):
        raise InputRefused("The file of secrets holds no salts.") from None
    if any(len(one) != SALT_BYTES for one in salts.values()):
        raise InputRefused(f"A salt has {SALT_BYTES} bytes.")
    return salts


def piece_commitment(document: str, piece: str, text: str, salt: bytes) -> bytes:
    """The commitment to one piece, 32 bytes. Raises LedgerError where the salt has another length."""
    return commitment(salt, canonical.encode({"document": document, "piece": piece, "text": text}))


def root_of(shape: Mapping[str, JSON], commitments: Iterable[bytes]) -> bytes:
    """The root over a structure and the commitments of its pieces in order."""
    return merkle.root([leaf_hash(canonical.encode(dict(shape))), *map(leaf_hash, commitments)])


def root(secrets: Secrets) -> bytes:
    """The root of a sealed document."""
    named, salts = secrets.document.id, secrets.salts
    made = (piece_commitment(named, p.id, p.text, salts[p.id]) for p in secrets.document.pieces())
    return root_of(structure(secrets.document), made)


def read(data: bytes, document: Document) -> tuple[Redaction, ...]:
    """The redactions of a file, in order of the document; a block's id stands for all its pieces.

    Raises InputRefused.
    """
    value = read_object(data, "list of redactions")
    if value.get("format") != FORMAT or not isinstance(value.get("redactions"), list):
        raise InputRefused("That is not a list of redactions.")
    if value.get("document") != document.id:
        raise InputRefused("The list of redactions is for another document.")
    blocks = {block.id: [piece.id for piece in block.pieces] for block in document.blocks}
    order = {piece.id: at for at, piece in enumerate(document.pieces())}
    found: dict[str, Redaction] = {}
    for one in value["redactions"]:
        for piece, redaction in _expanded(one, blocks, order):
            if piece in found:
                raise InputRefused(f"Piece {piece} is withheld twice.")
            found[piece] = redaction
    return tuple(sorted(found.values(), key=lambda one: order[one.piece]))


def _expanded(
    value: Any, blocks: Mapping[str, list[str]], order: Mapping[str, int]
) -> list[tuple[str, Redaction]]:
    if not isinstance(value, dict) or not {"id", "codes"} <= set(value) <= {"id", "codes", "note", "extent"}:
        raise InputRefused("A redaction has an id and codes, and may have a note and extent.")
    named = check_id(value["id"], "redaction")
    codes = value["codes"]
    if not isinstance(codes, list) or not codes or any(code not in BY_CODE for code in codes):
        raise InputRefused(
            f"The redaction of {named} names no exemption, or one that does not exist.",
            advice="`sluicegate release codes` lists them.",
        )
    note, extent = check_text(value.get("note", ""), f"note of {named}"), value.get("extent", True)
    if not isinstance(extent, bool):
        raise InputRefused(f"The extent of {named} is told or not: true or false.")
    pieces = [named] if named in order else blocks.get(named)
    if pieces is None:
        raise InputRefused(f"The document has no piece or block {named}.")
    listed = tuple(dict.fromkeys(codes))
    return [(piece, Redaction(piece, listed, note, extent)) for piece in pieces]


def extent(text: str) -> str:
    """About how much was withheld, in steps so coarse that they do not give a name away."""
    words = len(text.split())
    step = next((one for one in _STEPS if words <= one), None)
    return f"up to {step} words" if step else f"more than {_STEPS[-1]} words"


def repeats(document: Document, withheld: Iterable[Redaction]) -> tuple[tuple[str, str], ...]:
    """Withheld pieces whose text still stands in what is released: (withheld piece, where it stands).

    Compared without regard to case and spaces; texts of fewer than four characters are not looked for.
    """
    redactions = {one.piece: one for one in withheld}
    public = [
        ("id of the document", document.id),
        ("title", document.title),
        ("date", document.date),
        ("custodian", document.custodian),
    ]
    public += [(f"label of {block.id}", block.label) for block in document.blocks]
    public += [(piece.id, piece.text) for piece in document.pieces() if piece.id not in redactions]
    public += [(f"note on {name}", one.note) for name, one in redactions.items()]
    # A text may run over neighboring pieces, so each block's released text is looked through as one too.
    for block in document.blocks:
        shown = "".join(p.text for p in block.pieces if p.id not in redactions)
        public.append((f"block {block.id}", shown))
    folded = [(where, _fold(text)) for where, text in public]
    found = []
    for piece in document.pieces():
        sought = _fold(piece.text)
        if piece.id in redactions and len(sought) >= _SHORTEST:
            found += [(piece.id, where) for where, text in folded if sought in text]
    return tuple(dict.fromkeys(found))


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def opened(secrets: Secrets, pieces: Iterable[str]) -> bytes:
    """An opening of chosen pieces for a court: text and salt of each. Raises InputRefused."""
    texts = {piece.id: piece.text for piece in secrets.document.pieces()}
    wanted = list(dict.fromkeys(pieces))
    missing = [name for name in wanted if name not in texts]
    if missing or not wanted:
        raise InputRefused("The document has no such piece.", advice="Piece ids are in release.json.")
    listed: list[JSON] = [
        {"id": name, "text": texts[name], "salt": secrets.salts[name].hex()} for name in wanted
    ]
    return canonical.encode(
        {
            "format": OPENED_FORMAT,
            "document": secrets.document.id,
            "root": root(secrets).hex(),
            "pieces": listed,
        }
    )
