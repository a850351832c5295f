# SPDX-License-Identifier: Apache-2.0
"""Promise doubt-denies: whatever cannot be told closes the gates, intake goes on, and somebody is told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from scenes import PROGRAM, SCENES, UNKNOWN, Town, choices, left, row, rows
from sluicegate.app import SystemClock
from sluicegate.errors import LedgerError, SettingsError, SluicegateError, StoreError
from sluicegate.exchange.case import State
from sluicegate.testing.bookings import tiny_booking

FULL = SCENES["full"]


def alerts(town: Town) -> list[str]:
    """What the operator was told."""
    return [str(alert["reason"]) for alert in town.exchange.bureau.store.rows("alerts")]


def nothing_left(town: Town) -> bool:
    """Whether the partner and the state hold nothing at all."""
    return not any(
        rows(town.exchange.offices[role].store, table)
        for role in ("partner", "state")
        for table in ("story", "entry", "message")
    )


def _without(home: Path, name: str) -> None:
    (home / "programs" / PROGRAM / name).unlink()


def _cut(home: Path, name: str) -> None:
    path = home / "programs" / PROGRAM / name
    path.write_bytes(path.read_bytes()[:-40])


def _no_folder(home: Path, _name: str) -> None:
    (home / "programs" / PROGRAM).rename(home / "programs" / "elsewhere")


def _scenario(home: Path, _name: str) -> None:
    choices(home).write_text("what is this\n", "utf-8")


FILES = [
    "rules.csv",
    "choices.csv",
    "modes.csv",
    "agencies.csv",
    "jurisdictions.csv",
    "wording.csv",
    "program.toml",
]
BREAKS = [(_without, name) for name in FILES] + [(_cut, "rules.csv"), (_no_folder, ""), (_scenario, "")]


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "name"), BREAKS, ids=[f"{s.__name__}-{n}" for s, n in BREAKS])
def test_a_broken_program_closes_every_gate_and_bookings_are_still_answered(
    town: Town, spoil: Callable[[Path, str], None], name: str
) -> None:
    """With any file of the program missing or broken nothing is shared, all are answered, someone is told."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    spoil(town.home, name)
    cases = [town.book("full", 7), town.book("filter", 8)]
    town.finish()
    assert nothing_left(town)
    assert [town.case(case_id).text("kept") for case_id in cases] == ["filtered", "filtered"]
    assert town.kinds(FULL.cri) == ["SRE", "RECEIPT"]
    assert all(any(case_id in alert for alert in alerts(town)) for case_id in cases)


