# SPDX-License-Identifier: Apache-2.0
"""Look-ups that depend on who asks and for what: the most specific row, doubt, and the intermediary."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import ARLINGTON, HARRIS, booking, rule, shipped, table, utc, with_rules

from sluicegate.errors import ProgramError
from sluicegate.policy.decide import Facts, decide, decide_all, decide_lookup
from sluicegate.policy.decision import Decision, from_json, sentence
from sluicegate.policy.program import Program, overlay
from sluicegate.terms import Gate, Ori

_NOV, _LATER = utc(2010, 11, 15), utc(2011, 6, 1)
POLICE, FEDERAL, NEW = Ori("TXPOLICE0"), Ori("DCFEDERAL"), Ori("TXNEWONE0")
_COMMON = {"source": "SRC-GK", "confidence": "X"}
_MODE = "ASK_FIRST"


def _row(sort: str, purpose: str, answer: str, mode: str = _MODE) -> dict[str, str]:
    said = f"{sort} for {purpose}: {answer}"
    return {"mode": mode, "class": sort, "purpose": purpose, "answer": answer, "sentence": said, **_COMMON}


_ROWS = (
    _row("police", "*", "open"),
    _row("police", "civil enforcement", "closed"),
    _row("federal", "*", "closed"),
    _row("federal", "criminal case", "open"),
    _row("*", "missing person", "open"),
    _row("federal", "missing person", "closed"),
)
_REQUESTERS = (
    {"ori": POLICE, "class": "police", **_COMMON},
    {"ori": FEDERAL, "class": "federal", **_COMMON},
    {"ori": NEW, "class": "police", "from": "2011-01-01", **_COMMON},
)


def _files(*rows: dict[str, str], requesters: tuple[dict[str, str], ...] = _REQUESTERS) -> dict[str, bytes]:
    modes = [
        {"mode": _MODE, "gate": gate, "effect": effect, "sentence": "as it says", **_COMMON}
        for gate, effect in (("G1", "closed"), ("G2", "nothing"), ("G3", "by_request"))
    ]
    return {
        "modes.csv": table("modes.csv", *modes),
        "requesters.csv": table("requesters.csv", *requesters),
        "requests.csv": table("requests.csv", *rows),
        **with_rules(rule(mode_in_force=_MODE)),
    }


_PROGRAM = overlay(shipped(), _files(*_ROWS))


def _ask(who: Ori, purpose: str, *via: Ori, at: datetime = _NOV) -> Facts:
    return replace(booking(ARLINGTON, at), requester=who, purpose=purpose, via=via)


def _code(facts: Facts, program: Program = _PROGRAM) -> tuple[bool, str]:
    found = decide(program, facts, Gate.LOOKUP)
    return found.open, found.reasons[0].code


@pytest.mark.parametrize(
    ("who", "purpose", "code"),
    [
        (POLICE, "traffic stop", "POL-REQUEST-OPEN"),
        (POLICE, "  Civil   ENFORCEMENT", "POL-REQUEST-CLOSED"),
        (FEDERAL, "traffic stop", "POL-REQUEST-CLOSED"),
        (FEDERAL, "criminal case", "POL-REQUEST-OPEN"),
        (FEDERAL, "missing person", "POL-REQUEST-CLOSED"),
        (POLICE, "missing person", "POL-REQUEST-OPEN"),
        (POLICE, "", "POL-PURPOSE-NONE"),
        (POLICE, "  ", "POL-PURPOSE-NONE"),
        (POLICE, "*", "POL-REQUEST-NOT-LISTED"),
        (Ori("ZZ9999999"), "missing person", "POL-REQUESTER-UNKNOWN"),
        (Ori(""), "missing person", "POL-REQUESTER-NONE"),
        (NEW, "traffic stop", "POL-REQUESTER-UNKNOWN"),
        (Ori(""), "", "POL-REQUEST-NONE"),
    ],
)
def test_the_most_specific_row_answers_and_doubt_closes(who: Ori, purpose: str, code: str) -> None:
    """Requester and purpose decide by the closest row; unknown, unstated and unlisted requests are closed."""
    assert _code(_ask(who, purpose)) == (code == "POL-REQUEST-OPEN", code)


def test_among_equally_specific_rows_a_closed_one_wins() -> None:
    """A row for the class and a row for the purpose say different things: closed."""
    rows = (_row("police", "*", "open"), _row("*", "debt", "closed"))
    program = overlay(shipped(), _files(*rows))
    assert _code(_ask(POLICE, "debt"), program) == (False, "POL-REQUEST-CLOSED")
    assert _code(_ask(POLICE, "theft"), program) == (True, "POL-REQUEST-OPEN")


def test_a_purpose_that_no_row_names_is_closed() -> None:
    """Where no row says any purpose, a purpose that nobody listed is closed."""
    program = overlay(shipped(), _files(_row("police", "criminal case", "open")))
    assert _code(_ask(POLICE, "curiosity"), program) == (False, "POL-REQUEST-NOT-LISTED")


@pytest.mark.parametrize("via", [(), (FEDERAL,), (POLICE,), (POLICE, FEDERAL), (Ori("ZZ9999999"),)])
@pytest.mark.parametrize("who", [POLICE, FEDERAL, Ori("ZZ9999999")])
def test_the_intermediary_changes_nothing(who: Ori, via: tuple[Ori, ...]) -> None:
    """Whoever passes a request on, the answer is that for the agency that asked first."""
    straight = decide(_PROGRAM, _ask(who, "civil enforcement"), Gate.LOOKUP)
    assert decide(_PROGRAM, _ask(who, "civil enforcement", *via), Gate.LOOKUP) == straight


def test_an_intermediary_that_names_nobody_is_no_requester() -> None:
    """A request passed on by the police for nobody in particular is closed."""
    assert _code(_ask(Ori(""), "traffic stop", POLICE)) == (False, "POL-REQUESTER-NONE")


def test_a_requester_counts_from_its_own_day() -> None:
    """An agency put on the list of requesters in 2011 is unknown before and known after."""
    assert _code(_ask(NEW, "traffic stop", at=_LATER)) == (True, "POL-REQUEST-OPEN")


def test_the_request_matters_to_no_other_gate_and_no_other_mode() -> None:
    """Naming a requester changes neither the copy, nor the answer, nor a mode that decides by itself."""
    for cri in (ARLINGTON, HARRIS):
        plain_ones = decide_all(_PROGRAM, booking(cri, _NOV))
        asked = decide_all(_PROGRAM, replace(booking(cri, _NOV), requester=POLICE, purpose="traffic stop"))
        for gate in Gate:
            if cri == HARRIS or gate is not Gate.LOOKUP:
                assert asked[gate] == plain_ones[gate]


def test_a_booking_that_nobody_asked_for_says_what_it_depends_on() -> None:
    """The receipt of such a booking claims neither that it can be found nor that it never will be."""
    found = decide(_PROGRAM, booking(ARLINGTON, _NOV), Gate.LOOKUP)
    assert not found.open
    assert sentence(found).startswith(
        "Whoever wants to look this booking up must say who asks and for what: "
    )


def _looked_up(facts: Facts, now: Program, then: Program | None, at: datetime = _LATER) -> Decision:
    at_booking = decide(_PROGRAM, booking(ARLINGTON, _NOV), Gate.LOOKUP)
    return decide_lookup(at_booking, now, facts, at, program_then=then)


def test_a_later_request_is_judged_by_then_and_by_now() -> None:
    """A look-up of a booking taken under such a mode opens only if the rules of both days open it."""
    stricter = overlay(shipped(), _files(_row("*", "*", "closed")))
    assert _looked_up(_ask(POLICE, "traffic stop"), _PROGRAM, _PROGRAM).reasons[-1].code == "POL-OPEN-BOTH"
    assert _looked_up(_ask(POLICE, "traffic stop"), stricter, _PROGRAM).reasons[-1].code == "POL-TIGHTENED"
    closed = _looked_up(_ask(POLICE, "civil enforcement"), _PROGRAM, _PROGRAM)
    assert (closed.open, closed.reasons[-1].code) == (False, "POL-BOOKING-CLOSED")


def test_a_later_loosening_never_opens_a_request() -> None:
    """A row that opens today does not open a booking that the rows of its own day kept closed."""
    looser = overlay(shipped(), _files(_row("*", "*", "open")))
    assert _code(_ask(FEDERAL, "traffic stop", at=_LATER), looser) == (True, "POL-REQUEST-OPEN")
    assert not _looked_up(_ask(FEDERAL, "traffic stop"), looser, _PROGRAM).open


@pytest.mark.parametrize("then", ["none", "another", "known"])
def test_without_the_program_of_that_day_a_request_stays_closed(then: str) -> None:
    """If the rules of the booking's day are not at hand, or are other ones, nobody finds it."""
    looser = overlay(shipped(), _files(_row("*", "*", "open")))
    program = {"none": None, "another": looser, "known": _PROGRAM.known_at(_LATER.date())}[then]
    assert not _looked_up(_ask(POLICE, "traffic stop"), _PROGRAM, program).open


