# SPDX-License-Identifier: Apache-2.0
"""Cedar, given the rows and never a decision, says the same as the code on every cell."""

from __future__ import annotations

import json
from typing import Any

import cedarpy
import pytest
from policy_world import rule, shipped, with_rules
from tools.prove import space
from tools.prove.oracle import compare

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis import cedar
from sluicegate.policy.analysis.cells import Survey
from sluicegate.policy.decision import Decision
from sluicegate.policy.program import Program, overlay
from sluicegate.terms import Gate


@pytest.mark.slow
def test_cedar_agrees_on_every_cell_of_the_shipped_program() -> None:
    """On all cells of Secure Communities, look-ups at every pair of dates among them, both give one
    answer."""
    found = compare(shipped())
    assert found.cells > 10_000
    assert found.disagreements == ()
    assert found.agreed == found.cells


@pytest.mark.slow
def test_cedar_agrees_where_charges_and_requests_decide() -> None:
    """On a program with every kind of mode, by charge and by request among them, both give one answer."""
    points = [*[*space.enumerated()][::70], *space.sampled(3, 25)]
    found = compare(space.files(points))
    assert found.cells > 5_000
    assert found.disagreements == ()


@pytest.mark.slow
def test_cedar_catches_a_code_that_opens_what_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """If decide opened relays that a mode closes, Cedar would disagree on exactly such cells."""
    honest = deciding.decide

    def broken(program: Program | None, facts: deciding.Facts, gate: Gate) -> Decision:
        return honest(program, facts, Gate.SHARE if gate is Gate.RELAY else gate)

    monkeypatch.setattr(deciding, "decide", broken)
    files = shipped()
    files["choices.csv"] += shipped("demo-scenario")["choices.csv"].split(b"\n", 1)[1].replace(b",X,", b",I,")
    found = compare(files)
    assert found.disagreements
    assert all("US-VA-013" in one and one.startswith("G2") for one in found.disagreements)


def test_the_export_fits_its_schema() -> None:
    """Policy and entities are valid by the schema that is exported with them."""
    files = cedar.export(Survey(overlay(shipped(), with_rules(rule(mode_in_force="OFFENCE_LEVEL_FILTER")))))
    checked = cedarpy.validate_policies(files["policy.cedar"], files["schema.cedarschema"])
    assert checked.errors == []
    entities = cedarpy.Entities.from_json_str(files["entities.json"], files["schema.cedarschema"])
    assert len(entities) == len(json.loads(files["entities.json"])) + len(
        Gate
    )  # the schema brings the actions


def test_the_export_holds_no_outcome(program: Program) -> None:
    """No entity says open or closed of a booking: periods name rows, rows name modes, modes say effects."""
    kinds: dict[str, set[str]] = {}
    for one in json.loads(cedar.export(Survey(program))["entities.json"]):
        kinds.setdefault(one["uid"]["type"], set()).update(one["attrs"])
    assert kinds["Period"] == {"place", "begins", "ends", "row", "program"}
    assert kinds["Row"] == {"mode", "issuer", "legal_basis", "asked", "confidence"}


def test_cedar_denies_a_day_outside_the_period(program: Program) -> None:
    """Asked about a day on which a period does not hold, Cedar permits nothing, whatever its mode."""
    survey = Survey(program)
    files = cedar.export(survey)
    period = next(one for one in survey.periods["US-VA-013"] if one.row.mode == "FULL")
    name, case = cedar.period_id("US-VA-013", period), survey.known[0]

    def ask(day: int) -> Any:
        request = cedar.request(name, name, Gate.SHARE, (day, day), case)
        return cedarpy.is_authorized(request, files["policy.cedar"], files["entities.json"])

    assert ask(period.begins).allowed
    assert not ask(period.begins - 1).allowed
    assert not ask(period.ends).allowed
