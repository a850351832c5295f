# SPDX-License-Identifier: Apache-2.0
"""An export of made-up counts: what it shows, what it hides, and what its check refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sluicegate.errors import VerifyError
from sluicegate.ledger import canonical
from sluicegate.ledger import statement as statements
from sluicegate.statistics import check, export
from sluicegate.statistics.export import DATA, DEFINITIONS, LONG, MANIFEST, TABLE, About, Export
from sluicegate.statistics.figures import Cut, Figures, Place, Raw, tabulate
from sluicegate.store.statistics import statistic_queries

PLACES = (
    Place("US", "Nation", "federal", "", "", "NOT_ACTIVATED", ""),
    Place("S1", "First", "state", "US", "01", "FULL", ""),
    Place("S2", "Second", "state", "US", "02", "FULL", ""),
    Place("A", "Adams", "county", "S1", "01001", "FULL", "JURISDICTION_FILTER"),
    Place("B", "Brown", "county", "S1", "01003", "FULL", ""),
    Place("C", "Clay", "county", "S1", "01005", "RESPONSE_OPT_OUT", "JURISDICTION_FILTER"),
    Place("D", "=HYPERLINK(1)", "county", "S2", "02001", "JURISDICTION_FILTER", ""),
)
COPIED = {"A": 110, "B": 4, "C": 107, "D": 0}
ABOUT = About("a program", "ab" * 32, "2011-01-20T12:00:00.000000Z", draft=False, days_since=50)


def figures(matched: int = 30, muted: int = 12, copied: Mapping[str, int] = COPIED) -> Figures:
    """A month: everything copied, but in D, where everything is withheld."""
    counts = {}
    for place, count in copied.items():
        withheld = 55 if place == "D" else 0
        counts |= {(place, "submissions"): count + withheld, (place, "copied"): count}
        counts |= {(place, "withheld"): withheld, (place, "agencies"): 2}
    every = sum(copied.values())
    nation = {"received": every + 70, "refused-at-door": 15, "charge-missing": 11, "matched": matched}
    nation |= {"not-matched": every - matched, "turned-away": 0, "relayed": matched - muted, "muted": muted}
    nation |= {"determined": matched, "citizen": 12, "not-same": 0, "otherwise": matched - 12}
    raw = Raw(
        counts, {"A": list(range(110)), "B": [9] * 4}, {"A": 40, "B": 30, "C": 40}, nation, [60] * matched
    )
    return tabulate("2010-12", PLACES, raw)


def salts() -> Callable[[], bytes]:
    """Salts that a test can foresee."""
    count = iter(range(10_000))
    return lambda: hashlib.sha256(f"salt {next(count)}".encode()).digest()


def made(given: Figures | None = None, about: About = ABOUT) -> Export:
    """The export of a month over one log for each county, and the two that are never public."""
    logs = [("A", "A"), ("B", "B"), ("C", "C"), ("D/withheld", "D"), ("intake", "US"), ("answers", "US")]
    cuts = [
        Cut(
            f"x.example/bureau/{log}",
            log,
            place,
            "2010-12-01T05:00:00.000000Z",
            "2011-01-01",
            900 + at,
            bytes(32),
        )
        for at, (log, place) in enumerate(logs)
    ]
    return export.make(given or figures(), cuts, about, statistic_queries(), salt=salts())


def told(given: Export) -> dict[tuple[str, str], dict[str, Any]]:
    """Lines of an export by place and measure."""
    return {(one["place"], one["measure"]): one for one in json.loads(given.files[DATA])["figures"]}


def resealed(files: Mapping[str, bytes], document: dict[str, Any]) -> dict[str, bytes]:
    """The same export with another document, and everything that follows from it made anew."""
    changed = {
        DATA: canonical.encode(document),
        DEFINITIONS: files[DEFINITIONS],
        **export.tables_of(document),
    }
    return {**changed, MANIFEST: export.manifest(changed, "statistics", document["month"])}


def test_a_small_county_is_hidden_and_its_complement_with_it() -> None:
    """Four bookings are not shown, nor what would give them back; what is large and unrelated is."""
    lines = told(made())
    assert "hidden" in lines["B", "copied"]
    assert "hidden" in lines["B", "agencies"]
    assert lines["D", "withheld"]["value"] == 55
    assert lines["US", "submissions"]["value"] == 276
    document, holds = check.check(made().files)
    assert document["month"] == "2010-12"
    assert len(holds) == 3


def test_answers_are_for_the_nation_only() -> None:
    """No export has a place for what the partner answered in one jurisdiction or state."""
    lines = told(made())
    assert lines["US", "matched"]["value"] == 30
    assert all(place == "US" for place, name in lines if name in ("matched", "muted", "relayed", "citizen"))


@pytest.mark.parametrize(
    ("given", "about", "why"),
    [
        (figures(copied={"A": 130, "B": 0, "C": 100, "D": 0}), ABOUT, "fewer than 3"),
        (figures(copied={"A": 300, "B": 40, "C": 100, "D": 0}), ABOUT, "more than half"),
        (figures(), About("p", "", ABOUT.made, draft=False, days_since=29), "less than 30 days"),
    ],
)
def test_answers_are_held_back_where_they_would_speak_of_one_place(
    given: Figures, about: About, why: str
) -> None:
    """Too few places, one place with most of the copies, or too early: no answer figure is shown."""
    changed = made(given, about)
    lines = told(changed)
    assert why in json.loads(changed.files[DATA])["answers"]["why"]
    assert all(
        "hidden" in lines["US", name] for name in ("matched", "relayed", "muted", "citizen", "officer-median")
    )
    check.check(changed.files)


def test_incomplete_answers_are_held_back() -> None:
    """While one copy waits for an answer no answer figure is shown: the next export would differ by it."""
    given = figures()
    waiting = Figures(
        given.month,
        given.places,
        {**given.values, ("US", "not-matched"): 190},
        given.answered,
        given.silenced,
    )
    changed = made(waiting)
    assert "answered" in json.loads(changed.files[DATA])["answers"]["why"]
    assert "hidden" in told(changed)["US", "matched"]


def test_muted_is_hidden_where_one_jurisdiction_chose_silence() -> None:
    """Where only one place keeps answers back, the nation's count would be its own; relayed goes with it."""
    given = figures()
    alone = Figures(given.month, given.places, given.values, given.answered, {"C": 107})
    lines = told(made(alone))
    assert "hidden" in lines["US", "muted"]
    assert "hidden" in lines["US", "relayed"]
    assert lines["US", "matched"]["value"] == 30


