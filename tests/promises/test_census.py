# SPDX-License-Identifier: Apache-2.0
"""The leak census and the page on promises name what is in the code, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenes import Town
from sluicegate.exchange.case import MessageKind
from sluicegate.intake.web import api

ROOT = Path(__file__).resolve().parents[2]
CENSUS = ROOT / "docs" / "reference" / "leak-census.md"
PROMISES = ROOT / "docs" / "explanation" / "promises.md"
NAMES = (
    "filter-never-shares",
    "choice-at-booking",
    "silence-is-total",
    "no-back-dating",
    "decision-before-egress",
    "doubt-denies",
    "everyone-is-answered",
    "a-person-decides",
)


def listed(heading: str) -> set[str]:
    """First cells, in backticks, of the table under a heading of the census."""
    section = CENSUS.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE))


def test_the_census_lists_every_kind_of_message() -> None:
    """Each kind of message that can leave an installation is in the census, and no other."""
    assert listed("Message kinds") == {kind.value for kind in MessageKind}


def test_the_census_lists_every_carrier(town: Town) -> None:
    """Each carrier that an installation has is in the census, and no other."""
    assert listed("Carriers") == set(town.exchange.carriers())


def test_the_census_lists_every_web_route(town: Town) -> None:
    """Each route of the web intake is in the census, and no other."""
    stores = [town.exchange.bureau.store]
    served = api(town.exchange.door, stores, clock=town.clock, secret=bytes(32))
    assert listed("Web routes") == {getattr(route, "path", "") for route in served.routes}


@pytest.mark.parametrize("page", [CENSUS, PROMISES], ids=["census", "promises"])
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    """A page that says which test shows a claim names a test that is there."""
    named = re.findall(r"`((?:\w+/)+test_\w+\.py)(?:::(test_\w+))?`", page.read_text("utf-8"))
    assert named
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / "tests" / file).is_file()
        or (test and f"def {test}(" not in (ROOT / "tests" / file).read_text("utf-8"))
    ]
    assert missing == []


def test_the_page_on_promises_explains_each_of_them() -> None:
    """Every promise has a section of its own, with its test and with what it does not cover."""
    text = PROMISES.read_text("utf-8")
    sections = {part.split("\n")[0].strip("` "): part for part in text.split("\n## ")[1:]}
    assert [name for name in sections if name in NAMES] == list(NAMES)
    for name in NAMES:
        assert "**Shown by**" in sections[name]
        assert "**Not covered.**" in sections[name]