def test_a_request_never_opens_a_filtered_booking() -> None:
    """A booking closed by a filter stays closed, whoever asks and whatever the rules of today say."""
    filtered = overlay(shipped(), with_rules(rule(mode_in_force="JURISDICTION_FILTER")))
    at_booking = decide(filtered, booking(ARLINGTON, _NOV), Gate.LOOKUP)
    facts = _ask(POLICE, "traffic stop")
    assert not decide_lookup(at_booking, _PROGRAM, facts, _LATER, program_then=filtered).open
    assert not decide_lookup(at_booking, _PROGRAM, facts, _LATER, program_then=_PROGRAM).open


@settings(deadline=None)
@given(
    st.text(max_size=12).map(Ori), st.text(max_size=12), st.lists(st.text(max_size=9).map(Ori), max_size=2)
)
def test_any_request_is_answered_without_repeating_it(who: Ori, purpose: str, via: list[Ori]) -> None:
    """Whatever is written into a request, it is answered, closed if unknown, and none of it is repeated."""
    marked = f"\x00{purpose}\x00"
    found = decide(_PROGRAM, _ask(who, marked, *via), Gate.LOOKUP)
    assert not found.open or who in (POLICE, FEDERAL)
    assert "\x00" not in str(found.to_json())
    assert from_json(found.to_json()) == found


