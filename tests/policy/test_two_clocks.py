# SPDX-License-Identifier: Apache-2.0
"""Two clocks: what was in force on a day, and what anyone could have known on another."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import ARLINGTON, DISTRICT, HARRIS, NOBODY, booking, rule, shipped, table, utc, with_rules

from sluicegate.cli.main import sluicegate
from sluicegate.errors import ProgramError
from sluicegate.policy.account import account, differences, unknown_then
from sluicegate.policy.decide import Facts, decide, decide_all
from sluicegate.policy.decision import from_json
from sluicegate.policy.model import Answer, Kind
from sluicegate.policy.program import Program, load, overlay
from sluicegate.terms import Gate, Ori
from sluicegate.testing.nation import nation

_NOV = utc(2010, 11, 15)
_SHIPPED = load(shipped())
_NATION = load(nation(seed=7, jurisdictions=90, agencies=120))
_DAYS = st.dates(date(2008, 1, 1), date(2015, 1, 1))


def _with(*rows: dict[str, str]) -> Program:
    return overlay(shipped(), with_rules(*rows))


def _late(public: str, **cells: str) -> Program:
    return _with(rule(mode_in_force="JURISDICTION_FILTER", public_from=public, **cells))


def test_a_row_counts_from_the_day_on_which_people_could_know_it() -> None:
    """A filter that held from 8 November and was public from 1 December could not be known in November."""
    program = _late("2010-12-01")
    facts = booking(ARLINGTON, _NOV)
    assert not decide(program, facts, Gate.SHARE).open
    assert decide(program.known_at(date(2010, 11, 30)), facts, Gate.SHARE).open
    assert not decide(program.known_at(date(2010, 12, 1)), facts, Gate.SHARE).open


def test_a_row_without_a_public_day_was_known_to_nobody() -> None:
    """As long as nobody recorded when a row became public, no earlier day is said to have known it."""
    program = _late("")
    assert not decide(program, booking(ARLINGTON, _NOV), Gate.SHARE).open
    assert "T1" not in program.known_at(date(2100, 1, 1)).rules


def test_the_default_was_always_known() -> None:
    """Before anything was public the default rule is all there is, and it shares nothing."""
    known = _SHIPPED.known_at(date(1999, 1, 1))
    assert [one.kind for one in known.rules.values()] == [Kind.DEFAULT]
    found = decide_all(known, booking(HARRIS, _NOV))
    assert {one.mode for one in found.values()} == {"NOT_ACTIVATED"}
    assert not any(one.open for one in found.values())


def test_a_correction_is_unknown_until_it_is_public_and_the_older_row_stands() -> None:
    """Before a correction is public, people see the row that it replaces; afterwards the correction."""
    first = rule(id="T1", mode_in_force="RESPONSE_OPT_OUT", public_from="2010-11-08")
    fixed = rule(id="T2", mode_in_force="JURISDICTION_FILTER", public_from="2011-03-01", supersedes="T1")
    program = _with(first, fixed)
    facts = booking(ARLINGTON, _NOV)
    rules = [
        decide(one, facts, Gate.SHARE).rule_id
        for one in (program, program.known_at(date(2011, 2, 28)), program.known_at(date(2011, 3, 1)))
    ]
    assert rules == ["T2", "T1", "T2"]
    told = account(program, facts).stands[0].rule.clocks
    assert told == (
        "T2 is a correction: it replaces T1 from 2010-11-08 on "
        "and became public 113 days later, on 2011-03-01"
    )


@pytest.mark.parametrize(
    ("public", "words"),
    [
        ("2010-11-08", ""),
        ("2010-11-01", ""),
        ("2010-11-09", "T1 arrived late: it holds from 2010-11-08 on and became public 1 day later, on"),
        ("", "no day is on record on which T1 became public"),
    ],
)
def test_a_late_arrival_is_visible_as_one(public: str, words: str) -> None:
    """A row that people could know only after it began says so, and one that was in time says nothing."""
    told = account(_late(public), booking(ARLINGTON, _NOV)).stands[0].rule.clocks
    assert told.startswith(words)
    assert bool(told) == bool(words)


def test_the_root_stays_that_of_the_whole_program() -> None:
    """What was known on a day is a view of one registry, named by the same root; the view carries its day."""
    known = _SHIPPED.known_at(date(2010, 11, 15))
    assert known.root == _SHIPPED.root
    assert known.known is not None
    assert known.known <= date(2010, 11, 15)
    assert _SHIPPED.known is None


def test_one_view_is_kept_for_each_day_on_which_anything_became_public() -> None:
    """Two days between which nothing became public are one view, worked out once."""
    first = _SHIPPED.known_at(date(2100, 1, 1))
    assert _SHIPPED.known_at(date(2200, 1, 1)) is first
    assert _SHIPPED.known_at(first.known or date.min) is first
    assert _SHIPPED.known_at((first.known or date.max) - timedelta(days=1)) is not first


def _names(program: Program) -> tuple[set[str], set[str], set[tuple[str, str]], set[str]]:
    claims = {(one.wording, one.question) for one in program.claims}
    papers = {one.id for each in program.documents.values() for one in each}
    return set(program.rules), set(program.wording), claims, papers


@pytest.mark.slow
@settings(deadline=None)
@given(_DAYS, _DAYS, st.sampled_from([_SHIPPED, _NATION]))
def test_knowing_later_never_takes_a_public_row_away(one: date, other: date, program: Program) -> None:
    """Whatever was public on a day is public on every later day, and all of it is in the whole registry."""
    early, late = program.known_at(min(one, other)), program.known_at(max(one, other))
    for before, after, whole in zip(_names(early), _names(late), _names(program), strict=True):
        assert before <= after <= whole


@pytest.mark.slow
@settings(deadline=None)
@given(st.sampled_from([one.ori for one in _NATION.agencies]), st.datetimes(), _DAYS)
def test_a_view_decides_as_a_registry_that_holds_only_its_rows(ori: Ori, at: datetime, day: date) -> None:
    """Deciding from what was known on a day is deciding from a registry without the later rows."""
    facts = booking(ori, at.replace(tzinfo=_NOV.tzinfo))
    known = _NATION.known_at(day)
    rows = {key for key, one in _NATION.rules.items() if one.public and one.public <= day}
    found = decide(known, facts, Gate.SHARE)
    assert found.rule_id in rows | {key for key, one in known.rules.items() if one.kind is Kind.DEFAULT}
    assert from_json(found.to_json()) == found


def test_a_wording_that_was_secret_is_not_shown_as_known() -> None:
    """A rule known in 2010 whose wording was public only in 2011 says that its wording was not public."""
    program = _with(rule(wording="V10", public_from="2010-11-08"))
    assert program.wording["V10"].public
    known = program.known_at(date(2010, 12, 1))
    found = decide(known, booking(ARLINGTON, _NOV), Gate.SHARE)
    assert (found.rule_id, found.wording_id, found.wording_digest) == ("T1", "", "")
    assert found.reasons[-1].code == "POL-WORDING-SECRET"
    assert account(known, booking(ARLINGTON, _NOV)).stands[0].wording is None
    assert decide(program, booking(ARLINGTON, _NOV), Gate.SHARE).wording_id == "V10"


def test_two_accounts_name_what_differs_and_why() -> None:
    """Beside each other, two accounts differ in gate, mode and rule, and the rows unknown then are named."""
    program, facts = _late("2010-12-01"), booking(ARLINGTON, _NOV)
    day = date(2010, 11, 20)
    then, now = account(program, facts, known=day), account(program, facts)
    found = {one.what: (one.then, one.now) for one in differences(then, now)}
    assert found["G1 is"] == ("open", "closed")
    assert found["in force"] == ("FULL", "JURISDICTION_FILTER")
    assert found["rule"] == ("R007", "T1")
    assert unknown_then(now, day) == ("T1 (JURISDICTION_FILTER) became public on 2010-12-01",)
    assert differences(account(program, facts, known=date(2010, 12, 1)), now) == ()


def test_an_account_tells_what_a_rule_replaced_and_why_the_others_lost() -> None:
    """The account names issuer, basis, words, the rule before, and each loser with its reason."""
    stand = account(_SHIPPED, booking(ARLINGTON, _NOV)).stands[0]
    assert (stand.mode, stand.rule.legal_basis, stand.before and stand.before.mode) == (
        "FULL",
        "none on record",
        "NOT_ACTIVATED",
    )
    assert stand.wording is not None
    assert stand.wording.meaning
    assert {one.row.id for one in stand.lost if one.row.asked} == {"C008"}
    assert all(one.why for one in stand.lost)
    assert not stand.rule.verified
    assert "not verified" in stand.rule.confidence


def test_a_federal_row_prevails_over_state_and_county_and_each_loser_is_named() -> None:
    """State, county and federal disagree: the first in the program's order wins, the others say why not."""
    rows = [
        rule(id=f"T{n}", issuer_level=level, jurisdiction=place, mode_in_force=mode)
        for n, (level, place, mode) in enumerate(
            [
                ("federal", "US-VA-013", "RESPONSE_OPT_OUT"),
                ("state", "US-VA", "JURISDICTION_FILTER"),
                ("county", "US-VA-013", "OFFENCE_LEVEL_FILTER"),
            ]
        )
    ]
    stand = account(_with(*rows), booking(ARLINGTON, _NOV)).stands[0]
    why = {one.row.id: one.why for one in stand.lost}
    assert stand.rule.id == "T0"
    assert why["T1"] == "state rows give way to federal rows in this program's conflict order"
    assert why["T2"] == "county rows give way to federal rows in this program's conflict order"
    assert why["R007"] == "the rule in force began later"


