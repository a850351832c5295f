# SPDX-License-Identifier: Apache-2.0
"""Sealed is as gone as expunged, for everybody but the holder of a key; unsealed is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenes import Town, bytes_at, item, letter, rows, scratch
from sluicegate import app
from sluicegate.cli.reconcile import Side, reconcile
from sluicegate.ebts.submission import partial
from sluicegate.errors import Conflict, Missing, VerifyError
from sluicegate.exchange.case import State
from sluicegate.exchange.papers import log_key
from sluicegate.exchange.stages.expunge import Order
from sluicegate.itl.reader import read
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.statement import StatementKind
from sluicegate.ridge.template import encode
from sluicegate.store import sealkey
from sluicegate.store.master import MasterLog
from sluicegate.store.sealkey import SealKey
from sluicegate.testing.world import CrashError

ORDER = Order("law", "Juvenile Court 3")


@pytest.fixture
def fresh() -> Iterator[Town]:
    """A world with every mode in force somewhere."""
    with scratch() as folder:
        town = Town(folder / "home")
        yield town
        town.close()


@pytest.fixture
def key(tmp_path: Path) -> SealKey:
    """A seal key, kept outside the home."""
    return sealkey.create(tmp_path / "court.seal")


def seal(town: Town, case_id: str, key: SealKey) -> None:
    """Seal at the bureau, and let the notices and attestations travel."""
    town.exchange.expungers["bureau"].seal(case_id, ORDER, key.public)
    town.settle()


def unseal(town: Town, case_id: str, key: SealKey) -> None:
    """Unseal at the bureau, and wherever else something of it was sealed."""
    for role, expunger in town.exchange.expungers.items():
        for case in town.exchange.offices[role].store.cases_in([State.SEALED]):
            if case.case_id == case_id or case.text("reference").startswith(f"{case_id}."):
                expunger.unseal(case.case_id, ORDER, key)
    town.settle()


def held(town: Town) -> dict[str, object]:
    """All that is held of bookings: entries, cases, messages and prints, and the opened bytes of each."""
    found: dict[str, object] = {}
    for role, office in town.exchange.offices.items():
        done = {"expunged", "sealed", "unsealed", "attested", "looked-up", "delivered"}
        notices = {"SEAL", "EXPUNGE", "ATTESTED"}
        found[role] = {
            "entries": [row for row in rows(office.store, "entry") if row["kind"] not in done],
            "cases": [{**row, "version": 0} for row in rows(office.store, "story")],
            "messages": [row for row in rows(office.store, "message") if row["kind"] not in notices],
            "spool": {one: office.spool.get(one) for one in office.spool.digests()},
            "outgoing": {
                message.digest: office.store.outgoing.get(message.digest)
                for message in office.store.messages()
                if message.kind not in notices and message.digest
                if office.store.outgoing.has(message.digest)
            },
        }
    for name in ("open", "filtered", "gallery"):
        repository = getattr(town.exchange, name)
        ids = {
            case.case_id for office in town.exchange.offices.values() for case in office.store.cases_in(State)
        }
        found[name] = {one: repository.held_of(one) for one in sorted(ids)}
    return found


def secrets_of(town: Town, case_id: str, data: bytes, person: int) -> dict[str, bytes]:
    """What nobody may find while it is sealed."""
    booking = partial(read(data).transaction)
    salts = [row["salt"] for row in rows(town.exchange.bureau.store, "entry") if row["case_id"] == case_id]
    found = {f"salt {number}": bytes(salt) for number, salt in enumerate(salts)}  # type: ignore[call-overload]
    found |= {
        "TCN": booking.tcn.encode(),
        "image": booking.images[0].data[:64],
        "name": item(data, 18).encode(),
    }
    return found | {
        "template": encode(town.template(person))[:64],
        "digest": town.case(case_id).digest.encode(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["full", "no-answer", "filter"])
def test_sealed_is_gone_and_unsealed_is_as_it_was(fresh: Town, key: SealKey, scene: str) -> None:
    """While sealed no role holds or finds anything of the booking; unsealed, all is exactly as before."""
    fresh.enrol(fresh.exchange.gallery, 7, "P00000007")
    data = fresh.draft(scene, 7)
    case_id = fresh.submit(data)
    fresh.finish()
    before, tokens, probe = held(fresh), secrets_of(fresh, case_id, data, 7), fresh.template(7)
    found = fresh.exchange.lookup.look_up(probe, "partner")
    assert bool(found) == (scene != "filter")
    seal(fresh, case_id, key)
    assert fresh.case(case_id).state is State.SEALED
    for role in fresh.exchange.offices:
        everything = bytes_at(fresh, role)
        assert [what for what, token in tokens.items() if token in everything] == []
    assert fresh.exchange.lookup.look_up(probe, "partner") == ()
    assert len(fresh.exchange.open) == len(fresh.exchange.filtered) == 0
    with pytest.raises(Missing):
        fresh.exchange.bureau.store.log.decided(case_id)
    unseal(fresh, case_id, key)
    after = held(fresh)
    assert {name: one for name, one in after.items() if one != before[name]} == {}
    assert fresh.exchange.lookup.look_up(probe, "partner") == found


@pytest.mark.slow
def test_proofs_and_the_reconciliation_hold_before_during_and_after(fresh: Town, key: SealKey) -> None:
    """A receipt verifies while its booking is sealed, every tree adds up, and both sides reconcile."""
    first, second = fresh.book("full", 7), fresh.book("full", 8)
    fresh.finish()
    public = log_key(fresh.exchange.offices["bureau"].key, "US-CA-085").public
    papers = [letter(fresh, case_id, "RECEIPT") for case_id in (first, second)]
    proof = fresh.exchange.bureau.store.log.decided(first)
    for act in (lambda: None, lambda: seal(fresh, first, key), lambda: unseal(fresh, first, key)):
        act()
        for paper in papers:
            assert receipts.verify(paper, str(public)).words
        sides = {}
        for role, office in fresh.exchange.offices.items():
            office.store.log.check()
            cases = {case.case_id: case for case in office.store.cases_in(State)}
            messages = {one.message_id: one for one in office.store.messages()}
            sides[role] = Side(tuple(office.store.rows("all_entries")), cases, messages)
        assert reconcile(sides["bureau"], sides["partner"], sides["state"]).differences == ()
    again = fresh.exchange.bureau.store.log.decided(first)
    assert (again.entry, again.salt) == (proof.entry, proof.salt)


@pytest.mark.slow
def test_another_key_opens_nothing(fresh: Town, key: SealKey, tmp_path: Path) -> None:
    """A seal key that is not the one changes nothing, and neither does the exchange's own knowledge."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    seal(fresh, case_id, key)
    before = held(fresh)
    with pytest.raises(VerifyError, match="does not open"):
        unseal(fresh, case_id, sealkey.create(tmp_path / "other.seal"))
    assert held(fresh) == before
    unseal(fresh, case_id, key)
    with pytest.raises(Conflict, match="not sealed"):
        fresh.exchange.expungers["bureau"].unseal(case_id, ORDER, key)


