# SPDX-License-Identifier: Apache-2.0
"""Binds the socket of an intake before its server starts, so that trouble is told in words."""

from __future__ import annotations

import errno
import socket

from sluicegate.errors import SettingsError

_TROUBLE = {
    errno.EADDRINUSE: ("is taken by another program", "Stop that program, or choose another port."),
    errno.EACCES: ("may not be used by this account", "Choose a port above 1023, or let a relay forward it."),
    errno.EADDRNOTAVAIL: ("is not at an address of this machine", "Bind to 127.0.0.1 or to its own address."),
}


def bound(host: str, port: int, name: str) -> socket.socket:
    """A listening TCP socket; port 0 picks a free one.

    `name` is the prefix of the settings ("smtp", "http"). Raises SettingsError, which names them.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=64)
    except (OSError, OverflowError, UnicodeError) as error:
        what, advice = _TROUBLE.get(
            getattr(error, "errno", None) or 0, ("cannot be bound", "Check the address and the port.")
        )
        raise SettingsError(
            f"Port {port} {what}.", advice=f"{advice} Settings: `{name}_host`, `{name}_port`."
        ) from error
