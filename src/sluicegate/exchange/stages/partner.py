# SPDX-License-Identifier: Apache-2.0
"""The partner's story: a copy is searched; no match is deleted and attested, a match waits for a person."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sluicegate.exchange.case import Case, Fact, Json, Message, MessageKind, State, Step
from sluicegate.exchange.stages.answer import message_id
from sluicegate.exchange.stages.relied import Relied
from sluicegate.exchange.stages.search import Found
from sluicegate.facts import FactKind

BUREAU_CHANNEL = "bureau"

STATUSES: dict[str, str] = {
    "not-removable": "A status officer found no basis for removal.",
    "citizen": "A status officer found that the subject is a United States citizen.",
    "possible-removable": "A status officer found that the subject may be removable; no order was found.",
    "order": "A status officer found a recorded order of removal.",
    "unknown": "A status officer could not determine a status.",
}
"""What a person may determine, and the words for it."""

NOT_SAME = "not-same"
"""Not a status: the candidate is another person, and nothing goes back."""


def search(case: Case, found: Sequence[Found], band: str, engine: str) -> Step:
    """Nobody: deleted and attested (G4 is closed by default). Somebody: an IAQ waits for a person."""
    searched = Fact(FactKind.COPY_SEARCHED, {"copy": case.case_id, "engine": engine})
    if band == "none":
        return Step(State.DELETED, (searched,), note={"matched": False})
    queued = Fact(FactKind.QUERY_QUEUED, {"copy": case.case_id})
    candidates: list[Json] = [{"subject": f.subject, "similarity": f.similarity} for f in found[:3]]
    return Step(
        State.QUERIED,
        (searched, queued),
        note={"matched": True, "candidates": candidates, "band": band, "waits_for": "status-officer"},
    )


def determine(case: Case, *, status: str, by: str, relied: Relied | None = None) -> Step:
    """A person determined a status: the IAR. `not-same` says that the candidate is another person."""
    on: dict[str, Json] = relied.to_json() if relied else {}
    fact = Fact(FactKind.DETERMINED, {"copy": case.case_id, "by": by, **on})
    note: dict[str, Json] = {"status": status, "by": by, "waits_for": "", **({"relied": on} if on else {})}
    if status == NOT_SAME:
        note["matched"] = False
    return Step(State.DETERMINED, (fact,), note=note)


def conclude(case: Case) -> Step:
    """The partner's word goes back to the bureau, the same for every mode: the bureau's gate decides.

    The copy was erased just before this commit, so that the attestation is true when it is made.
    """
    matched = case.noted("matched") is True
    status = case.text("status")
    reply: dict[str, Json] = {
        "copy": case.case_id,
        "reference": case.text("reference"),
        "matched": matched,
        "lines": [STATUSES[status]] if matched and status in STATUSES else [],
        "kept": False,
    }
    body = json.dumps(reply, sort_keys=True).encode()
    message = Message(message_id(case, MessageKind.REPLY), MessageKind.REPLY, BUREAU_CHANNEL, "bureau", body)
    gone = Fact(FactKind.COPY_DELETED, {"copy": case.case_id, "digest": case.digest})
    closed = Fact(FactKind.CLOSED, {"case": case.case_id})
    return Step(State.CLOSED, (gone, closed), (message,))