@pytest.mark.parametrize("muted", [0, 1, 9])
def test_few_or_no_muted_answers_look_the_same(muted: int) -> None:
    """That nobody was muted is as secret as that somebody was: both are hidden, with what gives them back."""
    lines = told(made(figures(muted=muted)))
    assert "hidden" in lines["US", "muted"]
    assert "hidden" in lines["US", "relayed"]


def test_hidden_cells_open_to_their_values_and_to_nothing_else() -> None:
    """A court sees the counts that were committed to; with any of them changed the opening is refused."""
    one = made()
    document, _ = check.check(one.files)
    opened = check.check_opened(document, one.openings)
    assert ("B", "copied", 4) in opened
    assert len(opened) == sum("hidden" in line for line in document["figures"])
    held = json.loads(one.openings)
    for part, key, value in (("cells", "value", 5), ("cells", "salt", "00" * 32), ("basis", "size", 7)):
        wrong = json.loads(json.dumps(held))
        wrong[part][0][key] = value
        with pytest.raises(VerifyError, match="not what was committed to"):
            check.check_opened(document, canonical.encode(wrong))


def test_no_size_of_a_log_gives_a_hidden_count_away() -> None:
    """Sizes are told only of logs whose place is shown whole, and never of intake and answers."""
    basis = {one["log"]: one for one in json.loads(made().files[DATA])["basis"]}
    assert "size" in basis["x.example/bureau/D/withheld"]
    for log in ("B", "intake", "answers"):
        assert set(basis[f"x.example/bureau/{log}"]) == {"log", "place", "since", "until", "commitment"}


