# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_itl``: our reader beside nistitl, and hostile files through reader and check.

Every measurement runs in a process of its own: seconds are the median of its repetitions, memory is what
the peak of the process grew by. Prints Markdown for `docs/benchmarks.md`. Where the shared test material is
absent, a card of our own stands in for the real one, the hostile files are left out, and both is said.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import nistitl  # type: ignore[import-untyped]
import numpy as np

from sluicegate.ebts.build import booking
from sluicegate.ebts.conformance import check_booking
from sluicegate.itl.model import Limits
from sluicegate.itl.reader import read
from sluicegate.testing.bookings import fields, finger
from tools.bench.figures import percentile
from tools.bench.parts import CARD, shared_data
from tools.bench.report import Table

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MANY = 20_000
PEER_S = 20
"""Seconds of processor time after which a reader that has not come back is given up."""

_WALL_S = 10 * PEER_S  # on a machine that others share

_BUDGET_S = 1.0
_MOST = 15
_WIDE = Limits(records=MANY + 2, fields_per_record=MANY + 2)


def card() -> tuple[str, bytes]:
    """A card of 14 images and where it is from."""
    folder = shared_data()
    if folder is not None:
        return "a real card of 14 images", (folder / CARD).read_bytes()
    rng = np.random.default_rng(1)
    prints = [finger(fgp, rng.integers(0, 256, (220, 220), np.uint8), coding="raw") for fgp in range(1, 15)]
    text = fields(1, cri="VA0070100", tcn="BENCH-0000000001", at=AT)
    return "a card of ours of 14 images", booking(text, prints)


def many_records() -> bytes:
    """20,000 Type-2 records of two fields, named one by one in 1.003."""
    contents = "\x1e".join([f"1\x1f{MANY}", *(f"2\x1f{n}" for n in range(MANY))])
    return _header(contents) + b"".join(_with_length("2.001:", f"\x1d2.002:{n}\x1c") for n in range(MANY))


def many_fields() -> bytes:
    """One Type-2 record of 20,000 fields."""
    rest = "".join(f"\x1d2.{n:03d}:A" for n in range(3, MANY + 1))
    return _header("1\x1f1\x1e2\x1f00") + _with_length("2.001:", f"\x1d2.002:00{rest}\x1c")


def _header(contents: str) -> bytes:
    rest = f"\x1d1.002:0400\x1d1.003:{contents}\x1d1.004:CAR\x1d1.005:20261122\x1d1.007:WVIAFIS0Z"
    return _with_length("1.001:", rest + "\x1d1.008:VA0070100\x1d1.009:BENCH-0000000001\x1c")


def _with_length(head: str, rest: str) -> bytes:
    size = len(head) + len(rest)
    digits = next(n for n in range(1, 12) if len(str(size + n)) == n)
    return f"{head}{size + digits}{rest}".encode("ascii")


