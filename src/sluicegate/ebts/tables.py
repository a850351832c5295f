# SPDX-License-Identifier: Apache-2.0
"""Reads the packaged tables of this package: CSV files under `data/`, through importlib.resources."""

from __future__ import annotations

import csv
from importlib import resources


def rows(name: str) -> list[dict[str, str]]:
    """Rows of `data/<name>`, by column name."""
    return list(csv.DictReader(text(name).splitlines()))


def text(name: str) -> str:
    """The packaged file `data/<name>` as text."""
    return resources.files("sluicegate.ebts").joinpath("data", name).read_text(encoding="utf-8")
