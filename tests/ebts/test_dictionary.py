# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sluicegate.ebts import codes, dictionary, field_rules, formats

BOOKINGS = ("CAR", "CNA", "CPNU", "CPDR", "CARC")


def test_every_rule_row_has_a_clause() -> None:
    """No transaction type and no field is ruled without saying by which clause."""
    for tot, row in dictionary.known_tots().items():
        assert row.clause, tot
        for version in ((9, 1), (11, 3)):
            for spec in dictionary.fields(tot, version).values():
                assert all(one.clause for one in (spec.row, *spec.items)), (tot, spec.row.tag)


def test_every_word_of_the_tables_is_known() -> None:
    """Each code table, format and special-character word that the dictionary names exists."""
    plain = {"", "structure", "asl"}
    for tot in dictionary.known_tots():
        for spec in dictionary.fields(tot).values():
            for row in (spec.row, *spec.items):
                assert not row.codes or codes.table(row.codes)
                assert row.format in plain or formats.rule(row.format), row
                assert field_rules.allowed(row), row
                assert row.least <= row.most or not row.most


def test_one_row_rules_a_field() -> None:
    """No field of a TOT has two rows that hold at the same time."""
    for version in ((9, 1), (9, 3), (9, 4), (10, 0)):
        for tot in (t for t in dictionary.known_tots() if dictionary.has_fields(t)):
            held = [(s.row.tag, s.row.item) for s in dictionary._spans() if s.holds(tot, version)]
            assert len(held) == len(set(held)), (tot, version)


def test_the_bookings_are_the_criminal_tenprints() -> None:
    """The exchange takes as bookings exactly CAR, CNA, CPNU, CPDR and CARC."""
    assert {t for t, row in dictionary.known_tots().items() if row.booking} == set(BOOKINGS)


@pytest.mark.parametrize(
    ("tot", "mandatory"),
    [
        ("CAR", "RET NAM POB DOB SEX RAC HGT WGT EYE HAI DOA ASL CRI"),
        ("CPDR", "RET NAM POB DOB SEX RAC HGT WGT EYE HAI TSR DOA ASL CRI"),
        ("NFUF", "RET NAM POB DOB SEX RAC HGT WGT EYE HAI RFP DPR CRI"),
        ("SRE", "NAM SRF CRI"),
        ("ERRT", "MSG"),
        ("IDR", "MSG CRI"),
    ],
)
def test_mandatory_fields(tot: str, mandatory: str) -> None:
    """A TOT requires the Type-2 fields that EBTS 9.1 requires, beside LEN and IDC."""
    specs = dictionary.fields(tot).values()
    found = [s.row.mnem for s in specs if s.row.mandatory and s.row.tag.startswith("2.")]
    assert found == ["LEN", "IDC", *mandatory.split()]


def test_a_booking_has_no_field_about_sharing() -> None:
    """A CAR carries no field (NDR, 2.098) by which its sender could ask for or refuse a partner's search."""
    assert all("2.098" not in dictionary.fields(tot) for tot in BOOKINGS)


def test_names_grow_with_version_9_4() -> None:
    """NAM has 30 characters at most until EBTS 9.3 and 50 since 9.4."""
    assert [dictionary.fields("CAR", v)["2.018"].row.most for v in ((9, 1), (9, 3), (9, 4), (10, 0))] == [
        30,
        30,
        50,
        50,
    ]


def test_variants_drop_fields() -> None:
    """CNA, which wants no answer, has neither ATN nor SCO nor RAP; CPDR has no latent records."""
    assert not {"2.006", "2.007", "2.070"} & set(dictionary.fields("CNA"))
    assert all(7 not in rule.types for rule in dictionary.known_tots()["CPDR"].records)


def test_ncic_places_are_not_postal_codes() -> None:
    """Nebraska is NB and Guam is GM; letters that stand for no place are refused."""
    assert codes.table("POB")["NB"] == "Nebraska"
    assert codes.table("POB")["GM"] == "Guam"
    assert not codes.is_place("QQ")


@pytest.mark.shared
def test_real_agencies_begin_with_a_place_code(shared_data: Path) -> None:
    """All of eleven thousand real agency identifiers begin with a code of the place table."""
    with (shared_data / "agencies" / "agencies-all.csv").open(encoding="utf-8") as file:
        oris = [row["ori"] for row in csv.DictReader(file)]
    assert len(oris) > 11_000
    assert {ori[:2] for ori in oris if not codes.is_place(ori[:2])} == set()


@pytest.mark.shared
def test_the_dictionary_agrees_with_the_published_rules(shared_data: Path) -> None:
    """Need, class, size and count of every Type-2 field carried agree with the EBTS 9.1 rule set."""
    wrong = []
    carried = 0
    with (shared_data / "domain" / "ebts91_fields.csv").open(encoding="utf-8") as file:
        for theirs in csv.DictReader(file):
            # The source misspells EHRR once, and has stray items of an "MCS" that it does not describe.
            tot, tag = theirs["tot"].replace("EHHR", "EHRR"), theirs["tag"]
            if tot not in dictionary.known_tots() or ".." in tag or tag == "2.002":
                continue
            row = dictionary.fields(tot)[tag].row
            size = str(row.least) if row.least == row.most else f"{row.least}-{row.most}"
            count = str(row.occurs_least) if row.occurs_most == 1 else f"{row.occurs_least}-{row.occurs_most}"
            ours = ("M" if row.mandatory else "O", row.cls, size, count)
            carried += 1
            if ours != (theirs["mo"], theirs["ctype"], theirs["chars"], theirs["occ"]):
                wrong.append((tot, tag, ours))
    assert wrong == []
    assert carried > 1400
