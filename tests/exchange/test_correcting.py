# SPDX-License-Identifier: Apache-2.0
"""A determined answer that was wrong is corrected for everybody who got it, and for nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenes import SCENES, Town, bytes_at, row, rows, scratch
from sluicegate.cli.reconcile import Side, reconcile
from sluicegate.ebts.responses import is_not
from sluicegate.errors import Conflict, InputRefused, Missing, UsageError
from sluicegate.exchange import correcting
from sluicegate.exchange.envelopes import read_reply
from sluicegate.exchange.stages import correct as stages
from sluicegate.exchange.stages.correct import Correction
from sluicegate.exchange.stages.expunge import Order
from sluicegate.exchange.stages.partner import STATUSES
from sluicegate.exchange.stages.relied import Relied, typed
from sluicegate.itl.reader import read
from sluicegate.testing.world import CrashError

RECORD = Relied("citizenship-record", date(2009, 3, 31))
SECOND_AGENCY = "CA0430800"
CLOSING = list(is_not().values())
_OURS = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}|TOWN\d{8}|\d{14}Z|\d\d:\d\d:\d\d[.\d]*Z?")


@pytest.fixture
def town() -> Iterator[Town]:
    """A home whose partner knows person 7."""
    with scratch() as folder:
        made = Town(folder / "home")
        made.enrol(made.exchange.gallery, 7, "P00000007")
        yield made
        made.close()


def determined(town: Town, scene: str, status: str = "possible-removable", **given: object) -> str:
    """A booking of person 7 that was answered with a status; the partner's case of it."""
    town.book(scene, 7, **given)
    town.settle()
    query = town.queries()[-1].case_id
    town.determine_all(status=status)
    town.settle()
    return query


def correct(town: Town, copy: str, status: str = "citizen") -> None:
    """An officer corrects, and the exchange moves on."""
    correcting.correct(town.exchange.partner, copy, status=status, by="officer 8", relied=RECORD)
    town.settle()


def said(town: Town, recipient: str) -> list[list[str]]:
    """The lines (MSG) of every second response that a recipient got, oldest first."""
    told = []
    for kind, _, body in town.mail[recipient]:
        if kind == "IDR":
            transaction = read(body).transaction
            assert transaction is not None
            field = next(transaction.of_type(2)).get(60)
            assert field is not None
            told.append([one[0] for one in field.texts()])
    return told


def facts(town: Town, side: str, kind: str) -> list[dict[str, object]]:
    """Bodies of the entries of a kind."""
    store = town.exchange.offices[side].store
    return [dict(store.log.body(row)) for row in store.rows("all_entries") if row["kind"] == kind]


@pytest.mark.slow
def test_everybody_who_got_the_wrong_answer_gets_the_right_one(town: Town) -> None:
    """Both agencies that heard the wrong status hear the right one, which says that it replaces the other."""
    copy = determined(town, "full", sco=(SECOND_AGENCY,))
    correct(town, copy)
    for recipient in (SCENES["full"].cri, SECOND_AGENCY):
        wrong, right = said(town, recipient)
        assert wrong == [STATUSES["possible-removable"], *CLOSING]
        assert right == [stages.REPLACES, STATUSES["citizen"], *CLOSING]
    assert facts(town, "partner", "corrected") == [
        {"copy": copy, "number": 1, "by": "officer 8", "source": "citizenship-record", "dated": "2009-03-31"}
    ]
    assert [one["correction"] for one in facts(town, "bureau", "relayed") if "correction" in one] == [1, 1]
    assert reconcile(*(side(town, role) for role in ("bureau", "partner", "state"))).differences == ()


def side(town: Town, role: str) -> Side:
    """What one role holds, as the reconciliation takes it."""
    store = town.exchange.offices[role].store
    cases = {str(one["case_id"]): store.case(str(one["case_id"])) for one in rows(store, "story")}
    return Side(tuple(store.rows("all_entries")), cases, {one.message_id: one for one in store.messages()})


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["no-answer", "no-relay"])
def test_a_correction_opens_no_gate_that_was_closed(town: Town, scene: str) -> None:
    """Where the answer was muted its correction is: no mail, no message, and the same log of the place."""
    copy = determined(town, scene, sco=("VA0990000",))
    mail = {name: len(letters) for name, letters in town.mail.items()}
    held, outbox = town.exchange.bureau.store.rows("logs"), len(town.exchange.bureau.store.messages())
    correct(town, copy)
    assert {name: len(letters) for name, letters in town.mail.items()} == mail
    assert len(town.exchange.bureau.store.messages()) == outbox
    after = {row["log"]: row["tree"] for row in town.exchange.bureau.store.rows("logs")}
    assert [row["log"] for row in held if after[row["log"]] != row["tree"]] == ["answers"]
    assert copy.encode() not in bytes_at(town, "state")
    assert {one["recipient"] for one in facts(town, "bureau", "muted") if "correction" in one} >= {
        SCENES[scene].cri
    }


