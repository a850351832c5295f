# SPDX-License-Identifier: Apache-2.0
"""Which program may follow which, and the statement that is signed for it: the pure part of the registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import rule, shipped, table

from sluicegate.errors import ProgramError
from sluicegate.policy import proposal
from sluicegate.policy.program import Program, load, overlay
from sluicegate.policy.proposal import LinkKind, Paper, Statement, add_signature, compose, merged, parse, told
from sluicegate.policy.succession import breaches, late, lost, today

_SHIPPED = load(shipped())
_AT = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)  # the evening of March 1 in San Francisco, March 2 in Guam
_PUBLIC = "2026-03-02"


def _rows(**cells: str) -> dict[str, bytes]:
    return {"choices.csv": table("choices.csv", rule(**{"confidence": "S", "public_from": _PUBLIC, **cells}))}


def _why(added: dict[str, bytes], *, drill: bool = False, at: datetime = _AT) -> list[str]:
    after = overlay(shipped(), added)
    return [one.text for one in breaches(_SHIPPED, after, added, at, drill=drill)]


def test_a_row_that_is_public_from_today_may_follow() -> None:
    """A row that says it is public from the day of registering is added without objection."""
    assert _why(_rows()) == []


@pytest.mark.parametrize("public", ["", "2010-11-08", "2026-02-28"])
def test_nothing_is_public_before_it_is_registered(public: str) -> None:
    """A row with a public day in the past, or with none, may not be added."""
    assert [why for why in _why(_rows(public_from=public)) if why.startswith("public_from")]


@pytest.mark.parametrize(
    ("place", "day", "fits"),
    [
        ("US-CA-075", "2026-03-01", True),  # still March 1 there
        ("US-CA-075", "2026-02-28", False),
        ("US-VA-013", "2026-03-01", False),  # half past midnight there
        ("US-VA-013", "2026-03-02", True),
    ],
)
def test_the_day_of_registering_is_the_local_day_of_the_jurisdiction(
    place: str, day: str, fits: bool
) -> None:
    """At one moment it is another day in another place, and each row is held to its own."""
    assert (_why(_rows(jurisdiction=place, public_from=day)) == []) is fits


def test_a_wording_is_held_to_the_day_of_the_root_jurisdiction() -> None:
    """A version of the language has no place of its own, so the nation's day counts."""
    assert today(_SHIPPED, "", _AT) == today(_SHIPPED, "US", _AT)


def test_a_row_may_come_late_and_is_told_as_late() -> None:
    """A row valid since 2010 and registered in 2026 may be added; how late it is stands beside it."""
    added = _rows(valid_from="2010-11-08")
    assert _why(added) == []
    (said,) = late(overlay(shipped(), added), added, _AT)
    assert "2010-11-08" in said.text
    assert late(_SHIPPED, _rows(valid_from="2026-03-05"), _AT) == ()


def test_a_scenario_is_added_in_a_drill_only() -> None:
    """A row that is no history may be added only where a scenario is played."""
    added = _rows(confidence="X")
    assert any("drill" in why for why in _why(added))
    assert _why(added, drill=True) == []


def test_a_change_adds_something() -> None:
    """Headers alone are no change."""
    added = {"choices.csv": table("choices.csv")}
    assert _why(added) == ["a change adds at least one row"]


def test_a_document_comes_only_with_its_row() -> None:
    """A paper added to an old row would count as known since that row was: it may not."""
    cells = {"id": "D9", "rule": "C003", "title": "t", "date": "2010-05-18", "sha256": "0" * 64}
    paper = {"documents.csv": table("documents.csv", {**cells, "source": "SRC-PRESS"})}
    assert any("row of its own" in why for why in _why(paper))
    own = {"documents.csv": table("documents.csv", {**cells, "rule": "T1", "source": "SRC-PRESS"})}
    assert _why({**own, **_rows()}) == []


def _without(program: Program, field: str, key: str) -> Program:
    kept = {name: one for name, one in getattr(program, field).items() if name != key}
    return replace(program, **{field: kept})


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("rules", "R001"),
        ("wording", "V04"),
        ("modes", "FULL"),
        ("jurisdictions", "US-CA-075"),
        ("sources", "SRC-GK"),
        ("charges", "ROBBERY"),
    ],
)
def test_whatever_was_on_record_stays(field: str, key: str) -> None:
    """A program that lacks one row of the one before it may not follow it, and the row is named."""
    assert list(lost(_SHIPPED, _SHIPPED)) == []
    assert list(lost(_SHIPPED, _without(_SHIPPED, field, key))) == [f"{field}: {key} was changed or removed"]


