# SPDX-License-Identifier: Apache-2.0
"""Reconciles what the roles' ledgers say of each other: every booking accounted for, every copy allowed.

Promise decision-before-egress: what was shared was decided open first, the partner took what was shared and
nothing else, and received = shared + withheld + refused + pending. Takes rows, returns differences; no I/O.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sluicegate.errors import quoted
from sluicegate.exchange.case import EMPTIED, Case, State
from sluicegate.facts import FactKind
from sluicegate.ledger import days
from sluicegate.ledger.entry import explanation
from sluicegate.store.journal import Outgoing

Row = Mapping[str, Any]
"""A row of the ledger: log, seq, kind, case_id, body (JSON text)."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one role holds: its ledger's rows, its cases by id, and its messages by id."""

    entries: tuple[Row, ...]
    cases: Mapping[str, Case]
    messages: Mapping[str, Outgoing]

    def told(self, kind: FactKind) -> list[tuple[Row, dict[str, Any]]]:
        """Rows of a kind, each with its body; those that were expunged have none."""
        return [
            (row, json.loads(row["body"]))
            for row in self.entries
            if row["kind"] == kind and row["body"] is not None
        ]

    @property
    def expunged(self) -> dict[str, Case]:
        """Cases of which only the count is left."""
        return {name: case for name, case in self.cases.items() if case.state in EMPTIED}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Counts of both sides, and a sentence for every difference."""

    counts: Mapping[str, int]
    differences: tuple[str, ...]


def reconcile(bureau: Side, partner: Side, state: Side) -> Reconciled:
    """Compare the three ledgers. No difference means that they agree and that everything is accounted for."""
    received = {body["case"]: str(body["digest"]) for _, body in bureau.told(FactKind.RECEIVED)}
    ends = {
        kind: Counter(str(body["case"]) for _, body in bureau.told(kind))
        for kind in (FactKind.SHARED, FactKind.WITHHELD, FactKind.REFUSED)
    }
    pending = [case for case in received if not any(case in ended for ended in ends.values())]
    turned = [case.case_id for case in bureau.cases.values() if case.text("partner") == "turned-away"]
    under_way = [m for m in bureau.messages.values() if m.kind == "COPY" and m.state == "queued"]
    counts = {
        "received": len(received),
        "shared": len(ends[FactKind.SHARED]),
        "withheld": len(ends[FactKind.WITHHELD]),
        "refused": len(ends[FactKind.REFUSED]),
        "pending": len(pending),
        "taken by the partner": len(partner.told(FactKind.COPY_TAKEN)),
        "turned away by the partner": len(turned),
        "on their way to the partner": len(under_way),
        "relayed": len(bureau.told(FactKind.RELAYED)),
        "taken by the state": len(state.cases),
        "expunged": len(bureau.expunged),
    }
    differences = (
        *_accounted(bureau, received, ends, pending),
        *_allowed(bureau),
        *_copies(bureau, partner, received, {*turned, *(m.case_id for m in under_way)}),
        *_relays(bureau, state),
        *_numbers({"bureau": bureau, "partner": partner, "state": state}),
    )
    return Reconciled(counts, differences)


def _accounted(
    bureau: Side,
    received: Mapping[str, str],
    ends: Mapping[FactKind, Counter[str]],
    pending: Iterable[str],
) -> Iterator[str]:
    """Every case was received, and ends in exactly one way."""
    for case in sorted(set(received) ^ (set(bureau.cases) - set(bureau.expunged))):
        where = "has no case" if case in received else "is in no ledger"
        yield f"Booking {case} {where}."
    total = Counter[str]()
    for ended in ends.values():
        total += ended
    for case, count in sorted(total.items()):
        if count != 1:
            kinds = ", ".join(f"{kind} {ended[case]}x" for kind, ended in ends.items() if ended[case])
            yield f"Booking {case} ends in more than one way: {kinds}."
        if case not in received:
            yield f"Booking {case} ends, but the ledger has no entry of its receipt."
    for case in pending:
        held = bureau.cases.get(case)
        if held is not None and held.state is State.CLOSED:
            yield f"Booking {case} is closed, but was neither shared, withheld nor refused."


def _allowed(bureau: Side) -> Iterator[str]:
    """A copy follows an open decision and a withholding a closed one; the dossier holds what was decided."""
    decided = {str(body["case"]): (row, body) for row, body in bureau.told(FactKind.DECIDED)}
    for kind, wanted in ((FactKind.SHARED, "open"), (FactKind.WITHHELD, "closed")):
        for _row, body in bureau.told(kind):
            case = str(body["case"])
            if case not in decided:
                yield f"Booking {case} was {kind}, but no decision about it is in the ledger."
                continue
            entry, said = decided[case]
            if said["decision"]["G1"]["outcome"] != wanted:
                yield f"Booking {case} was {kind}, but the ledger decided G1 otherwise."
            if body["decision_seq"] != entry["seq"]:
                yield f"Booking {case} was {kind} by another entry than the one that decided it."
    for case, (_row, said) in decided.items():
        held = bureau.cases.get(case)
        if held is not None and said.get("explanation") != _explained(held):
            yield f"Booking {case}: the decisions in its dossier are not those in the ledger."


def _explained(case: Case) -> str:
    noted = case.noted("decisions")
    if not isinstance(noted, dict):
        return ""
    return explanation({gate: one for gate, one in noted.items() if isinstance(one, dict)})


def _copies(bureau: Side, partner: Side, received: Mapping[str, str], excused: set[str]) -> Iterator[str]:
    """The partner took exactly what was shared, by the digest of the bytes."""
    shared = {received.get(str(b["case"]), ""): str(b["case"]) for _, b in bureau.told(FactKind.SHARED)}
    taken = Counter(str(body["digest"]) for _, body in partner.told(FactKind.COPY_TAKEN))
    case_of = {digest: case for case, digest in received.items()}
    # What a copy was of, the bureau does not know once its booking is expunged; only how many are to go.
    going = sum(_awaited(case) for case in bureau.expunged.values())
    for digest, count in sorted(taken.items()):
        if digest not in shared and digest not in case_of and going:
            going -= 1
        elif digest not in shared:
            name = (
                f"booking {case_of[digest]}"
                if digest in case_of
                else f"bytes {digest[:16]}... never received"
            )
            yield f"The partner took a copy of {name}, which the bureau did not share."
        elif count > 1:
            yield f"The partner took {count} copies of booking {shared[digest]}."
    for digest, case in sorted(shared.items()):
        if digest not in taken and case not in excused:
            yield f"Booking {case} was shared, but the partner's ledger has no entry of its copy."


def _awaited(case: Case) -> int:
    """Whether a notice about a copy of this case has not been attested yet."""
    told, heard = case.noted("notices"), case.noted("attested")
    copy = any(str(one).endswith(".COPY") for one in told) if isinstance(told, list) else False
    return int(copy and not (isinstance(heard, dict) and any(one.endswith(".COPY") for one in heard)))


def _relays(bureau: Side, state: Side) -> Iterator[str]:
    """The state took exactly the second responses that were relayed."""
    relayed = {str(body["message"]) for _, body in bureau.told(FactKind.RELAYED)}
    references = {case.text("reference") for case in state.cases.values()}
    taken = {one for one in references if one.partition(".")[0] not in bureau.expunged}
    for message in sorted(taken - relayed):
        yield f"The state took the second response {message}, which the bureau did not relay."
    for message in sorted(relayed - taken):
        held = bureau.messages.get(message)
        if held is None or held.state != "queued":
            yield f"The second response {message} was relayed, but the state does not have it."


def _numbers(sides: Mapping[str, Side]) -> Iterator[str]:
    """Every channel of every role numbers from 1 without a gap, each number once."""
    for role, side in sides.items():
        numbers: dict[str, list[int]] = {}
        for message in sorted(side.messages.values(), key=lambda one: one.sequence):
            numbers.setdefault(message.channel, []).append(message.sequence)
        for name, held in sorted(numbers.items()):
            for fault in days.channel(name, held).faults:
                yield f"The {role}'s channel {quoted(name)}: {fault}."
