# SPDX-License-Identifier: Apache-2.0
"""The state identification bureau's desk: passes second responses on to its agencies, or cannot."""

from __future__ import annotations

from dataclasses import dataclass

from sluicegate.exchange.case import Case, Fact, State, Step
from sluicegate.exchange.engine import Clock
from sluicegate.exchange.envelopes import read_second
from sluicegate.exchange.names import new_case_id
from sluicegate.exchange.stages import state as stages
from sluicegate.facts import FactKind
from sluicegate.store.blobs import BlobStore, digest_of
from sluicegate.store.journal import Store


@dataclass(frozen=True, slots=True)
class StateParts:
    """Everything the state works with."""

    store: Store
    clock: Clock
    spool: BlobStore
    able: bool  # whether this state can relay at all


class StateBureau:
    """A `Desk` for second responses."""

    role = "state"

    def __init__(self, parts: StateParts) -> None:
        self.parts = parts
        self.store = parts.store
        self.clock = parts.clock

    def take(self, envelope: bytes) -> str:
        """Take a second response in; a repeat is absorbed. Raises InputRefused."""
        digest = digest_of(envelope)
        known = self.store.case_of_digest(digest)
        if known is not None:
            return known.case_id
        second = read_second(envelope)
        self.parts.spool.put(envelope)
        now = self.clock()
        case = Case(
            new_case_id(now),
            digest,
            len(envelope),
            "bureau",
            now,
            State.HELD,
            0,
            ori=second.recipient,
            dossier={"reference": second.reference},
        )
        fact = Fact(
            FactKind.RECEIVED,
            {"case": case.case_id, "digest": digest, "size": len(envelope), "channel": "bureau"},
        )
        return self.store.open_once(case, (fact,), now)

    def prepare(self, case: Case) -> Step:
        """The next step of a second response."""
        if case.state is not State.HELD:
            return stages.conclude(case)
        second = read_second(self.parts.spool.get(case.digest))
        return stages.pass_on(
            case, able=self.parts.able, recipient=second.recipient, idr=second.idr, channel=second.channel
        )

    def before(self, case: Case, step: Step) -> None:
        """Nothing is kept."""

    def tidy(self, case: Case) -> None:
        """Erase what has been passed on."""
        if case.state is State.CLOSED:
            self.parts.spool.erase(case.digest)
