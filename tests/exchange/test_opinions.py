# SPDX-License-Identifier: Apache-2.0
"""Examiners' words on the grey band: one or two of them, in doubt, at the same moment, and across a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scenes import Town, rows, scratch
from sluicegate.errors import Conflict, UsageError
from sluicegate.exchange import bureau
from sluicegate.exchange.case import Case, State
from sluicegate.exchange.stages.examine import Opinion, Word, opinions_of
from sluicegate.testing.world import CrashError

SAME, DIFFERENT, UNSURE = Word.SAME, Word.DIFFERENT, Word.UNSURE
SUBJECTS = ("G00000041", "G00000042")


@pytest.fixture
def town() -> Iterator[Town]:
    """A town in which one booking fits two subjects, so that it waits for an examiner."""
    with scratch() as folder:
        made = Town(folder / "home")
        for subject in SUBJECTS:
            made.enrol(made.exchange.open, 40, subject)
        made.book("full", 40)
        made.settle()
        yield made
        made.close()


def the_case(town: Town) -> Case:
    """The only booking."""
    (row,) = rows(town.exchange.bureau.store, "story")
    return town.case(str(row["case_id"]))


def say(town: Town, by: str, word: Word, candidate: int = 0) -> Case:
    """An examiner's word on it."""
    opinion = Opinion(by, word, candidate)
    return town.exchange.bureau.speak(the_case(town).case_id, opinion, "ridges compared")


def need_two(town: Town) -> None:
    """From now on two examiners must agree."""
    town.exchange.bureau.parts = replace(town.exchange.bureau.parts, opinions=2)


def alerts(town: Town) -> list[str]:
    """What the operator was told."""
    return [str(one["reason"]) for one in rows(town.exchange.bureau.store, "alert")]


def test_one_word_is_enough_where_the_setting_says_so(town: Town) -> None:
    """With `second_opinion` off, one examiner who names a candidate settles whose number the answer bears."""
    case = say(town, "anna", SAME, 1)
    assert (case.state, case.text("number"), case.text("resolved_by")) == (
        State.RESOLVED,
        case.noted("candidates")[1]["subject"],  # type: ignore[index, call-overload]
        "examiner anna",
    )


def test_two_who_agree_settle_a_case_and_one_does_not(town: Town) -> None:
    """Where two must agree, the first word leaves the case waiting, the second resolves it."""
    need_two(town)
    assert say(town, "anna", DIFFERENT).state is State.AWAITING
    assert alerts(town) == []
    case = say(town, "ben", DIFFERENT)
    assert (case.state, case.text("finding")) == (State.RESOLVED, "N")
    assert case.text("resolved_by") == "examiner anna and ben"


def test_words_that_differ_wait_for_a_third_person(town: Town) -> None:
    """Two examiners who differ settle nothing: the operator is told, and the third one's word decides."""
    need_two(town)
    say(town, "anna", SAME, 0)
    assert say(town, "ben", SAME, 1).state is State.AWAITING, "another candidate is another word"
    assert [one for one in alerts(town) if "another examiner" in one]
    assert "anna" not in str(alerts(town)), "an alert names nobody's word"
    case = say(town, "carla", SAME, 0)
    assert (case.state, case.text("resolved_by")) == (State.RESOLVED, "examiner anna and carla")


def test_nobody_gives_two_words_on_a_case(town: Town) -> None:
    """An examiner cannot be their own second opinion, nor take a word back."""
    need_two(town)
    say(town, "anna", SAME)
    for word in Word:
        with pytest.raises(Conflict, match="given your word"):
            say(town, "anna", word)
    assert [one.by for one in opinions_of(the_case(town))] == ["anna"]


@pytest.mark.parametrize("needed", [1, 2])
def test_who_cannot_tell_leaves_the_case_to_somebody_else(town: Town, needed: int) -> None:
    """ "Cannot tell" is never a finding, however often it is said; it is told to the operator."""
    if needed == 2:
        need_two(town)
    for by in ("anna", "ben", "carla"):
        assert say(town, by, UNSURE).state is State.AWAITING
    assert len(alerts(town)) == 3
    assert the_case(town).text("finding") == ""


def test_a_word_is_entered_with_its_reason_in_the_log_that_is_never_published(town: Town) -> None:
    """The ledger holds who said what and why, in a private log: a receipt's log does not grow."""
    need_two(town)
    before = [one["log"] for one in town.exchange.bureau.store.rows("all_entries")]
    say(town, "anna", SAME)
    store = town.exchange.bureau.store
    new = store.rows("all_entries")[len(before) :]
    added = [one for one in store.rows("all_entries") if one["kind"] == "examined"]
    assert len(new) == len(added) == 1
    assert added[0]["log"] == "intake"
    assert store.log.body(added[0]) == {
        "case": the_case(town).case_id,
        "who": "anna",
        "word": "same as candidate 1",
        "why": "ridges compared",
    }


def test_a_candidate_that_is_not_there_is_no_word(town: Town) -> None:
    """Naming a candidate that the search did not list is refused, and nothing is entered."""
    for candidate in (-1, 2, 99):
        with pytest.raises(UsageError, match="no such candidate"):
            say(town, "anna", SAME, candidate)
    assert opinions_of(the_case(town)) == ()


def test_a_setting_changed_between_two_words_does_not_let_the_later_one_win(town: Town) -> None:
    """Where words differ a third person is needed even if one word had become enough meanwhile."""
    need_two(town)
    say(town, "anna", SAME)
    town.exchange.bureau.parts = replace(town.exchange.bureau.parts, opinions=1)
    assert say(town, "ben", DIFFERENT).state is State.AWAITING
    assert say(town, "carla", DIFFERENT).text("finding") == "N"


@pytest.mark.parametrize("landed", [False, True])
def test_a_power_cut_at_a_word_loses_all_of_it_or_nothing(town: Town, *, landed: bool) -> None:
    """After a cut the word, its entry and what follows from it are all there, or none of them is."""
    need_two(town)
    say(town, "anna", SAME)
    town.faults.plan(0, landed=landed)
    with pytest.raises(CrashError):
        say(town, "ben", SAME)
    town.reopen()
    case = the_case(town)
    entered = [one["kind"] for one in town.exchange.bureau.store.rows("all_entries")].count("examined")
    assert entered == len(opinions_of(case)) == (2 if landed else 1)
    assert case.state is (State.RESOLVED if landed else State.AWAITING)


def test_two_words_at_the_same_moment_both_count(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that somebody else's overtakes is weighed again beside it, and none is lost."""
    need_two(town)
    given = iter(["first", "second", "third"])

    def number() -> str:
        if next(given) == "first":  # between reading the case and committing the word on it
            say(town, "ben", DIFFERENT)
        return "G99999999"

    monkeypatch.setattr(bureau, "fresh_number", number)
    case = say(town, "anna", DIFFERENT)
    assert (case.state, case.text("resolved_by")) == (State.RESOLVED, "examiner ben and anna")
