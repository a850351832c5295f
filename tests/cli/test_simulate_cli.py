# SPDX-License-Identifier: Apache-2.0
"""`policy simulate` as a person runs it: over a home, a proposal, and a synthetic nation."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from cli_world import Town, run

from sluicegate import app
from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import State
from sluicegate.policy.decide import Facts, decide
from sluicegate.settings import load
from sluicegate.terms import Gate, Ori

pytestmark = pytest.mark.slow

NOVEMBER = ("--from", "2010-11-01", "--to", "2010-11-30")
FILTER = (
    *("--jurisdiction", "US-CA-075", "--issuer", "ICE", "--level", "federal", "--authority", "a letter"),
    *(
        "--wording",
        "V12",
        "--valid",
        "2010-11-16",
        "--read-in",
        "letter",
        "--why",
        "what if",
        "--by",
        "alice",
    ),
    *("--in-force", "JURISDICTION_FILTER", "--yes"),
)
HEADER = (
    "id,jurisdiction,kind,mode_asked,mode_in_force,issuer,issuer_level,authority,legal_basis,wording,valid_from,"
    "valid_until,public_from,supersedes,source,confidence,note\n"
)


def rows(folder: Path, mode: str) -> Path:
    """A folder with one row: another mode for San Francisco from the first day of November 2010."""
    folder.mkdir()
    row = f"Z1,US-CA-075,override,,{mode},ICE,federal,a test,none on record,V12,2010-11-01,,,,SRC-GK,X,\n"
    (folder / "choices.csv").write_text(HEADER + row, "utf-8")
    return folder


def test_a_home_counts_as_deciding_each_booking_again_does(made: Town) -> None:
    """Counts of a home, by gate, are those of its recorded decisions and of deciding each case anew."""
    found = run("policy", "simulate", *NOVEMBER, "--under", "priority-enforcement", "--json", home=made.home)
    assert found.code == 0, found.err
    office = app.open_office(made.home, "bureau")
    try:
        base = app.open_programs(load(made.home), office.store).load()
        cases = [one for one in office.store.cases_in(State) if one.noted("decisions") or one.text("refusal")]
    finally:
        office.engine.dispose()
    document = found.document
    assert document["bookings"] == len(cases) > 5
    for gate in Gate:
        counted = document["gates"][gate.value]
        did = Counter(one.noted("decisions") is not None and decisions_of(one)[gate].open for one in cases)
        facts = [Facts(Ori(one.cri), Ori(one.ori), one.received) for one in cases]
        assert counted["did_open"] == did[True]
        assert counted["base_open"] == sum(decide(base, one, gate).open for one in facts)
        assert counted["strayed"] == 0


def test_the_same_rules_give_a_difference_of_nothing(made: Town, tmp_path: Path) -> None:
    """A home under the rules that it has: no place changes, and the answer says so and is not to publish."""
    ran = run("policy", "simulate", *NOVEMBER, "--under", "demo-scenario", home=made.home)
    assert ran.code == 2  # its rows are in force already, and no row is added twice
    ran = run("policy", "simulate", *NOVEMBER, "--under", tmp_path, home=made.home)
    assert ran.code == 0, ran.err
    assert "Nothing differs" in ran.out
    assert "Not for publication: small counts are not suppressed." in ran.out
    assert "1 more wait for a decision" in ran.out


def test_a_filter_for_one_county_moves_that_county_only(made: Town, tmp_path: Path) -> None:
    """A row that filters San Francisco stops its bookings, and every other place keeps its counts."""
    under = str(rows(tmp_path / "rows", "JURISDICTION_FILTER"))
    document = run("policy", "simulate", *NOVEMBER, "--under", under, "--json", home=made.home).document
    moved = [one for one in document["places"] if one["opened"] or one["shut"] or one["unsure"]]
    assert {(one["jurisdiction"], one["gate"]) for one in moved} == {
        ("US-CA-075", gate) for gate in ("G1", "G2", "G3")
    }
    assert all(one["shut"] == one["base_open"] == 4 and one["other_open"] == 0 for one in moved)
    assert document["gates"]["G1"]["base_open"] == 5
    assert document["publishable"] is False


def test_a_filter_by_charge_says_how_many_bookings_nobody_can_tell(made: Town, tmp_path: Path) -> None:
    """Where the rules tried go by the charge, bookings without one on record are not known, in words."""
    under = str(rows(tmp_path / "rows", "OFFENCE_LEVEL_FILTER"))
    ran = run("policy", "simulate", *NOVEMBER, "--under", under, home=made.home)
    assert ran.code == 0, ran.err
    assert "Not known for 4 bookings: some gate goes by the charge" in ran.out


def test_no_name_of_a_booking_leaves(made: Town, tmp_path: Path) -> None:
    """Neither the page, nor the JSON document, nor the CSV file holds a TCN, a case or an agency."""
    out = tmp_path / "counts.csv"
    words = ("policy", "simulate", *NOVEMBER, "--under", "priority-enforcement", "--all")
    said = run(*words, home=made.home).out + run(*words, "--csv", out, "--json", home=made.home).out
    said += out.read_text("utf-8")
    assert "TCN-" not in said
    assert not [one for one in (*made.cases.values(), "CA0380000", "VA0070100", "CA0999999") if one in said]
    kinds = {one["kind"] for one in csv.DictReader(out.read_text("utf-8").splitlines())}
    assert kinds == {"not for publication"}


def test_a_proposal_is_tried_before_anybody_approves_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id of a proposal stands for the rules in force with its rows, and trying it registers nothing."""
    monkeypatch.setenv("SLUICEGATE_PASSPHRASE", "a long passphrase")
    for name in ("alice", "bob"):
        assert run("registry", "enroll", name, home=town.home).code == 0
    done = run("registry", "choice", *FILTER, home=town.home)
    assert done.code == 0, done.err
    listed = run("registry", "list", "--json", home=town.home).document["proposals"]
    (name,) = [one["proposal"] for one in listed]
    ran = run("policy", "simulate", *NOVEMBER, "--under", name, "--json", home=town.home)
    assert ran.code == 0, ran.err
    assert ran.document["under"]["rules"] == f"proposal {name}"
    assert ran.document["under"]["root"] != ran.document["base"]["root"]
    assert run("registry", "list", "--json", home=town.home).document["proposals"] == listed
    assert run("policy", "simulate", *NOVEMBER, "--under", "0123456789", home=town.home).code == 2