def test_rows_in_lists_and_the_settings_stay_too() -> None:
    """An agency, a claim or a setting that is missing or altered is found as well."""
    fewer = replace(_SHIPPED, agencies=_SHIPPED.agencies[1:], claims=_SHIPPED.claims[1:])
    assert len(list(lost(_SHIPPED, fewer))) == 2
    other = replace(_SHIPPED, settings=replace(_SHIPPED.settings, title="Another"))
    assert list(lost(_SHIPPED, other)) == ["program.toml was changed"]
    altered = replace(_SHIPPED.rules["R004"], version="0" * 16)
    moved = replace(_SHIPPED, rules={**_SHIPPED.rules, "R004": altered})
    assert list(lost(_SHIPPED, moved)) == ["rules: R004 was changed or removed"]


# -- the statement ---------------------------------------------------------------------------------------

_HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
_PLAIN = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30)
_WORD = st.from_regex(r"[a-z]{1,12}", fullmatch=True)


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    rows = draw(
        st.sampled_from([{}, _rows(), {**_rows(), "sources.csv": b"id,locator,kind\nSRC-Z,z,none\n"}])
    )
    said = Statement(
        number=draw(st.integers(0, 10**8)),
        kind=draw(st.sampled_from(LinkKind)),
        previous=draw(st.sampled_from(["", "ab" * 32])),
        program=draw(_WORD),
        scenario=draw(st.sampled_from(["", "drill"])),
        at="2010-11-15T15:00:00.000001Z",
        by=draw(_WORD),
        before=draw(st.sampled_from(["", "cd" * 32])),
        after=draw(_HEX),
        effect=draw(st.sampled_from(["", "ef" * 32])),
        why=draw(_PLAIN),
        rows=told(rows),
        documents=tuple(Paper(d, t) for d, t in draw(st.lists(st.tuples(_HEX, _PLAIN), max_size=3))),
        files=draw(st.dictionaries(_WORD, _HEX, max_size=3)),
        key=draw(st.sampled_from(["", "a+00000000+AA="])),
    )
    return compose(f"{proposal.text(said)}\n\u2014 someone AAAA\n", rows)


@given(_files())
@settings(max_examples=60, deadline=None)
def test_a_link_reads_back_as_it_was_composed(data: bytes) -> None:
    """What is composed is parsed to the same statement and rows, and composes to the same bytes."""
    file = parse(data)
    assert compose(file.note, file.rows) == data
    assert proposal.read(proposal.text(file.statement)) == file.statement
    assert parse(add_signature(data, "\u2014 other BBBB")).statement == file.statement


@given(st.binary(max_size=400) | _files().map(lambda data: data[:-9]))
@settings(max_examples=60, deadline=None)
def test_garbage_is_refused_in_one_way(data: bytes) -> None:
    """Whatever bytes lie in a file of the chain, they are a link or end in the one kind of error."""
    try:
        parse(data)
    except ProgramError:
        return
    assert compose(parse(data).note, parse(data).rows) == data


@given(_files(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_row_is_not_what_was_signed(data: bytes, choose: st.DataObject) -> None:
    """A change of any byte of the rows is refused, wherever it is."""
    start = data.find(b"\n-- rows of ")
    if start < 0:
        return
    place = choose.draw(st.integers(start + 1, len(data) - 1))
    spoiled = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    with pytest.raises(ProgramError):
        parse(spoiled)


@pytest.mark.parametrize(
    "change",
    [{"why": "two\nlines"}, {"why": "edge "}, {"why": "x" * 1001}, {"by": "two words"}, {"after": "zz"}],
)
def test_a_statement_is_plain_lines(change: dict[str, str]) -> None:
    """Text that would make another statement, or none, cannot be signed."""
    said = Statement(
        0, LinkKind.GENESIS, "", "p", "", "2010-11-15T15:00:00.000001Z", "x", "", "ab" * 32, "", "w"
    )
    assert proposal.text(said)
    with pytest.raises(ProgramError):
        proposal.text(replace(said, **change))  # type: ignore[arg-type]


def test_tables_are_added_below_one_header() -> None:
    """Rows of several sets stand below one another, and another header or table is refused."""
    head = table("sources.csv").decode().strip()
    parts = [{"sources.csv": f"{head}\nA,a,k".encode()}, {"sources.csv": f"{head}\nB,b,k\n".encode()}]
    assert merged(parts)["sources.csv"] == f"{head}\nA,a,k\nB,b,k\n".encode()
    for bad in ({"sources.csv": b"id,kind\nA,k\n"}, {"program.toml": b"x"}, {"other.csv": b"a\n"}):
        with pytest.raises(ProgramError):
            merged([bad])
