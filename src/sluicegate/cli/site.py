# SPDX-License-Identifier: Apache-2.0
"""`site`: the web site of a home with its desks, on loopback; `opened_site` is also what `serve` opens."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from sluicegate import settings
from sluicegate.app import Exchange
from sluicegate.cli.calls import Call, busy, standard
from sluicegate.cli.logs import to_stderr
from sluicegate.cli.publishing import PARTNER_PUBLIC, PUBLIC
from sluicegate.cli.running import running
from sluicegate.cli.stopping import told_to_stop
from sluicegate.errors import SettingsError
from sluicegate.httpd import HttpServer
from sluicegate.intake.listen import bound
from sluicegate.settings import Settings
from sluicegate.store import keyfile
from sluicegate.store.people import PeopleFile
from sluicegate.web import desk
from sluicegate.web.app import build, site
from sluicegate.web.operator.oidc import Provider
from sluicegate.web.source import PublicSource


def public_source(home: Path) -> PublicSource:
    """The public folders of a home, with the keys that its roles sign with."""
    bureau, partner = (keyfile.publics(home, role)[0] for role in ("bureau", "partner"))
    return PublicSource(home / PUBLIC, bureau, (home / PARTNER_PUBLIC, partner))


def checked_origin(read: Settings, port: int) -> str:
    """The site's address as visitors write it: the setting, or localhost, for which browsers make passkeys.

    Raises SettingsError where the site would be open to others without TLS in front of it.
    """
    origin = read.web_origin.rstrip("/")
    parts = urlsplit(origin)
    if origin and (parts.scheme != "https" or not parts.hostname or parts.path or parts.query):
        raise SettingsError(
            "The setting `web_origin` is no https address without a path.",
            advice="Leave it empty on loopback, or name the address of the proxy that does TLS.",
        )
    if not origin and not _loopback(read.web_host):
        raise SettingsError(
            "The site would be open to other machines without TLS.",
            advice="Let web_host be 127.0.0.1, or put a proxy in front and name its address in web_origin.",
        )
    return origin or f"http://localhost:{port}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def opened_site(exchange: Exchange, *, port: int | None = None, serving: bool) -> Iterator[str]:
    """The site of an exchange with its desks, answering from now on; its address, without a slash at the end.

    Raises SettingsError where a setting is wrong or the port is taken.
    """
    read = exchange.settings
    began = read.starts_at
    drill = f"A drill whose clock began on {began:%d %B %Y}: nothing here is real." if began else ""
    trust = desk.trust_of(read)
    checked_origin(read, 0)  # before anything listens
    with ExitStack() as open_things:
        sock = bound(read.web_host, read.web_port if port is None else port, "web")
        open_things.callback(sock.close)
        origin = checked_origin(read, sock.getsockname()[1])
        provider = Provider(trust) if trust else None
        file = PeopleFile(read.home)
        open_things.callback(file.close)
        clock = exchange.clock if read.clock else _now
        made = site(public_source(read.home), clock, origin, drill=drill)
        opened = desk.open_desk(made, exchange, file, serving=serving, provider=provider)
        server = HttpServer(build(made, desk.routes(opened, provider=provider)), sock, "web")
        server.start()
        open_things.callback(server.close)
        yield origin


@click.command("site")
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the site; 0 picks a free one.")
@standard
def serve_site(call: Call, port: int | None) -> None:
    """Serve the site of a home, until SIGTERM or Ctrl-C, while no exchange moves its cases.

    People sign in at /desk/; `sluicegate people add` makes their accounts. `sluicegate serve` opens the same
    site for an exchange that runs.

    \b
    Example:
      sluicegate site --home ./exchange --port 8080
    """
    call.need_home()
    with told_to_stop() as stop, to_stderr(), ExitStack() as open_things:
        with busy("opening"):
            # A drill's clock goes on where its ledger has got to; beside a server it is the server's.
            clock = call.clock() if running(call.home) else None
            exchange = Exchange(settings.load(call.home), searching=False, clock=clock)
            open_things.callback(exchange.close)
        origin = open_things.enter_context(opened_site(exchange, port=port, serving=False))
        told = {"site": f"{origin}/", "desk": f"{origin}/desk/"}
        call.show(told, *(f"{name}     {place}" for name, place in told.items()), "Stop with Ctrl-C.")
        sys.stdout.flush()
        stop.wait()


def _now() -> datetime:
    return datetime.now(UTC)
