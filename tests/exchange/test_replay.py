# SPDX-License-Identifier: Apache-2.0
"""Every past decision can be made again from the rules of its time, and only from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner

from scenes import SCENES, UNKNOWN, Town, choices, row, scratch
from sluicegate.cli.main import sluicegate as main
from sluicegate.exchange.replay import Replay, replay
from sluicegate.terms import Gate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A booking in every scene, one whose CRI nobody knows, and then a change of the rules."""
    with scratch() as folder:
        made = Town(folder / "home")
        for number, scene in enumerate(SCENES):
            made.book(scene, number + 1)
        made.submit(made.draft("full", 90, cri=UNKNOWN, ori=SCENES["full"].cri))
        made.settle()
        made.clock.now += timedelta(days=2)
        made.publish(row("X900", "US-CA-085", "JURISDICTION_FILTER", since="2010-11-10", public="2010-11-17"))
        made.book("full", 91)
        made.settle()
        yield made
        made.close()


def bodies(town: Town) -> dict[str, dict[str, object]]:
    """Bodies of the DECIDED entries by case."""
    rows = town.exchange.bureau.store.rows("decided_entries")
    return {body["case"]: body for body in (json.loads(one["body"]) for one in rows)}


def again(town: Town, body: dict[str, object]) -> Replay:
    """One decision made again."""
    programs = town.exchange.programs
    return replay(body, programs.of(str(body["root"])), programs.current())  # type: ignore[arg-type]


def test_every_decision_is_made_again_bit_for_bit(town: Town) -> None:
    """In every mode, by charge and in doubt, before and after a change, the ledger's decision comes again."""
    made = [again(town, body) for body in bodies(town).values()]
    assert len(made) == len(SCENES) + 2
    assert [one.trouble for one in made if not one.holds] == []
    assert len({one.root for one in made}) == 2, "some were decided by the rules before the change"
    assert {one.charges for one in made} >= {
        "listed as shared",
        "listed as not shared",
        "not known to the program",
    }


def test_the_answer_of_today_stands_beside_it(town: Town) -> None:
    """A filter learned of late is shown beside the open decision that stands, and beside no other."""
    made = [again(town, body) for body in bodies(town).values()]
    (moved,) = [one for one in made if one.changed]
    assert moved.holds
    assert moved.changed == (Gate.SHARE, Gate.RELAY, Gate.LOOKUP)
    assert (str(moved.then[Gate.SHARE].mode), str(moved.now[Gate.SHARE].mode)) == (
        "FULL",
        "JURISDICTION_FILTER",
    )


@pytest.mark.parametrize("name", ["cri", "received", "explanation", "decision"])
def test_a_changed_entry_does_not_hold(town: Town, name: str) -> None:
    """Another agency, another moment, another digest or another outcome is not what the rules give."""
    body = next(b for b in bodies(town).values() if b["cri"] == SCENES["filter"].cri)
    assert again(town, body).holds
    wrong: dict[str, object] = {
        "cri": SCENES["full"].cri,
        "received": "2010-10-01T00:00:00.000000Z",
        "explanation": "0" * 64,
        "decision": {gate.value: {"outcome": "open"} for gate in Gate},
    }
    assert not again(town, body | {name: wrong[name]}).holds


def test_other_rules_than_the_entry_names_prove_nothing(town: Town) -> None:
    """Today's rules are never taken for those of the time, nor are rules that are not at hand."""
    body = next(b for b in bodies(town).values() if b["root"] != town.exchange.programs.root())
    current = town.exchange.programs.current()
    assert "not those" in replay(body, current, current).trouble  # type: ignore[arg-type]
    assert "not at hand" in replay(body, None, current).trouble  # type: ignore[arg-type]


def test_the_command_says_so_for_the_whole_ledger(town: Town) -> None:
    """`policy replay` makes every decision again, and ends with 4 where the registry was edited by hand."""
    ran = CliRunner().invoke(main, ["policy", "replay", "--json", "--home", str(town.home)])
    told = json.loads(ran.stdout)
    assert (ran.exit_code, told["decisions"], told["hold"]) == (0, len(SCENES) + 2, len(SCENES) + 2)
    people = CliRunner().invoke(main, ["policy", "replay", "--all", "--home", str(town.home)])
    assert "bit for bit" in people.stdout
    held = choices(town.home).read_bytes()
    choices(town.home).write_bytes(held + row("X901", "US-CA-001", "FULL").encode())
    try:
        ran = CliRunner().invoke(main, ["policy", "replay", "--json", "--home", str(town.home)])
    finally:
        choices(town.home).write_bytes(held)
    assert ran.exit_code == 4
