# SPDX-License-Identifier: Apache-2.0
"""The registry of a home: what holds is in force, whatever else lies there is doubt, and two people sign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_world import STRANGER, Hall, closing, signed
from scenes import PROGRAM, row, scratch
from sluicegate import app
from sluicegate.errors import LedgerError, Missing, ProgramError, UsageError
from sluicegate.facts import FactKind
from sluicegate.ledger import note
from sluicegate.ledger.keys import from_seed
from sluicegate.policy import proposal
from sluicegate.policy.proposal import Paper
from sluicegate.store.programs import ProgramSource, shipped
from sluicegate.store.registering import Registry, registered_statement
from sluicegate.store.registry import REGISTRY_LOG, check_history, read_chain
from sluicegate.testing.registrars import FIRST, SECOND, rows_of
from sluicegate.testing.world import START

pytestmark = pytest.mark.slow


@pytest.fixture
def hall() -> Iterator[Hall]:
    """A registered home."""
    with scratch() as folder:
        made = Hall(folder / "home")
        yield made
        made.close()


def test_a_new_home_is_registered_as_it_was_laid_down(hall: Hall) -> None:
    """The first link names the root of the program's files, and the ledger holds its digest."""
    program = hall.current()
    assert program is not None
    (link,), (said,) = hall.registry.chain().links, hall.registry.register.registered()
    assert (link.statement.after, said.root, said.digest) == (program.root, program.root, link.digest)
    assert set(link.statement.files) >= {f"{PROGRAM}/rules.csv", f"{PROGRAM}/program.toml"}


def test_a_change_takes_two_registrars_and_is_in_force_at_once(hall: Hall) -> None:
    """One signature changes nothing; the second puts the row in force, enters it and alerts the operator."""
    before = hall.current()
    name = hall.propose(closing())
    assert hall.current() is not None
    assert hall.registry.source.root() == before.root  # type: ignore[union-attr]
    link = hall.registry.approve(name, SECOND)
    after = hall.current()
    assert link is not None
    assert link.signers == ("first", "second")
    assert after is not None
    assert after.root == link.statement.after != before.root  # type: ignore[union-attr]
    assert "X800" in after.rules
    assert hall.registry.proposals() == []
    (entry,) = [r for r in hall.office.store.rows("entries_in_log", log=REGISTRY_LOG) if r["seq"] == 3]
    assert (entry["kind"], json.loads(entry["body"])["change"]) == (FactKind.REGISTERED, link.digest)
    assert any("first and second" in str(a["reason"]) for a in hall.office.store.rows("alerts"))


def test_the_same_person_cannot_sign_twice(hall: Hall) -> None:
    """Who proposed cannot approve."""
    name = hall.propose(closing())
    with pytest.raises(UsageError, match="signed this already"):
        hall.registry.approve(name, FIRST)
    assert "X800" not in hall.current().rules  # type: ignore[union-attr]


def test_a_stranger_can_neither_propose_nor_approve_nor_reject(hall: Hall) -> None:
    """Whoever is not on the list, or uses a listed name with another key, signs nothing."""
    name = hall.propose(closing())
    impostor = from_seed("second", b"\x08" * 32)
    for key in (STRANGER, impostor):
        for attempt in (
            lambda key=key: hall.registry.approve(name, key),
            lambda key=key: hall.registry.reject(name, key, "no"),
            lambda key=key: hall.registry.propose(
                hall.registry.draft(closing("X801"), "w", (), key.name), key
            ),
        ):
            with pytest.raises(UsageError, match="not on the list"):
                attempt()


def test_a_third_registrar_needs_two_of_the_list(hall: Hall) -> None:
    """After the first two, a person enters only when two of the list have signed."""
    hall.people()
    third = from_seed("third", b"\x03" * 32)
    name = hall.registry.enroll(third, third.public, "helps")
    assert isinstance(name, str)
    assert hall.registry.approve(name, FIRST) is None
    assert [one.name for one in hall.registry.chain().registrars] == ["first", "second"]
    with pytest.raises(UsageError, match="signed this already"):
        hall.registry.approve(name, FIRST)
    assert hall.registry.approve(name, SECOND) is not None
    assert [one.name for one in hall.registry.chain().registrars] == ["first", "second", "third"]
    hall.registry.approve(hall.propose(closing(), third), SECOND)
    assert "X800" in hall.current().rules  # type: ignore[union-attr]


def test_one_key_cannot_stand_for_two_people(hall: Hall) -> None:
    """A key that is on the list under one name is not taken under another, nor a name with another key."""
    registry = hall.registry
    registry.enroll(FIRST, FIRST.public, "one")
    twin = from_seed("twin", b"\x01" * 32)
    other = from_seed("first", b"\x07" * 32)
    for key in (twin, other, FIRST):
        with pytest.raises(ProgramError, match="on the list already"):
            registry.enroll(key, key.public, "again")
    assert [one.name for one in registry.chain().registrars] == ["first"]


