# SPDX-License-Identifier: Apache-2.0
"""Decisions for people: a table of the gates, asked for beside in force, then the reasons in words."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import RenderableType

from sluicegate.cli.calls import plain, table
from sluicegate.policy.decision import JSON, Decision
from sluicegate.policy.explain import explain
from sluicegate.terms import Gate


def lines(decisions: Mapping[Gate, Decision]) -> list[RenderableType]:
    """What was asked for and what is in force, always side by side, and why."""
    shown = table("gate", "is", "asked for", "in force", "rule", "legal basis")
    for gate, one in decisions.items():
        asked = plain(one.asked_for or "nothing on record")
        basis = plain(one.legal_basis or "none on record")
        shown.add_row(str(gate), str(one.outcome), asked, plain(one.mode), plain(one.rule_id), basis)
    return [shown, "", *explain(decisions.values())]


def document(decisions: Mapping[Gate, Decision]) -> dict[str, dict[str, JSON]]:
    """The same as data."""
    return {str(gate): one.to_json() for gate, one in decisions.items()}
