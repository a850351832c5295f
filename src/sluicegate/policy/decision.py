# SPDX-License-Identifier: Apache-2.0
"""What policy says about one gate for one booking, and why; its JSON is the same bit for bit every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

from sluicegate.errors import ProgramError
from sluicegate.policy.reasons import CODES, Reason
from sluicegate.terms import Gate, ModeName, Outcome

JSON: TypeAlias = "str | int | bool | list[JSON] | dict[str, JSON] | None"

_LEADS: Mapping[tuple[Gate, Outcome], str] = {
    (Gate.SHARE, Outcome.OPEN): "Your prints were sent to the partner",
    (Gate.SHARE, Outcome.CLOSED): "Your prints were not sent to the partner",
    (Gate.RELAY, Outcome.OPEN): "The partner's answer, if there is one, is sent to you",
    (Gate.RELAY, Outcome.CLOSED): "No answer from the partner is sent to you",
    (Gate.LOOKUP, Outcome.OPEN): "The partner may look this booking up later",
    (Gate.LOOKUP, Outcome.CLOSED): "The partner cannot look this booking up later",
    (Gate.KEEP, Outcome.OPEN): "The partner may keep prints that matched nobody",
    (Gate.KEEP, Outcome.CLOSED): "The partner may not keep prints that matched nobody",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says about one gate, and why. Text is empty where it does not apply.

    `at` is RFC 3339 in UTC with microseconds, so text order is order of time; `asked_since` is a date.
    `asked_for` is the claim, `mode` what is in force: always shown together. The first reason says why the
    gate is open or closed. `substituted` tells that the CRI could not be placed and the header's ORI could.
    """

    gate: Gate
    outcome: Outcome
    mode: ModeName
    rule_id: str
    rule_version: str
    program: str
    root: str
    jurisdiction_id: str
    jurisdiction_name: str
    asked_for: str
    asked_since: str
    legal_basis: str
    issuer: str
    wording_id: str
    wording_digest: str
    reasons: tuple[Reason, ...]
    at: str
    substituted: bool

    @property
    def open(self) -> bool:
        """Whether the gate lets through."""
        return self.outcome is Outcome.OPEN

    def to_json(self) -> dict[str, JSON]:
        """Plain values for a ledger entry; `from_json` gives the same decision back."""
        body: dict[str, JSON] = {name: getattr(self, name) for name in _TEXTS}
        body["gate"] = self.gate.value
        body["outcome"] = self.outcome.value
        body["mode"] = str(self.mode)
        body["reasons"] = [{"code": one.code, "text": one.text} for one in self.reasons]
        body["substituted"] = self.substituted
        return body


_TYPED = frozenset({"gate", "outcome", "mode", "reasons", "substituted"})
_NAMES = tuple(field.name for field in fields(Decision))
_TEXTS = tuple(name for name in _NAMES if name not in _TYPED)


def _text(body: Mapping[str, JSON], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ProgramError(f"a decision needs text in {name}")
    return value


def _reasons(value: JSON) -> tuple[Reason, ...]:
    if not isinstance(value, list) or not value:
        raise ProgramError("a decision needs a list of reasons")
    reasons = []
    for one in value:
        if not isinstance(one, dict) or set(one) != {"code", "text"} or _text(one, "code") not in CODES:
            raise ProgramError("a reason is a known code and a text")
        reasons.append(Reason(_text(one, "code"), _text(one, "text")))
    return tuple(reasons)


def from_json(body: Mapping[str, JSON]) -> Decision:
    """The decision of plain values made by `Decision.to_json`.

    Raises:
        ProgramError: a value is missing, unknown, or of another type.
    """
    if set(body) != set(_NAMES):
        raise ProgramError("a decision has exactly the parts of a decision")
    substituted = body["substituted"]
    if not isinstance(substituted, bool):
        raise ProgramError("a decision needs true or false in substituted")
    try:
        gate, outcome = Gate(_text(body, "gate")), Outcome(_text(body, "outcome"))
    except ValueError:
        raise ProgramError("a decision names a gate G1 to G4 and an outcome open or closed") from None
    return Decision(
        gate=gate,
        outcome=outcome,
        mode=ModeName(_text(body, "mode")),
        reasons=_reasons(body["reasons"]),
        substituted=substituted,
        **{name: _text(body, name) for name in _TEXTS},
    )


def sentence(decision: Decision) -> str:
    """The decision in one plain sentence, addressed to the agency that took the prints."""
    lead = _LEADS.get((decision.gate, decision.outcome), "Nothing was shared")
    why = decision.reasons[0].text if decision.reasons else "no reason was recorded"
    return f"{lead}: {why}."
