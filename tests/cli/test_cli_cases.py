# SPDX-License-Identifier: Apache-2.0
"""Commands about bookings, on a home in which they stand in every place they can stand in."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from cli_world import FULL, UNKNOWN, Town, draft, run, settle


def test_list_shows_the_newest_first_and_can_be_cut(made: Town) -> None:
    """The list is by receipt, newest first, and tells how many there are beside those it shows."""
    ran = run("list", "--json", "--limit", "3", home=made.home)
    received = [one["received"] for one in ran.document["cases"]]
    assert received == sorted(received, reverse=True)
    assert (len(received), ran.document["total"]) == (3, 8)


def test_list_can_be_held_to_one_state(made: Town) -> None:
    """Only cases in the state that was asked for are listed."""
    ran = run("list", "--json", "--state", "awaiting-examiner", home=made.home)
    assert [one["case"] for one in ran.document["cases"]] == [made.cases["grey"]]


def test_show_tells_every_booking_of_a_tcn(made: Town) -> None:
    """Two agencies that used the same TCN are both told; a case id tells one."""
    both = run("show", "TCN-TWICE-1", "--json", home=made.home).document["cases"]
    assert {one["case"] for one in both} == {made.cases["twin-a"], made.cases["twin-b"]}
    one = run("show", made.cases["twin-a"], home=made.home)
    assert made.cases["twin-a"] in one.out
    assert made.cases["twin-b"] not in one.out


@pytest.mark.parametrize("command", ["show", "explain", "receipt"])
def test_a_name_of_nothing_is_exit_code_5(command: str, made: Town) -> None:
    """Asking for what is not there is told in a sentence, whatever bytes were typed."""
    ran = run(command, "no\x1b[31msuch", home=made.home)
    assert ran.code == 5
    assert "\x1b" not in ran.err
    assert "\\u001b" in ran.err


def test_explain_shows_what_was_asked_for_beside_what_is_in_force(made: Town) -> None:
    """San Francisco asked to be filtered and was in full: both are in one line, with the rule."""
    ran = run("explain", "TCN-SHARED-1", home=made.home)
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if line.startswith("G1"))
    assert line.split()[:4] == ["G1", "open", "JURISDICTION_FILTER", "FULL"]


def test_explain_of_a_booking_nobody_has_decided_says_so(made: Town) -> None:
    """Before the gates are decided there is nothing to explain: exit code 6."""
    ran = run("explain", "TCN-FRESH-1", home=made.home)
    assert ran.code == 5, "its TCN is not read yet"
    ran = run("explain", made.cases["fresh"], home=made.home)
    assert ran.code == 6
    assert "no decision" in ran.out


def test_policy_explain_needs_no_booking(made: Town) -> None:
    """The rules answer for an agency and a day; the same agency before activation is closed."""
    after = run("policy", "explain", "--ori", FULL, "--at", "2010-11-15", "--json", home=made.home)
    before = run("policy", "explain", "--ori", FULL, "--at", "2009-01-15", "--json", home=made.home)
    assert (after.code, before.code) == (0, 0)
    assert after.document["gates"]["G1"]["outcome"] == "open"
    assert before.document["gates"]["G1"]["outcome"] == "closed"


def test_policy_explain_closes_every_gate_for_an_agency_that_is_not_on_file(made: Town) -> None:
    """Doubt denies: an unknown ORI gets four closed gates and exit code 5."""
    ran = run("policy", "explain", "--ori", UNKNOWN, "--at", "2010-11-15", "--json", home=made.home)
    assert ran.code == 5
    assert {one["outcome"] for one in ran.document["gates"].values()} == {"closed"}


@pytest.mark.parametrize("words", [("--ori", "ca038"), ("--ori", FULL, "--at", "yesterday")])
def test_policy_explain_refuses_what_it_cannot_read(words: tuple[str, ...], made: Town) -> None:
    """A name that is no ORI and a date that is no date are usage errors."""
    ran = run("policy", "explain", *words, home=made.home)
    assert ran.code == 2
    assert ran.out == ""


def test_a_receipt_verifies_and_an_altered_one_does_not(made: Town, tmp_path: Path) -> None:
    """The stored receipt holds under the bureau's public key; one changed word breaks it: exit code 4."""
    paper = tmp_path / "receipt.txt"
    key = made.home / "keys" / "bureau-ledger.key.pub"
    assert run("receipt", "TCN-WITHHELD-1", "--out", paper, home=made.home).code == 0
    held = run("verify", paper, "--key", key)
    assert held.code == 0
    assert "G1 closed: the prints were NOT cleared to go to the partner" in held.out
    paper.write_text(paper.read_text("utf-8").replace("G1 closed", "G1 open"), "utf-8")
    broken = run("verify", paper, "--key", key)
    assert broken.code == 4
    assert "does not hold" in broken.err