_DOCUMENT = {"id": "D1", "rule": "T1", "title": "Letter", "date": "2010-11-01", "sha256": "a" * 64}


def test_the_papers_of_a_rule_are_shown_with_it() -> None:
    """A rule that rests on two papers names both, with day and SHA-256."""
    rows = [{**_DOCUMENT, "source": "SRC-GK"}, {**_DOCUMENT, "id": "D2", "source": "SRC-GK"}]
    files = {**with_rules(rule(public_from="2010-11-09")), "documents.csv": table("documents.csv", *rows)}
    program = overlay(shipped(), files)
    shown = account(program, booking(ARLINGTON, _NOV)).stands[0].rule.documents
    assert [one.split(" ")[0] for one in shown] == ["D1", "D2"]
    assert shown[0].endswith(f"of 2010-11-01: Letter (sha256 {'a' * 64})")
    assert program.known_at(date(2010, 11, 8)).documents == {}


_CLAIM = {"wording": "V12", "question": "q", "answer": "no", "words": "a test", "source": "SRC-GK"}


def _asking(*claims: dict[str, str]) -> Program:
    files = shipped() | {"claims.csv": table("claims.csv", *({**one, "confidence": "M"} for one in claims))}
    head, _, _ = files["program.toml"].partition(b"[questions")
    files["program.toml"] = head + b'\n[questions.q]\ntext = "Is it?"\ngate = "G1"\n'
    return load(files)


