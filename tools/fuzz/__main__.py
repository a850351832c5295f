# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.fuzz --seconds N [TARGET...]``: every target for N seconds, two at a time, one line each.

Exit status 1 where any claim broke. What was learned stays in `fuzz-out/corpus`, what broke in
`fuzz-out/found`, what libFuzzer said in `fuzz-out/*.log`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.fuzz.table import DRILL, TARGETS

INPUT_S = 10
"""Seconds that one input may take; a slower one is a finding."""

MEMORY_MB = 1024
"""Memory that a target's process may hold; more is a finding."""

_START_S = 90  # importing under instrumentation, on a busy machine
_COVERED = re.compile(r"^#\d+\s+(\w+)\s+cov: (\d+) ft: \d+", re.MULTILINE)
_RUNS = re.compile(r"^stat::number_of_executed_units: (\d+)|^Done (\d+) runs", re.MULTILINE)
_WHY = re.compile(
    r"^(?:===.*|ERROR: libFuzzer.*|==\d+== ?ERROR: .*|\w*(?:Error|Exception|Refused|Lost)\b: .*)", re.M
)
_FILE = re.compile(r"Test unit written to (\S+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a target's run came to. `covered` are edges of the package at the first and at the last report."""

    target: str
    runs: int
    covered: tuple[int, int]
    finding: str
    log: Path

    def line(self) -> str:
        """The one line that a person reads."""
        first, last = self.covered
        told = self.finding or "holds"
        return f"{self.target:<10} {self.runs:>9} runs   edges {first:>5} -> {last:>5}   {told}"


def fuzz(target: str, seconds: int, out: Path, seed: int) -> Outcome:
    """One target in a child process."""
    corpus, found = out / "corpus" / target, out / "found" / target
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    log = out / f"{target}.log"
    with tempfile.TemporaryDirectory() as scratch, log.open("wb") as said:
        seeds = Path(scratch, "seeds")
        options = (
            f"-max_total_time={seconds}",
            f"-timeout={INPUT_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-seed={seed}",
            f"-artifact_prefix={found}/",
            "-print_final_stats=1",
            str(corpus),
            str(seeds),
        )
        command = [sys.executable, "-m", "tools.fuzz.child", target, str(seeds), str(Path(scratch, "tokens"))]
        try:
            code = subprocess.run(  # noqa: S603 - our own interpreter and module
                [*command, *options],
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=seconds + INPUT_S + _START_S,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = -1
    return _outcome(target, code, log)


def _outcome(target: str, code: int, log: Path) -> Outcome:
    text = log.read_text("utf-8", "replace")
    covered = [int(match[2]) for match in _COVERED.finditer(text)]
    runs = [int(match[1] or match[2]) for match in _RUNS.finditer(text)]
    finding = ""
    if code or not runs:
        why = [line for line in _WHY.findall(text) if "Uncaught Python exception" not in line]
        kept = _FILE.search(text)
        finding = f"BROKEN: {why[0][:160] if why else f'exit status {code}'} ({kept[1] if kept else log})"
    edges = (covered[0], covered[-1]) if covered else (0, 0)
    return Outcome(target, max(runs, default=0), edges, finding, log)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the targets and tells what each came to."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description="Fuzz what reads bytes.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--at-once", type=int, default=2, help="targets at a time (2)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of libFuzzer's chance; 0 is another each time (0)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("fuzz-out"), help="folder for what is kept (fuzz-out)"
    )
    chosen = parser.parse_args(arguments)
    for name in chosen.targets:
        if name not in (*TARGETS, DRILL):
            parser.error(f"there is no target {name!a}")
    names = chosen.targets or list(TARGETS)
    with ThreadPoolExecutor(chosen.at_once) as pool:
        work = [pool.submit(fuzz, name, chosen.seconds, chosen.out.resolve(), chosen.seed) for name in names]
        outcomes = []
        for job in work:
            outcomes.append(job.result())
            print(outcomes[-1].line(), flush=True)
    broken = [one for one in outcomes if one.finding]
    for one in broken:
        print(
            f"See {one.log}; replay it with: python -m tools.fuzz.replay {one.target} FILE", file=sys.stderr
        )
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