@pytest.mark.slow
def test_both_acts_are_stated_without_identity(fresh: Town, key: SealKey) -> None:
    """The master log states both acts with the same number of entries, and no word of the booking."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    tcn = fresh.case(case_id).tcn
    seal(fresh, case_id, key)
    unseal(fresh, case_id, key)
    told = [
        one.statement
        for one in MasterLog(fresh.exchange.offices["bureau"].engine).about(StatementKind.ERASED)
    ]
    assert [one.parts["act"] for one in told] == ["sealed", "unsealed"]
    assert told[0].parts["entries"] == told[1].parts["entries"] != 0
    assert not any(name in str(one.parts) for one in told for name in (case_id, tcn))
    kinds = [row["kind"] for row in rows(fresh.exchange.bureau.store, "entry") if row["case_id"] == case_id]
    assert kinds.count("sealed") == kinds.count("unsealed") == 1


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["filter", "not-activated", "unlisted"])
def test_sealing_a_withheld_booking_tells_nobody(fresh: Town, key: SealKey, scene: str) -> None:
    """A booking that was never shared causes no message, neither when sealed nor when unsealed."""
    case_id = fresh.book(scene, 7)
    fresh.finish()
    before = len(fresh.exchange.bureau.store.messages())
    seal(fresh, case_id, key)
    unseal(fresh, case_id, key)
    assert len(fresh.exchange.bureau.store.messages()) == before
    assert rows(fresh.exchange.partner.store, "entry") == []


@pytest.mark.slow
def test_who_took_a_copy_seals_too_and_attests_each_time(fresh: Town, key: SealKey) -> None:
    """The partner seals its part on notice; after an unsealing it can be sealed, and expunged, once more."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    partner = fresh.exchange.partner.store
    for _ in range(2):
        seal(fresh, case_id, key)
        heard = fresh.case(case_id).noted("attested")
        assert isinstance(heard, dict)
        assert "of sealing" in str(heard[f"{case_id}.COPY"])
        assert [one.state for one in partner.cases_in(State)] == [State.SEALED]
        unseal(fresh, case_id, key)
        assert [one.state for one in partner.cases_in(State)] == [State.CLOSED]
    seal(fresh, case_id, key)
    fresh.exchange.expungers["bureau"].expunge(case_id, Order("court-order", "Superior Court 12"))
    fresh.settle()
    assert [one.state for one in partner.cases_in(State)] == [State.EXPUNGED]
    assert fresh.exchange.offices["bureau"].boxes.digests() == set()
    assert fresh.exchange.offices["partner"].boxes.digests() == set()


