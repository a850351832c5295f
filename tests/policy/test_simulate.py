# SPDX-License-Identifier: Apache-2.0
"""What if: counts are those of deciding every booking; a change moves what it changes and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import ARLINGTON, COOK, NOBODY, SAN_FRANCISCO, booking, rule, shipped, utc, with_rules

from sluicegate.errors import UsageError
from sluicegate.policy.decide import Facts, decide
from sluicegate.policy.load import FIRST, LAST, Load, national
from sluicegate.policy.program import Program, load, overlay
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
    found = simulate(base, again, known, flat(national(base, known, *YEAR), base, again))
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
    made = national(base, known, *YEAR)
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
    made = national(base, known, FIRST, date(2011, 3, 31))
    found = simulate(base, base, known, flat(made, base, base))
    assert made.bookings == found.bookings == 7_225_393
    own = sum(one.bookings for (place, gate), one in found.by_place().items()
              if place.startswith("US-CA") and gate is Gate.SHARE)  # fmt: skip
    assert abs(own - 1_785_488) < 100
    assert national(base, known, FIRST, date(2011, 3, 31)) == made
    assert national(base, known, FIRST, date(2011, 3, 31), seed=2).agencies != made.agencies
    assert {one.confidence for one in made.figures} <= set("VSMI")


@pytest.mark.parametrize(
    "days", [(date(2008, 1, 1), date(2008, 12, 31)), (date(2012, 1, 1), date(2012, 12, 31))]
)
def test_a_period_without_published_totals_is_refused(program: Program, days: tuple[date, date]) -> None:
    """No total is made up for days that no published total covers; a stated number is taken instead."""
    known = kinds((program, program))
    with pytest.raises(UsageError, match="No total was published"):
        national(program, known, *days)
    stated = national(program, known, *days, bookings=1000)
    assert sum(one.bookings for streams in stated.agencies for one in streams) == 1000
    assert not any("submissions to 2012" in one.figure for one in stated.figures)
    assert FIRST < LAST


def test_an_agency_that_nobody_placed_shares_nothing(program: Program) -> None:
    """Bookings of an unknown agency are counted, under no jurisdiction, with every gate closed."""
    known = kinds((program, program))
    batch = Batch(NOBODY, NOBODY, utc(2010, 9, 1), (Part(1, 3),), (False,) * 4)
    found = simulate(program, program, known, [batch])
    assert found.names == {"": "(agency not on file)"}
    assert found.total() == {gate: Count(bookings=3) for gate in GATES}
