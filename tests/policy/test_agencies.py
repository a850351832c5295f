# SPDX-License-Identifier: Apache-2.0
"""Placing a list of agencies: by county, by state, by neither; hostile lists; and every row of real ones."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import shipped

from sluicegate.cli.agencies import county_zones
from sluicegate.errors import ProgramError
from sluicegate.policy.agencies import (
    MOST_COLUMNS,
    How,
    Listed,
    Outcome,
    Placed,
    Unplaced,
    Why,
    Zone,
    place,
    read,
    tables,
)
from sluicegate.policy.analysis.refuse import objections
from sluicegate.policy.places import zone_of
from sluicegate.policy.program import load, overlay

_FILES = shipped()
_PROGRAM = load(_FILES)
_ZONES = {"48229": Zone("America/Denver", split=False), "31031": Zone("America/Denver", split=True)}
_HEAD = "ori,agency_name,agency_type,state,county,county_fips,county_from,from,until,replaced_by,zip"


def _list(*lines: str, head: str = _HEAD) -> bytes:
    return ("\n".join((head, *lines)) + "\n").encode()


def _placed(*lines: str) -> Outcome:
    return place(read(_list(*lines), "list"), _PROGRAM, _ZONES)


def _only(line: str) -> Placed | Unplaced:
    found = _placed(line)
    (one,) = (*found.placed, *found.unplaced)
    return one


@pytest.mark.parametrize(
    ("line", "how", "homes"),
    [
        ("VA0530000,Loudoun Sheriff,County,VA,Loudoun County,51107,agency name,,,,", "county", ["US-VA-107"]),
        ("VA1110000,Norfolk Police,City,VA,Norfolk city,51710,ORI county code,,,,",
         "independent city", ["US-VA-710"]),
        ("MDBPD0000,Baltimore City Police,City,MD,Baltimore city,24510,,,,,",
         "independent city", ["US-MD-510"]),
        ("TXXYZ0000,Two Counties Police,City,TX,,48201 48141,,,,,",
         "several counties", ["US-TX-201", "US-TX-141"]),
        ("ORXXX0000,State Police,State Police,OR,,,,,,,", "state", ["US-OR"]),
    ],
)  # fmt: skip
def test_a_row_is_placed_where_the_list_says(line: str, how: str, homes: list[str]) -> None:
    """County, independent city, several counties and state agencies stand where their row says."""
    one = _only(line)
    assert isinstance(one, Placed)
    assert (one.how, [home.id for home in one.homes]) == (How(how), homes)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("AK0010200,Fairbanks Police,City,AK,,,,,,,", Why.NO_COUNTY),
        ("VA0990000,Alexandria Police,City,VA,,,,,,,", Why.STANDS),
        ("WYDI05000,Wind River Agency,Tribal,WY,Fremont County,56013,,,,,", Why.TRIBAL),
        ("WYDI00400,Fort Laramie Site,Unknown,WY,Goshen County,56015,,,,,", Why.FEDERAL),
        ("GMTGM0000,Guam Police,City,GU,Guam,66010,,,,,", Why.STATE),
        ("TX0000009,Wrong State,City,TX,Wake County,37183,,,,,", Why.CODE),
        ("TX0000009,Short Code,City,TX,Harris County,4820,,,,,", Why.CODE),
        ("TX1010000,Harris Sheriff,County,TX,Travis County,48453,,,,,", Why.ELSEWHERE),
        ("tx1010000,Small Letters,County,TX,Harris County,48201,,,,,", Why.ORI),
        ("TX0000009,=HYPERLINK(1),County,TX,Harris County,48201,,,,,", Why.FORMULA),
        ("TX0000009,@SUM(A1),County,TX,Harris County,48201,,,,,", Why.FORMULA),
        ("TX0000009,,County,TX,Harris County,48201,,,,,", Why.TEXT),
        ("TX0000009,Bell \x07,County,TX,Harris County,48201,,,,,", Why.TEXT),
        ("TX0000009,No Dates,County,TX,Harris County,48201,,2020-13-01,,,", Why.DATES),
        ("TX0000009,Backwards,County,TX,Harris County,48201,,2020-01-02,2020-01-01,,", Why.DATES),
        ("TX0000009,Retired Never,County,TX,Harris County,48201,,,,TX1010000,", Why.DATES),
        ("TX0000009,Gone,County,TX,Harris County,48201,,,2020-01-01,TX9999999,", Why.SUCCESSOR),
        ("TX0000009,Own Heir,County,TX,Harris County,48201,,,2020-01-01,TX0000009,", Why.SUCCESSOR),
        ("TX0000009,Too Few", Why.BROKEN),
        ("TX0000009" + "," * 100_000, Why.BROKEN),
    ],
    ids=lambda v: v.name if isinstance(v, Why) else "",
)
def test_what_cannot_be_placed_is_kept_with_its_reason_and_gets_no_row(line: str, why: Why) -> None:
    """A row without a sound place is named with its line and its reason, and no row is made for it."""
    found = _placed(line)
    assert [(one.line, one.why) for one in found.unplaced] == [(2, why)]
    assert found.placed == ()
    assert tables(found, "LIST", "a list").keys() == {"sources.csv"}


def test_an_ori_that_the_list_places_twice_is_not_placed_at_all() -> None:
    """Where a list says two things of one ORI at one time, neither is taken."""
    row = "TX0000009,One,County,TX,Harris County,48201,,,,,"
    assert [one.why for one in _placed(row, row.replace("One", "Two")).unplaced] == [Why.TWICE] * 2
    later = "TX0000009,One,County,TX,Travis County,48453,,2020-01-01,,,"
    assert len(_placed(row.replace(",,,,,", ",,,2020-01-01,,"), later).placed) == 2


def test_one_code_with_two_county_names_places_nobody() -> None:
    """If a list gives one county code two names, one of them is wrong, and nobody says which."""
    found = _placed(
        "TX0000008,A,City,TX,Harris County,48201,,,,,", "TX0000009,B,City,TX,Travis County,48201,,,,,"
    )
    assert [one.why for one in found.unplaced] == [Why.NAMES] * 2


def test_a_code_that_is_in_no_list_of_counties_places_nobody() -> None:
    """With a list of all counties at hand, a code that is not in it is an error of the list."""
    rows = read(_list("TX0000009,A,City,TX,Nowhere County,48999,,,,,"), "list")
    found = place(rows, _PROGRAM, _ZONES, {"48201": frozenset({"Harris County"})})
    assert [one.why for one in found.unplaced] == [Why.NOT_LISTED]


def test_a_retired_ori_gets_an_end_and_a_successor() -> None:
    """A retired ORI becomes a row that ends and a substitution from that day, and the program takes both."""
    found = _placed(
        "TX0000008,Old,City,TX,Hudspeth County,48229,,,2020-01-01,TX0000009,",
        "TX0000009,New,City,TX,Hudspeth County,48229,,,,,",
    )
    program = overlay(_FILES, tables(found, "LIST", "a list"))
    (step,) = program.substitutions
    assert (step.ori, step.replaced_by, step.begins.isoformat()) == ("TX0000008", "TX0000009", "2020-01-01")
    assert program.jurisdictions["US-TX-229"].zone == "America/Denver"


def test_a_county_in_two_zones_gets_the_later_midnight_and_is_named() -> None:
    """Where a county lies in two zones no rule begins early, and the row is marked as inferred."""
    found = _placed("NB0160000,Cherry Sheriff,County,NE,Cherry County,31031,agency name,,,,")
    assert found.split == ("US-NE-031",)
    (made,) = found.places
    assert (made.zone, made.confidence.value) == ("America/Denver", "I")


def test_every_zone_of_the_table_exists_and_has_a_five_digit_county() -> None:
    """The table of county zones names zones that are known here, and counties only."""
    zones = county_zones()
    assert len(zones) > 150
    assert all(zone_of(one.name).key == one.name for one in zones.values())
    assert all(len(code) == 5 and code.isdigit() for code in zones)


def test_rows_made_of_a_list_are_not_made_again() -> None:
    """A list whose rows a program already has gives nothing new."""
    lines = ("TX0000009,New,City,TX,Hudspeth County,48229,,,,,",)
    once = overlay(_FILES, tables(_placed(*lines), "LIST", "a list"))
    again = place(read(_list(*lines), "list"), once, _ZONES)
    assert (again.new, again.places) == ((), ())


def test_a_new_county_rewrites_nothing_that_was_known() -> None:
    """The registry has no objection to places that a program did not have: their bookings were doubt."""
    found = _placed("TX0000009,New,City,TX,Hudspeth County,48229,,,,,")
    after = overlay(_FILES, tables(found, "LIST", "a list"))
    assert found.places
    assert objections(_PROGRAM, after, today=date(2026, 11, 22)) == ()


@pytest.mark.parametrize(
    ("data", "row", "why"),
    [
        (b"ori,agency_name\n\xff", 0, "not UTF-8 at byte 16"),
        (b"", 1, "no column ori, agency_name, state, county_fips"),
        (b"ori,agency_name,state\n", 1, "no column county_fips"),
        (b"ori,ori,agency_name,state,county_fips\n", 1, "the column ori is there twice"),
        (b"x," * 1_000_000, 1, "1,000,001 columns"),
        (_list('TX0000009,"open', head="ori,agency_name,state,county_fips"), 2, "a quote does not close"),
        (_list("TX0000009," + "x" * 200_000), 2, "a cell is too long"),
    ],
    ids=("utf8", "empty", "column", "double", "wide", "quote", "long"),
)
def test_a_list_that_cannot_be_read_is_refused_whole(data: bytes, row: int, why: str) -> None:
    """A list that is broken as a file is refused with its name and line, and nothing of it is placed."""
    with pytest.raises(ProgramError, match=why) as caught:
        read(data, "agencies.csv")
    assert (caught.value.file, caught.value.row) == ("agencies.csv", row)


def test_the_widest_list_that_is_read_has_two_hundred_columns() -> None:
    """The limit on columns is the one that is documented."""
    more = ",".join(f"x{n}" for n in range(MOST_COLUMNS - 4))
    assert read(f"ori,agency_name,state,county_fips,{more}\n".encode(), "list") == ()


_CELL = st.text(max_size=12) | st.sampled_from(["TX0000009", "TX", "48201", "2020-01-01", "Tribal"])


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(_CELL, min_size=10, max_size=12), max_size=4) | st.binary(max_size=200))
def test_any_bytes_are_placed_whole_or_refused_in_words(given_: list[list[str]] | bytes) -> None:
    """A list is refused with a sentence, or every row of it is accounted for and what is made loads."""
    if isinstance(given_, bytes):
        data = given_
    else:
        data = _list(
            *(",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in given_)
        ).replace(b"\xed", b"?")
    try:
        rows = read(data, "list")
    except ProgramError as error:
        refused = error
    else:
        _accounted(rows)
        return
    assert refused.message


def _accounted(rows: tuple[Listed, ...]) -> None:
    found = place(rows, _PROGRAM, _ZONES)
    assert len(found.placed) + len(found.unplaced) == len(rows)
    if found.new:
        overlay(_FILES, tables(found, "LIST", "a list"))


@pytest.mark.shared
@pytest.mark.slow
def test_every_agency_of_the_real_lists_is_placed_or_named(shared_data: Path) -> None:
    """Each of 11,543 real agencies is placed by county or state or named with a reason."""
    data = (shared_data / "agencies" / "agencies-all.csv").read_bytes()
    found = place(read(data, "agencies-all.csv"), _PROGRAM, county_zones())
    assert len(found.placed) + len(found.unplaced) == 11_543
    counted = Counter(one.how for one in found.placed)
    assert (counted[How.COUNTY], counted[How.CITY], counted[How.STATE]) == (10_190, 4, 495)
    assert {one.why for one in found.unplaced} == {
        Why.NO_COUNTY,
        Why.STANDS,
        Why.FEDERAL,
        Why.TRIBAL,
        Why.STATE,
    }
    program = overlay(_FILES, tables(found, "LIST", "a list"))
    assert len(program.agencies) == len(_PROGRAM.agencies) + len(found.new)


@pytest.mark.shared
def test_all_620_agencies_with_a_county_are_placed_in_it(shared_data: Path) -> None:
    """Every agency of the shorter list, which names a county for each, stands in exactly that county."""
    folder = shared_data / "agencies"
    data = (folder / "agencies.csv").read_bytes()
    found = place(read(data, "agencies.csv"), _PROGRAM, county_zones())
    said = {row["ori"]: row["county_fips"] for row in csv.DictReader(data.decode().splitlines())}
    assert {one.agency.ori: one.homes[0].fips for one in found.placed} == said
    assert found.unplaced == ()
