# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_ledger``: the ledger at a million entries, beside pymerkle, into `bench-out/`.

Both keep the same entries in SQLite on the same disk in the same run, each in a process of its own. Rates
are by wall clock, which includes the wait for the disk and for whoever else uses the machine, and by CPU
time of the thread. Every proof of ours that is timed is verified
afterwards by the stand-alone verifier's rules (RFC 9162 section 2.1.3.2).
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import click
import pymerkle  # type: ignore[import-untyped]
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from sluicegate.exchange import papers
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.ledger import entry as entries
from sluicegate.ledger import keys, merkle
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.entry import decided_body
from sluicegate.store.blobs import BlobStore
from sluicegate.store.entries import EntryLog
from sluicegate.store.journal import Store
from sluicegate.store.master import MasterLog
from sluicegate.store.public import open_log
from sluicegate.store.publish import Publisher
from sluicegate.store.sql import open_database
from sluicegate.terms import Gate
from tools.bench import machine
from tools.bench.apart import Results, apart
from tools.bench.figures import percentile
from tools.bench.report import Table

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LOG = "US-CA-075"
BATCH, SMALL = 5_000, 50
PROOFS, PEER_PROOFS = 2_000, 100
KEY = keys.from_seed("bench.example/bureau", bytes(32))


def facts(start: int, count: int) -> list[Fact]:
    """Facts such as a booking makes; an entry of one has about 200 bytes."""
    return [
        Fact(
            FactKind.RECEIVED,
            {"case": f"01JD{n:022d}", "digest": f"{n:064x}", "size": 671_988, "channel": "smtp"},
        )
        for n in range(start, start + count)
    ]


def decision() -> Fact:
    """The one decision in the log, of which a receipt is made."""
    gate = {"outcome": "open", "reason": "rule", "program": "secure-communities", "root": "0" * 64}
    booking = {"case": "01JD", "tcn": "BENCH-0000000001", "digest": "0" * 64, "cri": "CA0380000"}
    stamp = {"ori": "CA0380000", "received": "2026-11-22T12:00:00.000000Z"}
    return Fact(FactKind.DECIDED, decided_body(booking | stamp, {str(one): gate for one in Gate}))


Rate: TypeAlias = tuple[float, float]
"""Things per second of wall clock, and per second of CPU time of the thread."""


@contextmanager
def clocked(into: list[float], cpu: list[float] | None = None) -> Iterator[None]:
    """Seconds of wall clock of the block, and where asked for, of CPU time of this thread."""
    start, used = time.perf_counter(), time.thread_time()
    yield
    into.append(time.perf_counter() - start)
    if cpu is not None:
        cpu.append(time.thread_time() - used)


