# SPDX-License-Identifier: Apache-2.0
"""Expunged is gone: from every file, every gallery and every backup, and every proof stays valid."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scenes import Town, item, letter, rows, scratch
from sluicegate import app
from sluicegate.cli.reconcile import Side, reconcile
from sluicegate.ebts.submission import partial
from sluicegate.errors import Conflict, Missing
from sluicegate.exchange.case import State
from sluicegate.exchange.papers import log_key
from sluicegate.exchange.stages.expunge import Order
from sluicegate.itl.reader import read
from sluicegate.ledger import receipt as receipts
from sluicegate.ledger.statement import StatementKind
from sluicegate.ridge.template import encode
from sluicegate.store.blobs import BlobStore, load_key
from sluicegate.store.master import MasterLog
from sluicegate.testing.world import CrashError

ORDER = Order("court-order", "Superior Court 12")


@pytest.fixture
def fresh() -> Iterator[Town]:
    """A world with every mode in force somewhere."""
    with scratch() as folder:
        town = Town(folder / "home")
        yield town
        town.close()


def expunge(town: Town, case_id: str) -> None:
    """Expunge at the bureau, and let the notices and attestations travel."""
    town.exchange.expungers["bureau"].expunge(case_id, ORDER)
    town.settle()


def secrets_of(town: Town, case_id: str, data: bytes, person: int) -> dict[str, bytes]:
    """What nobody may find any more: names, numbers, salts, images and templates of a booking."""
    booking = partial(read(data).transaction)
    salts = [row["salt"] for row in rows(town.exchange.bureau.store, "entry") if row["case_id"] == case_id]
    found = {f"salt {number}": bytes(salt) for number, salt in enumerate(salts)}  # type: ignore[call-overload]
    found |= {"TCN": booking.tcn.encode(), "image": booking.images[0].data[:64]}
    found |= {"digest": town.case(case_id).digest.encode(), "template": encode(town.template(person))[:64]}
    found |= {"name": item(data, 18).encode()}
    return found | {"number": town.case(case_id).text("number").encode() or b"no number"}


def seen_in(folder: Path, tokens: dict[str, bytes]) -> list[tuple[str, str]]:
    """Which of the tokens lie in which file, byte for byte."""
    return [
        (path.relative_to(folder).as_posix(), what)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for what, token in tokens.items()
        if token in path.read_bytes()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["full", "no-answer", "filter"])
def test_no_file_of_the_home_holds_anything_of_an_expunged_booking(fresh: Town, scene: str) -> None:
    """After expungement no file of any role holds a salt, TCN, name, image or template of the booking."""
    fresh.enrol(fresh.exchange.gallery, 7, "P00000007")
    data = fresh.draft(scene, 7)
    case_id = fresh.submit(data)
    fresh.finish()
    tokens = secrets_of(fresh, case_id, data, 7)
    assert {what for _, what in seen_in(fresh.home, tokens)} >= {"salt 0", "TCN", "digest"}
    fresh.mail.clear()
    expunge(fresh, case_id)
    assert seen_in(fresh.home, tokens) == []
    case = fresh.case(case_id)
    assert (case.state, case.tcn, case.ori, case.cri) == (State.EXPUNGED, "", "", "")


@pytest.mark.slow
def test_blobs_in_a_backup_cannot_be_opened_once_the_booking_is_expunged(fresh: Town, tmp_path: Path) -> None:
    """Copies of the encrypted bytes from before, with the stores' keys, open before and not after."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    kept = {
        name: tmp_path / name
        for name in ("outgoing", "records")
        if shutil.copytree(
            fresh.home / "bureau" / (name if name == "outgoing" else f"open/{name}"), tmp_path / name
        )
    }
    key = {"outgoing": "bureau-outgoing", "records": "bureau-open"}

    def opened() -> dict[str, int]:
        found = {}
        for name, folder in kept.items():
            store = BlobStore(
                folder,
                load_key(fresh.home / "keys" / f"{key[name]}.key"),
                app.data_keys(fresh.home, "bureau", key[name].removeprefix("bureau-")),
            )
            found[name] = sum(_opens(store, digest) for digest in store.digests())
        return found

    before = opened()
    assert before["outgoing"] >= 2
    assert before["records"] == 1
    expunge(fresh, case_id)
    assert opened() == {"outgoing": 0, "records": 0}


