# SPDX-License-Identifier: Apache-2.0
"""A person's challenge to a record: opened, asked, settled, in time or with an alert, each step a fact."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from scenes import SCENES, Town, item, scratch
from sluicegate.errors import Conflict, Missing, UsageError
from sluicegate.exchange.challenging import Challenges
from sluicegate.exchange.stages.expunge import Order
from sluicegate.testing.world import CrashError

FULL = SCENES["full"].cri
WRONG = "G00000007"


@pytest.fixture
def town() -> Iterator[Town]:
    """A home whose bureau knows person 7."""
    with scratch() as folder:
        made = Town(folder / "home")
        made.enrol(made.exchange.open, 7, WRONG)
        yield made
        made.close()


def desk(town: Town) -> Challenges:
    """The challenges of its bureau, thirty days each."""
    return Challenges(town.exchange.bureau, 30)


def identified(town: Town, **given: object) -> str:
    """A booking of person 7, answered with an identification."""
    case_id = town.book("full", 7, **given)
    town.finish()
    assert town.case(case_id).text("number") == WRONG
    return case_id


def opened(town: Town, case_id: str, what: str = "identification") -> int:
    """A challenge that came in an hour ago."""
    at = town.clock() - timedelta(hours=1)
    return desk(town).open(case_id, what, "R-2010/17", at, "records").number


def kinds(town: Town) -> list[str]:
    """Kinds of the entries that challenges make, oldest first."""
    wanted = {"challenged", "challenge-asked", "challenge-settled", "amended"}
    return [row["kind"] for row in town.exchange.bureau.store.rows("all_entries") if row["kind"] in wanted]


def sres(town: Town) -> list[bytes]:
    """Answers of the criminal search that the agency got, oldest first."""
    return [body for kind, _, body in town.mail[FULL] if kind == "SRE"]


@pytest.mark.slow
def test_a_wrong_identification_is_taken_back_and_whoever_heard_it_is_told(town: Town) -> None:
    """The prints get a number of their own, and the agency a second answer that says the first was wrong."""
    case_id = identified(town, ret=True)
    number = opened(town, case_id)
    done = desk(town).amend(number, "records")
    town.settle()
    before, after = sres(town)
    assert (item(before, 59), item(before, 14)) == ("I", WRONG)
    assert item(after, 59) == "N"
    assert item(after, 14) not in {"", WRONG}
    assert "REPLACES THE EARLIER RESPONSE" in item(after, 75)
    held = town.exchange.open.held_of(case_id)
    assert held is not None
    assert held.subject == item(after, 14)
    assert done.outcome == "amended"
    assert kinds(town) == ["challenged", "amended", "challenge-settled"]


@pytest.mark.slow
def test_where_nothing_was_kept_the_corrected_answer_names_nobody(town: Town) -> None:
    """Without RET the taken-back identification leaves no number at all."""
    case_id = identified(town, ret=False)
    desk(town).amend(opened(town, case_id), "records")
    town.settle()
    assert (item(sres(town)[1], 59), item(sres(town)[1], 14)) == ("N", "")
    with pytest.raises(Conflict):
        desk(town).amend(opened(town, case_id), "records")


@pytest.mark.slow
@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
def test_no_commit_at_which_the_power_goes_amends_half(town: Town, landed: bool) -> None:
    """Cut at each commit, lost or landed, and done again: one corrected answer."""
    for cut in range(2):
        case_id = identified(town, ret=False)
        number = opened(town, case_id)
        town.faults.plan(cut, landed=landed)
        with suppress(CrashError):
            desk(town).amend(number, "records")
        town.faults.plan(-1, landed=landed)
        town.reopen()
        if not desk(town).one(number).outcome:
            desk(town).amend(number, "records")
        town.settle()
        mine = [name for kind, name, _ in town.mail[FULL] if kind == "SRE" and name.startswith(case_id)]
        assert mine == [f"{case_id}.SRE", f"{case_id}.SRE.C1"]


@pytest.mark.slow
def test_prints_that_moved_before_the_power_went_keep_the_number_they_got(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the prints and the commit leaves one number in the end, not two."""
    case_id = identified(town, ret=True)
    number = opened(town, case_id)
    town.faults.plan(0, landed=False)
    with suppress(CrashError):
        desk(town).amend(number, "records")
    town.faults.plan(-1, landed=False)
    town.reopen()
    moved = town.exchange.open.held_of(case_id)
    assert moved is not None
    assert moved.subject != WRONG
    desk(town).amend(number, "records")
    assert town.case(case_id).text("number") == moved.subject