class Ours:
    """Our log in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = open_database(folder / "story.db", "schema.sql")
        self.log = EntryLog(self.engine)

    def append(self, said: list[Fact], case: str = "01JD") -> None:
        """One commit."""
        with Session(self.engine) as session, session.begin():
            self.log.append(session, said, case, AT, LOG)

    def rate(self, batch: int, batches: int) -> Rate:
        """Entries per second: the median over batches."""
        spent, cpu = list[float](), list[float]()
        for _ in range(batches):
            said = facts(self.log.trees.size(LOG), batch)
            with clocked(spent, cpu):
                self.append(said)
        return batch / percentile(spent, 0.5), batch / percentile(cpu, 0.5)


def ours_filled(folder: str, size: int) -> Results:
    """Fill our log to `size`, then measure appends in batches, and what an entry takes on the disk."""
    ours = Ours(Path(folder))
    spent, cpu = list[float](), list[float]()
    ours.append([decision()], "DECIDED")
    for start in range(1, size, BATCH):
        said = facts(start, min(BATCH, size - start))
        with clocked(spent, cpu):
            ours.append(said)
    with ours.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    told: Results = {
        "fill": (size / sum(spent), size / sum(cpu)),
        "bytes": (Path(folder) / "story.db").stat().st_size / size,
        "entry": len(entries.spell(size, "2026-11-22T12:00:00.000000Z", FactKind.RECEIVED, _body())),
        "small": ours.rate(SMALL, 100),
        "single": ours.rate(1, 300),
    }
    ours.engine.dispose()
    return told


def _body() -> str:
    one = facts(0, 1)[0]
    return entries.spell_body(one.kind, one.body)


def ours_proven(folder: str) -> Results:
    """Open the log again: its root, proofs, a receipt; then the check of everything."""
    cold: list[float] = []
    with clocked(cold):
        ours = Ours(Path(folder))
        size = ours.log.trees.size(LOG)
        root = ours.log.trees.root(LOG, size)
    trees, chance = ours.log.trees, random.Random(1)  # noqa: S311 a sample, no secret
    wanted = [chance.randrange(size) for _ in range(PROOFS)]
    inclusions, consistencies = list[float](), list[float]()
    found, grown = list[tuple[bytes, ...]](), list[tuple[bytes, ...]]()
    for index in wanted:
        with clocked(inclusions):
            found.append(trees.inclusion(LOG, index, size))
        with clocked(consistencies):
            grown.append(trees.consistency(LOG, index + 1, size))
    for index, path, proof in zip(wanted, found, grown, strict=True):
        with ours.engine.connect() as connection:
            leaf = trees.level(connection, LOG, 0, index, index + 1)[0]
        merkle.verify_inclusion(leaf, index, size, path, root)
        merkle.verify_consistency(index + 1, size, trees.root(LOG, index + 1), root, proof)
    told = {"size": size, "cold_root": cold[0], "inclusion": inclusions, "consistency": consistencies}
    told.update(_receipt(ours))
    checked: list[float] = []
    with clocked(checked):
        ours.log.check()
    ours.engine.dispose()
    return told | {"check": checked[0], "verified": 2 * PROOFS}


def _receipt(ours: Ours) -> Results:
    words = dict.fromkeys(Gate, "A sentence that says what this gate did, and by which rule it did it.")
    made, verified = list[float](), list[float]()
    key = str(papers.log_key(KEY, LOG).public)
    for _ in range(300):
        with clocked(made):
            text = papers.receipt(ours.log, KEY, "DECIDED", words)
        with clocked(verified):
            receipts.verify(text, key)
    return {"receipt_made": made, "receipt_verified": verified, "receipt_bytes": len(text.encode())}


def ours_published(folder: str) -> Results:
    """Publish everything as static files, then read proofs from these alone."""
    home = Path(folder)
    ours = Ours(home)
    store = Store(ours.engine, BlobStore(home / "outgoing", bytes(32)), ours.log)
    made = Publisher(
        ours.log,
        MasterLog(ours.engine),
        store.session,
        home / "public",
        lambda log: papers.log_key(KEY, log),
        lambda _place: "UTC",
    )
    spent: list[float] = []
    with clocked(spent):
        done = replace(made).publish(AT, everything=True)
    again: list[float] = []
    ours.append(facts(0, 1))
    with clocked(again):
        more = replace(made).publish(AT, everything=True)
    chance, fresh = random.Random(2), list[float]()  # noqa: S311 a sample, no secret
    for _ in range(200):
        with clocked(fresh):
            tiled = open_log(home / "public", LOG, KEY.public)
            tiled.inclusion(chance.randrange(tiled.size))
    held = sum(path.stat().st_size for path in (home / "public").rglob("*") if path.is_file())
    ours.engine.dispose()
    return {
        "files": done.files,
        "seconds": spent[0],
        "again_files": more.files,
        "again": again[0],
        "fresh": fresh,
        "bytes": held / done.sizes[LOG],
    }


def peer(folder: str, size: int) -> Results:
    """pymerkle's SQLite tree: the same entries, the same questions."""
    path = str(Path(folder) / "peer.db")
    tree = pymerkle.SqliteTree(path, algorithm="sha256")
    spent, cpu = list[float](), list[float]()
    for start in range(0, size, BATCH):
        said = _entries(start, min(BATCH, size - start))
        with clocked(spent, cpu):
            tree.append_entries(said, BATCH)
    told: Results = {
        "fill": (size / sum(spent), size / sum(cpu)),
        "bytes": Path(path).stat().st_size / size,
        "small": _peer_rate(tree, size, SMALL, 100),
        "single": _peer_rate(tree, 2 * size, 1, 300),
    }
    tree.close()
    cold: list[float] = []
    with clocked(cold):
        tree = pymerkle.SqliteTree(path, algorithm="sha256")
        tree.get_root()
    proofs: list[float] = []
    chance, count = random.Random(1), tree.get_size()  # noqa: S311 a sample, no secret
    for _ in range(PEER_PROOFS):
        index = chance.randrange(count)
        with clocked(proofs):
            tree.prove_inclusion(index + 1, count)
    tree.close()
    return told | {"cold_root": cold[0], "inclusion": proofs}


def _peer_rate(tree: Any, start: int, batch: int, batches: int) -> Rate:
    spent, cpu = list[float](), list[float]()
    for number in range(batches):
        said = _entries(start + number * batch, batch)
        with clocked(spent, cpu):
            tree.append_entries(said, batch)
    return batch / percentile(spent, 0.5), batch / percentile(cpu, 0.5)


