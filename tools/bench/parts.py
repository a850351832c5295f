# SPDX-License-Identifier: Apache-2.0
"""Parts alone, in one thread: reading, deciding, the ledger. A peer runs where it is installed."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType

from sqlalchemy.orm import Session

from sluicegate.exchange import papers
from sluicegate.exchange.case import Fact
from sluicegate.facts import FactKind
from sluicegate.itl.reader import read
from sluicegate.ledger import keys, merkle
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.entry import decided_body
from sluicegate.policy.decide import Facts, decide_all
from sluicegate.store import programs
from sluicegate.store.entries import EntryLog
from sluicegate.store.programs import ProgramSource
from sluicegate.store.sql import open_database
from sluicegate.terms import Gate, Ori
from tools.bench import homes
from tools.bench.apart import Results
from tools.bench.figures import milliseconds, rate

CARD = "an2-valid/nist2007-type-4-tpcard.an2"
LEDGER = 2_000


def shared_data() -> Path | None:
    """The folder of real files that nobody on this project wrote, where it is at hand."""
    named = os.environ.get("SLUICEGATE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    return folder if (folder / "MANIFEST.csv").is_file() else None


def _peer(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _parsed(peer: ModuleType, data: bytes) -> object:
    return peer.Message().parse(data)


def _transactions() -> dict[str, bytes]:
    found = {"booking of ten tiny images": homes.tiny(1)[0]}
    folder = shared_data()
    if folder is not None:
        found["real card of 14 images"] = (folder / CARD).read_bytes()
    return found


def reading() -> Results:
    """ms to read a transaction whole, with every departure noted; and the same by nistitl, if it is here."""
    peer = _peer("nistitl")
    told: Results = {"peer": f"nistitl {getattr(peer, '__version__', '')}".strip() if peer else ""}
    for name, data in _transactions().items():
        told[name] = {"bytes": len(data), "ours": milliseconds(partial(read, data), repeat=21)}
        if peer is not None:
            told[name]["nistitl"] = milliseconds(partial(_parsed, peer, data), repeat=21)
    return told


def deciding() -> Results:
    """Bookings decided per second, four gates each, over the shipped program with the scenario laid over."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (homes.PROGRAM, homes.SCENARIO):
            (Path(folder) / name).mkdir()
            for file, data in programs.shipped(name).items():
                (Path(folder) / name / file).write_bytes(data)
        source = ProgramSource(Path(folder) / homes.PROGRAM, Path(folder) / homes.SCENARIO)
        program = source.load()
        loading = milliseconds(source.load, repeat=3)
    oris = [Ori(ori) for ori in homes.ORIS.values()]
    days = [homes.AT + timedelta(days=37 * n) for n in range(12)]
    facts = [Facts(ori, ori, day, ("BURGLARY",)) for ori in oris for day in days]

    def work() -> int:
        for one in facts:
            decide_all(program, one)
        return len(facts)

    return {
        "agencies": len(program.agencies),
        "rules": len(program.rules),
        "load_ms": loading,
        "bookings": rate(work),
    }


def ledger() -> Results:
    """Entries appended, a receipt composed with its proof, a receipt verified; and the bare tree."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(Path(folder) / "ledger.db", "schema.sql")
        log = EntryLog(engine)
        key = keys.create(Path(folder) / "ledger.key", "bench.example/ledger")
        case_of = f"case-{LEDGER // 2}"
        _fill(partial(Session, engine), log, case_of)
        words = dict.fromkeys(Gate, "A sentence that says what this gate did, and by which rule it did it.")
        text = papers.receipt(log, key, case_of, words)
        verifier = str(papers.log_key(key, "intake").public)
        told = {
            "size": LEDGER,
            "append, 1 a commit": _appends(partial(Session, engine), log, 1),
            "append, 100 a commit": _appends(partial(Session, engine), log, 100),
            "proof_ms": milliseconds(lambda: log.decided(case_of), repeat=31),
            "receipt_ms": milliseconds(lambda: papers.receipt(log, key, case_of, words), repeat=31),
            "verify_ms": milliseconds(lambda: receipts.verify(text, verifier), repeat=31),
            "tree": rate(_tree),
        }
        engine.dispose()
    return told


def _fact(case_id: str) -> Fact:
    return Fact(FactKind.CLOSED, {"case": case_id})


def _fill(session_of: Callable[[], Session], log: EntryLog, decided: str) -> None:
    folder = {"outcome": "open", "reason": "rule", "program": "p", "root": "0" * 64, "mode": "FULL"}
    gates = {str(gate): {"gate": str(gate), **folder} for gate in Gate}
    booking = {"case": decided, "tcn": "T", "digest": "0" * 64, "cri": "CA0380000", "ori": "CA0380000"}
    body = decided_body(booking | {"received": "2010-11-15T15:00:00.000000Z"}, gates)
    with session_of() as session, session.begin():
        for number in range(LEDGER):
            one = f"case-{number}"
            fact = Fact(FactKind.DECIDED, body) if one == decided else _fact(one)
            log.append(session, (fact,), one, homes.AT)


_numbers = count()


def _appends(session_of: Callable[[], Session], log: EntryLog, batch: int) -> object:
    def work() -> int:
        facts = [_fact(f"more-{next(_numbers)}") for _ in range(batch)]
        with session_of() as session, session.begin():
            log.append(session, facts, None, homes.AT)
        return batch

    return rate(work)


def _tree() -> int:
    tree = merkle.Frontier()
    for number in range(1000):
        tree, _ = tree.append(merkle.leaf_hash(number.to_bytes(4, "big")))
    return 1000