def _opens(store: BlobStore, digest: str) -> bool:
    try:
        return bool(store.get(digest))
    except Missing:
        return False


@pytest.mark.slow
def test_every_earlier_proof_still_holds(fresh: Town) -> None:
    """Receipts of the expunged and of another booking verify; every tree adds up; both sides reconcile."""
    first, second = fresh.book("full", 7), fresh.book("full", 8)
    fresh.finish()
    papers = [letter(fresh, case_id, "RECEIPT") for case_id in (first, second)]
    expunge(fresh, first)
    key = log_key(fresh.exchange.offices["bureau"].key, "US-CA-085").public
    for paper in papers:
        assert receipts.verify(paper, str(key)).words
    sides = {}
    for role, office in fresh.exchange.offices.items():
        sizes = office.store.log.check()
        assert bool(sizes) == (role != "state")
        cases = {case.case_id: case for case in office.store.cases_in(State)}
        messages = {one.message_id: one for one in office.store.messages()}
        sides[role] = Side(tuple(office.store.rows("all_entries")), cases, messages)
    found = reconcile(sides["bureau"], sides["partner"], sides["state"])
    assert found.differences == ()
    assert (found.counts["received"], found.counts["expunged"]) == (1, 1)


@pytest.mark.slow
def test_a_gallery_that_is_open_elsewhere_finds_nothing_after_expungement(fresh: Town) -> None:
    """A server that had the gallery in memory finds nothing, though another process expunged."""
    case_id = fresh.book("full", 7)
    fresh.finish()
    probe = fresh.template(7)
    server = app.Exchange(fresh.exchange.settings, workshop=fresh.exchange.workshop, clock=fresh.clock)
    assert server.lookup.look_up(probe, "partner")
    expunge(fresh, case_id)
    assert server.lookup.look_up(probe, "partner") == ()
    assert len(server.open.gallery) == 0
    server.close()


@pytest.mark.slow
def test_another_booking_of_the_same_subject_stays(fresh: Town) -> None:
    """Expunging one of two bookings of a subject takes out that booking's template and no other."""
    fresh.enrol(fresh.exchange.open, 7, "S00000007")
    case_id = fresh.book("full", 7)
    fresh.finish()
    expunge(fresh, case_id)
    assert [one.subject for one in fresh.exchange.search.engine.identify(
        fresh.template(7), [fresh.exchange.open.gallery], limit=3
    ).candidates] == ["S00000007"]  # fmt: skip


def test_who_took_a_copy_is_told_and_attests(fresh: Town) -> None:
    """The partner's copy is expunged on notice, and its signed attestation comes back."""
    case_id = fresh.book("full", 7)
    fresh.settle()
    expunge(fresh, case_id)
    case = fresh.case(case_id)
    assert case.noted("notices") == [f"{case_id}.EXPUNGE.COPY"]
    heard = case.noted("attested")
    assert isinstance(heard, dict)
    assert "bureau" not in str(heard[f"{case_id}.COPY"]).split("By: ")[1].splitlines()[0]
    assert [one.state for one in fresh.exchange.partner.store.cases_in(State)] == [State.EXPUNGED]


def test_a_query_that_waits_is_cancelled(fresh: Town) -> None:
    """Where a status officer's query still waits, expungement takes it off the queue."""
    fresh.enrol(fresh.exchange.gallery, 7, "P00000007")
    case_id = fresh.book("full", 7)
    fresh.settle()
    assert len(fresh.queries()) == 1
    expunge(fresh, case_id)
    assert fresh.queries() == []


@pytest.mark.parametrize("scene", ["filter", "not-activated", "unlisted"])
def test_expunging_a_withheld_booking_tells_nobody(fresh: Town, scene: str) -> None:
    """A booking that was never shared causes no message: the partner's files stay as they were."""
    case_id = fresh.book(scene, 7)
    fresh.finish()
    before = len(fresh.exchange.bureau.store.messages())
    expunge(fresh, case_id)
    assert fresh.case(case_id).noted("notices") == []
    assert len(fresh.exchange.bureau.store.messages()) == before
    assert fresh.exchange.partner.store.messages() == []
    assert rows(fresh.exchange.partner.store, "entry") == []