def test_tables_hold_no_formula_and_every_figure_its_query_and_its_checkpoint() -> None:
    """A spreadsheet runs nothing of it, and each row of the long table says where it comes from."""
    files = made().files
    assert b"'=HYPERLINK(1)" in files[TABLE]
    rows = files[LONG].decode().splitlines()
    row = next(one for one in rows if one.startswith("2010-12,D,withheld,"))
    assert row.startswith("2010-12,D,withheld,55,,,outcomes,x.example/bureau/D/withheld 903 ")
    assert all(len(one.split(",")) >= 8 and one.split(",")[6] for one in rows)


def test_the_statement_is_one_that_the_master_log_takes() -> None:
    """What the master log says of an export is its month and the digest of its manifest."""
    one = made()
    said = export.statement(one.files[MANIFEST], ABOUT.made)
    assert said["manifest"] == one.manifest == hashlib.sha256(one.files[MANIFEST]).hexdigest()
    assert statements.decode(canonical.encode(said)).kind == "statistics"


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(made().files)), at=st.integers(0, 10**6), other=st.integers(1, 255))
@pytest.mark.slow
def test_any_changed_byte_is_refused(name: str, at: int, other: int) -> None:
    """Whatever byte of whatever file is changed, the check refuses the export."""
    files = dict(made().files)
    data = bytearray(files[name])
    data[at % len(data)] ^= other
    files[name] = bytes(data)
    with pytest.raises(VerifyError):
        check.check(files)


def lower(document: dict[str, Any], place: str, measure: str, value: int) -> None:
    """Show another value for a cell."""
    line = next(one for one in document["figures"] if (one["place"], one["measure"]) == (place, measure))
    line.clear()
    line.update({"place": place, "measure": measure, "value": value})


@pytest.mark.parametrize(
    ("place", "measure", "value", "step"),
    [
        ("D", "withheld", 54, "sums"),
        ("B", "copied", 4, "small counts"),
        ("A", "pending", 1, "sums"),
        ("B", "agencies", 2, "suppression"),
        ("US", "muted", 3, "sums"),
    ],
)
def test_a_publisher_who_shows_the_wrong_thing_is_caught(
    place: str, measure: str, value: int, step: str
) -> None:
    """Even with all digests made anew, a wrong sum, a small count or a bared cell is found."""
    files = made().files
    document = json.loads(files[DATA])
    lower(document, place, measure, value)
    with pytest.raises(VerifyError, match=f"^{step}"):
        check.check(resealed(files, document))


def test_a_complement_that_is_bared_is_caught() -> None:
    """Showing the complement of a small cell lets a reader subtract, and the check says so."""
    files = made().files
    document = json.loads(files[DATA])
    hidden = {(one["place"], one["measure"]) for one in document["figures"] if "hidden" in one}
    others = sorted(place for place, name in hidden if name == "copied" and place != "B")
    values = figures().values
    for place in others:
        for name in ("copied", "submissions"):
            lower(document, place, name, values[place, name])
    with pytest.raises(VerifyError, match=r"suppression: .* can be worked out"):
        check.check(resealed(files, document))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(
    key=st.sampled_from(["format", "month", "threshold", "places", "basis", "figures", "answers"]),
    value=json_values,
)
@pytest.mark.slow
def test_a_document_of_any_shape_is_refused_in_our_own_words(key: str, value: Any) -> None:
    """Whatever stands in place of a part of the document, the check answers or refuses; it never fails."""
    files = made().files
    document = json.loads(files[DATA])
    document[key] = value
    changed = {**files, DATA: canonical.encode(document)}
    del changed[MANIFEST]
    changed[MANIFEST] = export.manifest(changed, "statistics", "2010-12")
    with pytest.raises(VerifyError):
        check.check(changed)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | json_values.map(canonical.encode))
@pytest.mark.slow
def test_an_opening_of_any_bytes_is_refused_in_our_own_words(data: bytes) -> None:
    """Bytes that are no opening are refused, and nothing else happens."""
    document = json.loads(made().files[DATA])
    with pytest.raises(VerifyError):
        check.check_opened(document, data)
