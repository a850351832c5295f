# SPDX-License-Identifier: Apache-2.0
"""`release`: make, verify and open releases of documents."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sluicegate.cli.calls import Call, plain, read_bytes, standard, table, write_new
from sluicegate.cli.finding import booking
from sluicegate.cli.stating import state
from sluicegate.errors import InputRefused, UsageError, VerifyError, quoted
from sluicegate.exchange.release_case import describe, proposed
from sluicegate.releases import bundle, document, redact
from sluicegate.releases import verify as verifying
from sluicegate.releases.codes import EXEMPTIONS, UNVERIFIED
from sluicegate.releases.redact import Secrets
from sluicegate.store.journal import stamp

_PATH = click.Path(path_type=Path)


@click.group()
def release() -> None:
    """Release documents with redactions that prove what they withhold.

    \b
    Example:
      sluicegate release verify ./release
    """


@release.command()
@click.argument("file", metavar="DOCUMENT", type=_PATH)
@click.option("--redact", "redactions", type=_PATH, help="What is withheld, by piece [default: nothing].")
@click.option("--secrets", "kept", required=True, type=_PATH, help="Custodian's file; kept if it exists.")
@click.option("--to", "folder", required=True, type=_PATH, help="A new folder for the release.")
@click.option("--id", "name", help="Id of the release [default: that of the document].")
@click.option("--even-if-repeated", is_flag=True, help="Also where a withheld text stands elsewhere.")
@click.option(
    "--state",
    "stated",
    is_flag=True,
    help="Make it public: stated in the master log, copied to public/.",
)
@standard
def make(
    call: Call,
    file: Path,
    redactions: Path | None,
    kept: Path,
    folder: Path,
    name: str | None,
    even_if_repeated: bool,
    stated: bool,
) -> None:
    """Make a release: data, a page to read, and a manifest.

    The file of secrets holds the whole document and its salts. Use the same one for a later release of the
    same document: both then have one root, which proves that nothing was altered between them.

    \b
    Example:
      sluicegate release make letter.json --redact redactions.json --secrets letter.secrets --to ./release
    """
    if folder.exists():
        raise UsageError(f"{quoted(str(folder), 200)} is there already.", advice="Name a new folder.")
    if folder.resolve() in kept.resolve().parents:
        raise UsageError("The file of secrets may not lie in the release.", advice="Put it elsewhere.")
    read = document.read(read_bytes(file))
    gone = redact.read(read_bytes(redactions), read) if redactions else ()
    again = redact.repeats(read, gone)
    if again and not even_if_repeated:
        where = ", ".join(f"{piece} in {plain(place)}" for piece, place in again[:5])
        raise InputRefused(
            f"What is withheld stands elsewhere in the release: {where}.",
            advice="Withhold it there too, or say --even-if-repeated.",
        )
    sealed = _sealed(kept, read)
    now = stamp(call.clock()() if stated else datetime.now(UTC))
    files = bundle.make(sealed, gone, name=name or read.id, made=now)
    folder.mkdir(parents=True)
    for one, data in files.items():
        (folder / one).write_bytes(data)
    told = bundle.statement(files[bundle.MANIFEST], now)
    number = state(call, told, f"releases/{told['id']}", files) if stated else None
    shown = {"folder": str(folder), "withheld": len(gone), "pieces": len(sealed.salts), "secrets": str(kept)}
    lines = [
        f"Wrote {plain(folder, 200)}: {', '.join(sorted(files))}.",
        f"{len(gone)} of {len(sealed.salts)} pieces are withheld. Keep {plain(kept, 200)}: it opens them.",
        f"root      {redact.root(sealed).hex()}",
        f"manifest  {told['manifest']}",
    ]
    if number is not None:
        lines.append(f"Stated in the master log as number {number}.")
    call.show({**shown, "root": redact.root(sealed).hex(), "statement": told, "stated": number}, *lines)


def _sealed(kept: Path, read: document.Document) -> Secrets:
    """The salts of an earlier release of the very same document, or fresh ones, kept before anything else."""
    if kept.exists():
        held = redact.decode_secrets(read_bytes(kept))
        if held.document != read:
            raise UsageError(
                "The file of secrets is for another document, or the document was changed since.",
                advice="Name a new file of secrets; the release then has a root of its own.",
            )
        return held
    made = redact.seal(read, lambda: secrets.token_bytes(32))
    write_new(kept, redact.encode_secrets(made))
    return made


@release.command("verify")
@click.argument("folder", type=_PATH)
@click.option("--opened", type=_PATH, help="What was opened to a court.")
@click.option("--earlier", type=_PATH, help="A release.")
@standard
def verify_(call: Call, folder: Path, opened: Path | None, earlier: Path | None) -> None:
    """Verify a release: every file, every piece, the root, the page, and what was opened.

    \b
    Example:
      sluicegate release verify ./release --opened opened.json
    """
    data, holds = verifying.verify(_read_folder(folder))
    lines = list(holds)
    if earlier is not None:
        lines += verifying.compare(data, verifying.verify(_read_folder(earlier))[0])
    shown: list[dict[str, str]] = []
    if opened is not None:
        found = verifying.verify_opened(data, read_bytes(opened))
        shown = [{"id": piece, "text": text} for piece, text in found]
        lines.append(f"Opened: {len(found)} pieces are what was committed to.")
        lines += [f"  {piece}  {plain(text, 400)}" for piece, text in found]
    told = {"verified": True, "release": data["release"], "root": data["root"], "holds": lines}
    call.show({**told, "opened": shown}, *lines)


def _read_folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if not folder.is_dir():
        raise UsageError(f"{quoted(str(folder), 200)} is not a folder.")
    for path in sorted(folder.iterdir()):
        if not path.is_file() or len(files) > len((bundle.DATA, bundle.PAGE, bundle.MANIFEST)):
            raise VerifyError("manifest: a release is its data, its page and its manifest")
        files[path.name] = read_bytes(path)
    return files


@release.command("open")
@click.argument("file", metavar="SECRETS", type=_PATH)
@click.argument("pieces", metavar="PIECE...", nargs=-1, required=True)
@click.option("--to", "target", required=True, type=_PATH, help="File for the court.")
@standard
def open_(call: Call, file: Path, pieces: tuple[str, ...], target: Path) -> None:
    """Open withheld pieces to a court: their texts and salts, which the release committed to.

    \b
    Example:
      sluicegate release open letter.secrets p2.2 --to opened.json
    """
    made = redact.opened(redact.decode_secrets(read_bytes(file)), pieces)
    write_new(target, made)
    count = len(dict.fromkeys(pieces))
    call.show({"file": str(target), "pieces": count}, f"Opened {count} piece(s) to {plain(target, 200)}.")


@release.command("from-case")
@click.argument("name", metavar="TCN|CASE")
@click.option("--to", "target", required=True, type=_PATH, help="File for the document.")
@click.option("--propose", type=_PATH, help="File for proposed redactions, for a person to judge.")
@standard
def from_case(call: Call, name: str, target: Path, propose: Path | None) -> None:
    """Write a booking's administrative record as a document: no prints, no name, no answer of the partner.

    \b
    Example:
      sluicegate release from-case VA0070000-0001 --to record.json --propose redactions.json
    """
    with call.opened("bureau") as office:
        case = booking(office.store, name)
        made = describe(office.store, case)
    write_new(target, _pretty(document.to_json(made)))
    files: dict[str, Any] = {"document": str(target), "proposed": str(propose or "")}
    lines = [f"Wrote {plain(target, 200)}: {sum(1 for _ in made.pieces())} pieces."]
    if propose is not None:
        write_new(propose, _pretty(proposed(made)))
        lines.append(f"Wrote {plain(propose, 200)}: proposals, for a person to judge.")
    call.show({**files, "id": made.id}, *lines)


def _pretty(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


@release.command()
@standard
def codes(call: Call) -> None:
    """List the exemptions that a redaction can name.

    \b
    Example:
      sluicegate release codes
    """
    shown = table("code", "about")
    for one in EXEMPTIONS:
        shown.add_row(one.code, one.about)
    listed = [{"code": one.code, "about": one.about} for one in EXEMPTIONS]
    call.show({"exemptions": listed, "note": UNVERIFIED}, shown, "", UNVERIFIED)
