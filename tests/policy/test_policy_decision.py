# SPDX-License-Identifier: Apache-2.0
"""A decision keeps its form bit for bit, and says itself in plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import ARLINGTON, COOK, DISTRICT, HARRIS, NOBODY, booking, shipped, utc

from sluicegate.errors import ProgramError
from sluicegate.policy import decide as module
from sluicegate.policy.decide import decide, decide_all, decide_lookup
from sluicegate.policy.decision import Decision, from_json, sentence
from sluicegate.policy.explain import explain
from sluicegate.policy.program import Program, load
from sluicegate.policy.reasons import CODES
from sluicegate.terms import Gate, Ori

_NOV = utc(2010, 11, 15)
_SHIPPED = load(shipped())
_SOUND = decide(_SHIPPED, booking(ARLINGTON, _NOV), Gate.SHARE)


@settings(deadline=None)
@given(
    st.sampled_from([ARLINGTON, COOK, DISTRICT, HARRIS, NOBODY]),
    st.sampled_from([HARRIS, NOBODY]),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.sampled_from(list(Gate)),
    st.sampled_from([_SHIPPED, None]),
)
def test_a_decision_survives_its_json(cri: Ori, ori: Ori, at: object, gate: Gate, program: Program) -> None:
    """A decision read back from a ledger entry is the decision that was written, to the last bit."""
    decision = decide(program, booking(cri, at, ori=ori), gate)  # type: ignore[arg-type]
    text = json.dumps(decision.to_json(), sort_keys=True)
    again = from_json(json.loads(text))
    assert again == decision
    assert json.dumps(again.to_json(), sort_keys=True) == text


def test_the_same_question_has_the_same_answer_bit_for_bit() -> None:
    """Two installations that load the same rows write the same decision."""
    other = decide(load(shipped()), booking(ARLINGTON, _NOV), Gate.SHARE)
    assert json.dumps(other.to_json()) == json.dumps(_SOUND.to_json())


@pytest.mark.parametrize(
    "wrong",
    [
        {"gate": "G5"},
        {"outcome": "ajar"},
        {"outcome": None},
        {"mode": 7},
        {"reasons": []},
        {"reasons": "POL-OPEN"},
        {"reasons": [{"code": "POL-NEW", "text": "x"}]},
        {"reasons": [{"code": "POL-OPEN"}]},
        {"reasons": [{"code": ["POL-OPEN"], "text": "x"}]},
        {"reasons": [{"code": "POL-OPEN", "text": 1}]},
        {"substituted": "no"},
        {"root": None},
        {"more": "x"},
    ],
)
def test_json_that_is_no_decision_is_refused(wrong: dict[str, object]) -> None:
    """A decision with a part that is missing, unknown or of another type is not read."""
    with pytest.raises(ProgramError):
        from_json({**_SOUND.to_json(), **wrong})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", sorted(_SOUND.to_json()))
def test_json_that_lacks_a_part_is_refused(name: str) -> None:
    """No part of a decision can be left out."""
    with pytest.raises(ProgramError):
        from_json({key: value for key, value in _SOUND.to_json().items() if key != name})


def test_the_receipt_of_a_response_opt_out_says_that_prints_were_sent(scenario: Program) -> None:
    """Opting out of the answer is described as what it is: the prints go all the same."""
    decisions = decide_all(scenario, booking(ARLINGTON, _NOV))
    assert sentence(decisions[Gate.SHARE]).startswith("Your prints were sent to the partner: opting out")
    assert sentence(decisions[Gate.RELAY]).startswith("No answer from the partner is sent to you: ")


def test_a_filtered_booking_says_that_prints_were_not_sent(program: Program) -> None:
    """A closed first gate is said in the first six words."""
    said = sentence(decide(program, booking(DISTRICT, _NOV), Gate.SHARE))
    assert said.startswith("Your prints were not sent to the partner: ")


def test_every_gate_and_outcome_has_a_sentence() -> None:
    """No decision is without plain words."""
    sentences = {
        sentence(decide(program, booking(cri, _NOV), gate))
        for program in (_SHIPPED, None)
        for cri in (HARRIS, DISTRICT, NOBODY)
        for gate in Gate
    }
    assert len(sentences) >= 10
    assert not any(one.startswith("Nothing was shared") for one in sentences)


def test_the_explanation_names_rule_issuer_basis_and_both_modes(program: Program) -> None:
    """The explanation shows claim and effect together, who issued the rule, and on what basis."""
    lines = explain(decide_all(program, booking(ARLINGTON, _NOV)).values())
    assert "Asked for: JURISDICTION_FILTER since 2010-09-28. In force: FULL." in lines
    assert "Legal basis: none on record." in lines
    assert any(one.startswith("Rule: R007 (version ") and "issued by ICE" in one for one in lines)
    assert any(one.startswith("POL-LOST: C008 ") and "nothing on record brings it" in one for one in lines)
    assert any(one.startswith("POL-REFUSED: ") for one in lines)
    assert any(one.startswith("POL-UNVERIFIED: R007 ") for one in lines)
    assert len(lines) == len(set(lines))


def test_the_explanation_of_doubt_says_so() -> None:
    """Where no rule could be applied the explanation does not invent one."""
    lines = explain(decide_all(None, booking(ARLINGTON, _NOV)).values())
    assert "No rule could be applied: doubt closes every gate." in lines
    assert "Program: none could be read. Received: at an unknown moment." in lines
    substituted = explain([decide(_SHIPPED, booking(NOBODY, _NOV, ori=HARRIS), Gate.SHARE)])
    assert any("The header's ORI stands in Harris County." in one for one in substituted)


def test_no_received_text_gets_into_a_decision(program: Program) -> None:
    """Agency codes and charges that were received are judged and never repeated."""
    facts = booking(Ori("<script>"), _NOV, "<script>", ori=Ori("<script>"))
    assert "script" not in json.dumps([one.to_json() for one in decide_all(program, facts).values()])


def test_every_reason_code_in_use_is_in_the_table(program: Program, scenario: Program) -> None:
    """Each code in any ruling of the shipped program has its line in the table of codes."""
    used = {
        reason.code
        for one in (program, scenario)
        for line in one.timelines.values()
        for ruling in line.rulings
        for reason in ruling.reasons
    }
    assert used <= set(CODES)
    source = Path(module.__file__).read_text(encoding="utf-8")
    assert {"POL-BROKEN", "POL-NO-PROGRAM", "POL-SUBSTITUTED"} <= {code for code in CODES if code in source}


def test_a_lookup_decision_survives_its_json(program: Program) -> None:
    """Also a decision of then and now can be written to a ledger and read back."""
    at_booking: Decision = decide(program, booking(HARRIS, _NOV), Gate.LOOKUP)
    later = decide_lookup(at_booking, program, booking(HARRIS, _NOV), utc(2011, 1, 1))
    assert from_json(later.to_json()) == later
