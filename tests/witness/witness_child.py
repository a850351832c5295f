# SPDX-License-Identifier: Apache-2.0
"""A witness as a process of its own, to be killed. Usage: witness_child.py FOLDER; prints its address."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sluicegate.ledger import keys
from sluicegate.witness.judge import Witness
from sluicegate.witness.server import WitnessServer, application
from sluicegate.witness.state import State


def main(folder: Path) -> None:
    """Serve until standard input closes."""
    memory = State(folder / "witness.db")
    witness = Witness(keys.load(folder / "witness.key"), memory, lambda: int(time.time()))
    served = WitnessServer(application(witness), "127.0.0.1", 0).start()
    print(served.url, flush=True)
    sys.stdin.read()
    served.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