def test_a_national_load_is_called_synthetic_wherever_it_is_shown(tmp_path: Path) -> None:
    """Page, JSON, CSV and drawing of a national load all say that it is synthetic, and name its sources."""
    words = ("policy", "simulate", "--load", "national", "--year", "2010", "--base", "secure-communities")
    svg, counts = tmp_path / "a.svg", tmp_path / "a.csv"
    ran = run(*words, "--under", "demo-scenario", "--chart", svg, "--csv", counts)
    assert ran.code == 0, ran.err
    assert "SYNTHETIC: no booking here ever happened" in ran.out
    assert "7,225,393 submissions to 2011-03-31" in ran.out
    assert "not verified" in ran.out
    assert "Arlington County US-VA-013" in ran.out
    assert svg.read_bytes().startswith(b"<?xml")
    assert counts.read_text("utf-8").splitlines()[1].startswith("synthetic,")
    document = json.loads(run(*words, "--under", "demo-scenario", "--json").out)
    assert document["synthetic"] is True
    assert {one["jurisdiction"] for one in document["places"] if one["shut"]} == {"US-VA-013"}
    png = tmp_path / "a.png"
    assert run(*words, "--under", "secure-communities", "--chart", png).code == 0
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "words",
    [
        ("--under", "demo-scenario"),
        ("--year", "2010", "--from", "2010-01-01", "--under", "demo-scenario"),
        ("--from", "2010-02-01", "--to", "2010-01-01", "--under", "demo-scenario"),
        ("--year", "2010", "--under", "demo-scenario", "--base", "secure-communities"),
        ("--year", "2010", "--under", "no-such-rules", "--load", "national", "--base", "secure-communities"),
        ("--year", "2010", "--under", "demo-scenario", "--load", "national", "--base", "demo-scenario"),
        ("--year", "2013", "--under", "demo-scenario", "--load", "national", "--base", "secure-communities"),
        ("--year", "2010", "--under", "demo-scenario", "--chart", "a.pdf"),
    ],
)
def test_what_cannot_be_answered_ends_in_a_sentence(made: Town, words: tuple[str, ...]) -> None:
    """A period, a set of rules or a file that makes no sense ends with exit code 2 and one sentence."""
    ran = run("policy", "simulate", *words, home=made.home)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("sluicegate: ")
