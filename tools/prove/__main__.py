# SPDX-License-Identifier: Apache-2.0
"""Proves the promises that speak of policy: `python -m tools.prove`, with --oracle also against Cedar."""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console
from rich.table import Table

from sluicegate.store.programs import shipped
from sluicegate.testing.nation import nation
from tools.prove.oracle import compare
from tools.prove.theorems import THEOREMS, Verdict, prove, world

_LIMIT = 3


def _table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def _proofs(out: Console) -> bool:
    begins = time.perf_counter()
    known = world()
    verdicts = [prove(one, known) for one in THEOREMS]
    took = time.perf_counter() - begins
    shown = _table("theorem", "verdict", "ms", "says")
    for one in verdicts:
        word = "proved" if one.proved else "DOES NOT HOLD"
        shown.add_row(one.theorem.name, word, f"{one.seconds * 1000:.0f}", one.theorem.words)
    out.print(shown)
    for one in verdicts:
        _weakened(out, one)
    proofs = sum(one.seconds for one in verdicts)
    many = sum(len(one.weakened) for one in verdicts)
    refuted = sum(bool(weak.counterexample) for one in verdicts for weak in one.weakened)
    out.print(
        f"\n{sum(one.proved for one in verdicts)} of {len(verdicts)} theorems proved in {proofs:.2f} s. "
        f"{many} weakened variants, {refuted} refuted; "
        f"{took:.2f} s in all."
    )
    return all(one.solid for one in verdicts)


def _weakened(out: Console, verdict: Verdict) -> None:
    out.print(f"\n{verdict.theorem.name}", style="bold")
    if not verdict.proved:
        _example(out, "it does not hold", verdict.counterexample)
    for one in verdict.weakened:
        words = one.guard.replace("_", " ")
        if one.counterexample:
            _example(out, f"without '{words}'", one.counterexample)
        else:
            out.print(f"  without '{words}' it still holds: the guard is idle")


def _example(out: Console, head: str, found: object) -> None:
    assert isinstance(found, dict)
    out.print(f"  {head}:")
    for name, value in found.items():
        out.print(f"    {name}: {value}", soft_wrap=True)


def _oracle(out: Console, *, whole_nation: bool) -> bool:
    files = nation(seed=1) if whole_nation else shipped("secure-communities")
    found = compare(files)
    out.print(
        f"\nCedar against decide, {found.program}: {found.agreed:,} of {found.cells:,} cells agree "
        f"({found.agreed / found.cells:.4%}), Cedar took {found.seconds:.1f} s."
    )
    for line in found.disagreements[:_LIMIT]:
        out.print(f"  {line}")
    return found.agreed == found.cells


def main() -> int:
    """Print theorem, verdict, time and counterexamples; 1 if anything does not hold."""
    asked = argparse.ArgumentParser(prog="python -m tools.prove", description=__doc__)
    asked.add_argument(
        "--oracle", action="store_true", help="compare every cell of the shipped program with Cedar"
    )
    asked.add_argument(
        "--nation", action="store_true", help="and every cell of a synthetic nation (a minute)"
    )
    given = asked.parse_args()
    out = Console(markup=False, highlight=False, width=140 if not sys.stdout.isatty() else None)
    held = _proofs(out)
    if given.oracle or given.nation:
        held &= _oracle(out, whole_nation=False)
    if given.nation:
        held &= _oracle(out, whole_nation=True)
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