INPUTS: dict[str, Callable[[], bytes]] = {
    "card": lambda: card()[1],
    "records": many_records,
    "fields": many_fields,
}
READERS: dict[str, Callable[[bytes], object]] = {
    "ours": read,
    "ours, caps lifted": lambda data: read(data, _WIDE),
    "nistitl": lambda data: nistitl.Message().parse(data),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one reading of an input took; `outcome` says what came of it."""

    seconds: float
    megabytes: float
    outcome: str


def measure(reader: str, name: str) -> Cost:
    """Read an input again and again for about a second, in this process."""
    data, work = INPUTS[name](), READERS[reader]
    # Processor time, not wall time: what others do on this machine must not decide who is given up.
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + PEER_S, resource.RLIM_INFINITY))
    before = _peak()
    spent: list[float] = []
    outcome = ""
    while not spent or (sum(spent) < _BUDGET_S and len(spent) < _MOST):
        start = time.thread_time()  # under a limit of processor time the clock of the process is coarse
        try:
            outcome = _outcome(work(data))
        except Exception as error:  # noqa: BLE001 - what a peer raises is a result
            outcome = f"raises {type(error).__name__}"
        spent.append(time.thread_time() - start)
    return Cost(median(spent), (_peak() - before) / 1024, outcome)


def _peak() -> int:
    """Greatest resident size of this process so far, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _outcome(result: object) -> str:
    refused = getattr(result, "refused", None)
    if refused is None:
        return "read"
    over = any(defect.code == "ITL-CAP" for defect in getattr(result, "defects", ()))
    return "refused at a cap" if over else "read, defects told" if refused else "read"


def apart(reader: str, name: str) -> Cost | None:
    """`measure` in a process of its own, or None where it did not come back in time."""
    command = [sys.executable, "-m", "tools.bench_itl", "--one", reader, name]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_WALL_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == -signal.SIGXCPU:
        return None
    if done.returncode:
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    return Cost(**json.loads(done.stdout))


def comparison() -> Table:
    """Our reader and nistitl on the three inputs, with the ratio of their times."""
    rows = []
    for name, called in (("card", card()[0]), ("records", "20,000 records"), ("fields", "20,000 fields")):
        costs = {reader: apart(reader, name) for reader in READERS}
        peer = costs["nistitl"]
        for reader, cost in costs.items():
            rows.append((called, f"{len(INPUTS[name]()):,}", reader, *_cells(cost, peer)))
    heads = ("input", "bytes", "reader", "ms of processor time", "peak MB more", "nistitl / this", "outcome")
    return Table(f"Reading, beside nistitl {nistitl.__version__}", heads, tuple(rows))


def _cells(cost: Cost | None, peer: Cost | None) -> tuple[str, str, str, str]:
    if cost is None:
        return f"over {PEER_S * 1000:,}", "-", "1", "given up"
    if peer and peer.outcome.startswith("raises"):  # what was not read cannot be faster or slower
        return f"{cost.seconds * 1000:,.1f}", f"{cost.megabytes:,.1f}", "-", cost.outcome
    least = "" if peer else "over "
    ratio = (peer.seconds if peer else float(PEER_S)) / cost.seconds
    return f"{cost.seconds * 1000:,.1f}", f"{cost.megabytes:,.1f}", f"{least}{ratio:,.1f}", cost.outcome


def hostile(folder: Path) -> Table:
    """Time and memory of every hostile file of one folder through reader and check."""
    files = {path.name: path.read_bytes() for path in sorted((folder / "an2-mutants").iterdir())}
    taken = {name: min(_seconds(data) for _ in range(3)) * 1000 for name, data in files.items()}
    held = {name: _megabytes(data) for name, data in files.items()}
    rows = []
    for unit, values in (("ms of processor time", taken), ("MB allocated at most", held)):
        worst = max(values, key=lambda name: values[name])
        shares = (percentile(list(values.values()), share) for share in (0.5, 0.95))
        rows.append((unit, *(f"{one:,.2f}" for one in shares), f"{values[worst]:,.2f}", worst))
    title = f"Hostile transactions through reader and check: {len(files)} files, none raises"
    return Table(title, ("per file", "median", "p95", "max", "which"), tuple(rows))


def _through(data: bytes) -> None:
    transaction = read(data).transaction
    if transaction is not None:
        check_booking(transaction, AT)


def _seconds(data: bytes) -> float:
    start = time.process_time()
    _through(data)
    return time.process_time() - start


def _megabytes(data: bytes) -> float:
    tracemalloc.start()
    _through(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench_itl", description="Measure the reader.")
    parser.add_argument("--one", nargs=2, metavar=("READER", "INPUT"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        cost = measure(*chosen.one)
        out = {"seconds": cost.seconds, "megabytes": cost.megabytes, "outcome": cost.outcome}
        print(json.dumps(out))
        return
    print(comparison().markdown())
    folder = shared_data()
    if folder is None:
        print("The hostile files are not at hand (set SLUICEGATE_SHARED_DATA to their folder).")
    else:
        print(hostile(folder).markdown())


if __name__ == "__main__":
    main()