def _entries(start: int, count: int) -> list[bytes]:
    stamp = "2026-11-22T12:00:00.000000Z"
    return [
        entries.spell(start + n, stamp, one.kind, entries.spell_body(one.kind, one.body))
        for n, one in enumerate(facts(start, count))
    ]


def tables(told: Results) -> list[Table]:
    """Both beside each other, then what only ours does."""
    ours, proofs, theirs, public = (told[name] for name in ("filled", "proven", "peer", "published"))

    def ms(values: list[float], share: float) -> str:
        return f"{percentile(values, share) * 1000:,.2f}"

    def rate(both: Rate) -> str:
        return f"{both[0]:,.0f} ({both[1]:,.0f})"

    name = f"pymerkle {pymerkle.__version__}"
    beside = (
        (
            f"entries/s (per CPU second), {BATCH:,} a commit, while filling",
            rate(ours["fill"]),
            rate(theirs["fill"]),
        ),
        (
            f"entries/s (per CPU second), {SMALL} a commit, at that size",
            rate(ours["small"]),
            rate(theirs["small"]),
        ),
        (
            "entries/s (per CPU second), one a commit, at that size",
            rate(ours["single"]),
            rate(theirs["single"]),
        ),
        ("root after opening, ms", f"{proofs['cold_root'] * 1000:.1f}", f"{theirs['cold_root'] * 1000:,.1f}"),
        ("inclusion proof, p50, ms", ms(proofs["inclusion"], 0.5), ms(theirs["inclusion"], 0.5)),
        ("inclusion proof, p95, ms", ms(proofs["inclusion"], 0.95), ms(theirs["inclusion"], 0.95)),
        ("consistency proof, p50, ms", ms(proofs["consistency"], 0.5), "not of RFC 9162"),
        ("consistency proof, p95, ms", ms(proofs["consistency"], 0.95), "not of RFC 9162"),
        ("bytes per entry in the database", f"{ours['bytes']:.0f}", f"{theirs['bytes']:.0f}"),
    )
    only = (
        ("receipt made (proof, checkpoint, two signatures), p50, ms", ms(proofs["receipt_made"], 0.5)),
        ("receipt verified, p50, ms", ms(proofs["receipt_verified"], 0.5)),
        ("receipt verified, p95, ms", ms(proofs["receipt_verified"], 0.95)),
        ("everything derived again and compared (`check`), s", f"{proofs['check']:.1f}"),
        (f"everything published: {public['files']:,} files, each flushed, s", f"{public['seconds']:.1f}"),
        (f"one more entry published: {public['again_files']} files, s", f"{public['again']:.2f}"),
        ("inclusion proof from the files alone, nothing read before, p50, ms", ms(public["fresh"], 0.5)),
        ("inclusion proof from the files alone, nothing read before, p95, ms", ms(public["fresh"], 0.95)),
        ("public bytes per entry", f"{public['bytes']:.0f}"),
    )
    size = f"{proofs['size']:,} entries of {ours['entry']} bytes"
    return [
        Table(f"Ledger beside pymerkle, {size}", ("what", "ours", name), beside),
        Table(f"Ledger, {size}", ("what", "is"), only),
    ]


@click.command()
@click.option("--size", default=1_000_000, show_default=True, help="Entries of the log.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bench-out"), show_default=True)
def main(size: int, out: Path) -> None:
    """Measure the ledger on this machine, now; about three minutes at a million entries."""
    console = Console(highlight=False)
    told: Results = {"machine": machine.describe()}
    columns = (TextColumn("{task.description:<34}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        jobs: list[tuple[str, str, Callable[..., Results], tuple[object, ...]]] = [
            ("filled", "filling ours, then appending", ours_filled, (folder, size)),
            ("proven", "proofs, receipts, check", ours_proven, (folder,)),
            ("published", "publishing, proofs from files", ours_published, (folder,)),
            ("peer", "pymerkle", peer, (folder, size)),
        ]
        task = progress.add_task("", total=len(jobs))
        for name, said, work, given in jobs:
            progress.update(task, description=said)
            told[name] = apart(work, *given)
            progress.advance(task)
    told["machine"]["load average at the end"] = machine.load()
    shown = "\n".join(one.markdown() for one in tables(told))
    console.print(shown, soft_wrap=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / "ledger.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    (out / "ledger.md").write_text(shown, "utf-8")
    console.print(f"Written: {out / 'ledger.json'} and {out / 'ledger.md'}")


if __name__ == "__main__":
    main()