@pytest.mark.slow
def test_a_program_that_is_mended_opens_only_what_comes_after(town: Town) -> None:
    """Once the program is readable again new bookings are shared, and those taken in doubt are not."""
    kept = choices(town.home).read_bytes()
    choices(town.home).write_bytes(b"broken")
    doubted = town.book("full", 7)
    choices(town.home).write_bytes(kept)
    clear = town.book("full", 8)
    town.finish()
    assert (left(town, doubted).copies, left(town, clear).copies) == (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("ori", [UNKNOWN, FULL.cri], ids=["unknown-too", "known"])
def test_an_agency_that_is_on_no_file_shares_nothing(town: Town, ori: str) -> None:
    """A CRI of no agency shares nothing, whether or not the header's ORI is known, and an alert says so."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    case_id = town.submit(tiny_booking(7, cri=UNKNOWN, ori=ori, tcn="DOUBT0000001", at=town.clock()))
    town.finish()
    assert nothing_left(town)
    assert len(alerts(town)) == 1
    assert case_id in alerts(town)[0]
    assert town.kinds(ori)[0] == ("ERRT" if ori == UNKNOWN else "SRE")


@pytest.mark.slow
@pytest.mark.parametrize("back", [timedelta(minutes=5), timedelta(days=20), timedelta(days=400)])
def test_a_clock_that_was_set_back_closes_every_gate(town: Town, back: timedelta) -> None:
    """Set back to before the ledger's newest entry, the clock cannot say which rule is in force."""
    town.book("filter", 6)
    town.settle()
    town.clock.now -= back
    cases = [town.book("filter", 7), town.book("full", 8)]
    town.finish()
    assert nothing_left(town)
    assert {town.case(case_id).text("kept") for case_id in cases} == {"filtered"}
    assert len(alerts(town)) == 2


@pytest.mark.slow
def test_a_clock_that_differs_by_seconds_is_no_doubt(town: Town) -> None:
    """Half a minute between two clocks or threads is ordinary, and bookings are shared."""
    town.book("full", 6)
    town.clock.now -= timedelta(seconds=30)
    case_id = town.book("full", 7)
    town.finish()
    assert left(town, case_id).copies == 1


@pytest.mark.slow
def test_a_clock_set_back_makes_no_look_up_find_more(town: Town) -> None:
    """With the clock before the booking, a look-up of an open booking shows nobody."""
    town.book("full", 7)
    town.settle()
    town.clock.now -= timedelta(hours=2)
    assert town.exchange.lookup.look_up(town.template(7), "partner") == ()


@pytest.mark.slow
def test_a_dead_ledger_at_the_door_takes_nothing_in(town: Town) -> None:
    """Where the entry of receipt cannot be made the sender hears so, and no case exists without its entry."""
    town.exchange.bureau.store.log.append = _dead  # type: ignore[method-assign]
    with pytest.raises(LedgerError):
        town.book("full", 7)
    assert rows(town.exchange.bureau.store, "story") == []


def _dead(*_given: object) -> None:
    raise LedgerError("The ledger cannot append.")


@pytest.mark.slow
@pytest.mark.parametrize("stage", range(9))
def test_a_ledger_that_dies_anywhere_on_the_way_lets_nothing_out_behind_it(town: Town, stage: int) -> None:
    """Whenever appending fails, no state moves, no message is queued; mended, the booking goes on whole."""
    town.enrol(town.exchange.gallery, 7, "P00000007")
    case_id = town.book("full", 7)
    log = town.exchange.bureau.store.log
    plain, calls = log.append, iter(range(99))

    def append(*given: object) -> None:
        if next(calls) >= stage:
            raise LedgerError("The ledger cannot append.")
        plain(*given)  # type: ignore[arg-type]

    log.append = append  # type: ignore[method-assign,assignment]
    with suppress(SluicegateError):
        town.finish()
    store = town.exchange.bureau.store
    assert next(calls) > stage  # it did die
    said = {row["kind"] for row in rows(store, "entry")}
    sent = {m.kind for m in store.messages()}
    assert ("COPY" in sent) == ("shared" in said)
    assert ("SRE" in sent) == ("answered" in said)
    assert ("SECOND" in sent) == ("relayed" in said)
    log.append = plain  # type: ignore[method-assign]
    town.finish()
    assert town.case(case_id).state is State.CLOSED
    assert town.kinds(FULL.cri) == ["SRE", "RECEIPT", "IDR"]
    log.check()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["bureau-ledger.key", "bureau-spool.key", "bureau-filtered.key", "bureau-open.key", "partner-spool.key"],
)
def test_a_key_that_others_could_read_stops_the_start(town: Town, name: str) -> None:
    """A key file that other accounts may read is no secret: nothing starts until a person has looked."""
    town.close()
    (town.home / "keys" / name).chmod(0o644)
    with pytest.raises(SettingsError, match="read"):
        town.reopen()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bureau-ledger.key", "bureau-filtered.key", "bureau-open.key"])
def test_a_damaged_key_stops_the_start(town: Town, name: str) -> None:
    """A key file cut short stops the start with a sentence, and no new key takes its place unasked."""
    town.close()
    path = town.home / "keys" / name
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(SluicegateError):
        town.reopen()


@pytest.mark.slow
def test_received_bytes_that_were_altered_on_the_disk_go_nowhere(town: Town) -> None:
    """A spooled booking altered on the disk is neither searched nor shared."""
    case_id = town.book("full", 7)
    (path,) = [p for p in (town.home / "bureau" / "spool").rglob("*") if p.is_file()]
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(bytes(sealed))
    with pytest.raises(StoreError):
        town.settle()
    assert nothing_left(town)
    assert town.case(case_id).state is State.SPOOLED


@pytest.mark.slow
def test_a_rule_that_names_no_such_mode_closes_every_gate(town: Town) -> None:
    """A row that puts a mode in force which the program does not define closes the gates for everybody."""
    with choices(town.home).open("a", encoding="utf-8") as file:
        file.write(row("X950", "US-CA-085", "OPEN_EVERYTHING"))
    case_id = town.book("full", 7)
    town.finish()
    assert left(town, case_id).copies == 0
    assert alerts(town)


def test_a_drill_started_again_does_not_set_its_clock_back(town: Town) -> None:
    """A drill's clock goes on from where its ledger had got to, so a restart is no doubt."""
    town.book("full", 7)
    town.settle()
    newest = town.exchange.bureau.store.log.newest()
    assert newest is not None
    assert SystemClock(newest)() >= newest
