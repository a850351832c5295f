# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.ebts import conformance, responses
from sluicegate.ebts.submission import Submission, partial, submission
from sluicegate.errors import UsageError
from sluicegate.itl.model import Defect, Place, Record, Severity, Transaction
from sluicegate.itl.reader import read
from sluicegate.terms import Finding, Ori

Sent = Callable[..., Transaction]
NOW = datetime(2011, 5, 4, 12, 0, tzinfo=UTC)
TCN = "FBI-2011-0000000007"


def conforming(data: bytes) -> Transaction:
    """The answer read back; fails unless neither the reader nor the profile finds anything wrong."""
    reading = read(data)
    assert reading.defects == ()
    assert reading.transaction is not None
    assert conformance.check(reading.transaction, NOW) == ()
    return reading.transaction


def sre(given: Submission, **other: Any) -> bytes:
    """An SRE of no identification, with other arguments where named."""
    usual: dict[str, Any] = {
        "finding": Finding.NON_IDENT,
        "fbi_number": None,
        "tcn": TCN,
        "at": NOW,
        "dai": "",
    }
    return responses.sre(given, **{**usual, **other})


def body(transaction: Transaction) -> Record:
    """The Type-2 record."""
    return next(transaction.of_type(2))


def values(transaction: Transaction) -> dict[int, list[list[str]]]:
    """All fields of the Type-2 record but LEN and IDC."""
    return {f.number: f.texts() for f in body(transaction).fields if f.number > 2}


def test_an_sre_conforms_and_echoes(sent: Sent) -> None:
    """An SRE conforms, turns ORI and DAI round, repeats the TCN and echoes what EBTS says it echoes."""
    answer = conforming(sre(submission(sent()), finding=Finding.IDENT, fbi_number="123456AB7"))
    header = answer.records[0]
    assert [header.text(n) for n in (4, 5, 7, 8, 9, 10, 14)] == [
        "SRE",
        "20110504",
        "NY0303000",
        "WVIAFIS0Z",
        TCN,
        "TEST-2011-000000001",
        "20110504120000Z",
    ]
    assert values(answer) == {
        6: [["SGT MILLER"]],
        7: [["NY0303002"], ["NJ0010000/UNIT4"]],
        9: [["CASE 17"]],
        14: [["123456AB7"]],
        18: [["ROE,RICHARD ALAN"]],
        39: [["MILL, 1 MAIN ST."]],
        40: [["MILLER"]],
        41: [["2 MAIN ST, APT 3"]],
        59: [["I"]],
        73: [["NY0303001"]],
        87: [["Y"]],
    }


def test_a_sloppy_booking_gets_a_clean_answer(sent: Sent) -> None:
    """Habits that are only warnings in a booking do not come back in its answer."""
    transaction = sent(
        (b"ROE,RICHARD ALAN", b"Roe , Richard  Alan"),
        (b"2.006:SGT MILLER", b"2.006:SGT. MILLER"),
        (b"2.041:2 MAIN ST, APT 3", b"2.041:2 MAIN ST\r\nAPT 3"),
    )
    assert conformance.admissible(conformance.check(transaction, NOW))
    answer = conforming(sre(submission(transaction)))
    assert values(answer)[18] == [["ROE,RICHARD ALAN"]]
    assert values(answer)[41] == [["2 MAIN ST APT 3"]]
    assert 6 not in values(answer)


def test_an_unknown_place_code_is_still_answered(sent: Sent) -> None:
    """An admissible booking of an agency whose place code is not in our table gets its SRE all the same."""
    transaction = sent((b"2.073:NY0303001", b"2.073:QQ0303001"))
    answer = read(sre(submission(transaction))).transaction
    assert answer is not None
    assert conformance.admissible(conformance.check(answer, NOW))
    assert values(answer)[73] == [["QQ0303001"]]