def test_a_rejected_proposal_is_put_aside_with_a_signed_reason(hall: Hall) -> None:
    """It waits no more, cannot be approved, and the reason is kept under the signature of who rejected it."""
    name = hall.propose(closing())
    hall.registry.reject(name, SECOND, "the letter is not signed")
    assert hall.registry.proposals() == []
    with pytest.raises(Missing):
        hall.registry.approve(name, SECOND)
    kept = (hall.folder / "rejected" / f"{name}.why").read_text("utf-8")
    assert "the letter is not signed" in kept
    assert "\u2014 second " in kept


def test_a_proposal_made_before_another_change_must_be_seen_again(hall: Hall) -> None:
    """Once the registry has grown, what was proposed before is out of date and cannot be approved."""
    old = hall.propose(closing())
    hall.publish(closing("X801"))
    for attempt in (hall.registry.sight, lambda name: hall.registry.approve(name, SECOND)):
        with pytest.raises(UsageError, match="has grown"):
            attempt(old)
    assert hall.registry.proposals()[0][0].statement.number == 3


def test_the_preview_names_every_answer_that_changes(hall: Hall) -> None:
    """Filtering a county out closes its three gates and nothing else, and that is what is signed."""
    hall.people()
    seen = hall.registry.draft(closing(), "a test", (Paper("0" * 64, "letter.pdf"),), "first")
    assert {(c.jurisdiction, c.gate.value, c.after.answer) for c in seen.effect.changes} == {
        ("US-CA-075", gate, "closed") for gate in ("G1", "G2", "G3")
    }
    assert not any(one.widens for one in seen.effect.changes)
    assert seen.late == ()
    again = hall.registry.sight(hall.registry.propose(seen, FIRST))
    assert (again.effect, again.signers) == (seen.effect, ("first",))
    assert again.file.statement.documents == (Paper("0" * 64, "letter.pdf"),)


def test_an_effect_other_than_the_one_signed_is_not_approved(hall: Hall) -> None:
    """A proposal whose statement names another effect than its rows have is refused."""
    hall.people()
    seen = hall.registry.draft(closing(), "a test", (), "first")
    forged = replace(seen, file=replace(seen.file, statement=replace(seen.file.statement, effect="0" * 64)))
    with pytest.raises(UsageError, match="effect is not the one"):
        hall.registry.propose(forged, FIRST)


def test_a_bad_row_is_named_as_the_proposer_wrote_it(hall: Hall) -> None:
    """The error names table and row of the proposal, not of the table that it was added to."""
    hall.publish(closing())
    rows = rows_of(
        "choices.csv", [row("X801", "US-CA-075", "FULL"), row("X802", "US-CA-075", "NO_SUCH_MODE")]
    )
    with pytest.raises(ProgramError) as caught:
        hall.registry.draft(rows, "a test", (), "first")
    assert (caught.value.file, caught.value.row) == ("choices.csv", 3)
    assert "NO_SUCH_MODE" in caught.value.message


def test_a_clock_that_was_set_back_registers_nothing(hall: Hall) -> None:
    """With a clock behind the ledger nobody can say what day it is, so nothing is proposed or approved."""
    name = hall.propose(closing())
    hall.clock.now = START.replace(day=14)
    for attempt in (
        lambda: hall.registry.draft(closing("X801"), "w", (), "first"),
        lambda: hall.registry.approve(name, SECOND),
        lambda: hall.registry.enroll(STRANGER, STRANGER.public, "w"),
    ):
        with pytest.raises(LedgerError, match="clock"):
            attempt()


def test_every_earlier_program_can_be_had_again_by_its_root(hall: Hall) -> None:
    """From genesis and changes every policy root that was ever in force gives its program again."""
    roots = [hall.registry.source.root()]
    for number in ("X801", "X802"):
        hall.publish(closing(number))
        roots.append(hall.registry.source.root())
    hall.open()
    found = [hall.registry.source.of(root) for root in roots]
    assert [one.root for one in found if one] == roots
    assert ["X801" in one.rules for one in found if one] == [False, True, True]
    assert hall.registry.source.of("0" * 64) is None


