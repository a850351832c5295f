# SPDX-License-Identifier: Apache-2.0
"""What if: counts are those of deciding every booking; a change moves what it changes and nothing else."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import ARLINGTON, COOK, NOBODY, SAN_FRANCISCO, booking, rule, shipped, utc, with_rules

from sluicegate.errors import ProgramError, UsageError
from sluicegate.policy.decide import Facts, decide
from sluicegate.policy.load import Load, national
from sluicegate.policy.program import Program, load, overlay
from sluicegate.policy.published import Published, parse
from sluicegate.policy.simulate import (
    GATES,
    LISTED,
    NO_CHARGE,
    NOT_LISTED,
    UNKNOWN_CHARGE,
    Batch,
    Count,
    Part,
    fitting,
    kinds,
    of_class,
    simulate,
)
from sluicegate.terms import Gate, Ori
from sluicegate.testing.nation import nation

FILTER = {"kind": "override", "mode_in_force": "JURISDICTION_FILTER", "jurisdiction": "US-CA-075"}
BY_CHARGE = {"kind": "override", "mode_in_force": "OFFENCE_LEVEL_FILTER", "jurisdiction": "US-CA-075"}
FILES = shipped()
FIGURES = resources.files("sluicegate").joinpath("cli", "data", "national_load.toml").read_bytes()
TOLD = parse(FIGURES)
FIRST = TOLD.first
YEAR = (date(2010, 1, 1), date(2010, 12, 31))


@pytest.fixture(scope="module")
def small() -> dict[str, bytes]:
    """The files of a drawn nation of 120 jurisdictions and 300 agencies."""
    return nation(seed=5, jurisdictions=120, agencies=300)


def flat(made: Load, base: Program, other: Program) -> Iterator[Batch]:
    """All batches of a load."""
    return (batch for batches in made.batches(base, other) for batch in batches)


def with_filter(files: dict[str, bytes], place: str) -> Program:
    """The drawn nation with one county's filter on top, from the first day of June 2010."""
    row = rule(**{**FILTER, "jurisdiction": place, "valid_from": "2010-06-01", "source": "SRC-SYNTHETIC"})
    return overlay(files, with_rules(row))


@pytest.mark.slow
def test_the_same_rules_differ_nowhere(small: dict[str, bytes]) -> None:
    """Under the same rules, loaded twice, no booking of a synthetic year is answered otherwise."""
    base, again = load(small), load(small)
    known = kinds((base, again))
    found = simulate(base, again, known, flat(national(base, known, *YEAR, published=TOLD), base, again))
    assert found.bookings > 3_000_000
    assert found.total()[Gate.SHARE].base_open > 0
    assert found.changed == ()
    assert all((one.moved, one.base_open) == (0, one.other_open) for one in found.cells.values())


@pytest.mark.slow
def test_a_filter_for_one_county_changes_exactly_that_county(small: dict[str, bytes]) -> None:
    """A county that filters from June loses what was open from June on, and no other count moves at all."""
    base = load(small)
    open_all_year = (
        place
        for place, line in base.timelines.items()
        if len(line.starts) == 2
        and line.rulings[1].mode == "FULL"
        and line.rulings[1].begins < utc(2010, 1, 1)
    )
    place = next(open_all_year)
    under = with_filter(small, place)
    known = kinds((base, under))
    made = national(base, known, *YEAR, published=TOLD)
    before = simulate(base, base, known, flat(made, base, base)).cells
    found = simulate(base, under, known, flat(made, base, under))
    assert found.changed == (place,)
    for key, one in found.cells.items():
        assert (one.bookings, one.base_open) == (before[key].bookings, before[key].base_open)
        late = key[0] == place and key[1] >= "2010-06"
        assert one.shut == (one.base_open if late else 0)
        assert (one.opened, one.unsure, one.other_open) == (0, 0, one.base_open - one.shut)
    assert sum(one.shut for one in found.cells.values()) > 0


CHARGES = ((), ("ROBBERY",), ("THEFT",), ("SINGING",), ("THEFT", "ROBBERY"), ("SINGING", "ROBBERY"))
bookings = st.lists(
    st.tuples(
        st.sampled_from([ARLINGTON, COOK, SAN_FRANCISCO, NOBODY]),
        st.integers(0, 365 * 24 * 60),
        st.sampled_from(CHARGES),
    ),
    max_size=30,
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(drawn=bookings)
def test_counts_are_those_of_deciding_every_booking(
    program: Program, drawn: list[tuple[Ori, int, tuple[str, ...]]]
) -> None:
    """Weighted batches give for each gate the number that deciding booking by booking gives."""
    under = overlay(FILES, with_rules(rule(**BY_CHARGE, valid_from="2010-08-01")))
    known = kinds((program, under))
    begin = utc(2010, 1, 1, 0)
    facts = [booking(ori, begin + timedelta(minutes=minutes), *charges) for ori, minutes, charges in drawn]
    weighed = Counter((one.cri, _quarter(one.received), _word(one, program)) for one in facts)
    batches = [
        Batch(cri, NOBODY, at, (Part(of_class(known, word), n),)) for (cri, at, word), n in weighed.items()
    ]
    found = simulate(program, under, known, batches).total()
    for gate in GATES:
        pairs = Counter((decide(program, one, gate).open, decide(under, one, gate).open) for one in facts)
        one = found[gate]
        assert (one.bookings, one.base_unknown, one.other_unknown, one.unsure) == (len(facts), 0, 0, 0)
        assert (one.opened, one.shut) == (pairs[False, True], pairs[True, False])
        assert one.base_open == pairs[True, False] + pairs[True, True]
        assert one.other_open == pairs[False, True] + pairs[True, True]


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15)


