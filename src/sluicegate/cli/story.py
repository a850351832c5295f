# SPDX-License-Identifier: Apache-2.0
"""A booking's walk as a short readable story, and the same as data. `show` and the demonstration use it."""

from __future__ import annotations

from textwrap import wrap

from sluicegate.app import Exchange
from sluicegate.errors import quoted
from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import EMPTIED, Case, Json, State
from sluicegate.exchange.walk import GATE_NAMES, SEARCHED, UNDECIDED, candidates_of, partner_said
from sluicegate.policy.decision import Decision, sentence
from sluicegate.store.journal import Outgoing, stamp
from sluicegate.terms import Gate

_LEFT = 14  # width of the first column


def _beyond(case: Case) -> str:
    if case.state is State.SEALED:
        return f"all of it is in a box that only seal key {case.text('seal')} opens"
    return "nothing else of it is held"


def render(exchange: Exchange, case_id: str, width: int = 110) -> list[str]:
    """The story as lines of plain text, two columns: what happened, and what it means."""
    case = exchange.bureau.store.case(case_id)
    if case.state in EMPTIED:
        return [
            f"{'received':<{_LEFT}}{stamp(case.received)[:19]}Z, case {case.case_id}",
            f"{case.state:<{_LEFT}}{case.text('at')[:19]}Z, {case.text('why')}, ordered by {case.text('by')}",
            f"{'':<{_LEFT}}{_beyond(case)}; see: sluicegate attestation {case.case_id}",
        ]
    rows = [
        *_head(case),
        *_admission(case),
        *_search(case),
        *_gates(case),
        *_outcome(exchange, case),
    ]
    lines: list[str] = []
    for left, right in rows:
        told = wrap(right, max(40, width - _LEFT)) or [""]
        lines.append(f"{left:<{_LEFT}}{told[0]}".rstrip())
        lines.extend(" " * _LEFT + more for more in told[1:])
    return lines


def _head(case: Case) -> list[tuple[str, str]]:
    who = f"TCN {quoted(case.tcn)} from {quoted(case.cri or case.ori)}"
    return [
        ("received", f"{stamp(case.received)[:19]}Z by {case.channel}, {case.size:,} bytes, {who}"),
        ("", f"case {case.case_id}, SHA-256 {case.digest[:16]}..."),
    ]


def _admission(case: Case) -> list[tuple[str, str]]:
    if case.text("refusal"):
        why = f"{case.text('refusal_code')} ({case.text('refusal')})"
        return [("refused", f"{why}: an ERRT says what to mend")]
    if case.state is State.SPOOLED:
        return [("waits", "not looked at yet")]
    warnings = case.noted("warnings")
    count = len(warnings) if isinstance(warnings, list) else 0
    more = f", {count} warning(s)" if count else ""
    return [("admitted", f"{case.tot}, {case.noted('fingers')} image(s), conforms{more}")]


def _search(case: Case) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    minutiae = case.noted("minutiae")
    if isinstance(minutiae, list):
        told = " ".join(f"{one[0]}:{one[1]}" for one in minutiae if isinstance(one, list))
        rows.append(("extracted", f"minutiae per finger  {told}"))
    if case.text("band"):
        rows.append(("searched", f"{SEARCHED[case.text('band')]} ({case.text('engine')})"))
        rows.extend(("", line) for line in _candidates(case))
    if case.text("finding"):
        number = f", number {case.text('number')}" if case.text("number") else ""
        rows.append(("resolved", f"SRF {case.text('finding')} by {case.text('resolved_by')}{number}"))
    elif case.state is State.AWAITING:
        rows.append(("waits", "for an examiner: sluicegate queue"))
    return rows


def _candidates(case: Case) -> list[str]:
    lines = [
        f"candidate {one.subject}  similarity {one.similarity:>7.1f} over {one.fingers} finger(s)"
        f"  ({one.repository} repository)"
        for one in candidates_of(case)
    ]
    return lines[:3]


