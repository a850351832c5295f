# SPDX-License-Identifier: Apache-2.0
"""Publication: by day, whole or not at all, never anything private, and never over what was public before."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from publish_world import DAY, KEY, NOON, House, scratch
from sqlalchemy.orm import Session

from sluicegate.errors import LedgerError, VerifyError
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import checkpoint, keys
from sluicegate.ledger import statement as statements
from sluicegate.ledger.statement import StatementKind
from sluicegate.store.master import Stated
from sluicegate.store.public import check_public, open_log
from sluicegate.store.publish import fetch_from, write_durably

ODD = ["../../etc", "a/b/c", ".hidden", "US CA", "", "US-CA-075/shared", "a\nb"]


@pytest.fixture
def house() -> Iterator[House]:
    """A fresh one, in memory where there is some."""
    with scratch() as folder:
        made = House(folder)
        yield made
        made.engine.dispose()


def test_a_log_is_published_up_to_the_last_finished_day_of_its_place(house: House) -> None:
    """What came today waits; at its own midnight, not at another's, a jurisdiction's day becomes public."""
    house.add("US-CA-075", 3, NOON - DAY)
    house.add("US-CA-075", 2)
    house.add("US-NY-061", 4)
    done = house.publisher.publish(NOON)
    assert (done.sizes, done.waiting) == ({"US-CA-075": 3}, {"US-CA-075": 2, "US-NY-061": 4})
    midnight_ny = datetime(2010, 11, 16, 5, tzinfo=UTC)
    assert house.publisher.publish(midnight_ny - timedelta(seconds=1)).sizes == {"US-CA-075": 3}
    assert house.publisher.publish(midnight_ny).sizes == {"US-CA-075": 3, "US-NY-061": 4}
    assert house.publisher.publish(midnight_ny + timedelta(hours=3)).waiting == {}
    assert check_public(house.public, KEY.public).sizes == {"US-CA-075": 5, "US-NY-061": 4}
    assert house.log.check()["master"] == 3


def test_a_log_without_a_place_waits_until_the_day_is_over_everywhere(house: House) -> None:
    """Bookings that no rule could place are published too, when their day has ended all over the world."""
    house.add("unplaced/withheld", 2)
    end = datetime(2010, 11, 16, 12, tzinfo=UTC)
    assert house.publisher.publish(end - timedelta(seconds=1)).sizes == {}
    assert house.publisher.publish(end).sizes == {"unplaced/withheld": 2}


def test_a_jurisdiction_that_leaves_the_program_stays_public(house: House) -> None:
    """Once stated, a log goes on being published, though the program does not know its place any more."""
    house.add("US-CA-075", 1)
    house.publisher.publish(NOON, everything=True)
    house.add("US-CA-075", 1)
    later = replace(house.publisher, zone_of=lambda _place: None)
    assert later.publish(datetime(2010, 11, 16, 12, tzinfo=UTC)).sizes == {"US-CA-075": 2}


def test_what_was_entered_under_a_clock_set_back_does_not_come_out_early(house: House) -> None:
    """An entry of yesterday behind one of today waits with it: the order of a log is never broken."""
    house.add("US-CA-075", 1)
    house.add("US-CA-075", 1, NOON - DAY)
    assert house.publisher.publish(NOON).sizes == {}


def test_private_logs_are_never_public(house: House) -> None:
    """Intake, answers and what is no jurisdiction's leave no trace in public, however they grow."""
    house.add("US-CA-075", 1)
    house.publisher.publish(NOON, everything=True)
    before = house.files()
    house.add("intake", 300)
    house.add("answers", 7)
    house.add("elsewhere", 7)
    done = house.publisher.publish(NOON + DAY, everything=True)
    assert house.files() == before
    assert done.files == 0
    assert done.kept == ("answers", "elsewhere", "intake")
    assert not any(name in path for path in before for name in ("intake", "answers"))


def test_bundles_of_jurisdictions_hold_commitments_only(house: House) -> None:
    """What is public of a jurisdiction's entries is 32 bytes each, and neither body nor salt."""
    house.add("US-CA-075", 5)
    house.publisher.publish(NOON, everything=True)
    assert [len(one) for one in open_log(house.public, "US-CA-075", KEY.public).entries()] == [32] * 5
    with house.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT body, salt FROM entry").all()
    everything = b"".join(house.files().values())
    assert not any(body.encode() in everything or salt in everything for body, salt in kept)


