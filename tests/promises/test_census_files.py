# SPDX-License-Identifier: Apache-2.0
"""Files, roles, backups and commands: what lies about, who opens it, and what it tells of hidden bookings."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from census_world import CLOSED, StillTown, booked, both, page, partner_sees, told
from click.testing import CliRunner

from scenes import scratch
from sluicegate.cli.main import sluicegate
from sluicegate.exchange.stages.expunge import Order
from sluicegate.store import sealkey

pytestmark = pytest.mark.slow


# -- files, roles, backups -------------------------------------------------------------------------------


def test_no_file_of_a_home_can_be_read_by_other_accounts_but_public_ones() -> None:
    """A home is closed to other accounts, and so is each database, key, blob and answer in it."""
    with scratch() as folder:
        town = StillTown(folder / "home")
        for name in ("full", "filter", "no-answer"):
            town.book(name, 30)
        town.finish()
        assert stat.S_IMODE(town.home.stat().st_mode) == 0o700
        for path in town.home.rglob("*"):
            secret = path.is_file() and path.relative_to(town.home).parts[0] in (
                "keys",
                "data-keys",
                "bureau",
                "partner",
                "state",
            )
            if secret and path.suffix != ".pub":
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        town.close()


def test_no_role_opens_the_database_of_another() -> None:
    """The desk of the partner and that of the state are given no store, key or repository of the bureau."""
    with scratch() as folder:
        town = StillTown(folder / "home")
        exchange = town.exchange
        bureau = {
            id(exchange.bureau.store),
            id(exchange.open),
            id(exchange.filtered),
            id(exchange.bureau.parts.key),
        }
        bureau |= {id(exchange.bureau.parts.spool), id(exchange.bureau.store.engine)}
        for parts in (exchange.partner.parts, exchange.state.parts):
            held = [getattr(parts, name) for name in parts.__slots__]
            assert not [one for one in held if id(one) in bureau]
        assert {exchange.lookup._open.name} == {"open"}
        assert exchange.filtered not in vars(exchange.lookup).values()
        town.close()


@pytest.mark.parametrize("name", CLOSED)
def test_a_backup_restored_over_the_present_shows_no_hidden_booking(name: str) -> None:
    """An old backup of a whole home, put back after hidden bookings came, lets no look-up find them."""
    with scratch() as folder:
        town = StillTown(folder / "home")
        town.book("full", 20)
        town.book(name, 30)
        town.finish()
        town.close()
        shutil.copytree(town.home, folder / "backup")
        town.reopen()
        town.book(name, 31)
        town.finish()
        town.close()
        shutil.rmtree(town.home)
        shutil.copytree(folder / "backup", town.home)
        town.reopen()
        assert [page(town, person) for person in (20, 30, 31)] == [[1000], [], []]
        town.book(name, 31)
        town.finish()
        assert page(town, 31) == []
        town.close()


# -- what people at the commands are shown ----------------------------------------------------------------


def test_the_commands_that_the_partner_could_run_say_the_same_of_a_hidden_booking_and_of_none() -> None:
    """`lookup` of the prints, and days and files of the partner's side, do not change by a hidden booking."""
    with both(booked("filter", 30)) as pair:
        said = []
        for town in pair:
            probe = Path(town.home.parent / "probe.an2")
            probe.write_bytes(town.draft("filter", 30))
            town.close()
            words = ("lookup", str(probe), "--json", "--home", str(town.home))
            environment = {**os.environ, "SLUICEGATE_EXTRACTOR": "null", "SLUICEGATE_ENGINE": "null"}
            result = CliRunner().invoke(
                sluicegate, words, env={**environment, "SLUICEGATE_MIN_MINUTIAE": "1"}
            )
            said.append((result.exit_code, result.stdout, result.stderr))
            town.reopen()
        assert said[0] == said[1]
        assert json.loads(said[0][1])["found"] == []


# -- sealing ---------------------------------------------------------------------------------------------


def test_a_hidden_booking_that_is_sealed_and_brought_back_tells_the_partner_nothing(tmp_path: Path) -> None:
    """Sealing and unsealing hidden bookings sends no notice, and changes nothing that the partner holds."""
    key = sealkey.create(tmp_path / "seal.key")
    order = Order("court-order", "Superior Court 12")
    hidden = [("filter", "before"), ("not-activated", "after")]
    with scratch() as folder:
        views = []
        for name, cells in (("without", []), ("with", hidden)):
            story = told(folder / name, cells)
            expunger = story.town.exchange.expungers["bureau"]
            cases = [case for (scene, day, _), case in story.cases.items() if (scene, day) in cells]
            for case_id in cases:
                expunger.seal(case_id, order, key.public)
            story.town.finish()
            for case_id in cases:
                expunger.unseal(case_id, order, key)
            story.town.finish()
            views.append(partner_sees(story))
            story.town.close()
        assert views[1] == views[0]
