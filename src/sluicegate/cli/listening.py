# SPDX-License-Identifier: Apache-2.0
"""Opens the intakes of a served exchange: mail, HTTP and the watched folder, for the bureau only."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, datetime

from starlette.applications import Starlette

from sluicegate.app import Exchange
from sluicegate.cli.running import Running
from sluicegate.intake.folder import FolderIntake
from sluicegate.intake.mail import MailIntake
from sluicegate.intake.web import WebIntake, api
from sluicegate.store.blobs import load_key


def listen(exchange: Exchange, open_things: ExitStack) -> Running:
    """Start every intake and say where it listens. What was started is closed by `open_things`.

    Raises SettingsError where a port is taken or an address may not be used.
    """
    read = exchange.settings
    ahead = (exchange.clock() - datetime.now(UTC)).total_seconds()
    if "bureau" not in read.role_names:
        return Running(os.getpid(), "", "", "", read.role_names, ahead)
    mail = MailIntake(
        exchange.door, read.smtp_host, read.smtp_port, max_bytes=read.max_bytes, max_parts=read.max_parts
    )
    mail.start()
    open_things.callback(mail.close)
    web = WebIntake(_application(exchange), read.http_host, read.http_port)
    web.start()
    open_things.callback(web.close)
    folder = read.home / "incoming" if read.folder else None
    if folder is not None:
        watched = FolderIntake(exchange.door, folder, read.home / "refused")
        watched.start()
        open_things.callback(watched.close)
    return Running(
        os.getpid(),
        f"{read.smtp_host}:{mail.port}",
        f"{read.http_host}:{web.port}",
        str(folder or ""),
        read.role_names,
        ahead,
    )


def _application(exchange: Exchange) -> Starlette:
    stores = [exchange.offices[role].store for role in ("bureau", "state")]
    secret = load_key(exchange.settings.home / "keys" / "tickets.key")
    return api(
        exchange.door, stores, clock=exchange.clock, secret=secret, max_parts=exchange.settings.max_parts
    )