def test_what_is_public_is_the_database_s_own_tree(house: House) -> None:
    """Over sizes that fill tiles, every proof read from the folder is the one that the database gives."""
    for count in (200, 56, 1, 255, 130):
        house.add("US-CA-075", count)
        house.publisher.publish(NOON, everything=True)
        tiled = open_log(house.public, "US-CA-075", KEY.public)
        size = tiled.size
        trees = house.log.trees
        assert tiled.root == trees.root("US-CA-075", size)
        for index in (0, size // 3, size - 1):
            assert tiled.inclusion(index) == trees.inclusion("US-CA-075", index, size)
            assert tiled.consistency(index + 1) == trees.consistency("US-CA-075", index + 1, size)
    stated = house.master.about(StatementKind.CHECKPOINT, "a.example/bureau/US-CA-075")
    assert [statements.checkpoint_in(one.statement).size for one in stated] == [200, 256, 257, 512, 642]
    assert house.master.covering("a.example/bureau/US-CA-075", 256) == stated[2]
    assert house.master.covering("a.example/bureau/US-CA-075", 642) is None
    assert house.master.newest(StatementKind.CHECKPOINT, "a.example/bureau/US-CA-075") == stated[-1]
    assert house.master.every() == stated


def test_publishing_again_writes_nothing_and_keeps_the_witnesses_signatures(house: House) -> None:
    """With nothing new, no file is touched; what witnesses put under the checkpoint stays."""
    house.add("US-CA-075", 5)
    house.publisher.publish(NOON, everything=True)
    path = house.public / "checkpoint"
    signed = path.read_text() + "\u2014 witness.example AAAAAAAA\n"
    path.write_text(signed)
    assert house.publisher.publish(NOON + DAY).files == 0
    assert path.read_text() == signed


def test_an_erased_entry_stays_public_as_its_commitment(house: House) -> None:
    """Erasing changes no public byte, and a fresh copy of the folder is the same."""
    house.add("US-CA-075", 5)
    house.publisher.publish(NOON, everything=True)
    before = house.files()
    with Session(house.engine) as session, session.begin():
        house.log.erase(session, "US-CA-075", range(5))
    shutil.rmtree(house.public)
    house.publisher.export()
    assert house.files() == before


# -- what must never be written over -------------------------------------------------------------------


def forge_tile(house: House) -> None:
    """A tile that is not yet covered lies there with other bytes."""
    write_durably(house.public / "logs/US-CA-075/tile/0/000.p/9", bytes(9 * 32))


def restore_backup(house: House) -> None:
    """The database is of before the last publication."""
    house.add("US-CA-075", 4)
    house.publisher.publish(NOON, everything=True)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM statement WHERE seq = 1")
        tree = house.master.trees.root("master", 1)
        frontier = (1).to_bytes(8, "big") + tree
        connection.exec_driver_sql("UPDATE frontier SET tree = ? WHERE log = 'master'", (frontier,))
        connection.exec_driver_sql("DELETE FROM node WHERE log = 'master'")


def rewrite_entry(house: House) -> None:
    """The database tells another story of what is public already."""
    with house.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE entry SET leaf = zeroblob(32) WHERE seq = 4")


def damage(name: str) -> Callable[[House], None]:
    """The public checkpoint of a log is no checkpoint any more."""

    def work(house: House) -> None:
        path = house.public / name
        path.write_bytes(path.read_bytes()[:-9])

    return work


def other_log(house: House) -> None:
    """The public checkpoint is of another log."""
    other = log_key(KEY, "US-NY-061")
    (house.public / "logs/US-CA-075/checkpoint").write_text(checkpoint.sign(other.name, 5, bytes(32), other))


def fork(house: House) -> None:
    """The public checkpoint shows another root at its size."""
    own = log_key(KEY, "master")
    (house.public / "checkpoint").write_text(checkpoint.sign(own.name, 1, bytes(32), own))


ALARMS: dict[str, tuple[Callable[[House], None], str]] = {
    "forged tile": (forge_tile, "with other bytes"),
    "older database": (restore_backup, "only"),
    "rewritten entry": (rewrite_entry, "not what was stated|does not add up|forked"),
    "damaged log checkpoint": (damage("logs/US-CA-075/checkpoint"), "damaged"),
    "damaged master checkpoint": (damage("checkpoint"), "damaged"),
    "checkpoint of another log": (other_log, "another log"),
    "fork": (fork, "forked"),
}


@pytest.mark.parametrize("name", ALARMS)
def test_what_is_public_is_never_written_over(house: House, name: str) -> None:
    """Where folder and database contradict each other, publishing stops and changes no public file."""
    change, sentence = ALARMS[name]
    house.add("US-CA-075", 5)
    house.publisher.publish(NOON, everything=True)
    change(house)
    before = house.files()
    with suppress(LedgerError):  # an append to what was rewritten is refused already
        house.add("US-CA-075", 4)
    with pytest.raises(LedgerError, match=sentence):
        house.publisher.publish(NOON, everything=True)
    after = house.files()
    assert {path: after[path] for path in before} == before
    assert after["checkpoint"] == before["checkpoint"]


@pytest.mark.parametrize("log", ODD)
def test_a_log_whose_name_is_no_folder_is_not_published(house: House, log: str) -> None:
    """A name that leads out of the public folder, or hides in it, is refused before anything is stated."""
    house.add(log, 1)
    with pytest.raises(LedgerError, match="name of a public log"):
        replace(house.publisher, zone_of=lambda _place: "UTC").publish(NOON, everything=True)
    assert house.master.size() == 0
    assert house.files() == {}


# -- a stranger's check --------------------------------------------------------------------------------


def test_a_stranger_with_the_key_finds_any_change_of_any_public_file(house: House) -> None:
    """Change, cut or remove any public file: whoever verifies the folder with the key alone notices."""
    house.add("US-CA-075", 300)
    house.add("US-CA-075/withheld", 3)
    house.publisher.publish(NOON, everything=True)
    files = house.files()
    assert check_public(house.public, KEY.public).ahead == ()
    for path, data in files.items():
        place = house.public / path
        for hurt in (
            data[:-1] + bytes([data[-1] ^ 1]),
            data[:20] + bytes([data[20] ^ 1]) + data[21:],
            data[:-40],
            None,
        ):
            if hurt is None:
                place.unlink()
            else:
                place.write_bytes(hurt)
            with pytest.raises(VerifyError):
                check_public(house.public, KEY.public)
        place.write_bytes(data)
    with pytest.raises(VerifyError):
        check_public(house.public, keys.from_seed("a.example/bureau", bytes([1]) * 32).public)


def test_a_log_that_shows_more_than_was_stated_is_named(house: House) -> None:
    """A log whose newest checkpoint the master log does not tell of is shown as ahead, never as verified."""
    house.add("US-CA-075", 3)
    house.publisher.publish(NOON, everything=True)
    old = (house.public / "checkpoint").read_bytes()
    house.add("US-CA-075", 3)
    house.publisher.publish(NOON, everything=True)
    (house.public / "checkpoint").write_bytes(old)
    assert check_public(house.public, KEY.public).ahead == ("US-CA-075",)


def test_a_log_rolled_back_behind_its_statement_is_found(house: House) -> None:
    """A log that shows fewer entries than the master log states does not verify."""
    house.add("US-CA-075", 3)
    house.publisher.publish(NOON, everything=True)
    path = house.public / "logs/US-CA-075/checkpoint"
    old = path.read_bytes()
    house.add("US-CA-075", 3)
    house.publisher.publish(NOON, everything=True)
    path.write_bytes(old)
    with pytest.raises(VerifyError, match="it shows 3 entries, the master log states 6"):
        check_public(house.public, KEY.public)


def test_a_reader_of_the_folder_reads_nothing_but_tiles(house: House) -> None:
    """A path that names no tile is refused, whatever lies there."""
    house.add("US-CA-075", 3)
    house.publisher.publish(NOON, everything=True)
    with pytest.raises(VerifyError):
        fetch_from(house.public)("checkpoint")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE statement SET body = replace(body, '\"size\":3', '\"size\":2')",
        "UPDATE statement SET subject = 'x'",
        "DELETE FROM statement",
        "UPDATE node SET hash = zeroblob(32) WHERE log = 'master'",
        "UPDATE statement SET seq = seq + 1 WHERE seq = 1",
    ],
)
def test_the_check_of_the_ledger_finds_any_change_of_the_master_log(house: House, change: str) -> None:
    """A statement altered, filed wrongly or gone, or a node altered: deriving it again finds it."""
    for _ in range(2):
        house.add("US-CA-075", 3)
        house.publisher.publish(NOON, everything=True)
    assert house.log.check() == {"US-CA-075": 6, "master": 2}
    with house.engine.begin() as connection:
        assert connection.exec_driver_sql(change).rowcount
    with pytest.raises(LedgerError):
        house.log.check()


