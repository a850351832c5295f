# SPDX-License-Identifier: Apache-2.0
"""Promise no-back-dating: every attempt to make the past read otherwise is refused, or closes every gate."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_world import STRANGER, TODAY, Hall, closing, copied, signed
from scenes import PROGRAM, SCENARIO, SCENES, Town, left, row, scratch
from sluicegate.errors import ProgramError, SluicegateError, UsageError
from sluicegate.policy import proposal
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import LinkFile
from sluicegate.store.registry import REGISTRY_LOG, check_history, compose
from sluicegate.testing.registrars import FIRST, SECOND, rows_of
from sluicegate.testing.world import START

pytestmark = pytest.mark.slow

OPENING = row("X900", "US-CA-075", "FULL", since="2010-06-01", public=TODAY)


@pytest.fixture(scope="module")
def settled() -> Iterator[Hall]:
    """A home with two registrars and two changes, which nobody may spoil."""
    with scratch() as folder:
        hall = Hall(folder / "home")
        hall.publish(closing("X801"))
        hall.publish(closing("X802"))
        yield hall
        hall.close()


@pytest.fixture
def hall(settled: Hall) -> Iterator[Hall]:
    """A copy of it."""
    with scratch() as folder:
        made = copied(settled, folder / "home")
        yield made
        made.close()


# -- by hand, in the files -------------------------------------------------------------------------------


def _exchange(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _table(hall: Hall, name: str) -> Path:
    return hall.home / "programs" / PROGRAM / name


def _edit_a_row(hall: Hall) -> None:
    _exchange(_table(hall, "rules.csv"), "2010-06-08,,2010-06-08", "2010-05-08,,2010-05-08")


def _edit_a_public_day(hall: Hall) -> None:
    _exchange(_table(hall, "choices.csv"), "2010-05-18,,2010-05-18", "2010-05-18,,2010-05-11")


def _remove_a_row(hall: Hall) -> None:
    lines = _table(hall, "choices.csv").read_text("utf-8").splitlines(keepends=True)
    _table(hall, "choices.csv").write_text("".join(lines[:-1]), "utf-8")


def _add_a_row(hall: Hall) -> None:
    with _table(hall, "choices.csv").open("a", encoding="utf-8") as file:
        file.write(OPENING.replace(",X,", ",S,"))


def _add_to_the_overlay(hall: Hall) -> None:
    with (hall.home / "programs" / SCENARIO / "choices.csv").open("a", encoding="utf-8") as file:
        file.write(OPENING)


def _another_program(hall: Hall) -> None:
    _exchange(_table(hall, "program.toml"), '"federal", "state", "county"', '"county", "state", "federal"')


def _another_file(hall: Hall) -> None:
    head = "ori,replaced_by,from,source,confidence\n"
    _table(hall, "substitutions.csv").write_text(f"{head}CA0380000,CA0430000,2010-01-01,SRC-GK,M\n", "utf-8")


def _edit_a_change(hall: Hall) -> None:
    _exchange(hall.note(3), f",{TODAY},,{TODAY},", f",2010-05-01,,{TODAY},")


def _swap_changes(hall: Hall) -> None:
    third, fourth = hall.note(3).read_bytes(), hall.note(4).read_bytes()
    hall.note(3).write_bytes(fourth)
    hall.note(4).write_bytes(third)


def _remove_the_newest(hall: Hall) -> None:
    hall.note(4).unlink()


def _remove_one_between(hall: Hall) -> None:
    hall.note(3).unlink()
    hall.note(4).rename(hall.note(3))


def _an_older_one_again(hall: Hall) -> None:
    shutil.copyfile(hall.note(3), hall.note(4))


def _no_registry(hall: Hall) -> None:
    shutil.rmtree(hall.folder)


def _forged(hall: Hall, *keys: object) -> None:
    file = proposal.parse(hall.note(4).read_bytes())
    hall.note(4).write_bytes(signed(file, *keys))  # type: ignore[arg-type]


def _one_signature(hall: Hall) -> None:
    _forged(hall, FIRST)


def _one_person_twice(hall: Hall) -> None:
    _forged(hall, FIRST, FIRST)


def _a_stranger(hall: Hall) -> None:
    _forged(hall, FIRST, STRANGER)


def _a_stranger_on_the_list(hall: Hall) -> None:
    _exchange(hall.note(2), str(SECOND.public), str(STRANGER.public))


def _a_new_genesis(hall: Hall) -> None:
    _exchange(hall.note(0), "why as laid down", "why as I want it")


def _ledger(hall: Hall, statement: str) -> None:
    with hall.office.engine.begin() as connection:
        connection.execute(sa.text(statement), {"log": REGISTRY_LOG})


def _forget_in_the_ledger(hall: Hall) -> None:
    _ledger(hall, "DELETE FROM entry WHERE log = :log AND seq = 4")


def _rewrite_the_ledger(hall: Hall) -> None:
    link = hall.registry.chain().links[3].digest
    _ledger(hall, f"UPDATE entry SET body = replace(body, '{link}', '{'0' * 64}') WHERE log = :log")  # noqa: S608


def _erase_in_the_ledger(hall: Hall) -> None:
    _ledger(hall, "UPDATE entry SET body = NULL, salt = NULL WHERE log = :log AND seq = 3")


BY_HAND: list[Callable[[Hall], None]] = [
    _edit_a_row,
    _edit_a_public_day,
    _remove_a_row,
    _add_a_row,
    _add_to_the_overlay,
    _another_program,
    _another_file,
    _edit_a_change,
    _swap_changes,
    _remove_the_newest,
    _remove_one_between,
    _an_older_one_again,
    _no_registry,
    _one_signature,
    _one_person_twice,
    _a_stranger,
    _a_stranger_on_the_list,
    _a_new_genesis,
    _forget_in_the_ledger,
    _rewrite_the_ledger,
    _erase_in_the_ledger,
]


@pytest.mark.parametrize("spoil", BY_HAND, ids=lambda one: one.__name__.strip("_"))
def test_whatever_is_changed_by_hand_closes_every_gate_and_says_what_to_do(
    hall: Hall, spoil: Callable[[Hall], None]
) -> None:
    """Files or ledger that are not what was registered are doubt: no program is in force, and why is told."""
    assert hall.current() is not None
    spoil(hall)
    assert hall.current() is None
    error = hall.registry.source.error
    assert error is not None
    assert error.message
    assert error.advice


def test_a_process_that_is_running_sees_a_change_by_hand_too(hall: Hall) -> None:
    """No restart is needed: the next booking after the change finds no program in force."""
    source = hall.registry.source
    assert source.current() is not None
    _edit_a_row(hall)
    assert source.current() is None


def test_what_is_mended_is_in_force_again(hall: Hall) -> None:
    """Once the files are again what was registered, so is the program, bit for bit."""
    root, kept = hall.registry.source.root(), hall.note(3).read_bytes()
    _edit_a_change(hall)
    assert hall.current() is None
    hall.note(3).write_bytes(kept)
    assert hall.current() is not None
    assert hall.registry.source.root() == root


# -- through the registry itself -------------------------------------------------------------------------


def _draft(rows: dict[str, bytes]) -> Callable[[Hall], object]:
    return lambda hall: hall.registry.draft(rows, "an attempt", (), "first")


def _row(**cells: str) -> dict[str, bytes]:
    return rows_of("choices.csv", [row("X900", "US-CA-075", "FULL", **cells)])  # type: ignore[arg-type]


def _clock_back(hall: Hall) -> object:
    hall.clock.now = START.replace(day=1)
    return hall.registry.draft(_row(since="2010-11-01", public="2010-11-01"), "an attempt", (), "first")


def _wrong_root(hall: Hall) -> object:
    seen = hall.registry.draft(closing("X900"), "an attempt", (), "first")
    said = replace(seen.file.statement, before="0" * 64)
    return hall.registry.propose(replace(seen, file=replace(seen.file, statement=said)), FIRST)


def _wrong_after(hall: Hall) -> object:
    seen = hall.registry.draft(closing("X900"), "an attempt", (), "first")
    said = replace(seen.file.statement, after="0" * 64)
    return hall.registry.propose(replace(seen, file=replace(seen.file, statement=said)), FIRST)


def _replay(hall: Hall) -> object:
    old = hall.registry.chain().links[4].file
    place = hall.folder / "proposals" / "replayed.note"
    place.write_bytes(proposal.compose(old.note, old.rows))
    return hall.registry.approve("replayed", SECOND)


ATTEMPTS: dict[str, tuple[Callable[[Hall], object], str]] = {
    "public-last-week": (_draft(_row(public="2010-11-08")), "public_from"),
    "public-yesterday": (_draft(_row(public="2010-11-14")), "public_from"),
    "public-not-said": (
        _draft(rows_of("choices.csv", [OPENING.replace(f",,{TODAY},", ",,,")])),
        "public_from",
    ),
    "an-old-id-again": (_draft(rows_of("choices.csv", [OPENING.replace("X900", "X801")])), "there twice"),
    "a-row-of-the-genesis": (_draft(rows_of("rules.csv", [OPENING.replace("X900", "R004")])), "there twice"),
    "a-mode-that-is-there": (
        _draft(rows_of("modes.csv", ["JURISDICTION_FILTER,G1,open,s,SRC-GK,S\n"])),
        "already has gate",
    ),
    "the-default": (
        _draft(rows_of("rules.csv", [OPENING.replace("entry-into-force", "default")])),
        "default",
    ),
    "settings": (_draft({"program.toml": b'doubt = "open"\n'}), "not that of a table"),
    "a-paper-for-an-old-row": (
        _draft(rows_of("documents.csv", [f"D9,C003,t,2010-05-18,{'0' * 64},SRC-GK\n"])),
        "row of its own",
    ),
    "clock-set-back": (_clock_back, "clock"),
    "wrong-root-before": (_wrong_root, "has grown"),
    "wrong-root-after": (_wrong_after, "root"),
    "replayed-approval": (_replay, "has grown"),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_registry_refuses_what_would_reach_back_unseen(hall: Hall, name: str) -> None:
    """Through the front door nothing on record is altered, and nothing becomes public before its day."""
    attempt, why = ATTEMPTS[name]
    before = hall.registry.chain()
    with pytest.raises(SluicegateError, match=why):
        attempt(hall)
    assert hall.current() is not None
    assert hall.registry.chain() == before


def test_two_who_conspire_cannot_make_a_chain_that_verifies(hall: Hall) -> None:
    """A link with both signatures whose row claims an earlier public day is found by whoever verifies."""
    link = hall.registry.chain().links[4].file
    rows = rows_of("choices.csv", [row("X900", "US-CA-075", "FULL", public="2010-05-01")])
    files, scenario = hall.registry.source.files()
    chain = hall.registry.chain()
    program = _composed(hall, rows)
    said = replace(
        link.statement,
        number=5,
        previous=chain.head,
        before=chain.root,
        after=program.root,
        rows=proposal.told(rows),
    )
    hall.note(5).write_bytes(signed(LinkFile("", said, rows), FIRST, SECOND))
    assert len(hall.chain().links) == 6  # the signatures hold
    with pytest.raises(ProgramError, match="public_from"):
        check_history(hall.chain(), files, scenario)


def _composed(hall: Hall, rows: dict[str, bytes]) -> Program:
    files, scenario = hall.registry.source.files()
    return compose(files, scenario, [*hall.registry.chain().rows(), rows])


def test_a_late_row_is_visible_as_one_and_changes_nothing_that_was_known(hall: Hall) -> None:
    """A row that says it was valid earlier is told as late, and what was known before stays what it was."""
    before = hall.current()
    assert before is not None
    line = row("X900", "US-CA-085", "JURISDICTION_FILTER", since="2010-06-01", public=TODAY)
    rows = rows_of("choices.csv", [line])
    seen = hall.registry.draft(rows, "late", (), "first")
    assert ["2010-06-01" in one.text for one in seen.late] == [True]
    assert all(one.late for one in seen.effect.changes)
    hall.publish(rows)
    after = hall.current()
    assert after is not None
    eve, at = date(2010, 11, 14), START.replace(month=8)
    for place in before.jurisdictions:
        then = [program.known_at(eve).in_force(place, at).rule.id for program in (before, after)]
        assert then[0] == then[1]
    assert after.in_force("US-CA-085", at).rule.id == "X900"
    codes = {reason.code for reason in after.in_force("US-CA-085", at).reasons}
    assert "POL-PUBLIC-LATE" in codes


def test_a_late_opening_opens_no_booking_that_came_before(town: Town) -> None:
    """Registered today and dated back by days, an opening lets out nothing of an older booking."""
    older = town.book(SCENES["filter"], 7)
    town.settle()
    waiting = town.book(SCENES["filter"], 9)
    town.publish(row("X900", "US-CA-075", "FULL", since="2010-11-05", public=TODAY))
    newer = town.book(SCENES["filter"], 8)
    town.settle()
    assert [left(town, case).copies for case in (older, waiting, newer)] == [0, 0, 1]
    found = [len(town.exchange.lookup.look_up(town.template(person), "partner")) for person in (7, 9, 8)]
    assert found == [0, 0, 1]


def test_an_operator_who_edits_a_row_is_told_and_nothing_is_shared(town: Town) -> None:
    """A hand edit under a running exchange shares nothing more, answers everybody, and alerts in words."""
    _exchange(town.home / "programs" / PROGRAM / "rules.csv", "2010-06-08,,", "2010-05-08,,")
    case = town.book(SCENES["full"], 7)
    town.finish()
    assert left(town, case).copies == 0
    assert town.kinds(SCENES["full"].cri) == ["SRE", "RECEIPT"]
    told = [str(a["reason"]) for a in town.exchange.bureau.store.rows("alerts") if a["case_id"] is None]
    assert len(told) == 1
    assert "No rule is in force" in told[0]


def test_a_stranger_gets_no_further_than_a_proposal(hall: Hall) -> None:
    """Whoever holds a key that is not on the list can sign nothing that counts."""
    with pytest.raises(UsageError, match="list of registrars"):
        hall.propose(closing("X900"), STRANGER)