def test_a_receipt_does_not_verify_under_another_key(made: Town, tmp_path: Path) -> None:
    """The partner's key does not vouch for the bureau's receipt."""
    paper = tmp_path / "receipt.txt"
    run("receipt", "TCN-SHARED-1", "--out", paper, home=made.home)
    assert run("verify", paper, "--key", made.home / "keys" / "partner-ledger.key.pub").code == 4


def test_a_receipt_goes_to_standard_output_byte_for_byte(made: Town, tmp_path: Path) -> None:
    """What is redirected into a file is the same as what --out writes."""
    run("receipt", "TCN-SHARED-1", "--out", tmp_path / "r", home=made.home)
    assert run("receipt", "TCN-SHARED-1", home=made.home).out == (tmp_path / "r").read_text("utf-8")


def test_no_receipt_is_told_apart_from_not_yet(made: Town) -> None:
    """A booking refused before the gates were decided never gets one (5); one on its way has none yet (6)."""
    assert run("receipt", "TCN-UNKNOWN-1", home=made.home).code == 5
    assert run("receipt", made.cases["fresh"], home=made.home).code == 6


def test_the_queue_lists_both_roles_and_names_nobody(made: Town) -> None:
    """An examiner and an officer see what waits for them, without the person's name unless they ask."""
    ran = run("queue", "--json", home=made.home)
    assert {(one["role"], one["tcn"]) for one in ran.document["waiting"]} == {
        ("examiner", "TCN-GREY-1"),
        ("officer", "TCN-MATCHED-1"),
    }
    assert all(one["known"] == "" for one in ran.document["waiting"])
    asked = run("queue", "--role", "officer", "--personal", "--json", home=made.home)
    assert "NAM" in asked.document["waiting"][0]["known"]


def test_an_examiners_word_moves_the_case_on(town: Town) -> None:
    """Same person: the case is resolved by that examiner, and the exchange answers it."""
    case = town.cases["grey"]
    ran = run("queue", "decide", case, "--same", "--by", "examiner 3", "--json", home=town.home)
    assert ran.code == 0
    assert ran.document["state"] == "resolved"
    settle(town.home)
    told = run("show", case, "--json", home=town.home).document["cases"][0]
    assert (told["state"], told["dossier"]["finding"]) == ("closed", "I")
    assert told["dossier"]["resolved_by"] == "examiner examiner 3"


def test_an_officers_word_comes_back_as_a_second_response(town: Town) -> None:
    """A determined status is relayed to the agency, and the queue is empty of it."""
    query = town.cases["query"]
    ran = run("queue", "decide", query, "--status", "citizen", "--by", "officer 7", home=town.home)
    assert ran.code == 0
    assert "citizen" in ran.out
    settle(town.home)
    assert run("queue", "--role", "officer", "--json", home=town.home).document["waiting"] == []
    told = run("show", "TCN-MATCHED-1", "--json", home=town.home).document["cases"][0]
    assert "SECOND" in {one["kind"] for one in told["messages"]}


def test_a_case_is_decided_once(town: Town) -> None:
    """The second word on a case is refused, and the first stands."""
    words = ("queue", "decide", town.cases["grey"], "--by", "examiner 3")
    assert run(*words, "--different", home=town.home).code == 0
    again = run(*words, "--same", home=town.home)
    assert again.code == 1
    assert "does not wait" in again.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--same", "--status", "citizen", "--by", "me"), 2),
        (("--by", "me"), 2),
        (("--same", "--by", "\n"), 2),
        (("--status", "deported", "--by", "me"), 2),
        (("--same",), 2),
        (("--same", "--by", "me"), 5),
    ],
)
def test_a_decision_is_one_word_of_one_named_person(words: tuple[str, ...], code: int, made: Town) -> None:
    """Both words, none, a status that does not exist, nobody's name, or no such case: refused."""
    assert run("queue", "decide", "0" * 26, *words, home=made.home).code == code


