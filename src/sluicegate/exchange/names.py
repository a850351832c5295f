# SPDX-License-Identifier: Apache-2.0
"""Names of cases: sortable by time of receipt, unguessable, and counting nothing."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def new_case_id(at: datetime) -> str:
    """26 characters: 48 bits of milliseconds, 80 bits of chance (the form known as ULID)."""
    number = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
