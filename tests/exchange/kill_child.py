# SPDX-License-Identifier: Apache-2.0
"""An installation as a process of its own: takes in what lies in a folder, moves, and lets an officer answer.

Runs until it is killed or its standard input closes. Usage: kill_child.py HOME FOLDER
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from pathlib import Path

from sluicegate import app
from sluicegate.errors import Conflict
from sluicegate.exchange.case import State
from sluicegate.settings import load
from sluicegate.testing.world import InlineWorkshop


def main(home: Path, folder: Path) -> None:
    """Start, take in, and answer queries until told to stop."""
    settings = load(
        home, extractor="null", engine="null", min_minutiae=1, clock="2010-11-15T15:00:00Z", walkers=2
    )
    exchange = app.Exchange(settings, workshop=InlineWorkshop())
    exchange.start()
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    for path in sorted(folder.iterdir()):
        exchange.door.accept(path.read_bytes(), "folder")  # a repeat is absorbed, as for any sender
    while not stop.wait(0.02):
        for case in exchange.partner.store.cases_in([State.QUERIED]):
            with suppress(Conflict):
                exchange.partner.determine(case.case_id, status="order", by="officer 7")
    exchange.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
