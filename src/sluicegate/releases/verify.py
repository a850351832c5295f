# SPDX-License-Identifier: Apache-2.0
"""Verifies a release with nothing but its files, an earlier release, and what was opened to a court."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sluicegate.errors import InputRefused, LedgerError, VerifyError, quoted
from sluicegate.ledger import canonical
from sluicegate.releases import page
from sluicegate.releases.bundle import DATA, FORMAT, MANIFEST, MANIFEST_FORMAT, PAGE
from sluicegate.releases.codes import BY_CODE
from sluicegate.releases.document import FORMAT as DOCUMENT_FORMAT
from sluicegate.releases.document import from_json, read_object, structure
from sluicegate.releases.redact import OPENED_FORMAT, UNTOLD, extent, piece_commitment, root_of

_HEX = re.compile(r"[0-9a-f]{64}")


def verify(files: Mapping[str, bytes]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The data of a release, and what was found to hold, in sentences. Raises VerifyError."""
    manifest = _manifest(files)
    data = _object(files[DATA], "release")
    try:
        commitments = _commitments(data)
        made = root_of(data["structure"], commitments.values()).hex()
        same = manifest["root"] == made and manifest["name"] == data["release"]
        shown = page.render(data)
    except VerifyError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, InputRefused, LedgerError):
        raise VerifyError("release: a part is missing or of another kind") from None
    if made != data["root"] or not same:
        raise VerifyError("root: structure and pieces do not lead to the root; something was altered")
    if shown != files[PAGE]:
        raise VerifyError(f"page: {PAGE} does not say what {DATA} says")
    gone = [one for one in data["pieces"] if "codes" in one]
    return data, (
        f"Files: {len(files)} are as the manifest says.",
        f"Root: {len(commitments)} pieces and their structure lead to {made}.",
        f"Withheld: {len(gone)}, each under an exemption and with its commitment.",
        "Page: it says what the data says, and nothing else.",
    )


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    said = _object(files.get(MANIFEST, b""), "manifest")
    try:
        listed = {one["name"]: (one["size"], one["sha256"]) for one in said["files"]}
    except (KeyError, TypeError):
        raise VerifyError("manifest: it does not list names, sizes and digests") from None
    if said.get("format") != MANIFEST_FORMAT or said.get("kind") != "release":
        raise VerifyError("manifest: it is not the manifest of a release")
    if not {"root", "name"} <= set(said) or set(listed) != {DATA, PAGE} or set(files) != {*listed, MANIFEST}:
        raise VerifyError("manifest: a release is its data, its page and its manifest")
    for name, (size, digest) in listed.items():
        if len(files[name]) != size or hashlib.sha256(files[name]).hexdigest() != digest:
            raise VerifyError(f"manifest: the file {name} was changed")
    return said


def _object(data: bytes, step: str) -> dict[str, Any]:
    try:
        value = canonical.decode(data)
    except LedgerError:
        raise VerifyError(f"{step}: it is not canonical JSON") from None
    if not isinstance(value, dict):
        raise VerifyError(f"{step}: it is not an object")
    return value


def _commitments(data: dict[str, Any]) -> dict[str, bytes]:
    """Commitments by piece in order, once each piece is shown with its salt or withheld with a reason."""
    if data["format"] != FORMAT:
        raise VerifyError("release: it is not in the format that this version knows")
    found: dict[str, bytes] = {}
    texts: dict[str, str] = {}
    named = data["structure"]["id"]
    for one in data["pieces"]:
        if "codes" in one:
            found[one["id"]] = _withheld(one, data["codes"])
            texts[one["id"]] = ""
        else:
            if set(one) != {"id", "text", "salt"}:
                raise VerifyError(f"release: piece {quoted(one['id'])} has other parts than text and salt")
            found[one["id"]] = piece_commitment(named, one["id"], one["text"], bytes.fromhex(one["salt"]))
            texts[one["id"]] = one["text"]
    _same_shape(data["structure"], texts)
    if len(found) != len(data["pieces"]):
        raise VerifyError("release: a piece stands twice")
    return found


def _withheld(one: dict[str, Any], codes: Mapping[str, Any]) -> bytes:
    told = {"id", "codes", "extent", "note", "commitment"}
    known = one["codes"] and all(
        code in BY_CODE and codes.get(code) == BY_CODE[code].about for code in one["codes"]
    )
    if set(one) != told or not known or not _HEX.fullmatch(one["commitment"]):
        raise VerifyError(f"release: piece {quoted(one['id'])} is withheld without exemption or commitment")
    return bytes.fromhex(one["commitment"])


def _same_shape(shape: dict[str, Any], texts: Mapping[str, str]) -> None:
    """The structure is one that a document can have, and its pieces are those of the release, in order."""
    blocks = [
        {**block, "pieces": [{"id": name, "text": texts.get(name, "")} for name in block["pieces"]]}
        for block in shape["blocks"]
    ]
    document = from_json({"format": DOCUMENT_FORMAT, **shape, "blocks": blocks})
    if structure(document) != shape or [piece.id for piece in document.pieces()] != list(texts):
        raise VerifyError("release: the pieces are not those of the structure, in its order")


def verify_opened(data: Mapping[str, Any], opened: bytes) -> list[tuple[str, str]]:
    """What an opening tells: (piece, text), once it is what was committed to. Raises VerifyError."""
    try:
        held = read_object(opened, "opening")
    except InputRefused as error:
        raise VerifyError(f"opened: {error.message}") from None
    named = data["structure"]["id"]
    pieces = {one["id"]: one for one in data["pieces"]}
    if (
        held.get("format") != OPENED_FORMAT
        or held.get("document") != named
        or held.get("root") != data["root"]
    ):
        raise VerifyError("opened: it is not an opening of this document")
    found = []
    try:
        for one in held["pieces"]:
            name, text, salt = one["id"], one["text"], bytes.fromhex(one["salt"])
            made = piece_commitment(named, name, text, salt).hex()
            sealed = pieces[name]
            known = sealed["commitment"] if "codes" in sealed else _shown(named, sealed)
            if made != known:
                raise VerifyError(f"opened: piece {quoted(name)} is not what was committed to")
            if "codes" in sealed and sealed["extent"] not in (UNTOLD, extent(text)):
                raise VerifyError(f"opened: the extent told of piece {quoted(name)} was not true")
            found.append((name, text))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise VerifyError("opened: a part is missing or of another kind") from None
    except VerifyError:
        raise
    except LedgerError:
        raise VerifyError("opened: a salt has another length than salts have") from None
    return found


def _shown(document: str, piece: Mapping[str, Any]) -> str:
    return piece_commitment(document, piece["id"], piece["text"], bytes.fromhex(piece["salt"])).hex()


def compare(data: Mapping[str, Any], earlier: Mapping[str, Any]) -> tuple[str, ...]:
    """What changed between two verified releases of one document, in sentences.

    Raises VerifyError where they are not of one sealed document.
    """
    if data["root"] != earlier["root"]:
        raise VerifyError("earlier: the two releases are not of one sealed document: their roots differ")
    gone = {one["id"] for one in data["pieces"] if "codes" in one}
    before = {one["id"] for one in earlier["pieces"] if "codes" in one}
    lines = ["Earlier: both releases are of one sealed document; nothing in it was altered between them."]
    lines += [f"  now shown: {name}" for name in sorted(before - gone)]
    lines += [f"  now withheld, and shown before: {name}" for name in sorted(gone - before)]
    return tuple(lines)
