# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_desk --folder EMPTY``: pages of an operator over very many bookings, on loopback.

A home is made and filled straight in its store: synthetic bookings with dossiers of four kilobytes, ten moves
and two delivered messages each, and a few that wait. A signed-in operator then asks for each page again and
again over HTTP; a figure is the time from the request sent to the last byte, with the session's checks in it.
Writes ``bench-out/desk.json`` and ``bench-out/desk.md``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from sqlalchemy.engine.interfaces import DBAPIConnection

from sluicegate import app, settings
from sluicegate.cli.site import public_source
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.store.journal import stamp
from sluicegate.store.people import PeopleFile
from sluicegate.web import desk
from sluicegate.web.app import build, site
from tools.bench.figures import Spread, spread
from tools.bench.machine import describe
from tools.bench.report import Table

OUT = Path("bench-out")
BEGINS = datetime(2010, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=250)
STATES = ("closed", "shared", "awaiting-examiner")
WEIGHTS = (985, 13, 2)
FILLER = 4000
CHUNK = 5000
PAGES = {
    "first page": "/desk/bookings",
    "one state, rare": "/desk/bookings?state=awaiting-examiner",
    "one agency": "/desk/bookings?ori=VA0070000",
    "an agency without bookings": "/desk/bookings?ori=NONE00000",
    "end of a TCN": "/desk/bookings?q=099999",
    "a TCN that nobody has": "/desk/bookings?q=ZZZZZZ",
    "one day": "/desk/bookings?from=2010-06-01&to=2010-06-01",
    "half way down": "/desk/bookings?after={half}",
    "one booking": "/desk/bookings/{case}",
    "health": "/desk/health",
}
"""Name of a row and its address."""

_CASE = (
    "INSERT INTO story (case_id, digest, size, channel, received, state, version, tcn, ori, cri, tot,"
    " dossier) VALUES (?, ?, 250000, 'smtp', ?, ?, 10, ?, ?, ?, 'CAR', ?)"
)
_MOVE = "INSERT INTO journal (case_id, version, stage, before, after, at) VALUES (?, ?, ?, 'filed', ?, ?)"
_MESSAGE = (
    "INSERT INTO message (message_id, case_id, kind, channel, recipient, sequence, digest, size, created,"
    " state, attempts, next_try, delivered) VALUES (?, ?, ?, ?, ?, ?, ?, 2000, ?, 'delivered', 1, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one page measured: milliseconds, and bytes of its body."""

    name: str
    ms: Spread
    worst_ms: float
    kilobytes: float


def case_of(number: int) -> str:
    """The id of a synthetic booking."""
    return f"{number:026d}"


def fill(home: Path, count: int) -> None:
    """Put so many bookings into the store of a home."""
    office = app.open_office(home, "bureau")
    rng = random.Random(1)  # noqa: S311 - the same home every time
    raw = office.engine.raw_connection()
    try:
        for first in range(0, count, CHUNK):
            _chunk(raw, rng, range(first, min(count, first + CHUNK)))
            raw.commit()
    finally:
        raw.close()
        office.engine.dispose()


def _chunk(raw: DBAPIConnection, rng: random.Random, numbers: range) -> None:
    cases, moves, messages = [], [], []
    for number in numbers:
        name, at = case_of(number), BEGINS + STEP * number
        state = rng.choices(STATES, WEIGHTS)[0]
        ori = f"VA{rng.randrange(900):03d}0000"
        dossier = json.dumps({"fingers": 10, "band": "none", "engine": "x" * FILLER})
        cases.append((name, f"{number:064x}", stamp(at), state, f"BENCH{number:08d}", ori, ori, dossier))
        for version in range(1, 11):
            when = stamp(at + timedelta(seconds=version))
            moves.append((name, version, "step", state, when))
        for place, kind in enumerate(("SRE", "RECEIPT")):
            when, channel = stamp(at), f"smtp:{ori}:{number}"
            messages.append((f"{name}.{kind}", name, kind, channel, ori, place + 1, "", when, when, when))
    cursor = raw.cursor()
    cursor.executemany(_CASE, cases)
    cursor.executemany(_MOVE, moves)
    cursor.executemany(_MESSAGE, messages)


@contextmanager
def served(home: Path) -> Iterator[tuple[str, str]]:
    """The desks of a home on loopback: address, and the token of a signed-in operator."""
    with ExitStack() as opened:
        sock = bound("127.0.0.1", 0, "web")
        origin = f"http://localhost:{sock.getsockname()[1]}"
        exchange = app.Exchange(settings.load(home), searching=False)
        opened.callback(exchange.close)
        file = PeopleFile(home)
        opened.callback(file.close)
        made = site(public_source(home), exchange.clock, origin)
        desks = desk.open_desk(made, exchange, file)
        if desks.accounts.people.find("bench") is None:
            desks.accounts.people.add("bench", ("operator",), desks.now())
        server = HttpServer(build(made, desk.routes(desks)), sock, "web")
        server.start()
        opened.callback(server.close)
        yield origin, desks.accounts.sittings.begin("bench", "a measurement", desks.now())


def measure(origin: str, token: str, name: str, path: str, repeat: int) -> Row:
    """One page, asked for so often; two times before are not counted."""
    asked = urllib.request.Request(origin + path, headers={"Cookie": f"sluicegate={token}"})  # noqa: S310
    took, size = [], 0
    for turn in range(repeat + 2):
        began = time.perf_counter()
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - loopback
            size = len(answer.read())
        if turn >= 2:
            took.append((time.perf_counter() - began) * 1000)
    return Row(name, spread(took), max(took), size / 1000)


def table(rows: Sequence[Row], count: int) -> Table:
    """The rows for people."""
    lines = tuple((row.name, row.ms.text(1), f"{row.worst_ms:.1f}", f"{row.kilobytes:.0f}") for row in rows)
    return Table(f"Desk pages over {count:,} bookings", ("page", "ms", "slowest, ms", "kB"), lines)


def over(folder: Path, bookings: int, repeat: int) -> list[Row]:
    """Every page over a home with so many bookings, which is made in the folder unless it is there."""
    home = folder / "home"
    if not (home / settings.FILE).exists():
        app.lay_out(home, "secure-communities", at=BEGINS)
        fill(home, bookings)
    half = bookings // 2
    places = {"case": case_of(half), "half": f"{stamp(BEGINS + STEP * half)}_{case_of(half)}"}
    with served(home) as (origin, token):
        return [measure(origin, token, name, path.format(**places), repeat) for name, path in PAGES.items()]


def main() -> None:
    """Make, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the home is made, or was before")
    parser.add_argument("--bookings", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=20)
    given = parser.parse_args()
    rows = over(given.folder, given.bookings, given.repeat)
    OUT.mkdir(exist_ok=True)
    results = {"machine": describe(), "bookings": given.bookings, "pages": [asdict(row) for row in rows]}
    (OUT / "desk.json").write_text(json.dumps(results, indent=1, default=str) + "\n", "utf-8")
    (OUT / "desk.md").write_text(table(rows, given.bookings).markdown(), "utf-8")
    Console().print(table(rows, given.bookings).markdown())


if __name__ == "__main__":
    main()