@pytest.mark.slow
def test_a_gallery_that_is_open_elsewhere_follows(fresh: Town, key: SealKey) -> None:
    """A server that runs beside finds nothing while the booking is sealed, and finds it again afterwards."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    probe = fresh.template(7)
    server = app.Exchange(fresh.exchange.settings, workshop=fresh.exchange.workshop, clock=fresh.clock)
    found = server.lookup.look_up(probe, "partner")
    assert found
    seal(fresh, case_id, key)
    assert server.lookup.look_up(probe, "partner") == ()
    unseal(fresh, case_id, key)
    assert server.lookup.look_up(probe, "partner") == found
    server.close()


@pytest.mark.slow
@pytest.mark.parametrize("landed", [False, True], ids=["lost", "landed"])
@pytest.mark.parametrize("act", ["seal", "unseal"])
def test_a_power_cut_at_any_commit_leaves_it_sealed_or_not(key: SealKey, act: str, landed: bool) -> None:
    """At every commit, lost or landed: it is sealed or it is not, and doing it again ends it."""
    with scratch() as folder:
        town = Town(folder / "home")
        bureau = "bureau"
        for number in range(3):
            case_id = town.book("filter", 100 + number)
            town.finish()
            before = held(town)
            if act == "unseal":
                seal(town, case_id, key)
            town.faults.plan(number, landed=landed)
            try:
                (seal if act == "seal" else unseal)(town, case_id, key)
                reached = False
            except CrashError:
                reached = True
            assert reached == (number < (2 if act == "seal" else 1))
            town.faults.plan(-1, landed=False)
            town.reopen()
            town.exchange.expungers[bureau].finish_all()
            sealed = town.case(case_id).state is State.SEALED
            assert (town.exchange.filtered.held_of(case_id) is None) == sealed
            seal(town, case_id, key)
            assert town.exchange.filtered.held_of(case_id) is None
            unseal(town, case_id, key)
            assert held(town) == before
            town.exchange.sweep_orphans()
            assert town.exchange.offices[bureau].boxes.digests() == set()
        town.close()
