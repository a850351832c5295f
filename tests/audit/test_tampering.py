# SPDX-License-Identifier: Apache-2.0
"""Every kind of tampering is caught, by the check that should, and what is untouched is not accused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tampered import Scene
from tampering import TAMPERINGS, Tampering

from sluicegate.audit import report
from sluicegate.audit.findings import KINDS, TITLES, Check

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "audit.md"


def test_an_untouched_home_gives_no_finding(scene: Scene) -> None:
    """Nothing is found in a month of bookings that nobody touched, and every check was made."""
    done = scene.audited()
    assert done.findings == []
    assert {result.check for _, result in done.results} == set(Check)
    assert not any(result.skipped for _, result in done.results)
    assert report.verdict(done).startswith("HOLDS")


@pytest.mark.parametrize("one", TAMPERINGS, ids=[one.name for one in TAMPERINGS])
def test_a_change_is_caught_by_the_check_that_should(scene: Scene, one: Tampering) -> None:
    """Whoever changes one thing, with or without the keys, is caught, by the kind of finding in the table."""
    one.work(scene)
    done = scene.audited()
    assert one.kind in {finding.kind for _, finding in done.findings}
    assert report.verdict(done).startswith("DOES NOT HOLD")


def test_the_documented_table_is_the_table_of_these_tests() -> None:
    """The reference lists every tampering, with who could do it and what is found, and no other."""
    rows = re.findall(
        r"^\| (.+?) \| (.+?) \| `([a-z-]+)` \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    made = [(one.name, one.by, one.kind, TITLES[KINDS[one.kind].check]) for one in TAMPERINGS]
    assert rows == made


def test_the_documented_kinds_are_those_of_the_program() -> None:
    """The reference tells what each kind of finding means and what to do, as the program does."""
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [(name, one.means, one.do) for name, one in KINDS.items()]


def test_every_kind_of_finding_is_shown_to_be_found() -> None:
    """Each kind of finding has a tampering that leads to it; counts of databases have a test of their own."""
    assert set(KINDS) - {one.kind for one in TAMPERINGS} == {"count"}