@pytest.mark.slow
def test_an_agency_that_opted_out_stays_silent_to_while_another_is_corrected(town: Town) -> None:
    """Named beside an agency that takes answers, one that opted out hears neither answer nor correction."""
    copy = determined(town, "full", sco=(SCENES["no-answer"].cri,))
    correct(town, copy)
    assert len(said(town, SCENES["full"].cri)) == 2
    assert town.mail[SCENES["no-answer"].cri] == []


@pytest.mark.slow
def test_rules_that_loosen_later_let_no_correction_through(town: Town) -> None:
    """The gate is the one decided at booking: taking answers again tomorrow does not open yesterday's."""
    copy = determined(town, "no-answer")
    town.publish(row("X900", "US-VA-013", "FULL", since="2010-11-16"))
    correct(town, copy)
    assert said(town, SCENES["no-answer"].cri) == []


@pytest.mark.slow
def test_a_wrong_person_is_said_to_be_another_and_a_wrong_silence_is_ended(town: Town) -> None:
    """A status taken back tells that the record is another's; one given late tells that none was sent."""
    taken_back = determined(town, "full", ret=False)
    correct(town, taken_back, "not-same")
    late = determined(town, "full", status="not-same", ret=False)
    correct(town, late, "order")
    correct(town, late, "citizen")
    told = said(town, SCENES["full"].cri)
    assert told[1] == [stages.REPLACES, stages.OF_ANOTHER, *CLOSING]
    assert told[2] == [stages.LATE, STATUSES["order"], *CLOSING]
    assert told[3] == [stages.REPLACES, STATUSES["citizen"], *CLOSING]


@pytest.mark.slow
def test_the_first_determination_stays_as_it_was(town: Town) -> None:
    """A correction is added: who determined what, and when, can still be read beside what replaced it."""
    copy = determined(town, "full")
    correct(town, copy)
    case = town.exchange.partner.store.case(copy)
    assert (case.text("status"), stages.standing(case)) == ("possible-removable", "citizen")
    kept = stages.given(case)[0]
    assert (kept["was"], kept["by"], kept["source"]) == ("possible-removable", "officer 8", RECORD.source)
    assert len(facts(town, "partner", "determined")) == 1


@pytest.mark.slow
def test_only_an_answer_that_went_out_can_be_corrected_and_only_to_something_new(town: Town) -> None:
    """A waiting query, a copy that matched nobody, the same status, no such status, no such case: refused."""
    town.book("full", 7)
    town.book("full", 8)
    town.settle()
    waiting = town.queries()[0].case_id
    unmatched = next(
        one.case_id
        for one in town.exchange.partner.store.cases_in(["closed"])  # type: ignore[list-item]
    )
    for name, status, error in [
        (waiting, "citizen", Conflict),
        (unmatched, "citizen", Conflict),
        ("0" * 26, "citizen", Missing),
        (waiting, "deported", UsageError),
    ]:
        with pytest.raises(error):
            correct(town, name, status)
    town.determine_all(status="citizen")
    town.settle()
    with pytest.raises(UsageError):
        correct(town, waiting, "citizen")


@pytest.mark.slow
def test_a_repeat_of_a_correction_is_absorbed(town: Town) -> None:
    """Heard twice, as after a crash between hearing and noting, a correction goes out once."""
    copy = determined(town, "full")
    correct(town, copy)
    reference = town.exchange.partner.store.case(copy).text("reference")
    again = Correction(1, matched=True, lines=("x",))
    assert correcting.hear(town.exchange.bureau, reference, again) is None
    with pytest.raises(Missing):
        correcting.hear(town.exchange.bureau, f"{'0' * 26}.COPY", again)
    town.settle()
    assert len(said(town, SCENES["full"].cri)) == 2


@pytest.mark.slow
def test_a_correction_for_an_expunged_booking_reaches_nobody_and_somebody_is_told(town: Town) -> None:
    """Once a booking is expunged its recipients are not known any more: a person must look."""
    determined(town, "full")
    case_id = town.exchange.bureau.store.cases_in(["closed"])[0].case_id  # type: ignore[list-item]
    town.exchange.expungers["bureau"].expunge(case_id, Order("error", "records"))
    town.settle()
    before = len(town.exchange.bureau.store.messages())
    late = Correction(1, matched=True, lines=(stages.REPLACES,))
    assert correcting.hear(town.exchange.bureau, f"{case_id}.COPY", late) is None
    assert len(town.exchange.bureau.store.messages()) == before
    assert correcting.TOO_LATE in [one["reason"] for one in town.exchange.bureau.store.rows("alerts")]


