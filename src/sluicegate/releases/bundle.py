# SPDX-License-Identifier: Apache-2.0
"""A release as files: the data, a page to read, and the manifest whose digest the master log states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from sluicegate.errors import LedgerError
from sluicegate.ledger import canonical
from sluicegate.ledger.verify import JSON
from sluicegate.releases import page
from sluicegate.releases.codes import BY_CODE, UNVERIFIED
from sluicegate.releases.document import check_id, structure
from sluicegate.releases.redact import UNTOLD, Redaction, Secrets, extent, piece_commitment, root

FORMAT, MANIFEST_FORMAT = "sluicegate-release-1", "sluicegate-manifest-1"
DATA, PAGE, MANIFEST = "release.json", "release.html", "manifest.json"


def make(secrets: Secrets, redactions: Sequence[Redaction], *, name: str, made: str) -> dict[str, bytes]:
    """The files of a release by name. Nothing in them holds a withheld text, or a digest of one alone.

    Args:
        secrets: the document and its salts.
        redactions: what is withheld.
        name: id of the release, as ids are written.
        made: moment, RFC 3339 in UTC.
    """
    withheld = {one.piece: one for one in redactions}
    document = secrets.document
    pieces: list[JSON] = []
    for piece in document.pieces():
        salt = secrets.salts[piece.id]
        gone = withheld.get(piece.id)
        if gone is None:
            pieces.append({"id": piece.id, "text": piece.text, "salt": salt.hex()})
            continue
        told = extent(piece.text) if gone.tell_extent else UNTOLD
        sealed = piece_commitment(document.id, piece.id, piece.text, salt).hex()
        codes: list[JSON] = list(gone.codes)
        pieces.append(
            {"id": piece.id, "codes": codes, "extent": told, "note": gone.note, "commitment": sealed}
        )
    used = sorted({code for one in redactions for code in one.codes})
    data: dict[str, JSON] = {
        "format": FORMAT,
        "release": check_id(name, "release"),
        "made": made,
        "structure": structure(document),
        "pieces": pieces,
        "root": root(secrets).hex(),
        "codes": {code: BY_CODE[code].about for code in used},
        "about_codes": UNVERIFIED,
    }
    files = {DATA: canonical.encode(data), PAGE: page.render(data)}
    files[MANIFEST] = _manifest(files, name, root(secrets).hex())
    return files


def _manifest(files: Mapping[str, bytes], name: str, document_root: str) -> bytes:
    listed: list[JSON] = [
        {"name": one, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for one, data in sorted(files.items())
    ]
    return canonical.encode(
        {
            "format": MANIFEST_FORMAT,
            "kind": "release",
            "name": name,
            "root": document_root,
            "files": listed,
        }
    )


def statement(manifest: bytes, at: str) -> dict[str, JSON]:
    """What the master log says of a release: its id, and the SHA-256 of its manifest. Raises LedgerError."""
    said = canonical.decode(manifest)
    if not isinstance(said, dict) or said.get("kind") != "release":
        raise LedgerError("that is not the manifest of a release")
    digest = hashlib.sha256(manifest).hexdigest()
    return {"v": 1, "at": at, "kind": "release", "id": said["name"], "manifest": digest}