def test_status_counts_every_role(made: Town) -> None:
    """The operator sees states and counts, what is queued, and that nothing serves this home."""
    ran = run("status", "--json", home=made.home)
    assert ran.document["served"] is None
    assert sum(ran.document["bureau"]["states"].values()) == 8
    assert ran.document["partner"]["states"]["query-waits"] == 1
    assert ran.document["alerts"] == len(run("alerts", "--json", home=made.home).document["alerts"])


def test_alerts_tell_of_the_agency_that_is_not_on_file(made: Town) -> None:
    """Doubt is told to a person."""
    assert made.cases["unknown"] in run("alerts", home=made.home).out


def test_the_partner_finds_what_is_open_and_nothing_else(town: Town, tmp_path: Path) -> None:
    """A look-up finds the booking that was shared, not the one that was withheld, and is in the ledger."""
    for person, name, count in ((1, "shared", 1), (2, "withheld", 0)):
        file = tmp_path / name
        file.write_bytes(draft(person, FULL, "TCN-PROBE-1"))
        ran = run("lookup", file, "--by", "desk 2", "--json", home=town.home)
        assert ran.code == 0, ran.err
        assert len(ran.document["found"]) == count
    held = run("lookup", town.cases["query"], "--json", home=town.home)
    assert len(held.document["found"]) == 1
    with sqlite3.connect(town.home / "bureau" / "story.db") as database:
        asked = database.execute("SELECT body FROM entry WHERE kind = 'looked-up'").fetchall()
    database.close()
    assert len(asked) == 3
    assert "desk 2" in asked[0][0]


def test_a_look_up_of_nothing_is_told(made: Town, tmp_path: Path) -> None:
    """Neither file nor case: 5. A file that is no transaction: 3."""
    assert run("lookup", "0" * 26, home=made.home).code == 5
    (tmp_path / "note.txt").write_text("hello", "utf-8")
    assert run("lookup", tmp_path / "note.txt", home=made.home).code == 3


def test_the_audit_adds_up(made: Town) -> None:
    """Received is shared, withheld, refused and pending, and the partner took what was shared."""
    ran = run("audit", "check", "--json", home=made.home)
    assert (ran.code, ran.document["differences"]) == (0, [])
    counts = ran.document["counts"]
    ends = counts["shared"] + counts["withheld"] + counts["refused"] + counts["pending"]
    assert counts["received"] == ends == 8
    assert counts["taken by the partner"] == counts["shared"]


@pytest.mark.parametrize(
    ("role", "change", "said"),
    [
        (
            "bureau",
            "UPDATE entry SET body = replace(body, 'open', 'shut') WHERE kind = 'decided'",
            "not the one that was entered",
        ),
        ("bureau", "DELETE FROM story WHERE state = 'closed'", "has no case"),
        ("bureau", "UPDATE story SET dossier = replace(dossier, 'FULL', 'NONE')", "dossier"),
        ("bureau", "UPDATE entry SET kind = 'closed' WHERE kind = 'shared'", "did not share"),
        ("bureau", "UPDATE entry SET kind = 'shared' WHERE kind = 'withheld'", "decided G1 otherwise"),
        ("bureau", "UPDATE entry SET kind = 'closed' WHERE kind = 'decided'", "no decision about it"),
        ("bureau", "UPDATE entry SET kind = 'closed' WHERE kind = 'received'", "is in no ledger"),
        ("partner", "DELETE FROM entry WHERE seq = 0", "gap"),
        ("partner", "DELETE FROM entry WHERE kind = 'copy-taken'", "no entry of its copy"),
    ],
)
def test_the_audit_names_what_was_tampered_with(role: str, change: str, said: str, town: Town) -> None:
    """A changed entry, a lost case, a rewritten dossier, a missing copy: each is named, exit code 4."""
    with sqlite3.connect(town.home / role / "story.db") as database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute(change)
    database.close()
    ran = run("audit", "check", home=town.home)
    assert ran.code == 4
    assert said in ran.out