def _gates(case: Case) -> list[tuple[str, str]]:
    if not isinstance(case.noted("decisions"), dict):
        return []
    rows = [("decided", _rule(decisions_of(case)[Gate.SHARE]))]
    for gate, decision in decisions_of(case).items():
        mark = "open  " if decision.open else "CLOSED"
        rows.append((f"  {gate} {GATE_NAMES[gate]}", f"{mark} {sentence(decision)}"))
    return rows


def _rule(decision: Decision) -> str:
    asked = decision.asked_for or "nothing on record"
    basis = decision.legal_basis or "none on record"
    place = decision.jurisdiction_name or "no jurisdiction"
    rule = f"in force {decision.mode}, rule {decision.rule_id}"
    return f"{place}: asked for {asked}; {rule}, legal basis: {basis}"


_KIND_WORDS = {
    "SRE": "answered",
    "ERRT": "answered",
    "RECEIPT": "receipt",
    "COPY": "shared",
    "SECOND": "relayed",
}


def _outcome(exchange: Exchange, case: Case) -> list[tuple[str, str]]:
    messages = exchange.bureau.store.messages_of(case.case_id)
    rows = [(_KIND_WORDS.get(one.kind, "sent"), _delivery(one)) for one in messages]
    kinds = {one.kind for one in messages}
    if case.text("decisions") == "" and "ERRT" in kinds:
        rows.append(("withheld", "a refused booking is never shared"))
    elif "COPY" not in kinds and case.state not in UNDECIDED:
        rows.append(("withheld", "no copy for the partner was ever made"))
    if "COPY" in kinds:
        rows.append(("partner", partner_said(case)))
    rows.append(("state", _STATES.get(case.state, str(case.state))))
    return rows


_STATES = {
    State.SHARED: "shared; the partner has not answered yet",
    State.CLOSED: "closed; the received bytes are erased",
    State.AWAITING: "waits for an examiner",
}


def _delivery(message: Outgoing) -> str:
    to = "the partner" if message.kind == "COPY" else message.recipient
    when = f"delivered {stamp(message.delivered)[11:19]}" if message.delivered else "queued"
    by = message.channel.partition(":")[0]
    trouble = f" after trouble: {message.trouble}" if message.trouble else ""
    return f"{message.kind} to {to} by {by}, #{message.sequence}, {message.size:,} bytes, {when}{trouble}"


def as_json(exchange: Exchange, case_id: str) -> dict[str, Json]:
    """The same story as data: case, journal, facts, messages. No personal data is in it."""
    store = exchange.bureau.store
    case = store.case(case_id)
    facts = [
        {"log": r["log"], "seq": r["seq"], "at": r["at"], "kind": r["kind"]}
        for r in store.rows("entries_of", case_id=case_id)
    ]
    journal = [
        {"stage": r["stage"], "before": r["before"], "after": r["after"], "at": r["at"]}
        for r in store.rows("journal_of", case_id=case_id)
    ]
    return {
        "case": case.case_id,
        "tcn": case.tcn,
        "ori": case.ori,
        "cri": case.cri,
        "tot": case.tot,
        "state": str(case.state),
        "received": stamp(case.received),
        "channel": case.channel,
        "digest": case.digest,
        "size": case.size,
        "dossier": dict(case.dossier),
        "journal": list(journal),
        "facts": list(facts),
        "messages": [_message_json(one) for one in store.messages_of(case_id)],
    }


def _message_json(message: Outgoing) -> dict[str, Json]:
    return {
        "message": message.message_id,
        "kind": message.kind,
        "channel": message.channel,
        "recipient": message.recipient,
        "sequence": message.sequence,
        "size": message.size,
        "digest": message.digest,
        "created": stamp(message.created),
        "delivered": stamp(message.delivered) if message.delivered else None,
        "attempts": message.attempts,
    }
