# SPDX-License-Identifier: Apache-2.0
"""`witness compare`: two checkpoints of one log, what they prove of each other, and the evidence."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click
from rich.console import RenderableType

from sluicegate.cli import trust
from sluicegate.cli.calls import NOT_HELD, WAITS, Call, leave, plain, read_bytes, standard, table, write_new
from sluicegate.errors import UsageError, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import JSON, Checkpoint, Policy, VerifierKey
from sluicegate.witness import compare as comparing
from sluicegate.witness import words
from sluicegate.witness.compare import Comparison, Verdict
from sluicegate.witness.publishing import fetch

_CODES = {Verdict.SAME: 0, Verdict.GROWN: 0, Verdict.UNPROVEN: WAITS}
_WIDTH = 100
_NO_VOUCHER = (
    "The evidence names this key itself. Make sure that it is the log's: --key FILE or --policy FILE."
)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tiles", type=click.Path(path_type=Path), help="Folder of the log's tiles, to prove growth.")
@click.option("--key", help="Public key of the log, a file or its text [default: of this home].")
@click.option("--policy", type=click.Path(path_type=Path), help="Policy that names log and witnesses.")
@click.option("--evidence", type=click.Path(path_type=Path), help="Write a proven split view to this file.")
@standard
def compare(
    call: Call,
    files: tuple[Path, ...],
    tiles: Path | None,
    key: str | None,
    policy: Path | None,
    evidence: Path | None,
) -> None:
    """Compare two checkpoints of one log, or verify a file of evidence.

    Exit code 0 where they agree, 4 where the log showed two histories or does not serve what it
    signed, 6 where nothing is proven either way.

    \b
    Example:
      sluicegate witness compare mine.txt theirs.txt --policy witnesses.txt --evidence split.txt
      sluicegate witness compare split.txt --policy witnesses.txt
    """
    trusted, read = _trusted(call, key, policy)
    datas = [read_bytes(path) for path in files]
    match datas:
        case [one] if comparing.is_evidence(one):
            found, vouched = _verified(one, trusted)
        case [one, other]:
            found, vouched = _compared(one, other, trusted, tiles), True
        case _:
            raise UsageError("Name two checkpoints, or one file of evidence.")
    if evidence is not None:
        if found.verdict is not Verdict.SPLIT:
            raise VerifyError("evidence: no split view is proven, so there is none to write")
        write_new(evidence, comparing.evidence(found).encode("utf-8"))
    document: dict[str, JSON] = words.document(found, read)
    document |= {"key_vouched_for": vouched, "evidence": str(evidence) if evidence else None}
    call.show(document, *_lines(found, read, vouched=vouched, evidence=evidence))
    leave(code_of(found.verdict))


def code_of(verdict: Verdict) -> int:
    """The exit code that a verdict ends the command with."""
    return _CODES.get(verdict, NOT_HELD)


def _trusted(call: Call, key: str | None, path: Path | None) -> tuple[list[VerifierKey], Policy | None]:
    """The keys that are believed, what was typed first, and the policy that names witnesses."""
    given = [trust.read_log_key(trust.key_text(key))] if key else []
    place = trust.policy_path(call, path)
    read = trust.policy(place)[0] if path or place.is_file() else None
    own = trust.home_key(call)
    if given or path:  # what was named on the command line is all that counts
        return given + list(read.logs if read else ()), read
    return [*(read.logs if read else ()), *([own] if own else [])], read


def _compared(one: bytes, other: bytes, trusted: list[VerifierKey], folder: Path | None) -> Comparison:
    origins = {checkpoints.parse(data).origin for data in (one, other)}
    if len(origins) != 1:
        raise UsageError("These are checkpoints of two different logs.", advice="Compare two of one log.")
    key = trust.key_of(origins.pop(), trusted)
    if key is None:
        raise UsageError(
            "There is no key of this log at hand, and without it the files prove nothing.",
            advice="Name it with --key FILE, or a policy that has it with --policy FILE.",
        )

    def opened(shown: Checkpoint) -> Tiled:
        assert folder is not None
        return Tiled(fetch(folder), shown)

    notes = (one.decode("utf-8"), other.decode("utf-8"))
    return comparing.compare(*notes, key, opened if folder else None)


def _verified(data: bytes, trusted: list[VerifierKey]) -> tuple[Comparison, bool]:
    """The split view in a file of evidence, and whether the key in it is one that is believed here."""
    found = comparing.read_evidence(data)
    known = trust.key_of(found.key.name, trusted)
    if known is not None and known != found.key:
        raise VerifyError("evidence: it is signed by another key than that of this log")
    return found, known is not None


def _lines(
    found: Comparison, policy: Policy | None, *, vouched: bool, evidence: Path | None
) -> list[RenderableType]:
    shown = table("", "first", "second")
    sides = (found.first, found.second)
    notes = (found.first_note, found.second_note)
    shown.add_row("entries", *(f"{one.size:,}" for one in sides))
    shown.add_row("root", *(comparing.spelled(one.root) for one in sides))
    shown.add_row("signed by the log", "yes", "yes")
    shown.add_row("cosigned by", *(words.cosigners(note, policy).words for note in notes))
    if found.beginning:
        beginning = comparing.spelled(found.beginning)
        shown.add_row(f"root of its first {found.first.size:,}", "", beginning)
    paragraphs = [textwrap.fill(one, _WIDTH) for one in words.explanation(found, policy)]
    spaced = [line for one in paragraphs for line in ("", one)]
    head = [words.HEADLINE[found.verdict], "", f"log  {plain(found.key.name, 200)}", f"key  {found.key}"]
    after = ["", f"Evidence written to {evidence}."] if evidence else []
    return [*head, *([] if vouched else [_NO_VOUCHER]), "", shown, *spaced, *after]
