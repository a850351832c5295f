# SPDX-License-Identifier: Apache-2.0
"""Decides a past booking again from the rules as they stood then, and holds the ledger to it, bit for bit.

A DECIDED entry binds the full decisions by one digest (`explanation`). What it does not tell is the charges,
and a decision looks at nothing of them but which of four classes they fall in; so all four are tried, and at
most one gives the digest. The answer of today's rules to the same facts stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.ledger.entry import explanation
from sluicegate.ledger.verify import JSON
from sluicegate.policy.decide import Facts, decide_all
from sluicegate.policy.decision import Decision
from sluicegate.policy.program import Program
from sluicegate.terms import Gate, Ori

NO_CHARGE = "none named"
"""Class of a booking that names no charge."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One past decision, made again.

    `then` is what the rules of that time say, `now` what today's say of the same facts; `charges` is the
    class of charges under which the digest is the recorded one. `trouble` is empty where it is, and says why
    it is not.
    """

    case: str
    root: str
    recorded: Mapping[Gate, str]
    then: Mapping[Gate, Decision]
    now: Mapping[Gate, Decision]
    charges: str
    trouble: str

    @property
    def holds(self) -> bool:
        """Whether the ledger's decision is the one that the rules of that time give."""
        return not self.trouble

    @property
    def changed(self) -> tuple[Gate, ...]:
        """Gates that today's rules would set otherwise."""
        return tuple(g for g in self.then if self.then[g].outcome is not self.now[g].outcome)


def classes(program: Program | None) -> dict[str, tuple[str, ...]]:
    """One set of charges for each class that a rule can tell apart."""
    found: dict[str, tuple[str, ...]] = {NO_CHARGE: ()}
    if program is None:
        return found
    found["not known to the program"] = ("\x00 no such charge",)
    for name, shared in sorted(program.charges.items()):
        found.setdefault("listed as shared" if shared else "listed as not shared", (name,))
    return found


def _text(body: Mapping[str, JSON], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _recorded(body: Mapping[str, JSON]) -> dict[Gate, str]:
    decisions = body.get("decision")
    table = decisions if isinstance(decisions, dict) else {}
    rows = {gate: table.get(gate.value) for gate in Gate}
    return {gate: _text(row, "outcome") if isinstance(row, dict) else "" for gate, row in rows.items()}


def replay(body: Mapping[str, JSON], then: Program | None, now: Program | None) -> Replay:
    """Make the decision of a DECIDED entry's body again, under the program of its root and under today's.

    `then` must be the program that has the root in the body; None where the body names none.
    """
    received = datetime.fromisoformat(_text(body, "received").replace("Z", "+00:00"))
    cri, ori = Ori(_text(body, "cri")), Ori(_text(body, "ori"))
    root, recorded = _text(body, "root"), _recorded(body)
    every = {name: decide_all(then, Facts(cri, ori, received, c)) for name, c in classes(then).items()}
    held = [name for name, made in every.items() if _digest(made) == _text(body, "explanation")]
    name = held[0] if held else NO_CHARGE
    today = decide_all(now, Facts(cri, ori, received, classes(now).get(name, ())))
    return Replay(
        case=_text(body, "case"),
        root=root,
        recorded=recorded,
        then=every[name],
        now=today,
        charges=name,
        trouble=_trouble(root, then, bool(held), recorded, every[name]),
    )


def _digest(made: Mapping[Gate, Decision]) -> str:
    return explanation({gate.value: decision.to_json() for gate, decision in made.items()})


def _trouble(
    root: str, then: Program | None, held: bool, recorded: Mapping[Gate, str], made: Mapping[Gate, Decision]
) -> str:
    if root and then is None:
        return "the rules of that time are not at hand; restore the registry they were recorded in"
    if then is not None and then.root != root:
        return "the rules handed in are not those that the entry names"
    if not held:
        return "the rules of that time do not give the recorded decision"
    wrong = [gate.value for gate in Gate if recorded[gate] != made[gate].outcome.value]
    return f"the outcome of {', '.join(wrong)} is not the one its own digest binds" if wrong else ""