def _word(one: Facts, program: Program) -> str:
    """The class of a booking's charges, worked out from the list alone."""
    shared = [program.charges.get(charge) for charge in one.charges]
    if not shared:
        return NO_CHARGE
    return UNKNOWN_CHARGE if None in shared else LISTED if True in shared else NOT_LISTED


def test_what_charges_would_decide_is_not_guessed(program: Program) -> None:
    """A booking whose charges are not on record is not known under a filter by charge, and may differ."""
    under = overlay(FILES, with_rules(rule(**BY_CHARGE, valid_from="2010-08-01")))
    known = kinds((program, under))
    every = (1 << len(known)) - 1
    batch = Batch(SAN_FRANCISCO, NOBODY, utc(2010, 9, 1), (Part(every, 7),), (True, True, True, False))
    found = simulate(program, under, known, [batch])
    share = found.total()[Gate.SHARE]
    assert (share.base_open, share.other_unknown, share.unsure, share.closed(other=True)) == (7, 7, 7, 0)
    assert (share.did_open, share.strayed, found.by_charge, found.recorded) == (7, 0, 7, True)
    again = simulate(under, under, known, [batch]).total()[Gate.SHARE]
    assert (again.base_unknown, again.moved) == (7, 0)


def test_a_recorded_decision_tells_what_charges_it_can_have_been(program: Program) -> None:
    """Where the filter by charge was in force at receipt, its recorded reason narrows the kinds to one."""
    then = overlay(FILES, with_rules(rule(**BY_CHARGE, valid_from="2010-08-01")))
    known = kinds((program, then))
    for charges, word in ((("ROBBERY",), LISTED), ((), NO_CHARGE), (("THEFT",), NOT_LISTED)):
        facts = booking(SAN_FRANCISCO, utc(2010, 9, 1), *charges)
        made = [decide(then, facts, gate) for gate in GATES]
        recorded = [(one.open, one.reasons[0].code) for one in made]
        assert fitting(known, then, facts, recorded) == of_class(known, word)
        assert fitting(known, None, facts, recorded) == (1 << len(known)) - 1


def test_lists_of_charges_that_differ_make_kinds_of_their_own(program: Program) -> None:
    """A charge that one list shares and the other does not is told apart, alone and beside another."""
    files = dict(FILES)
    files["charges.csv"] = files["charges.csv"].replace(b"THEFT,2,no", b"THEFT,2,yes")
    known = kinds((program, load(files)))
    assert {one.classes for one in known} == {
        (NO_CHARGE, NO_CHARGE),
        (UNKNOWN_CHARGE, UNKNOWN_CHARGE),
        (LISTED, LISTED),
        (NOT_LISTED, NOT_LISTED),
        (NOT_LISTED, LISTED),
    }


@pytest.mark.slow
def test_the_synthetic_load_is_as_many_as_were_published(small: dict[str, bytes]) -> None:
    """From the first day to 31 March 2011 the load holds the published 7,225,393 bookings, to the last one,
    with the published share of California, and the same ones for the same seed."""
    base = load(small)
    known = kinds((base, base))
    span = (FIRST, date(2011, 3, 31))
    made = national(base, known, *span, published=TOLD)
    found = simulate(base, base, known, flat(made, base, base))
    assert made.bookings == found.bookings == 7_225_393
    own = sum(one.bookings for (place, gate), one in found.by_place().items()
              if place.startswith("US-CA") and gate is Gate.SHARE)  # fmt: skip
    assert abs(own - 1_785_488) < 100
    assert national(base, known, *span, published=TOLD) == made
    assert national(base, known, *span, published=TOLD, seed=2).agencies != made.agencies
    assert {one.confidence for one in made.figures} <= set("VSMI")


@pytest.mark.parametrize(
    "days", [(date(2008, 1, 1), date(2008, 12, 31)), (date(2012, 1, 1), date(2012, 12, 31))]
)
def test_a_period_without_published_totals_is_refused(program: Program, days: tuple[date, date]) -> None:
    """No total is made up for days that no published total covers; a stated number is taken instead."""
    known = kinds((program, program))
    with pytest.raises(UsageError, match="No total was published"):
        national(program, known, *days, published=TOLD)
    stated = national(program, known, *days, published=TOLD, bookings=1000)
    assert sum(one.bookings for streams in stated.agencies for one in streams) == 1000
    assert not any("submissions to 2012" in one.figure for one in stated.figures)
    assert TOLD.last > FIRST


