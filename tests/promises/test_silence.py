# SPDX-License-Identifier: Apache-2.0
"""Promise silence-is-total: under RESPONSE_OPT_OUT nobody can tell an answer that was muted from none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from scenes import SCENES, Town, bytes_at, letter, scratch
from sluicegate.ledger.receipt import parse

_OURS = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}|TOWN\d{8}|SYN\d{6}|\d{14}Z|\d\d:\d\d:\d\d[.\d]*Z?")
MUTED = ["no-answer", "no-relay"]
SCO = ("CA0430000", "VA0990000", "CA0389900")  # full, not activated, filtered


@pytest.fixture
def pair() -> Iterator[Callable[[bool], Town]]:
    """Makes worlds that differ only in whether the partner knows person 7."""
    made: list[Town] = []
    with scratch() as folder:

        def make(matched: bool) -> Town:
            town = Town(folder / f"home{len(made)}")
            made.append(town)
            if matched:
                town.enrol(town.exchange.gallery, 7, "P00000007")
            return town

        yield make
        for town in made:
            town.close()


def heard(town: Town) -> dict[str, list[tuple[str, int]]]:
    """What every mailbox got, in order: kind, and size without the sender's own names and hours."""
    return {
        recipient: [(kind, len(_OURS.sub("", body.decode("latin-1")))) for kind, _, body in letters]
        for recipient, letters in town.mail.items()
    }


def steps(town: Town, case_id: str) -> list[tuple[str, str, float]]:
    """Everything said to the agency: what, when it was queued and when handed over, seconds from receipt."""
    received = town.case(case_id).received
    return [
        (m.kind, m.channel, (m.created - received).total_seconds())
        for m in town.exchange.bureau.store.messages_of(case_id)
        if m.kind in ("SRE", "RECEIPT")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTED)
def test_every_mailbox_holds_the_same_for_a_match_and_for_no_match(
    pair: Callable[[bool], Town], name: str
) -> None:
    """Whether the partner knows the person changes nothing in any mailbox: kinds, order, sizes are equal."""
    worlds = []
    for matched in (True, False):
        town = pair(matched)
        case_id = town.book(name, 7, sco=SCO, tcn="SILENCE000000001")
        town.finish()
        worlds.append((heard(town), steps(town, case_id)))
    assert worlds[0] == worlds[1]
    assert list(worlds[0][0]) == [SCENES[name].cri]  # and nobody but the submitter heard anything


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTED)
def test_the_receipt_comes_before_the_partner_has_said_a_word(town: Town, name: str) -> None:
    """The receipt is in the outbox in the commit that shares: its hour tells nothing of the answer."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    case_id = town.book(name, 7)
    town.settle()
    store = town.exchange.bureau.store
    copy, receipt = (store.message(f"{case_id}.{kind}") for kind in ("COPY", "RECEIPT"))
    assert copy.created == receipt.created
    entries = store.rows("entries_of", case_id=case_id)
    assert not {"relayed", "muted", "silent"} & {row["kind"] for row in entries}
    assert town.queries()


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTED)
def test_a_later_receipt_does_not_count_what_an_earlier_answer_was(
    pair: Callable[[bool], Town], name: str
) -> None:
    """The tree size that a later receipt shows is the same whether an earlier booking matched, or waits."""
    sizes = []
    for matched in (True, False):
        town = pair(matched)
        town.book(name, 7, sco=SCO)
        town.settle()  # with a match, the officer has not determined yet
        waiting = town.book(name, 8)
        town.settle()
        town.finish()
        after = town.book(name, 9)
        town.finish()
        sizes.append([shown(town, case_id) for case_id in (waiting, after)])
    assert sizes[0] == sizes[1]


def shown(town: Town, case_id: str) -> tuple[int, int]:
    """The number of the entry and the size of the tree that a receipt shows."""
    receipt = parse(letter(town, case_id, "RECEIPT"))
    seq = receipt.entry["seq"]
    assert isinstance(seq, int)
    return seq, int(receipt.checkpoint_note.split("\n")[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTED)
def test_the_state_gets_nothing_where_the_answer_is_muted(town: Town, name: str) -> None:
    """A muted answer does not reach the state either: its store, spool and outbox do not know the booking."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    case_id = town.book(name, 7, sco=SCO)
    town.finish()
    assert town.case(case_id).text("partner") == "match"
    held = bytes_at(town, "state")
    assert case_id.encode() not in held
    assert town.exchange.offices["state"].store.log.check() == {}


@pytest.mark.slow
def test_an_agency_that_opted_out_stays_silent_to_in_bookings_of_others(town: Town) -> None:
    """Named in SCO by an agency that takes answers, one that opted out gets none while the other does."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    town.book("full", 7, sco=(SCENES["no-answer"].cri, SCENES["no-relay"].cri))
    town.finish()
    assert town.kinds(SCENES["full"].cri) == ["SRE", "RECEIPT", "IDR"]
    assert town.kinds(SCENES["no-answer"].cri) == []
    assert town.kinds(SCENES["no-relay"].cri) == []


@pytest.mark.slow
def test_an_officer_who_says_not_the_same_person_leaves_silence(town: Town) -> None:
    """Where the officer finds another person, a booking in full participation gets no second response."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    case_id = town.book("full", 7)
    town.settle()
    town.determine_all(status="not-same")
    town.settle()
    assert town.kinds(SCENES["full"].cri) == ["SRE", "RECEIPT"]
    assert town.case(case_id).text("partner") == "no-match"
