# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import re
from pathlib import Path

from sluicegate.ebts import codes, dictionary

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def test_the_glossary_names_items_as_the_dictionary_does() -> None:
    """Each item of the glossary has its mnemonic of the dictionary, and no field of a CAR is left out."""
    told: dict[str, str] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| ([12]\.[\d., ]+) \| ([A-Z, ]+) \|", line):
            told |= zip(row[1].split(", "), row[2].split(", "), strict=True)
    assert told == {tag: dictionary.mnemonic(tag) for tag in told}
    assert set(dictionary.fields("CAR")) - set(told) == {"2.001"}


def test_the_glossary_names_the_bookings() -> None:
    """Every TOT that is taken as a booking, and every error code with a meaning of its own, is explained."""
    text = GLOSSARY.read_text(encoding="utf-8")
    for tot, row in dictionary.known_tots().items():
        assert not row.booking or f"| {tot} |" in text
    for code in codes.errors():
        assert code[0] in "ALH" or f"| {code} |" in text
