# SPDX-License-Identifier: Apache-2.0
"""Promise choice-at-booking: the rule in force at receipt binds; loosening never opens, tightening closes."""

from __future__ import annotations

import pytest

from scenes import SCENES, Town, left, row
from sluicegate.exchange.case import State

OPEN, SHUT = SCENES["full"], SCENES["filter"]
TODAY = "2010-11-15"  # where the worlds start


def loosened(since: str) -> str:
    """The filtered county takes part in full again, from a day on."""
    return row("X900", "US-CA-075", "FULL", since=since, public=max(since, TODAY))


def tightened(since: str) -> str:
    """The county in full participation is filtered out, from a day on."""
    return row("X901", "US-CA-085", "JURISDICTION_FILTER", since=since)


def seen(town: Town, person: int) -> int:
    """How many subjects a look-up of the partner shows for a person."""
    return len(town.exchange.lookup.look_up(town.template(person), "partner"))


@pytest.mark.slow
@pytest.mark.parametrize("since", ["2010-11-02", "2010-11-14", "2010-11-15", "2010-11-16"])
def test_loosening_never_opens_a_booking_received_before(town: Town, since: str) -> None:
    """A filter lifted after a booking opens neither copy nor look-up, even if dated back before it."""
    case_id = town.book(SHUT, 7)
    town.settle()
    town.publish(loosened(since))
    town.clock.now = town.clock.now.replace(day=20)
    later = town.book(SHUT, 8)
    town.settle()
    assert left(town, case_id).copies == 0
    assert seen(town, 7) == 0
    assert left(town, later).copies == 1  # the new rule is in force, for bookings after it
    assert seen(town, 8) == 1


@pytest.mark.slow
@pytest.mark.parametrize("since", ["2010-11-02", "2010-11-15", "2010-11-16"])
def test_a_choice_published_after_receipt_does_not_open_a_booking_that_is_not_decided_yet(
    town: Town, since: str
) -> None:
    """Published between the door and the decision, even if dated back, a loosening opens nothing."""
    case_id = town.book(SHUT, 7)
    town.publish(loosened(since))
    town.settle()
    assert left(town, case_id).copies == 0
    assert town.case(case_id).state is State.CLOSED
    assert seen(town, 7) == 0


@pytest.mark.slow
def test_a_booking_that_waited_out_a_restart_is_decided_by_the_rules_at_its_receipt(town: Town) -> None:
    """After a restart and a change of the rules, the registry gives the rules at receipt, and these bind."""
    shut, full = town.book(SHUT, 7), town.book(OPEN, 8)
    town.publish(loosened("2010-11-02"), row("X904", "US-CA-085", "JURISDICTION_FILTER", since=TODAY))
    town.reopen()
    town.settle()
    assert (left(town, shut).copies, left(town, full).copies) == (0, 1)
    assert seen(town, 7) == seen(town, 8) == 0
    changed = town.exchange.bureau.store.rows("alerts")
    assert all("Registry link" in str(alert["reason"]) for alert in changed)


@pytest.mark.slow
def test_a_booking_whose_rules_nobody_has_any_more_stays_closed(town: Town) -> None:
    """Where the registry that held the rules at receipt was lost, gates stay closed and someone is told."""
    full = town.book(OPEN, 8)
    note = town.home / "registry" / "0000.note"
    kept = note.read_bytes()
    note.write_bytes(kept + b"\n")
    town.reopen()
    town.settle()
    assert left(town, full).copies == 0
    assert any(str(alert["case_id"]) == full for alert in town.exchange.bureau.store.rows("alerts"))


@pytest.mark.slow
def test_a_restart_without_a_change_of_rules_changes_nothing(town: Town) -> None:
    """Between door and decision a restart under the same rules shares what was to be shared."""
    case_id = town.book(OPEN, 8)
    town.reopen()
    town.settle()
    assert left(town, case_id).copies == 1


@pytest.mark.slow
def test_tightening_closes_later_look_ups_of_what_was_open(town: Town) -> None:
    """A county filtered out later is no longer found by look-ups, although its booking had been shared."""
    case_id = town.book(OPEN, 7)
    town.settle()
    assert (left(town, case_id).copies, seen(town, 7)) == (1, 1)
    town.publish(tightened("2010-11-16"))
    assert seen(town, 7) == 1  # until the day it begins
    town.clock.now = town.clock.now.replace(day=17)
    assert seen(town, 7) == 0


@pytest.mark.slow
def test_loosening_again_brings_back_only_what_was_open_at_booking(town: Town) -> None:
    """Filtered and opened again, a county shows its bookings from open days and none from filtered days."""
    town.book(OPEN, 7)
    town.settle()
    town.publish(tightened("2010-11-16"))
    town.clock.now = town.clock.now.replace(day=17)
    town.book(OPEN, 8)
    town.settle()
    town.publish(row("X902", "US-CA-085", "FULL", since="2010-11-18"))
    town.clock.now = town.clock.now.replace(day=19)
    assert (seen(town, 7), seen(town, 8)) == (1, 0)


@pytest.mark.slow
def test_a_subject_with_one_closed_booking_is_not_shown(town: Town) -> None:
    """A number that a closed booking stands behind is not shown, whatever other bookings it has."""
    town.book(OPEN, 7)
    town.settle()
    town.book(SCENES["no-relay"], 7)
    town.settle()
    assert seen(town, 7) == 1
    town.publish(tightened("2010-11-16"))
    town.clock.now = town.clock.now.replace(day=17)
    assert seen(town, 7) == 0


@pytest.mark.slow
def test_an_answer_that_was_muted_at_receipt_stays_muted(town: Town) -> None:
    """An opt-out from answers that is lifted while an officer still looks relays nothing, to nobody."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    muted = town.book("no-answer", 7)
    named = town.book("full", 7, sco=(SCENES["no-answer"].cri,))
    town.settle()
    town.publish(row("X903", "US-VA-013", "FULL", since="2010-11-09", public=TODAY))
    town.finish()
    assert left(town, muted).mail.total() == 2  # SRE and receipt
    assert town.kinds(SCENES["no-answer"].cri) == ["SRE", "RECEIPT"]
    assert (OPEN.cri, "IDR") in left(town, named).mail


@pytest.mark.slow
@pytest.mark.parametrize("charge", ["ROBBERY", "BURGLARY", "WITCHCRAFT"])
def test_look_ups_under_an_offense_filter_go_by_the_charge(town: Town, charge: str) -> None:
    """Where the gate goes by the charge, look-ups find a booking for a listed charge and no other."""
    town.book("listed", 7, charge=charge)
    town.settle()
    assert seen(town, 7) == (charge == "ROBBERY")
