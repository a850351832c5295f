# SPDX-License-Identifier: Apache-2.0
"""Results as tables: the same rows for the terminal and, as Markdown, for `docs/benchmarks.md`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from tools.bench.apart import Results
from tools.bench.figures import Spread, spread


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the heads of its columns, and its rows."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table as GitHub shows it."""
        lines = [self.heads, tuple("---" if not n else "---:" for n in range(len(self.heads))), *self.rows]
        return f"### {self.title}\n\n" + "\n".join("| " + " | ".join(one) + " |" for one in lines) + "\n"


def tables(results: Results) -> list[Table]:
    """Every table that these results fill."""
    makers = {
        "machine": _machine,
        "flows": _flows,
        "stages": _stages,
        "durable": _durable,
        "real": _real,
        "parts": _parts,
        "fingers": _fingers,
    }
    return [table for name, maker in makers.items() if name in results for table in maker(results[name])]


def _machine(told: Results) -> Iterable[Table]:
    yield Table("Machine", ("what", "is"), tuple(told.items()))


def _over(runs: Sequence[Results], key: str) -> Spread:
    return spread([float(one[key]) for one in runs])


def _flows(told: dict[str, Sequence[Results]]) -> Iterable[Table]:
    rows, waits, memory = [], [], []
    for name, runs in told.items():
        rows.append(
            (
                name,
                _over(runs, "rate").text(),
                f"{_over(runs, 'cpu_ms').median:.0f}",
                f"{median(sum(one['commits'].values()) for one in runs):.1f}",
            )
        )
        keys = ("answer_p50_s", "answer_p95_s", "closed_p50_s", "closed_p95_s")
        waits.append((name, *(f"{_over(runs, key).median:.2f}" for key in keys)))
        resident = [f"{_over(runs, key).median:.0f}" for key in ("resident_mib", "zygote_mib")]
        memory.append((name, resident[0], resident[1] if resident[1] != "0" else ""))
    yield Table(
        "Bookings per second, null engine",
        ("way", "bookings/s, median (least to most)", "CPU ms per booking", "commits per booking"),
        tuple(rows),
    )
    yield Table(
        "Seconds from receipt, null engine",
        ("way", "SRE queued, p50", "p95", "closed, p50", "p95"),
        tuple(waits),
    )
    yield Table("Resident memory, null engine, MiB", ("way", "exchange", "zygote"), tuple(memory))


def _stages(told: dict[str, dict[str, float]]) -> Iterable[Table]:
    parts = ("prepare", "enrol", "write", "flush")
    rows = []
    for stage, spent in told.items():
        shown = [f"{spent[part]:.2f}" if spent.get(part, 0) >= 0.005 else "" for part in parts]
        rows.append((stage, *shown, f"{sum(spent.values()):.2f}"))
    yield Table("Milliseconds per stage, null engine, one thread", ("stage", *parts, "together"), tuple(rows))


def _durable(told: dict[str, Sequence[Results]]) -> Iterable[Table]:
    rows = [
        (name, _over(runs, "wall_ms").text(), _over(runs, "cpu_ms").text()) for name, runs in told.items()
    ]
    yield Table("One walk, one thread, ms per booking", ("walk", "time", "CPU"), tuple(rows))


def _real(told: Results) -> Iterable[Table]:
    rows = [
        ("bookings", str(told["bookings"])),
        ("background subjects in each gallery", str(told["background"])),
        ("bytes of a booking", f"{told['bytes']:,.0f}"),
        ("seconds per booking", told["wall_s"].text()),
        ("bookings/s", f"{1 / told['wall_s'].median:.3f}"),
        ("CPU seconds per booking", f"{told['cpu_s']:.1f}"),
        ("resident, exchange, MiB", f"{told['resident_mib']:.0f}"),
        ("resident, zygote, MiB", f"{told['zygote_mib']:.0f}"),
        ("most resident in one worker, MiB", f"{told['worker_mib']:.0f}"),
    ]
    yield Table(
        "Real engine, ten rolled synthetic prints, one booking at a time", ("what", "is"), tuple(rows)
    )
    stages = [
        (name, f"{one.median * 1000:,.1f}", f"{one.least * 1000:,.1f} to {one.most * 1000:,.1f}")
        for name, one in told["stages"].items()
    ]
    yield Table("Milliseconds per stage, real engine", ("stage", "median", "least to most"), tuple(stages))


def _parts(told: Results) -> Iterable[Table]:
    reading, deciding, ledger = told["reading"], told["deciding"], told["ledger"]
    peer = reading["peer"]
    rows = []
    for name, one in reading.items():
        if name == "peer":
            continue
        theirs = one.get("nistitl")
        ratio = f"{one['ours'].median / theirs.median:.2f}" if theirs else ""
        rows.append(
            (name, f"{one['bytes']:,}", one["ours"].text(2), theirs.text(2) if theirs else "skipped", ratio)
        )
    heads = ("transaction", "bytes", "ours, ms", f"{peer or 'nistitl (not installed)'}, ms", "ours / theirs")
    yield Table("Reading a transaction", heads, tuple(rows))
    yield Table(
        "Policy and ledger, one thread",
        ("what", "is"),
        (
            ("bookings decided per second (four gates each)", deciding["bookings"].text(0)),
            (f"loading {deciding['rules']} rules and {deciding['agencies']} agencies, ms",
             deciding["load_ms"].text()),
            ("entries appended per second of CPU, one a commit", ledger["append, 1 a commit"].text(0)),
            ("entries appended per second of CPU, 100 a commit", ledger["append, 100 a commit"].text(0)),
            ("leaves per second, bare tree", ledger["tree"].text(0)),
            (f"proof in a log of {ledger['size']:,}, ms", ledger["proof_ms"].text(2)),
            ("receipt with proof and signature, ms", ledger["receipt_ms"].text(2)),
            ("receipt verified, ms", ledger["verify_ms"].text(2)),
        ),
    )  # fmt: skip


def _fingers(told: Results) -> Iterable[Table]:
    rows = []
    for kind, one in told["extraction"].items():
        ratio = f"{one['leader'].median / one['mindtct'].median:.1f}"
        counts = f"{one['leader minutiae']:.0f} / {one['mindtct minutiae']:.0f}"
        sizes = (kind, str(one["images"]), one["size"])
        rows.append((*sizes, one["leader"].text(0), one["mindtct"].text(0), ratio, counts))
    heads = ("images", "count", "pixels", "LEADER, ms", "MINDTCT, ms", "ratio", "minutiae, each")
    yield Table("Extraction, CPU per image, one thread", heads, tuple(rows))
    comparing = told["comparing"]
    base = comparing["bozorth3"].median
    names = {
        "bozorth3": "BOZORTH3 of nbis-py",
        "exact": "ours, exact",
        "screen": f"ours, first look at {comparing['subjects']:,} subjects",
    }
    yield Table(
        f"Finger comparisons per second, one thread ({comparing['images']}; "
        f"{comparing['minutiae']:.0f} minutiae)",
        ("what", "comparisons/s", "to BOZORTH3"),
        tuple(
            (name, comparing[key].text(0), f"{comparing[key].median / base:.2f}")
            for key, name in names.items()
        ),
    )