def test_what_is_shown_of_a_figure_names_its_value() -> None:
    """The words of every published figure hold the very number that the load is made from."""
    for total in TOLD.totals:
        assert f"{total.bookings:,} submissions to {total.day}" in total.figure.figure
    assert TOLD.counts[0] == (FIRST, 1)
    assert all(f"{count:,}" in TOLD.counted.figure for _, count in TOLD.counts[1:])
    raw = tomllib.loads(FIGURES.decode())
    for one in (*raw["places"], raw["charges"]["listed"]):
        assert f"{one['part']:,} of {one['whole']:,}" in one["figure"]
    assert f"{TOLD.no_charge.share:.0%}".replace("%", " %") in TOLD.no_charge.figure.figure


def test_other_figures_give_another_load(program: Program) -> None:
    """A load follows the figures that it is given: twice the last total is twice the last period, less what
    an earlier total holds."""
    known = kinds((program, program))
    days = (TOLD.totals[-2].day + timedelta(days=1), TOLD.last)
    (was, now), told = (
        (one.bookings for one in TOLD.totals[-2:]),
        national(program, known, *days, published=TOLD),
    )
    assert told.bookings == now - was
    more = parse(FIGURES.replace(b"bookings = 16_200_000", b"bookings = 32_400_000"))
    assert national(program, known, *days, published=more).bookings == 2 * now - was
    assert told.figures[0] == TOLD.totals[0].figure


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (b"first_day", b"first_date", "the file lacks first_day"),
        (b"first_day = 2008-10-27", b"first_day = 2008-10-26", "counts must begin no later than first_day"),
        (b"first_day = 2008-10-27", b"first_day = 2008-10-27T00:00:00", "first_day must be a date"),
        (b"first_day = 2008-10-27", b"first_day = 2010-01-01", "none before first_day"),
        (b"bookings = 266_000", b"bookings = 26600000", "totals are cumulative"),
        (b"bookings = 266_000", b'bookings = "266,000"', "bookings must be a whole number"),
        (b"bookings = 266_000", b"bookings = true", "bookings must be a whole number"),
        (b"day = 2013-01-22", b"day = 2012-06-30", "end after the last total"),
        (b"day = 2009-09-30", b"day = 2009-01-31", "in order of their days"),
        (b"part = 56", b"part = 156", "part is more than whole: 156 of 100"),
        (b'confidence = "V"', b'confidence = "W"', "confidence `W` is none of V, S, M, I, X"),
        (b'"GAO-12-708"', b'""', "source must be text that can be shown"),
        (b'"GAO-12-708"', b'"GAO\\u001b"', "source must be text that can be shown"),
        (b"[charges.none]", b"[charges.nil]", "charges lacks none"),
        (b"part = 56", b"part = 56\nparts = 1", "charges.none has no key `parts`"),
        (b"[[places]]", b"[places]", "places must be a list of tables"),
        (b"part = 56", b"part = ", "not TOML in UTF-8"),
        (b"Houston", b"\xff", "not TOML in UTF-8"),
    ],
)
def test_figures_that_cannot_be_are_refused_by_name(was: bytes, now: bytes, said: str) -> None:
    """A figure that is missing, misspelled or impossible is refused by the file and the key."""
    assert was in FIGURES
    with pytest.raises(ProgramError, match=re.escape(said)) as raised:
        parse(FIGURES.replace(was, now), "figures.toml")
    assert str(raised.value).startswith("figures.toml: ")


def test_two_shares_of_one_place_are_refused() -> None:
    """A place cannot have two shares, nor can places share out more than the whole."""
    own = FIGURES[FIGURES.index(b"[[places]]") : FIGURES.index(b"# Bookings that name no charge")]
    with pytest.raises(ProgramError, match="the same jurisdiction"):
        parse(FIGURES + own)
    with pytest.raises(ProgramError, match="more than the whole"):
        parse(FIGURES + own.replace(b"US-CA", b"US-TX").replace(b"part = 1_785_488", b"part = 7_225_393"))


@given(data=st.binary(max_size=80), at=st.integers(0, len(FIGURES)), cut=st.integers(0, 80))
def test_damaged_figures_are_read_whole_or_refused(data: bytes, at: int, cut: int) -> None:
    """Whatever bytes stand in the file, it gives figures that can be used or an error that says why not."""
    for damaged in (data, FIGURES[:at] + data + FIGURES[at + cut :]):
        try:
            found = parse(damaged)
        except ProgramError:
            continue
        assert isinstance(found, Published)
        assert found.counts[0][0] <= found.first <= found.last < found.counts[-1][0]


def test_an_agency_that_nobody_placed_shares_nothing(program: Program) -> None:
    """Bookings of an unknown agency are counted, under no jurisdiction, with every gate closed."""
    known = kinds((program, program))
    batch = Batch(NOBODY, NOBODY, utc(2010, 9, 1), (Part(1, 3),), (False,) * 4)
    found = simulate(program, program, known, [batch])
    assert found.names == {"": "(agency not on file)"}
    assert found.total() == {gate: Count(bookings=3) for gate in GATES}
