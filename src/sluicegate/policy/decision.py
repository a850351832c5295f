# SPDX-License-Identifier: Apache-2.0
"""What policy says about one gate for one booking, and why; its JSON is the same bit for bit every time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
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


_ASKED_FIRST = "Whoever wants to look this booking up must say who asks and for what"


def stamp(moment: datetime) -> str:
    """A moment in UTC as RFC 3339 with microseconds and a Z."""
    return moment.isoformat("T", "microseconds")[: -len("+00:00")] + "Z"


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that a decision says but the moment; text is empty where it does not apply.

    `asked_since` is a date. `asked_for` is the claim, `mode` what is in force: always shown together. The
    first reason says why the gate is open or closed. `substituted` tells that the CRI could not be placed and
    the header's ORI could. Every booking that one ruling decides alike has the same grounds.
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
    substituted: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says about one gate for one booking: on what grounds, and for which moment (UTC).

    `moment` is None where a doubt came before any moment could be told.
    """

    grounds: Grounds
    moment: datetime | None

    @property
    def at(self) -> str:
        """The moment in RFC 3339, UTC with microseconds, so text order is order of time; empty for none."""
        # Told when asked for: writing it out costs a quarter of a decision, and most are only looked at.
        return stamp(self.moment) if self.moment else ""

    @property
    def gate(self) -> Gate:
        """The gate that is decided."""
        return self.grounds.gate

    @property
    def outcome(self) -> Outcome:
        """Open or closed."""
        return self.grounds.outcome

    @property
    def mode(self) -> ModeName:
        """The mode in force."""
        return self.grounds.mode

    @property
    def rule_id(self) -> str:
        """The rule in force, or `DOUBT`."""
        return self.grounds.rule_id

    @property
    def rule_version(self) -> str:
        """Digest of that rule's row."""
        return self.grounds.rule_version

    @property
    def program(self) -> str:
        """Name of the program."""
        return self.grounds.program

    @property
    def root(self) -> str:
        """Policy root of the program."""
        return self.grounds.root

    @property
    def jurisdiction_id(self) -> str:
        """The jurisdiction whose rule decides."""
        return self.grounds.jurisdiction_id

    @property
    def jurisdiction_name(self) -> str:
        """Its name."""
        return self.grounds.jurisdiction_name

    @property
    def asked_for(self) -> str:
        """What was asked for."""
        return self.grounds.asked_for

    @property
    def asked_since(self) -> str:
        """Since which date."""
        return self.grounds.asked_since

    @property
    def legal_basis(self) -> str:
        """What the rule stands on, or "none on record"."""
        return self.grounds.legal_basis

    @property
    def issuer(self) -> str:
        """Who issued the rule."""
        return self.grounds.issuer

    @property
    def wording_id(self) -> str:
        """The wording that the rule names."""
        return self.grounds.wording_id

    @property
    def wording_digest(self) -> str:
        """SHA-256 (hex) of that wording's row."""
        return self.grounds.wording_digest

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, the first reason first."""
        return self.grounds.reasons

    @property
    def substituted(self) -> bool:
        """Whether only the header's ORI could be placed."""
        return self.grounds.substituted

    @property
    def open(self) -> bool:
        """Whether the gate lets through."""
        return self.grounds.outcome is Outcome.OPEN

    def to_json(self) -> dict[str, JSON]:
        """Plain values for a ledger entry; `from_json` gives the same decision back."""
        grounds = self.grounds
        body: dict[str, JSON] = {name: getattr(grounds, name) for name in _TEXTS}
        body["at"] = self.at
        body["gate"] = grounds.gate.value
        body["outcome"] = grounds.outcome.value
        body["mode"] = str(grounds.mode)
        body["reasons"] = [{"code": one.code, "text": one.text} for one in grounds.reasons]
        body["substituted"] = grounds.substituted
        return body


_TYPED = frozenset({"gate", "outcome", "mode", "reasons", "substituted"})
_NAMES = (*(field.name for field in fields(Grounds)), "at")
_TEXTS = tuple(field.name for field in fields(Grounds) if field.name not in _TYPED)


def _text(body: Mapping[str, JSON], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ProgramError(f"a decision needs text in {name}")
    return value


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is not None and stamp(moment.astimezone(UTC)) == text:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ProgramError("a decision names its moment in one form, or none")


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
    grounds = Grounds(
        gate=gate,
        outcome=outcome,
        mode=ModeName(_text(body, "mode")),
        reasons=_reasons(body["reasons"]),
        substituted=substituted,
        **{name: _text(body, name) for name in _TEXTS},
    )
    return Decision(grounds, _moment(_text(body, "at")))


def sentence(decision: Decision) -> str:
    """The decision in one plain sentence, addressed to the agency that took the prints."""
    lead = _LEADS.get((decision.gate, decision.outcome), "Nothing was shared")
    if not decision.reasons:
        return f"{lead}: no reason was recorded."
    first = decision.reasons[0]
    return f"{_ASKED_FIRST if first.code == 'POL-REQUEST-NONE' else lead}: {first.text}."