_BAD: list[tuple[str, dict[str, str], str]] = [
    ("requests.csv", _row("police", "x", "maybe"), "is not open or closed"),
    ("requests.csv", _row("pirates", "x", "open"), "class `pirates` is not in this program"),
    ("requests.csv", _row("police", "x", "open", "FULL"), "does not leave G3 to the request"),
    ("requests.csv", _row("police", "*", "closed"), "already have a row"),
    ("requests.csv", {**_row("police", "x", "open"), "purpose": ""}, "purpose is missing"),
    ("requesters.csv", {"ori": POLICE, "class": "federal", **_COMMON}, "two classes at one time"),
    ("requesters.csv", {"ori": "x", "class": "police", **_COMMON}, "nine capital letters"),
]


@pytest.mark.parametrize(("name", "row", "why"), _BAD)
def test_a_broken_row_about_requests_is_refused(name: str, row: dict[str, str], why: str) -> None:
    """A row that contradicts another or names what is not there is one clear error."""
    files = _files(*_ROWS)
    files[name] += table(name, row, header=False)
    with pytest.raises(ProgramError, match=why):
        overlay(shipped(), files)


def test_only_look_ups_can_be_left_to_the_request() -> None:
    """A mode that would leave the copy itself to a request is refused."""
    files = _files(*_ROWS)
    files["modes.csv"] = files["modes.csv"].replace(b"G1,closed", b"G1,by_request")
    with pytest.raises(ProgramError, match="only gate G3"):
        overlay(shipped(), files)


def test_a_mode_that_leaves_look_ups_to_requests_needs_rows() -> None:
    """A mode by request without any row of requests is named, not silently closed for ever."""
    with pytest.raises(ProgramError, match=r"requests\.csv has no row for it"):
        overlay(shipped(), _files())
