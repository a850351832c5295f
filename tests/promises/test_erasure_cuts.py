# SPDX-License-Identifier: Apache-2.0
"""The power goes at any write of an expunction, a sealing or an unsealing: doing it again ends it whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from cuts import Cut
from test_erasure import ORDER, secrets_of, seen_in
from test_sealing import ORDER as SEAL_ORDER
from test_sealing import held

from scenes import Town, scratch
from sluicegate.exchange.case import State
from sluicegate.store import sealkey
from sluicegate.store.sealkey import SealKey
from sluicegate.testing.world import CrashError

MOST = 80


def act(town: Town, name: str, case_id: str, key: SealKey) -> None:
    """One of the three acts, at the bureau."""
    expunger = town.exchange.expungers["bureau"]
    if name == "expunge":
        expunger.expunge(case_id, ORDER)
    elif name == "seal":
        expunger.seal(case_id, SEAL_ORDER, key.public)
    else:
        expunger.unseal(case_id, SEAL_ORDER, key)


def is_cut(town: Town, cut: Cut, name: str, case_id: str, key: SealKey) -> bool:
    """Do it until the planned write; then start again from the disk, as the server does."""
    try:
        act(town, name, case_id, key)
        reached = False
    except CrashError:
        reached = True
    cut.plan(-1, after=False)
    town.reopen()
    town.exchange.expungers["bureau"].finish_all()
    return reached


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ["expunge", "seal"])
def test_no_write_at_which_the_power_goes_leaves_anything_behind(
    name: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at any write, the booking is whole or gone; done again, no file holds anything of it."""
    cut, key = Cut(monkeypatch), sealkey.create(tmp_path / "k")
    with scratch() as folder:
        town = Town(folder / "home")
        for number in range(MOST):
            data = town.draft("filter", 300 + number)
            case_id = town.submit(data)
            town.finish()
            tokens = secrets_of(town, case_id, data, 300 + number)
            cut.plan(number, after=after)
            reached = is_cut(town, cut, name, case_id, key)
            gone = town.case(case_id).state in {State.EXPUNGED, State.SEALED}
            if gone:
                assert seen_in(town.home, tokens) == [], f"write {number}"
            else:
                assert town.exchange.filtered.held_of(case_id) is not None
            town.mail.clear()
            if name == "expunge" or not gone:
                act(town, name, case_id, key)
            assert seen_in(town.home, tokens) == [], f"write {number}, done again"
            if not reached:
                break
        assert 5 < number < MOST - 1
        town.close()


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_no_write_at_which_the_power_goes_unseals_half(
    after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at any write of an unsealing, the booking is sealed and out of every gallery, or as it was."""
    cut, key = Cut(monkeypatch), sealkey.create(tmp_path / "k")
    with scratch() as folder:
        town = Town(folder / "home")
        for number in range(MOST):
            case_id = town.book("filter", 300 + number)
            town.finish()
            before = held(town)
            act(town, "seal", case_id, key)
            cut.plan(number, after=after)
            reached = is_cut(town, cut, "unseal", case_id, key)
            if town.case(case_id).state is State.SEALED:
                assert town.exchange.filtered.held_of(case_id) is None
                act(town, "unseal", case_id, key)
            assert held(town) == before, f"write {number}"
            if not reached:
                break
        assert 5 < number < MOST - 1
        town.exchange.sweep_orphans()
        assert town.exchange.offices["bureau"].boxes.digests() == set()
        town.close()
