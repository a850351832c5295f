# SPDX-License-Identifier: Apache-2.0
"""A booking's administrative record as a document: what was received, decided, answered and sent, and when.

Nothing in it comes from the transaction but its numbers: no name, no date of birth, no prints. What the
partner answered, and whatever depends on it, is left out for every mode alike: a record that left it out for
some would tell the others what it was (promise silence-is-total).
"""

from __future__ import annotations

import hashlib

from sluicegate.errors import Missing
from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import ANSWERS_LOG, Case, MessageKind, State
from sluicegate.facts import FactKind
from sluicegate.ledger.verify import JSON
from sluicegate.policy.decision import sentence
from sluicegate.releases.document import Block, Document, Piece
from sluicegate.releases.redact import FORMAT
from sluicegate.store.journal import Store, stamp

_AFTER = frozenset({State.RELAYED, State.MUTED, State.SILENT, State.CLOSED})
_TOLD = frozenset({MessageKind.SRE, MessageKind.ERRT, MessageKind.RECEIPT, MessageKind.COPY})
_PRIVATE = ("(b)(6)", "(b)(7)(C)")


def describe(store: Store, case: Case) -> Document:
    """The record of a booking. Raises Missing where nothing has looked at it yet."""
    if case.state is State.SPOOLED:
        raise Missing("Nothing has been decided about that booking yet.")
    blocks = [
        _heading("received", "Received"),
        _field("case", "Case", case.case_id),
        _field("tcn", "TCN, the sender's number", case.tcn),
        _field("ori", "ORI, the sender", case.ori),
        _field("cri", "CRI, the agency that took the prints", case.cri),
        _field("tot", "TOT, type of transaction", case.tot),
        _field("when", "Received (UTC)", stamp(case.received)),
        _field("way", "Way in", case.channel),
        _field("digest", "SHA-256 of the bytes received", case.digest),
        *_decided(case),
        *_stages(store, case),
        *_sent(store, case),
        *_entries(store, case),
        Block(
            "left-out",
            "paragraph",
            "Left out.",
            (
                Piece(
                    "left-out",
                    "This record holds no prints, no name and no date of birth. It does not say whether the "
                    "partner answered, or what; no record made by this program does, whatever mode was in "
                    "force.",
                ),
            ),
        ),
    ]
    # The id stands in every release; the case's own name may be withheld, and cannot be had from this.
    named = f"booking-{hashlib.sha256(case.case_id.encode('ascii')).hexdigest()[:16]}"
    title = "Administrative record of a booking"
    return Document(named, title, stamp(case.received)[:10], "", tuple(blocks))


def _heading(name: str, text: str) -> Block:
    return Block(f"h-{name}", "heading", "", (Piece(f"h-{name}", text),))


def _field(name: str, label: str, text: str) -> Block:
    return Block(name, "field", label, (Piece(name, text or "none"),))


def _decided(case: Case) -> list[Block]:
    if case.noted("decisions") is None:
        return [_heading("decided", "Decided"), _field("refusal", "Refused", case.text("refusal_code"))]
    blocks = [_heading("decided", "Decided")]
    for gate, one in decisions_of(case).items():
        name = str(gate).lower()
        blocks += [
            _field(name, f"Gate {gate}", f"{one.outcome}. {sentence(one)}"),
            _field(f"{name}.rule", "by rule", f"{one.rule_id}, issued by {one.issuer or 'nobody on record'}"),
            _field(f"{name}.asked", "asked for", one.asked_for or "nothing on record"),
            _field(f"{name}.mode", "in force", str(one.mode)),
            _field(f"{name}.basis", "legal basis", one.legal_basis or "none on record"),
        ]
    return blocks


def _stages(store: Store, case: Case) -> list[Block]:
    blocks = [_heading("stages", "Stages")]
    for row in store.rows("journal_of", case_id=case.case_id):
        after = State(row["after"])
        if after in _AFTER and row["before"] not in (State.WITHHELD, State.REJECTED):
            continue
        number = f"stage-{int(row['version']):02d}"
        blocks.append(_field(number, str(row["stage"]), f"{after}, {row['at']}"))
    by = case.text("resolved_by")
    return [*blocks, _field("resolved-by", "Finding settled by", by)] if by else blocks


def _sent(store: Store, case: Case) -> list[Block]:
    blocks = [_heading("sent", "Sent")]
    listed = [one for one in store.messages_of(case.case_id) if one.kind in _TOLD]
    for at, one in enumerate(listed, 1):
        when = f"taken {stamp(one.delivered)}" if one.delivered else "not taken yet"
        text = f"to {one.recipient}, {one.size} bytes, SHA-256 {one.digest}, {when}"
        blocks.append(_field(f"sent-{at:02d}", one.kind, text))
    return blocks


def _entries(store: Store, case: Case) -> list[Block]:
    blocks = [_heading("ledger", "Entries of the ledger")]
    held = store.rows("entries_of", case_id=case.case_id)
    # A look at the record is an entry too; told here, each record would differ from the last by that look.
    rows = [row for row in held if row["log"] != ANSWERS_LOG and row["kind"] != FactKind.VIEWED]
    for at, row in enumerate(rows, 1):
        text = f"number {row['seq']} of log {row['log']}, {row['at']}"
        blocks.append(_field(f"entry-{at:02d}", str(row["kind"]), text))
    return blocks


def proposed(made: Document) -> dict[str, JSON]:
    """Redactions that a person may want: numbers that could lead to the subject, and names of staff."""
    wanted = {"case", "tcn", "digest", "resolved-by"}
    wanted |= {piece.id for piece in made.pieces() if piece.id.startswith("sent-")}
    listed: list[JSON] = [
        {"id": piece.id, "codes": list(_PRIVATE), "note": ""} for piece in made.pieces() if piece.id in wanted
    ]
    return {"format": FORMAT, "document": made.id, "redactions": listed}