def test_a_rap_sheet_is_carried_in_lines(sent: Sent) -> None:
    """A rap sheet comes as lines of 74 characters; a longer line or an empty sheet is refused."""
    answer = conforming(sre(submission(sent()), rap_sheet="FIRST\nSECOND"))
    assert values(answer)[75] == [["FIRST".ljust(74) + "SECOND".ljust(74)]]
    for wrong in ("X" * 75, " ", "BELL\x07"):
        with pytest.raises(UsageError):
            sre(submission(sent()), rap_sheet=wrong)


def test_an_answer_needs_good_arguments(sent: Sent) -> None:
    """An answer with a bad TCN, agency, FBI number or a time without zone is not built."""
    for wrong in (
        {"tcn": "SHORT"},
        {"tcn": "TEN\r\nCHARS"},
        {"dai": "NY\r\n"},
        {"ori": "lowercase"},
        {"fbi_number": "1234567890"},
        {"at": NOW.replace(tzinfo=None)},
    ):
        with pytest.raises(UsageError):
            sre(submission(sent()), **wrong)
    with pytest.raises(UsageError):
        sre(Submission())


def test_an_errt_tells_the_worst_first(sent: Sent) -> None:
    """An ERRT conforms and lists the defects worst first, each behind its code."""
    transaction = sent((b"2.020:NB", b"2.020:QQ"), (b"ROE,RICHARD ALAN", b"ROE, RICHARD"))
    defects = conformance.check(transaction, NOW)
    answer = conforming(responses.errt(partial(transaction), defects, tcn=TCN, at=NOW, dai=""))
    lines = [items[0] for items in values(answer)[60]]
    assert lines[0].startswith("E0002 - 2.020 POB is not a listed code (Type-2 IDC 00 2.020 byte ")
    assert lines[1].startswith("E0002 - warning: 2.018 NAM")
    assert answer.records[0].text(10) == "TEST-2011-000000001"
    assert set(values(answer)) == {6, 7, 9, 60, 73}


def test_what_cannot_be_read_is_answered_too() -> None:
    """Even a file of which nothing could be read gets a conforming ERRT."""
    reading = read(b"\x00\xffgarbage\r\n")
    answer = conforming(
        responses.errt(partial(reading.transaction), reading.defects, tcn=TCN, at=NOW, dai="")
    )
    assert answer.records[0].text(10) == responses.NO_TCN
    assert answer.records[0].text(7) == responses.NO_AGENCY
    assert values(answer)[60][0][0].startswith("E0004 - ")


def test_an_errt_holds_eleven_messages_of_three_hundred() -> None:
    """More defects than MSG can hold are counted in its last line, and a long one is cut."""
    texts = [f"E0001 - {n:03d} " + "x" * 400 for n in range(40)]
    answer = conforming(responses.errt(Submission(), texts, tcn=TCN, at=NOW, dai=""))
    lines = [items[0] for items in values(answer)[60]]
    assert len(lines) == 11
    assert lines[-1] == "E0004 - 30 more defects are not listed"
    assert {len(line) for line in lines[:-1]} == {300}


def test_an_errt_always_says_something() -> None:
    """An ERRT without any defect at hand still carries a code and a message."""
    answer = conforming(responses.errt(Submission(), [], tcn=TCN, at=NOW, dai=""))
    assert values(answer)[60] == [["E0004 - the transaction cannot be processed"]]


def test_structure_defects_take_the_code_of_their_family() -> None:
    """A defect of structure is H0001 in the header and E0004 elsewhere to the sender; notes are not told."""
    defects = [
        Defect("ITL-LEN", Severity.ERROR, Place(0, 1, tag="1.001"), "The length is wrong."),
        Defect("ITL-LEN", Severity.ERROR, Place(9, 4, 1), "The length is wrong."),
        Defect("L0008", Severity.ERROR, Place(), "the prints are too poor"),
        Defect("ITL-X", Severity.NOTE, Place(), "not worth telling"),
    ]
    assert responses.messages(defects) == [
        "H0001 - The length is wrong (Type-1 1.001 byte 0)",
        "E0004 - The length is wrong (Type-4 IDC 01 byte 9)",
        "L0008 - the prints are too poor (file)",
    ]