def test_the_chain_is_derived_again_from_the_public_files_alone(hall: Hall, tmp_path: Path) -> None:
    """With nothing but copies of the files every root follows, and one changed byte anywhere is found."""
    hall.publish(closing())
    root = hall.registry.source.root()
    files, scenario = hall.registry.source.files()
    assert check_history(read_chain(hall.folder), files, scenario).root == root
    data = hall.note(3).read_bytes()
    for place in range(0, len(data), 37):
        spoiled = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        (tmp_path / "0003.note").write_bytes(spoiled)
        for number in range(3):
            (tmp_path / f"{number:04d}.note").write_bytes(hall.note(number).read_bytes())
        with pytest.raises(ProgramError):
            check_history(read_chain(tmp_path), files, scenario)


def test_a_home_that_registered_nothing_is_doubt_until_it_is_adopted(hall: Hall) -> None:
    """A home from before there was a registry opens nothing, says which command helps, and adopts once."""
    with hall.office.engine.begin() as connection:
        for table in ("entry", "frontier", "node"):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE log = '{REGISTRY_LOG}'"))  # noqa: S608
    hall.note(0).unlink()
    assert hall.current() is None
    error = hall.registry.source.error
    assert error is not None
    assert "registry adopt" in error.advice
    key = hall.office.key
    hall.registry.begin(key, key.public, "adopted", "told")
    assert hall.current() is not None
    assert any(a["reason"] == "told" for a in hall.office.store.rows("alerts"))
    with pytest.raises(UsageError, match="registered already"):
        hall.registry.begin(key, key.public, "adopted")


def test_another_program_or_scenario_than_the_registered_one_is_doubt(hall: Hall) -> None:
    """Naming another scenario in the settings does not change the rules; it closes every gate."""
    source = hall.registry.source
    other = ProgramSource(hall.home / "programs" / PROGRAM, None, source.register)
    assert other.current() is None
    assert other.error is not None
    assert "registered for" in other.error.message


def test_a_folder_that_no_home_governs_has_no_registry(hall: Hall) -> None:
    """A bare folder can be read by tools, and cannot be changed."""
    bare = ProgramSource(hall.home / "programs" / PROGRAM, None)
    assert bare.current() is not None
    with pytest.raises(UsageError):
        Registry(bare, hall.clock)


def test_what_the_master_log_would_say_is_what_was_registered(hall: Hall) -> None:
    """The public statement of a link names the program, both roots and the digest of the change."""
    link = hall.publish(closing())
    said = registered_statement(link, START).parts
    assert (said["root"], said["before"], said["change"]) == (
        link.statement.after,
        link.statement.before,
        link.digest,
    )


def test_signatures_of_people_who_are_not_listed_do_not_count(hall: Hall) -> None:
    """A link signed by a registrar and a stranger, or by one registrar twice, does not hold."""
    name = hall.propose(closing())
    file = proposal.parse((hall.folder / "proposals" / f"{name}.note").read_bytes())
    chain = hall.chain()
    for keys in ((FIRST,), (FIRST, STRANGER), (FIRST, FIRST), (STRANGER, SECOND)):
        hall.note(3).write_bytes(signed(file, *keys))
        with pytest.raises(ProgramError, match="not signed by two different"):
            hall.chain()
    hall.note(3).write_bytes(signed(file, FIRST, SECOND))
    assert len(hall.chain().links) == len(chain.links) + 1
    assert "X800" not in hall.current().rules  # type: ignore[union-attr]  # signed, and not registered
    assert hall.registry.register.beyond() == ("0003.note",)


def test_a_signature_that_does_not_hold_is_told_as_one(hall: Hall) -> None:
    """A signature under a listed name over another text is not passed over in silence."""
    name = hall.propose(closing())
    path = hall.folder / "proposals" / f"{name}.note"
    line = note.sign("another text\n", SECOND).rpartition("\n\n")[2].strip("\n")
    path.write_bytes(proposal.add_signature(path.read_bytes(), line))
    with pytest.raises(ProgramError, match="signature"):
        hall.registry.approve(name, FIRST)


def test_a_scenario_row_is_refused_outside_a_drill() -> None:
    """Rows of a scenario can be registered only in a home that plays one."""
    with scratch() as folder:
        hall = Hall(folder / "home", scenario="")
        hall.people()
        with pytest.raises(UsageError, match="drill"):
            hall.registry.draft(closing(), "a test", (), "first")
        hall.close()


def test_a_program_that_cannot_be_loaded_is_not_registered() -> None:
    """A home whose program is broken is refused by file, and no rule of it is in force."""
    files = {PROGRAM: {**shipped(PROGRAM), "choices.csv": b"id\nX\n"}}
    with scratch() as folder:
        with pytest.raises(ProgramError, match=r"choices\.csv"):
            app.lay_out(folder / "home", PROGRAM, at=START, files=files)
        hall = Hall(folder / "home", scenario="")
        assert hall.current() is None
        hall.close()
