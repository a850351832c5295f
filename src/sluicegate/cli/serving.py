# SPDX-License-Identifier: Apache-2.0
"""`serve`: one process that takes in, moves, asks and answers, until it is told to stop."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import ExitStack

import click

from sluicegate import settings
from sluicegate.app import Exchange
from sluicegate.cli.calls import Call, busy, standard
from sluicegate.cli.listening import listen
from sluicegate.cli.logs import to_stderr
from sluicegate.cli.running import announced, only_server
from sluicegate.cli.site import opened_site
from sluicegate.cli.stopping import told_to_stop
from sluicegate.settings import Settings

log = logging.getLogger("sluicegate.serve")


@click.command()
@click.option(
    "--smtp-port", type=click.IntRange(0, 65535), help="Port of the SMTP intake; 0 picks a free one."
)
@click.option(
    "--http-port", type=click.IntRange(0, 65535), help="Port of the HTTP intake; 0 picks a free one."
)
@click.option("--web-port", type=click.IntRange(0, 65535), help="Port of the site; 0 picks a free one.")
@click.option("--roles", help="Roles to serve, comma separated: bureau, partner, state.")
@click.option(
    "--extractor", type=click.Choice(["leader", "mindtct", "auto", "null"]), help="Which extractor runs."
)
@click.option("--engine", type=click.Choice(["fast", "plain", "null"]), help="Which search engine runs.")
@click.option("--workers", type=click.IntRange(1, 64), help="Image worker processes at a time.")
@click.option("--smarthost", help="host:port that answers to agencies are mailed through.")
@click.option("--clock", help="For drills: the moment to start at, such as 2010-11-15T12:00:00Z.")
@standard
def serve(call: Call, **given: object) -> None:
    """Serve an installation until SIGTERM or Ctrl-C. Options win over the settings file for this run.

    \b
    Example:
      sluicegate serve --home ./exchange
      sluicegate serve --home ./exchange --smtp-port 0 --http-port 0 --clock 2010-11-15T12:00:00Z
    """
    call.need_home()
    read = settings.load(call.home, **given)
    with told_to_stop() as stop, to_stderr(), only_server(call.home), ExitStack() as open_things:
        with busy("starting"):
            exchange = Exchange(read)
            open_things.callback(exchange.close)
            exchange.start()
            running = listen(exchange, open_things)
            site = ""  # the desks of a process without the bureau would stand on a bureau that is elsewhere
            if "bureau" in read.role_names:
                site = open_things.enter_context(opened_site(exchange, serving=True))
        open_things.enter_context(announced(call.home, running))
        log.info("serving roles=%s pid=%d", ",".join(running.roles), running.pid)
        document = {
            "pid": running.pid,
            "smtp": running.smtp,
            "http": running.http,
            "folder": running.folder,
            "site": site,
            "roles": list(running.roles),
        }
        call.show(document, *_lines(read, running.smtp, running.http, running.folder, site))
        sys.stdout.flush()
        stop.wait()
        log.info("stopping pid=%d", os.getpid())


def _lines(read: Settings, smtp: str, http: str, folder: str, site: str) -> list[str]:
    lines = [f"serving  {', '.join(read.role_names)} of program {read.program}"]
    lines += [f"smtp     {smtp}"] if smtp else []
    lines += [f"http     http://{http}"] if http else []
    lines += [f"folder   {folder}"] if folder else []
    lines += [f"site     {site}/", f"desk     {site}/desk/"] if site else []
    if read.clock:
        lines.append(f"clock    started at {read.clock}: a drill, not the real time")
    return [*lines, "Stop with Ctrl-C."]
