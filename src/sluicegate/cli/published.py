# SPDX-License-Identifier: Apache-2.0
"""A receipt held against a public folder: is it the same ledger, and what makes the receipt final.

Nothing here needs the installation: a folder of public files and the bureau's public key are enough, and no
byte of the folder is believed before it is shown to lead to a signed checkpoint (`ledger.tiles`).
"""

from __future__ import annotations

from pathlib import Path

from sluicegate.errors import LedgerError, Missing, VerifyError
from sluicegate.ledger import checkpoint, statement
from sluicegate.ledger import entry as entries
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.holding import holding
from sluicegate.ledger.receipt import Placed, Receipt, Stated
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import Checkpoint, Policy, VerifierKey, key_of
from sluicegate.store.publish import check_name, fetch_from, read_file

MASTER = "master"


def final_of(folder: Path, held: Receipt, bureau: VerifierKey, policy: Policy | None) -> str | None:
    """The final receipt of a verified receipt at once; None while no statement covers its entry yet.

    Raises:
        VerifyError: the folder does not hold, is of another ledger than the receipt, or too few of the
            policy's witnesses cosigned.
        Missing: the folder holds no published ledger.
    """
    note, master = _opened(folder, f"{bureau.name}/{MASTER}", bureau)
    own = checkpoint.parse(held.checkpoint_note)
    found = _statement(master, own.origin, held.index)
    if found is None:
        return None
    number, at, stated = found
    log = folder / "logs" / check_name(own.origin.removeprefix(f"{bureau.name}/"))
    _, tiles = _opened(log, own.origin, bureau)
    if tiles.size < stated.size or tiles.root_at(stated.size) != stated.root:
        raise VerifyError("public: the published log is not the one that the master log states")
    _compare(own, tiles)
    if tiles.leaf(held.index) != entries.leaf(held.salt, held.entry_json):
        raise VerifyError("public: the published log holds something else in the place of this entry")
    if policy is not None:
        with holding():
            standalone.check_cosignatures(note, policy)
    placed = Placed(receipts.entry_of(held), held.salt, tiles.inclusion(held.index, stated.size), note)
    place = Stated(stated.origin, stated.size, at, number, master.inclusion(number))
    return receipts.compose_final(placed, place, policy)


def compared(folder: Path, held: Receipt, bureau: VerifierKey) -> str:
    """In words, how the checkpoint of a verified final receipt and the published one go together.

    Raises:
        VerifyError: they are not of one ledger: somebody was shown another than you.
    """
    _, master = _opened(folder, f"{bureau.name}/{MASTER}", bureau)
    own = checkpoint.parse(held.checkpoint_note)
    if master.size < own.size:
        return "The public folder is older than the receipt; nothing could be compared."
    _compare(own, master)
    return "The public folder continues the ledger of this receipt."


def _opened(folder: Path, origin: str, bureau: VerifierKey) -> tuple[str, Tiled]:
    data = read_file(folder / "checkpoint")
    if data is None:
        raise Missing(f"There is no published ledger in {folder}.", advice="Run: sluicegate ledger publish")
    with holding():
        key = key_of(bureau, origin)
    opened = checkpoint.verify(data, str(key))
    return data.decode("utf-8"), Tiled(fetch_from(folder), opened)


def _statement(master: Tiled, origin: str, index: int) -> tuple[int, str, Checkpoint] | None:
    """The first statement of a checkpoint of that log which covers the entry: its number, moment, content."""
    for number, data in enumerate(master.entries()):
        try:
            said = statement.decode(data)
        except LedgerError:  # of a kind that a later version states
            continue
        if said.kind is StatementKind.CHECKPOINT:
            told = statement.checkpoint_in(said)
            if told.origin == origin and told.size > index:
                return number, said.at, told
    return None


def _compare(own: Checkpoint, published: Tiled) -> None:
    """One ledger, or two: this is where a split view shows."""
    if own.size <= published.size and published.root_at(own.size) != own.root:
        raise VerifyError(
            "public: the receipt and the public folder are of two ledgers under one name",
            advice="Keep both: two checkpoints that one key signed and that contradict each other are proof. "
            "See: sluicegate witness compare",
        )
