# SPDX-License-Identifier: Apache-2.0
"""A home through which everything went once, for the census: what lies in it afterwards, and its carriers."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from census_paths import Path_, found, lying, sources
from census_site import of_site
from census_world import PUBLISHED
from click.testing import CliRunner

from scenes import SCENES, Town, row, scratch
from sluicegate.cli.main import sluicegate
from sluicegate.delivery.post import Post
from sluicegate.intake.folder import FolderIntake


def command(home: Path, *words: object) -> dict[str, object]:
    """A command over a home, months later; what it said."""
    every = [*map(str, words), "--json", "--home", str(home)]
    result = CliRunner().invoke(sluicegate, every, env={**os.environ, "SLUICEGATE_CLOCK": PUBLISHED})
    assert result.exit_code in (0, 6), f"{words}: {result.output}"
    said: dict[str, object] = json.loads(result.stdout)
    return said


def walked(home: Path) -> tuple[set[str], set[Path_]]:
    """Make a home, send every kind of booking through it, run what publishes; its carriers, and its site."""
    town = Town(home)
    carriers = town.exchange.carriers()
    town.post = Post({role: one.store for role, one in town.exchange.offices.items()}, carriers)
    intake = FolderIntake(town.exchange.door, home / "incoming", home / "refused")
    for name, data in (("good.an2", town.draft("full", 60)), ("bad.an2", b"nothing of the kind")):
        (home / "incoming" / name).write_bytes(data)
    intake.scan_once()
    intake.scan_once()
    town.enrol(town.exchange.gallery, 40, "P00000040")
    cases = [town.book(name, 40 + place) for place, name in enumerate(SCENES)]
    town.publish(row("X960", "US-CA-085", "JURISDICTION_FILTER", since="2010-11-16"))
    town.finish()
    site = of_site(town)
    town.close()
    command(home, "expunge", cases[0], "--why", "court-order", "--by", "Court", "--yes")
    command(home, "ledger", "publish")
    command(home, "ledger", "days")
    out = home.parent / "out"
    out.mkdir()
    command(home, "statistics", "export", "--month", "2010-11", "--state", "--to", out / "month")
    return set(carriers), site


@cache
def everything() -> set[Path_]:
    """Every path of the code, and every kind of file in a home."""
    with scratch() as folder:
        carriers, site = walked(folder / "home")
        return found(sources(), sluicegate, carriers) | site | lying(folder / "home")
