# SPDX-License-Identifier: Apache-2.0
"""One target in a process of its own: ``python -m tools.fuzz.child TARGET SEEDS TOKENS OPTION...``.

Options are those of libFuzzer. The seeds and the dictionary of the target are written first.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]


def main(target: str, seeds: Path, tokens: Path, *options: str) -> None:
    """Fuzz until an option of libFuzzer says stop, or a claim breaks."""
    with atheris.instrument_imports(include=["sluicegate"]):
        module = importlib.import_module(f"tools.fuzz.targets.{target}")
    seeds.mkdir(parents=True, exist_ok=True)
    for data in module.seeds():
        (seeds / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    lines = ('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in module.TOKENS)
    tokens.write_text("".join(lines), "ascii")
    arguments = [sys.argv[0], f"-max_len={module.MAX_LEN}", f"-dict={tokens}", *options]
    atheris.Setup(arguments, module.one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