def test_the_public_statement_tells_no_answer(fresh: Town) -> None:
    """Under RESPONSE_OPT_OUT a match and no match leave the same public statement of an expungement."""
    told = []
    for person in (7, 8):
        if person == 7:
            fresh.enrol(fresh.exchange.gallery, 7, "P00000007")
        case_id = fresh.book("no-answer", person)
        fresh.finish()
        expunge(fresh, case_id)
        one = MasterLog(fresh.exchange.offices["bureau"].engine).about(StatementKind.ERASED)[-1]
        assert not {case_id, fresh.case(case_id).text("reference")} & set(
            map(str, one.statement.parts.values())
        )
        told.append(one.statement.parts)
    assert told[0] == told[1]


def test_a_booking_that_still_moves_is_not_expunged(fresh: Town) -> None:
    """Everyone is answered first: while an answer is on its way nothing is destroyed."""
    case_id = fresh.book("full", 7)
    with pytest.raises(Conflict):
        fresh.exchange.expungers["bureau"].expunge(case_id, ORDER)
    fresh.finish()
    assert letter(fresh, case_id, "SRE")


@pytest.mark.slow
@pytest.mark.parametrize("landed", [False, True])
def test_a_power_cut_at_any_commit_leaves_it_whole_or_gone(landed: bool) -> None:
    """At every commit, lost or landed: doing it again ends where an undisturbed expungement ends."""
    with scratch() as folder:
        town = Town(folder / "home")
        for number in range(3):
            data = town.draft("full", 100 + number)
            case_id = town.submit(data)
            town.finish()
            tokens = secrets_of(town, case_id, data, 100 + number)
            town.faults.plan(number, landed=landed)
            try:
                town.exchange.expungers["bureau"].expunge(case_id, ORDER)
                reached = False
            except CrashError:
                reached = True
            town.faults.plan(-1, landed=False)
            town.reopen()
            if town.case(case_id).state is State.EXPUNGED:
                town.exchange.expungers["bureau"].finish_all()
            expunge(town, case_id)
            assert reached == (number < 2)
            town.mail.clear()
            assert seen_in(town.home, tokens) == []
            stated = MasterLog(town.exchange.offices["bureau"].engine).about(StatementKind.ERASED)
            assert len(stated) == number + 1
        town.close()


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["full", "filter"])
def test_a_running_server_finds_nothing_of_what_a_command_expunged(fresh: Town, scene: str) -> None:
    """`sluicegate expunge` beside a running server: its searches find nobody from then on, and notices go."""
    case_id = fresh.book(scene, 7)
    fresh.finish()
    server, probe = fresh.exchange, fresh.template(7)
    everywhere = [server.open, server.filtered]

    def found() -> int:
        galleries = [one.gallery for one in everywhere]
        return len(server.search.engine.identify(probe, galleries, limit=3).candidates)

    assert sum(len(one.gallery) for one in everywhere) == 1
    fresh.clock.now = datetime.now(UTC)  # the command lives in the real time
    server.start()
    words = ["--why", "court-order", "--by", "Superior Court 12", "--yes", "--home", str(fresh.home)]
    done = subprocess.run(
        [sys.executable, "-m", "sluicegate.cli.main", "expunge", case_id, *words],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sum(len(one.gallery) for one in everywhere) == found() == 0
    assert server.lookup.look_up(probe, "partner") == ()
    end, pause = time.monotonic() + 20, threading.Event()
    while len(_heard(fresh, case_id)) < (scene == "full"):
        assert time.monotonic() < end, "the partner's attestation never came"
        pause.wait(0.02)
    assert len(_heard(fresh, case_id)) == (scene == "full")


def _heard(town: Town, case_id: str) -> dict[str, object]:
    heard = town.case(case_id).noted("attested")
    return dict(heard) if isinstance(heard, dict) else {}