def test_two_publishers_do_not_run_at_once(house: House) -> None:
    """While one publishes, a second waits; the first is seen to hold the lock."""
    house.add("US-CA-075", 3)
    held: list[bool] = []

    def look(_name: str) -> None:
        handle = os.open(house.public.parent / ".public.lock", os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.append(False)
        except BlockingIOError:
            held.append(True)
        finally:
            os.close(handle)

    replace(house.publisher, told=look).publish(NOON, everything=True)
    assert held
    assert all(held)


def test_a_statement_of_any_kind_goes_public_with_the_rest(house: House) -> None:
    """Whoever states something has it published in the next run, found by kind and subject."""
    said = statements.Statement(
        "2010-11-15T20:00:00.000000Z", StatementKind.RELEASE, {"id": "R-1", "manifest": "0" * 64}
    )
    with Session(house.engine) as session, session.begin():
        stated = house.master.state(session, [said])
    assert stated == (Stated(0, said),)
    house.publisher.publish(NOON)
    assert check_public(house.public, KEY.public).statements == (said,)
    assert house.master.newest(StatementKind.RELEASE, "R-1") == stated[0]


def test_names_of_public_files_are_safe_for_any_web_host(house: House) -> None:
    """Every public path is plain: letters, digits, dots and hyphens between slashes, and no hidden file."""
    house.add("US-CA-075/withheld", 300)
    house.publisher.publish(NOON, everything=True)
    assert all(re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9._-]+", path) for path in house.files())
    assert not any("/." in f"/{path}" for path in house.files())
