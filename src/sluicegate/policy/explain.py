# SPDX-License-Identifier: Apache-2.0
"""Decisions as lines for people: what happened, whose rule it is, on what basis, what was asked for."""

from __future__ import annotations

from collections.abc import Iterable

from sluicegate.policy.decision import Decision, sentence
from sluicegate.policy.model import DOUBT_RULE

_FIRST = 1


def _about_rule(decision: Decision) -> list[str]:
    if decision.rule_id == DOUBT_RULE:
        stand_in = (
            f" The header's ORI stands in {decision.jurisdiction_name}." if decision.substituted else ""
        )
        return [f"No rule could be applied: doubt closes every gate.{stand_in}"]
    asked = decision.asked_for or "nothing on record"
    since = f" since {decision.asked_since}" if decision.asked_since else ""
    return [
        f"Asked for: {asked}{since}. In force: {decision.mode}.",
        f"Rule: {decision.rule_id} (version {decision.rule_version}) for {decision.jurisdiction_name}, "
        f"issued by {decision.issuer}.",
        f"Legal basis: {decision.legal_basis}.",
        f"Wording: {decision.wording_id} (sha256 {decision.wording_digest}).",
    ]


def _about_program(decision: Decision) -> str:
    program = f"{decision.program}, root {decision.root}" if decision.program else "none could be read"
    return f"Program: {program}. Received: {decision.at or 'at an unknown moment'}."


def explain(decisions: Iterable[Decision]) -> list[str]:
    """Lines for people. A gate gets one sentence; what several gates have in common is said once.

    Shown for each rule: who issued it, its legal basis or "none on record", what was asked for beside what is
    in force, and why every other row lost.
    """
    every = list(decisions)
    lines = [f"{one.gate.value} {one.outcome.value}. {sentence(one)}" for one in every]
    for one in every:
        for line in [*_about_rule(one), *(f"{r.code}: {r.text}." for r in one.reasons[_FIRST:])]:
            if line not in lines:
                lines.append(line)
    for one in every:
        if (line := _about_program(one)) not in lines:
            lines.append(line)
    return lines
