# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_site --home HOME [--desk EMPTY]``: pages of the site in Chromium, cold cache.

A page counts as ready when its script says so by a performance mark; a step of the slider, when the second
frame after it is due. Bytes are those that travelled, headers too, and those that they unpack to, over every
request of the page. Medians of five; with ``--desk`` the desks over very many bookings too, as
``tools.bench_desk`` measures them. Writes ``bench-out/site.json`` and ``bench-out/site.md``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, sync_playwright
from rich.console import Console

from sluicegate.cli.site import public_source
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.web.app import build, site
from tools import bench_desk
from tools.bench.figures import Spread, spread
from tools.bench.machine import describe
from tools.bench.report import Table

OUT = Path("bench-out")
CHROMIUM = "/usr/bin/chromium"
PAGES = {
    "/nation, what is in force": ("/nation?on=2010-11-10&view=mode&known=now", "nation-ready"),
    "/nation, asked for beside it": ("/nation?on=2011-06-10&view=gap&known=now", "nation-ready"),
    "/nation, today, as known then": ("/nation?known=then", "nation-ready"),
}
"""Name of a row, address, and the mark with which the page says that it can be used."""

FIRST = {
    "/, the first page": "/",
    "/places, a search": "/places?q=san",
    "/places, one county": "/places/US-CA-075",
    "/nation": "/nation",
    "/words": "/words",
    "/numbers": "/numbers",
    "/receipt": "/receipt",
    "/releases": "/releases",
    "/ledger": "/ledger",
    "/how": "/how",
    "/api": "/api",
}
"""Name of a row and address: the first page of each kind, as somebody opens it who was never here."""

_LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
_STEP = """async () => {
  const slider = document.querySelector('#slider'), took = [];
  for (let n = 0; n <= slider.max; n += slider.max / 12) {
    const began = performance.now();
    slider.value = n;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length / 2)];
}"""


@dataclass(frozen=True, slots=True)
class Row:
    """What one page measured: milliseconds from the click to use, and of one step; kilobytes."""

    name: str
    ready_ms: Spread
    step_ms: Spread
    travelled_kb: float
    unpacked_kb: float
    requests: int


@dataclass(frozen=True, slots=True)
class Opening:
    """What one page takes that is opened for the first time: milliseconds until loaded; kilobytes."""

    name: str
    loaded_ms: Spread
    page_kb: float
    travelled_kb: float
    unpacked_kb: float
    requests: int


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The public site of a home on loopback; its address without a slash at the end."""
    sock = bound("127.0.0.1", 0, "web")
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"
    server = HttpServer(build(site(public_source(home), lambda: datetime.now(UTC), origin)), sock, "web")
    server.start()
    try:
        yield origin
    finally:
        server.close()


class Traffic:
    """What went over the wire for one page."""

    def __init__(self, session: CDPSession, origin: str) -> None:
        self.travelled = self.unpacked = self.requests = 0
        self.elsewhere: list[str] = []
        self._origin = urlsplit(origin).netloc
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.dataReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, dict[str, str]]) -> None:
        parts = urlsplit(event["request"]["url"])
        if parts.scheme in {"data", "blob"}:
            return
        self.requests += 1
        if parts.netloc != self._origin:
            self.elsewhere.append(event["request"]["url"])

    def _received(self, event: dict[str, int]) -> None:
        self.unpacked += event["dataLength"]

    def _finished(self, event: dict[str, int]) -> None:
        self.travelled += event["encodedDataLength"]


def measure(browser: Browser, origin: str, name: str, path: str, mark: str, repeat: int) -> Row:
    """One page, opened so often, each time in a new context; an opening before warms the server alone."""
    ready, steps = [], []
    traffic = None
    for turn in range(repeat + 1):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        traffic = Traffic(context.new_cdp_session(page), origin)
        page.goto(origin + path, wait_until="networkidle")
        at = page.evaluate(f"performance.getEntriesByName('{mark}')[0].startTime")
        step = page.evaluate(_STEP)
        if turn:
            ready.append(float(at))
            steps.append(float(step))
        context.close()
        if traffic.elsewhere:
            raise SystemExit(f"{path} asked elsewhere: {traffic.elsewhere}")
    assert traffic is not None
    return Row(
        name,
        spread(ready),
        spread(steps),
        traffic.travelled / 1000,
        traffic.unpacked / 1000,
        traffic.requests,
    )


def opening(browser: Browser, origin: str, name: str, path: str, repeat: int) -> Opening:
    """One page, opened so often, each time in a new context; an opening before warms the server alone."""
    loaded = []
    traffic, size = None, 0
    for turn in range(repeat + 1):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        traffic = Traffic(context.new_cdp_session(page), origin)
        answer = page.goto(origin + path, wait_until="networkidle")
        assert answer is not None
        size = len(answer.body())
        if turn:
            loaded.append(float(page.evaluate(_LOADED)))
        context.close()
        if traffic.elsewhere:
            raise SystemExit(f"{path} asked elsewhere: {traffic.elsewhere}")
    assert traffic is not None
    return Opening(
        name,
        spread(loaded),
        size / 1000,
        traffic.travelled / 1000,
        traffic.unpacked / 1000,
        traffic.requests,
    )


def openings(rows: Sequence[Opening]) -> Table:
    """The rows for people."""
    heads = ("page", "loaded, ms", "the page, kB", "travelled, kB", "unpacked, kB", "requests")
    lines = tuple(
        (
            row.name,
            row.loaded_ms.text(0),
            *(f"{one:,.0f}" for one in (row.page_kb, row.travelled_kb, row.unpacked_kb)),
            str(row.requests),
        )
        for row in rows
    )
    return Table("First page of each kind in Chromium, cold cache", heads, lines)


def table(rows: Sequence[Row]) -> Table:
    """The rows for people."""
    heads = ("page", "ready, ms", "step of the slider, ms", "travelled, kB", "unpacked, kB", "requests")
    return Table(
        "The site in Chromium, cold cache",
        heads,
        tuple(
            (
                row.name,
                row.ready_ms.text(0),
                row.step_ms.text(0),
                f"{row.travelled_kb:,.0f}",
                f"{row.unpacked_kb:,.0f}",
                str(row.requests),
            )
            for row in rows
        ),
    )


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with published rules")
    parser.add_argument("--desk", type=Path, help="where the home of many bookings is made, or was before")
    parser.add_argument("--bookings", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with served(given.home) as origin, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        rows = [
            measure(browser, origin, name, path, mark, given.repeat) for name, (path, mark) in PAGES.items()
        ]
        first = [opening(browser, origin, name, path, given.repeat) for name, path in FIRST.items()]
        chromium = browser.version
        browser.close()
    desks = bench_desk.over(given.desk, given.bookings, 4 * given.repeat) if given.desk else []
    OUT.mkdir(exist_ok=True)
    results = {
        "machine": describe(),
        "chromium": chromium,
        "pages": [asdict(row) for row in rows],
        "openings": [asdict(row) for row in first],
        "desk": [asdict(row) for row in desks],
    }
    (OUT / "site.json").write_text(json.dumps(results, indent=1, default=str) + "\n", "utf-8")
    tables = [table(rows), openings(first), *([bench_desk.table(desks, given.bookings)] if desks else [])]
    text = "\n".join(one.markdown() for one in tables)
    (OUT / "site.md").write_text(text, "utf-8")
    Console().print(text)


if __name__ == "__main__":
    main()