def test_claims_are_rows_about_a_wording_and_a_question() -> None:
    """A claim is loaded with its answer, and is known from the day its wording was public."""
    program = _asking(_CLAIM)
    assert [(one.wording, one.answer) for one in program.claims] == [("V12", Answer.NO)]
    assert program.settings.questions["q"].gate is Gate.SHARE
    public = program.wording["V12"].public
    assert public
    assert program.known_at(public - timedelta(days=1)).claims == ()
    assert len(program.known_at(public).claims) == 1


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({**_CLAIM, "wording": "V99"}, "not in this program"),
        ({**_CLAIM, "question": "p"}, "not in this program"),
        ({**_CLAIM, "answer": "perhaps"}, "not one of yes, no"),
        ({**_CLAIM, "words": ""}, "words is missing"),
        (_CLAIM, "already answers"),
    ],
)
def test_a_broken_claim_is_refused(row: dict[str, str], why: str) -> None:
    """A claim about no wording, no question or no known answer, or a second one, is one clear error."""
    with pytest.raises(ProgramError, match=why):
        _asking(_CLAIM, row)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"sha256": "A" * 64}, "64 hexadecimal"),
        ({"rule": "R999"}, "not in this program"),
        ({"date": "yesterday"}, "is not a date"),
        ({"title": ""}, "title is missing"),
    ],
)
def test_a_broken_document_is_refused(cells: dict[str, str], why: str) -> None:
    """A paper without digest, day, title or rule is one clear error."""
    row = {**_DOCUMENT, "rule": "R007", "source": "SRC-GK", **cells}
    with pytest.raises(ProgramError, match=why):
        overlay(shipped(), {"documents.csv": table("documents.csv", row)})