@pytest.mark.parametrize(
    "hostile", ["a\r\nRCPT TO:<x>", "\x1c\x1d\x1e\x1f", "\x00\x1b[2J", "é\udc80", "E0001 - \n"]
)
def test_no_message_carries_control_characters(hostile: str) -> None:
    """Whatever text reaches an ERRT, its messages are printable ASCII in fields of their own."""
    answer = conforming(responses.errt(Submission(), [hostile], tcn=TCN, at=NOW, dai=""))
    ((line,),) = values(answer)[60]
    assert line.isascii()
    assert line.isprintable()


def idr(given: Submission, lines: list[str]) -> bytes:
    """A second response to the booking agency by way of the state."""
    return responses.second_response(
        given, tcn=TCN, at=NOW, dai="NY0303000", recipient=Ori("NY0303002"), lines=lines
    )


def test_a_second_response_says_what_it_is_not(sent: Sent) -> None:
    """A second response conforms, goes to one recipient, and ends by saying that it is no warrant,
    no probable cause and no detainer."""
    answer = conforming(idr(submission(sent()), ["A record of the partner matched."]))
    assert set(values(answer)) == {6, 9, 60, 73}
    assert values(answer)[73] == [["NY0303002"]]
    lines = [items[0] for items in values(answer)[60]]
    assert lines == ["A record of the partner matched.", *responses.is_not().values()]
    assert list(responses.is_not()) == ["not_a_warrant", "not_probable_cause", "not_a_detainer"]


def test_a_second_response_names_nobody(sent: Sent) -> None:
    """A second response carries neither the name nor the birth date of the person."""
    data = idr(submission(sent()), ["No record of the partner matched."])
    assert b"ROE" not in data
    assert b"1980" not in data


def test_a_second_response_has_room_for_eight_lines(sent: Sent) -> None:
    """A second response without a line of its own, or with more than fit, is not built."""
    conforming(idr(submission(sent()), [f"line {n}" for n in range(8)]))
    for wrong in ([], [" "], [f"line {n}" for n in range(9)], ["word " * 600]):
        with pytest.raises(UsageError):
            idr(submission(sent()), wrong)


@given(
    texts=st.lists(st.text(max_size=40), max_size=14),
    junk=st.text(max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_errt_never_fails_for_what_was_sent(texts: list[str], junk: str) -> None:
    """No text, and nothing in a submission, keeps its sender from a conforming ERRT."""
    odd = replace(Submission(), tcn="SEVEN-1", atn=junk, oca=junk, sco=(junk,), cri=(junk,), sid=junk)
    reading = read(responses.errt(odd, texts, tcn=TCN, at=NOW, dai=""))
    assert reading.defects == ()
    assert reading.transaction is not None
    assert conformance.admissible(conformance.check(reading.transaction, NOW))


@pytest.mark.shared
@pytest.mark.slow
def test_every_bad_file_is_answered(shared_data: Path, now: datetime) -> None:
    """Each malformed or hostile file that nobody here made gets an ERRT that reads without defect."""
    files = [p for folder in ("an2-invalid", "an2-mutants") for p in sorted((shared_data / folder).iterdir())]
    assert len(files) > 100
    for path in files:
        reading = read(path.read_bytes())
        defects = [*reading.defects]
        if reading.transaction is not None:
            defects += conformance.check_booking(reading.transaction, now)
        data = responses.errt(partial(reading.transaction), defects, tcn=TCN, at=now, dai="")
        again = read(data)
        assert again.defects == (), path.name
        assert again.transaction is not None
        assert conformance.admissible(conformance.check(again.transaction, now)), path.name
