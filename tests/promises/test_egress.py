# SPDX-License-Identifier: Apache-2.0
"""Promise decision-before-egress: bytes leave behind the entry that allows them, and counts agree."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from scenes import SCENES, Town, rows
from sluicegate.store.journal import Outgoing, Store

Entry = dict[str, object]
ALLOWS = {"COPY": "shared", "SECOND": "relayed", "SRE": "answered", "ERRT": "answered", "RECEIPT": "decided"}
"""For each kind of message of the bureau, the kind of entry that lets it leave."""


@pytest.fixture
def busy(town: Town) -> Town:
    """A town in which a booking with a match and one without went through every scene."""
    for place, name in enumerate(SCENES):
        town.enrol(town.exchange.gallery, 10 + place, f"P{place:08d}")
        town.book(name, 10 + place, sco=("CA0430800",))
        town.book(name, 30 + place)
        town.submit(town.draft(name, 50 + place).replace(b"2.027:508", b"2.027:XYZ"))
    return town


def entries(store: Store) -> list[Entry]:
    """Every entry, its body opened."""
    return [{**row, "body": json.loads(str(row["body"]))} for row in rows(store, "entry")]


def of_kind(store: Store, kind: str) -> list[dict[str, object]]:
    """Bodies of the entries of a kind."""
    return [entry["body"] for entry in entries(store) if entry["kind"] == kind]  # type: ignore[misc]


def allowing(store: Store, message: Outgoing) -> Entry:
    """The one entry that lets a message of the bureau leave."""
    kind = ALLOWS[message.kind]
    found = [
        entry
        for entry in entries(store)
        if entry["kind"] == kind
        and entry["case_id"] == message.case_id
        and (kind == "decided" or entry["body"]["message"] == message.message_id)  # type: ignore[index]
    ]
    assert len(found) == 1, f"{len(found)} entries allow {message.kind}"
    return found[0]


@pytest.mark.slow
def test_nothing_is_handed_over_before_the_entry_that_allows_it_is_committed(busy: Town) -> None:
    """At the moment a message is handed over, the entry that allows it is already in the database."""
    store = busy.exchange.bureau.store
    checked: Counter[str] = Counter()
    plain = busy.post.hand_over

    def hand_over(role: str, message: Outgoing) -> None:
        if role == "bureau":
            assert allowing(store, message)
            assert rows(store, "journal")
            checked[message.kind] += 1
        plain(role, message)

    busy.post.hand_over = hand_over  # type: ignore[method-assign]
    busy.finish()
    assert set(checked) == set(ALLOWS)


@pytest.mark.slow
def test_every_copy_names_an_earlier_decision_that_opens_g1(busy: Town) -> None:
    """Decided, shared, delivered: in that order in one log, and the decision says that G1 is open."""
    busy.finish()
    store = busy.exchange.bureau.store
    by_place = {(entry["log"], entry["seq"]): entry for entry in entries(store)}
    copies = [message for message in store.messages() if message.kind == "COPY"]
    assert len(copies) == 2 * sum(scene.shares for scene in SCENES.values())
    for message in copies:
        shared = allowing(store, message)
        decided = by_place[shared["log"], shared["body"]["decision_seq"]]  # type: ignore[index]
        delivered = [
            e
            for e in entries(store)
            if e["kind"] == "delivered" and e["body"]["message"] == message.message_id  # type: ignore[index]
        ]
        assert decided["kind"] == "decided"
        assert decided["case_id"] == message.case_id
        assert decided["body"]["decision"]["G1"]["outcome"] == "open"  # type: ignore[index]
        assert len(delivered) == 1
        assert delivered[0]["log"] == shared["log"]
        assert decided["seq"] < shared["seq"] < delivered[0]["seq"]  # type: ignore[operator]


@pytest.mark.slow
def test_every_second_response_names_a_decision_that_opens_g2(busy: Town) -> None:
    """A relayed answer names the decision of its booking, and that decision says that G2 is open."""
    busy.finish()
    store = busy.exchange.bureau.store
    decided = {entry["case_id"]: entry for entry in entries(store) if entry["kind"] == "decided"}
    relayed = of_kind(store, "relayed")
    assert len(relayed) == 2 * sum(scene.relays for scene in SCENES.values())
    for body in relayed:
        decision = decided[body["case"]]
        assert decision["seq"] == body["decision_seq"]
        assert decision["body"]["decision"]["G2"]["outcome"] == "open"  # type: ignore[index]


@pytest.mark.slow
def test_the_counts_of_both_sides_reconcile_to_zero(busy: Town) -> None:
    """What the bureau says it shared is what the partner says it took, and each copy is deleted or waits."""
    bureau, partner = busy.exchange.offices["bureau"].store, busy.exchange.offices["partner"].store
    busy.settle()
    for waiting in (len(busy.queries()), 0):
        shared = {busy.case(str(body["case"])).digest for body in of_kind(bureau, "shared")}
        taken = [body["digest"] for body in of_kind(partner, "copy-taken")]
        assert len(taken) == len(set(taken))
        assert set(taken) == shared
        deleted, queued = of_kind(partner, "copy-deleted"), of_kind(partner, "query-queued")
        assert len(taken) == len(deleted) + waiting
        assert len(queued) == sum(scene.shares for scene in SCENES.values())
        assert len(of_kind(partner, "determined")) == len(queued) - waiting
        busy.finish()


@pytest.mark.slow
def test_what_was_relayed_is_what_the_state_passed_on(busy: Town) -> None:
    """Every second response that the bureau relayed reached the state and one mailbox, once."""
    busy.finish()
    bureau, state = busy.exchange.offices["bureau"].store, busy.exchange.offices["state"].store
    relayed = Counter(str(body["recipient"]) for body in of_kind(bureau, "relayed"))
    passed = Counter(str(body["recipient"]) for body in of_kind(state, "relayed"))
    got = Counter({ori: busy.kinds(ori).count("IDR") for ori in busy.mail})
    assert relayed == passed == +got


@pytest.mark.slow
def test_every_decision_is_followed_by_sharing_or_withholding_and_never_by_both(busy: Town) -> None:
    """Each booking that was decided and answered is either shared or withheld, exactly once."""
    busy.finish()
    store = busy.exchange.bureau.store
    decided = Counter(body["case"] for body in of_kind(store, "decided"))
    fates = Counter(body["case"] for kind in ("shared", "withheld") for body in of_kind(store, kind))
    assert decided == fates
    assert set(decided.values()) == {1}


def test_every_kind_of_message_of_the_bureau_has_an_entry_that_allows_it(busy: Town) -> None:
    """No kind of message can leave the bureau for which this page knows no entry."""
    busy.finish()
    assert {m.kind for m in busy.exchange.bureau.store.messages()} == set(ALLOWS)