def test_an_empty_table_that_may_lack_does_not_change_the_root() -> None:
    """A program with a table of no rows is the program without that table."""
    assert overlay(shipped(), {"documents.csv": table("documents.csv")}).root == _SHIPPED.root


_GARBAGE = (
    st.none() | st.integers() | st.text(max_size=9) | st.binary(max_size=9) | st.datetimes() | st.just(())
)


@pytest.mark.slow
@settings(deadline=None)
@given(st.tuples(*[_GARBAGE] * 7), st.sampled_from(list(Gate)))
def test_garbage_closes_the_gate(parts: tuple[object, ...], gate: Gate) -> None:
    """Whatever stands where facts should, there is a decision, it is closed, and it is the same again."""
    facts = Facts(*parts)  # type: ignore[arg-type]
    found = decide(_SHIPPED, facts, gate)
    assert not found.open
    assert found.rule_id == "DOUBT"
    assert decide(_SHIPPED, facts, gate) == found
    assert from_json(found.to_json()) == found


def _explain(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(sluicegate, ["policy", "explain", "--shipped", "secure-communities", *words])
    return ran.exit_code, ran.output


def test_explain_shows_both_clocks_side_by_side() -> None:
    """The command names the rule, the words, the loser, and what differs from what was known then."""
    code, out = _explain("--ori", ARLINGTON, "--at", "2010-11-15", "--known-at", "2010-01-01")
    assert code == 0
    assert "Moment: 2010-11-15 12:00-05:00 in America/New_York; 2010-11-15T17:00:00Z." in out
    assert "Legal basis: none on record." in out
    assert "JURISDICTION_FILTER since 2010-09-28" in out
    assert "In force is FULL. They differ." in out
    assert "As known on 2010-01-01, beside what is on record now" in out
    assert any(line.split() == ["G1", "is", "closed", "open"] for line in out.splitlines())
    assert "R007 (FULL) became public on" in out


def test_explain_as_data_says_the_same_as_in_words() -> None:
    """The JSON holds both accounts, their differences, and the rows that nobody could know."""
    code, out = _explain("--ori", ARLINGTON, "--at", "2010-11-15", "--known-at", "2010-01-01", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["known"] is True
    assert document["stands"][0]["rule"]["id"] == "R007"
    assert document["as_known"]["gates"]["G1"]["outcome"] == "closed"
    assert {"what": "G1 is", "then": "closed", "now": "open"} in document["differences"]
    assert any(one.startswith("R007 ") for one in document["not_known_then"])


def test_explain_with_nothing_hidden_says_that_nothing_differs() -> None:
    """For a day on which all was public the command says so in words."""
    code, out = _explain("--ori", HARRIS, "--at", "2010-11-15", "--known-at", "2020-01-01")
    assert code == 0
    assert "Nothing differs" in out


def test_explain_says_where_no_public_day_is_on_record() -> None:
    """The activation that ended the District's filter has no public day on record, and the output says so."""
    code, out = _explain("--ori", DISTRICT, "--at", "2010-11-15", "--known-at", "2020-01-01")
    assert code == 0
    assert " (FULL) has no public day on record" in out


def test_explain_of_an_agency_nobody_knows_is_closed_on_both_clocks() -> None:
    """An unknown agency has no rule on any day: every gate closed, exit code 5."""
    code, out = _explain("--ori", NOBODY, "--at", "2010-11-15", "--known-at", "2010-11-15")
    assert code == 5
    assert "nothing is shared" in out
