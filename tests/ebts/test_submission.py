# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as dataclass_fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.ebts.submission import Submission, partial, submission
from sluicegate.errors import UsageError
from sluicegate.itl.model import Transaction
from sluicegate.itl.reader import read

Sent = Callable[..., Transaction]


def test_every_item_comes_through(sent: Sent) -> None:
    """A submission holds what its booking said, item by item."""
    s = submission(sent())
    assert (s.tot, s.tcn, s.ori, s.dai, s.dat) == (
        "CAR",
        "TEST-2011-000000001",
        "NY0303000",
        "WVIAFIS0Z",
        "20110504",
    )
    assert (s.ret, s.atn, s.sco, s.oca) == (True, "SGT MILLER", ("NY0303002", "NJ0010000/UNIT4"), "CASE 17")
    assert (s.nam, s.dob, s.sex, s.rac, s.pob) == ("ROE,RICHARD ALAN", ("19800229",), "M", "U", "NB")
    assert (s.doa, s.charges) == ("20110503", (("20110502", "TRESPASS"), ("", "DISORDERLY CONDUCT")))
    assert (s.cri, s.taa, s.amp, s.version) == (("NY0303001",), True, (), (9, 1))
    assert (s.ead, s.ocp, s.res) == ("MILL, 1 MAIN ST.", "MILLER", "2 MAIN ST, APT 3")
    assert [image.fgp for image in s.images] == [(n,) for n in range(1, 11)]


def test_a_submission_never_prints_a_person(sent: Sent) -> None:
    """Printing a submission shows nothing about the person and no number of the case."""
    shown = repr(submission(sent()))
    assert shown == "Submission(tot='CAR', charges=2, images=10)"
    assert str(submission(sent())) == shown


@pytest.mark.parametrize(
    ("old", "new", "name", "value"),
    [
        (b"2.007:NY0303002", b"2.007:bad", "sco", ("NJ0010000/UNIT4",)),
        (b"2.006:SGT MILLER", b"2.006:SGT\nMILLER", "atn", ""),
        (b"2.073:NY0303001", b"2.073:nope\x1eNJ0303001", "cri", ()),
        (b"2.073:NY0303001", b"2.073:NY0303001\x1eB2", "cri", ("NY0303001", "B2")),
        (b"2.018:ROE,RICHARD ALAN", b"2.018:Roe, Richard", "nam", "Roe, Richard"),
        (b"2.018:ROE,RICHARD ALAN", b"2.018:R0E,RICHARD", "nam", ""),
        (
            b"2.047:20110502\x1fTRESPASS",
            b"2.047:TRESPASS",
            "charges",
            (("", "TRESPASS"), ("", "DISORDERLY CONDUCT")),
        ),
        (b"1.008:NY0303000", b"1.008:NY\r\n", "ori", ""),
        (b"1.009:TEST-2011-000000001", b"1.009:FAKE-TCN", "tcn", "FAKE-TCN"),
        (b"1.009:TEST-2011-000000001", b"1.009:FAKE\r\nTCN", "tcn", ""),
        (b"1.004:CAR", b"1.004:C\x00", "tot", ""),
        (b"2.005:Y", b"2.005:N", "ret", False),
        (b"2.087:Y", b"2.084:01\x1fXX\x1e02\x1fQQ", "amp", ((1, "XX"),)),
    ],
)
def test_unusable_values_are_left_out(sent: Sent, old: bytes, new: bytes, name: str, value: object) -> None:
    """A value that does not keep to the standard is left out; a soft departure is kept as it was sent."""
    assert getattr(partial(sent((old, new))), name) == value


def test_without_a_controlling_agency_there_is_no_submission(sent: Sent) -> None:
    """What has no controlling agency is no submission, though it can be read in part."""
    transaction = sent((b"2.073:NY0303001", b"2.073:NY03"))
    with pytest.raises(UsageError):
        submission(transaction)
    assert partial(transaction).nam == "ROE,RICHARD ALAN"


def test_nothing_gives_an_empty_submission() -> None:
    """A file of which nothing could be read still gives a submission to answer, empty in all its items."""
    empty = Submission()
    for transaction in (None, Transaction(())):
        assert partial(transaction) == empty
    assert not any(getattr(empty, f.name) for f in dataclass_fields(empty) if f.name != "version")


@given(data=st.binary(max_size=200), at=st.integers(0, 900))
@settings(max_examples=150, deadline=None)
def test_partial_never_fails(plain: bytes, data: bytes, at: int) -> None:
    """Whatever was received, a partial submission can be had."""
    for one in (data, plain[:at] + data + plain[at + len(data) :]):
        assert isinstance(partial(read(one).transaction), Submission)
