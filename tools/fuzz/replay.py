# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.fuzz.replay TARGET FILE [--minimize OUT]``: one input again, and made small.

An input that kills the process cannot be made small here, since the first try ends it.
"""

from __future__ import annotations

import argparse
import importlib
import traceback
from collections.abc import Callable
from pathlib import Path

from tools.fuzz.table import DRILL, TARGETS

One = Callable[[bytes], None]


def target(name: str) -> One:
    """The `one` of a target."""
    one: One = importlib.import_module(f"tools.fuzz.targets.{name}").one
    return one


def fault(one: One, data: bytes) -> tuple[str, int] | None:
    """Class and line (of its last frame) of what an input makes a target raise, or None."""
    try:
        one(data)
    except Exception as error:  # noqa: BLE001 - whatever comes out is the finding
        return type(error).__name__, traceback.extract_tb(error.__traceback__)[-1].lineno or 0
    return None


def minimized(one: One, data: bytes) -> bytes:
    """The shortest input found by leaving pieces out that still raises the same at the same line."""
    wanted = fault(one, data)
    size = len(data) // 2
    while wanted and size:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if fault(one, shorter) == wanted:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def main() -> int:
    """Exit status 1 where the input still breaks a claim."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.replay", description="Replay one input.")
    parser.add_argument("target", choices=[*TARGETS, DRILL])
    parser.add_argument("file", type=Path)
    parser.add_argument("--minimize", type=Path, metavar="OUT", help="write the smallest such input here")
    chosen = parser.parse_args()
    one, data = target(chosen.target), chosen.file.read_bytes()
    found = fault(one, data)
    if found is None:
        print("It holds.")
        return 0
    if chosen.minimize:
        data = minimized(one, data)
        chosen.minimize.write_bytes(data)
        print(f"{len(data)} bytes still do it: {chosen.minimize}")
    try:
        one(data)
    except Exception:  # noqa: BLE001 - to be shown
        traceback.print_exc()
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