@pytest.mark.slow
def test_a_corrected_answer_is_in_the_encoding_and_under_a_number_of_its_own(town: Town) -> None:
    """Its TCN (1.009) is not that of the answer it replaces, and its TCR (1.010) is the booking's TCN."""
    copy = determined(town, "full", tcn="CORRECTED0000001", ret=False)
    correct(town, copy)
    headers = []
    for kind, _, body in town.mail[SCENES["full"].cri]:
        if kind == "IDR":
            transaction = read(body).transaction
            assert transaction is not None
            header = next(transaction.of_type(1))
            headers.append((header.text(9), header.text(10)))
    assert [tcr for _, tcr in headers] == ["CORRECTED0000001"] * 2
    assert len({tcn for tcn, _ in headers}) == 2


def shape(town: Town) -> list[object]:
    """What a correction leaves everywhere, without names, hours and numbers of its own."""
    kept: list[object] = []
    for role in ("partner", "bureau", "state"):
        store = town.exchange.offices[role].store
        told = [(row["kind"], row["log"]) for row in store.rows("all_entries")]
        sent = [(one.kind, one.channel, one.sequence, one.state) for one in store.messages()]
        dossiers = [
            _OURS.sub("", json.dumps(json.loads(str(one["dossier"])).get("corrections")))
            for one in rows(store, "story")
        ]
        kept.append((sorted(told), sorted(sent), [re.sub(r'"at": "[^"]*"', "", one) for one in dossiers]))
        assert store.log.check() is not None
    return [*kept, {name: [kind for kind, _, _ in letters] for name, letters in town.mail.items()}]


@pytest.mark.slow
@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
def test_no_commit_at_which_the_power_goes_loses_or_repeats_a_correction(landed: bool) -> None:
    """Cut at each commit of a correction, lost or landed, what is left is what an undisturbed one leaves."""
    wanted: list[object] = []
    reached = 0
    for cut in range(-1, 30):
        with scratch() as folder:
            town = Town(folder / "home")
            town.enrol(town.exchange.gallery, 7, "P00000007")
            copy = determined(town, "full", ret=False)
            town.faults.plan(cut, landed=landed)
            with suppress(CrashError):
                correct(town, copy)
            crashed = 0 <= cut < town.faults.count and town.faults.at == cut
            town.faults.plan(-1, landed=landed)
            town.reopen()
            if not stages.given(town.exchange.partner.store.case(copy)):
                correct(town, copy)
            town.settle()
            left = shape(town)
            town.close()
        if cut < 0:
            wanted = left
        assert left == wanted, f"commit {cut}"
        reached += crashed
        if cut >= 0 and not crashed:
            break
    assert 4 < reached < 29


def test_what_was_relied_on_is_of_a_known_kind_and_day() -> None:
    """An unknown source, no date, a date before 1900 and a day to come are refused."""
    for source, day in [("rumor", "2009-03-31"), (RECORD.source, ""), (RECORD.source, "1899-12-31")]:
        with pytest.raises(UsageError):
            typed(source, day)
    with pytest.raises(UsageError):
        RECORD.by(date(2009, 3, 30))
    assert RECORD.by(date(2009, 3, 31)) == typed(RECORD.source, " 2009-03-31 ")


@given(st.dictionaries(st.sampled_from(["reference", "lines", "correction", "matched"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one, max_size=3), max_leaves=5
)))  # fmt: skip
def test_a_word_of_the_partner_is_read_or_refused(held: dict[str, object]) -> None:
    """Any JSON object is a reply, a correction with number and lines, or refused; nothing else happens."""
    try:
        reference, reply = read_reply(json.dumps(held).encode())
    except InputRefused:
        return
    assert reference == held["reference"]
    if isinstance(reply, Correction):
        assert reply.number == held["correction"]
        assert reply.lines


@pytest.mark.slow
def test_a_corrected_booking_is_expunged_wherever_answer_and_correction_went(town: Town) -> None:
    """Expunged afterwards, the copy, the wrong answer and the right one are each attested as gone."""
    copy = determined(town, "full", ret=False)
    correct(town, copy)
    reference = town.exchange.partner.store.case(copy).text("reference")
    case_id = reference.partition(".")[0]
    town.exchange.expungers["bureau"].expunge(case_id, Order("error", "records"))
    town.settle()
    left = town.case(case_id)
    told, heard = left.noted("notices"), left.noted("attested")
    assert isinstance(told, list)
    assert isinstance(heard, dict)
    assert (len(told), len(heard)) == (3, 3)