@pytest.mark.slow
def test_a_challenge_is_settled_once_and_every_step_is_entered(town: Town) -> None:
    """Opened, asked of the agency, denied: three facts; a second word on it is refused."""
    case_id = identified(town)
    number = opened(town, case_id, "charge")
    assert desk(town).ask(number, "records").asked is not None
    assert desk(town).deny(number, "agency-verified", "records").reason == "agency-verified"
    assert kinds(town) == ["challenged", "challenge-asked", "challenge-settled"]
    for again in (
        lambda: desk(town).deny(number, "withdrawn", "records"),
        lambda: desk(town).ask(number, "records"),
    ):
        with pytest.raises(Conflict):
            again()
    assert len(kinds(town)) == 3


@pytest.mark.slow
def test_a_record_is_removed_only_once_it_is_gone_and_replaced_only_by_its_agency(town: Town) -> None:
    """A challenge ends as removed after the expunction, as resubmitted with a later booking of the ORI."""
    case_id = identified(town)
    number, charge = opened(town, case_id, "whole"), opened(town, case_id, "charge")
    with pytest.raises(Conflict):
        desk(town).removed(number, "records")
    other = town.book("listed", 9)
    later = town.book("full", 7)
    with pytest.raises(Conflict):
        desk(town).resubmitted(charge, later, "records")
    town.finish()
    for wrong in (other, case_id):
        with pytest.raises(UsageError):
            desk(town).resubmitted(charge, wrong, "records")
    assert desk(town).resubmitted(charge, later, "records").reason == later
    town.exchange.expungers["bureau"].expunge(case_id, Order("error", "records"))
    assert desk(town).removed(number, "records").outcome == "removed"
    with pytest.raises(Conflict):
        opened(town, case_id, "name")


@pytest.mark.slow
def test_a_challenge_that_is_overdue_is_an_alert_once(town: Town) -> None:
    """A day after its deadline the operator is told, once, and not of one that was settled."""
    case_id = identified(town)
    late, settled = opened(town, case_id), opened(town, case_id, "name")
    desk(town).deny(settled, "withdrawn", "records")
    assert desk(town).alert_overdue() == 0
    town.clock.now += timedelta(days=30)
    assert (desk(town).alert_overdue(), desk(town).alert_overdue()) == (1, 0)
    told = [row["reason"] for row in town.exchange.bureau.store.rows("alerts")]
    assert [one for one in told if one.startswith(f"Challenge {late} is overdue")] == told[-1:]
    assert desk(town).every()[0].overdue(town.clock())


@pytest.mark.slow
def test_what_makes_no_sense_is_refused(town: Town) -> None:
    """No such part, a name for a file number, a letter from tomorrow, twice the same: refused."""
    case_id = identified(town)
    now, make = town.clock(), desk(town).open
    for what, letter, at, error in [
        ("hair", "R-1", now, UsageError),
        ("name", "JONES", now, UsageError),
        ("name", "ALICE JONES 1", now, UsageError),
        ("name", "R-1", now + timedelta(days=1), UsageError),
    ]:
        with pytest.raises(error):
            make(case_id, what, letter, at, "records")
    with pytest.raises(Missing):
        make("0" * 26, "name", "R-1", now, "records")
    number = opened(town, case_id, "name")
    with pytest.raises(Conflict):
        opened(town, case_id, "name")
    with pytest.raises(UsageError):
        desk(town).deny(number, "because", "records")
    with pytest.raises(UsageError):
        desk(town).amend(number, "records")
    with pytest.raises(Missing):
        desk(town).one(99)
