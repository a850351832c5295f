# SPDX-License-Identifier: Apache-2.0
"""`site`: the web site of a home, or of a folder of public files alone, on loopback."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from sluicegate import settings
from sluicegate.cli.calls import Call, standard
from sluicegate.cli.publishing import PARTNER_PUBLIC, PUBLIC
from sluicegate.cli.serving import told_to_stop
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.store import keyfile
from sluicegate.web.app import build, site
from sluicegate.web.source import PublicSource


def public_source(home: Path) -> PublicSource:
    """The public folders of a home, with the keys that its roles sign with."""
    bureau, partner = (keyfile.publics(home, role)[0] for role in ("bureau", "partner"))
    return PublicSource(home / PUBLIC, bureau, (home / PARTNER_PUBLIC, partner))


@click.command("site")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the site; 0 picks a free one.")
@standard
def serve_site(call: Call, port: int | None) -> None:
    """Serve the site of a home, until SIGTERM or Ctrl-C.

    \b
    Example:
      sluicegate site --home ./exchange --port 8080
    """
    call.need_home()
    read = settings.load(call.home)
    drill = f"A drill that began at {read.clock}: nothing here is real." if read.clock else ""
    with told_to_stop() as stop:
        sock = bound(read.web_host, read.web_port if port is None else port, "web")
        origin = f"http://{read.web_host}:{sock.getsockname()[1]}"
        made = site(public_source(call.home), call.clock() if read.clock else _now, origin, drill=drill)
        server = HttpServer(build(made), sock, "web")
        server.start()
        call.show({"site": f"{origin}/"}, f"site     {origin}/", "Stop with Ctrl-C.")
        sys.stdout.flush()
        stop.wait()
        server.close()


def _now() -> datetime:
    return datetime.now(UTC)
