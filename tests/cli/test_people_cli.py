# SPDX-License-Identifier: Apache-2.0
"""`people` at the console: codes are given out once, and whatever is done to an account is an entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_world import run

from sluicegate import app
from sluicegate.store.people import People, PeopleFile
from sluicegate.web.operator import accounts


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home without accounts."""
    app.lay_out(tmp_path / "home", "secure-communities")
    return tmp_path / "home"


def account_facts(home: Path, role: str = "bureau") -> list[tuple[str, str]]:
    """Who and what, of every entry about an account."""
    office = app.open_office(home, role)
    rows = [one for one in office.store.rows("all_entries") if one["kind"] == "account-changed"]
    found = [office.store.log.body(one) for one in rows]
    office.engine.dispose()
    return [(str(one["who"]), str(one["what"])) for one in found if one["by"] == "console"]


def test_a_new_account_gets_a_code_that_is_kept_as_a_hash_only(home: Path) -> None:
    """The code that is printed opens the account, and cannot be read from the home afterwards."""
    told = json.loads(run("people", "add", "anna", "--role", "examiner", "--json", home=home).out)
    code = told["code"]
    assert told["open"] == "http://localhost:8080/desk/enrol"
    held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert code.encode() not in held
    file = PeopleFile(home)
    assert People(file).spend_code("anna", accounts.code_hash(code), 0.0)
    file.close()


def test_every_change_of_an_account_is_an_entry(home: Path) -> None:
    """Making, changing, resetting and closing an account are each in the ledger of its side."""
    run("people", "add", "anna", "--role", "examiner", home=home)
    run("people", "roles", "anna", "--role", "records", home=home)
    run("people", "reset", "anna", home=home)
    run("people", "disable", "anna", home=home)
    run("people", "disable", "anna", "--undo", home=home)
    run("people", "add", "olga", "--role", "officer", home=home)
    assert account_facts(home) == [
        ("anna", "made with roles examiner"),
        ("anna", "roles examiner become records"),
        ("anna", "factors taken away, new enrolment code"),
        ("anna", "disabled"),
        ("anna", "opened again"),
    ]
    assert account_facts(home, "partner") == [("olga", "made with roles officer")]


def test_the_list_says_who_can_sign_in_and_how(home: Path) -> None:
    """An account that waits for its holder, a ready one and a closed one are told apart."""
    assert "No accounts" in run("people", "list", home=home).out
    for name in ("anna", "boris", "clara"):
        run("people", "add", name, "--role", "operator", home=home)
    words = ("people", "second-factor", "boris", "--password", "a tide of seven gates", "--json")
    told = json.loads(run(*words, home=home).out)
    run("people", "disable", "clara", home=home)
    listed = json.loads(run("people", "list", "--json", home=home).out)["people"]
    assert [one["state"] for one in listed] == ["waits for its holder to use the code", "ready", "disabled"]
    assert told["secret"] not in run("people", "list", home=home).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "Anna", "--role", "operator"), "cannot be the name"),
        (("add", "anna", "--role", "officer", "--role", "examiner"), "bureau and for the partner"),
        (("add", "taken", "--role", "operator"), "already"),
        (("second-factor", "taken", "--password", "short"), "characters"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(home: Path, words: tuple[str, ...], said: str) -> None:
    """A bad name, roles of both sides, a taken name and a weak password are refused with exit code 2."""
    run("people", "add", "taken", "--role", "operator", home=home)
    ran = run("people", *words, home=home)
    assert ran.code == 2
    assert said in ran.err


def test_a_second_factor_needs_a_code_to_use_up(home: Path) -> None:
    """Nobody at the console can quietly add a way in to an account that its holder has set up."""
    run("people", "add", "anna", "--role", "operator", home=home)
    words = ("people", "second-factor", "anna", "--password", "a tide of seven gates")
    assert run(*words, home=home).code == 0
    assert run(*words, home=home).code == 2


def test_an_account_that_is_not_there_is_missing(home: Path) -> None:
    """A name that nobody has ends with exit code 5."""
    for words in (("reset", "nobody"), ("disable", "nobody"), ("roles", "nobody", "--role", "auditor")):
        assert run("people", *words, home=home).code == 5
