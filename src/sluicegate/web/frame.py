# SPDX-License-Identifier: Apache-2.0
"""What every module of pages is handed."""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.web.pages import Clock, Pages
from sluicegate.web.source import PublicSource


@dataclass(frozen=True, slots=True)
class Site:
    """What the site is made from. `origin` is how visitors write its address: scheme, host, port."""

    source: PublicSource
    clock: Clock
    pages: Pages
    origin: str
