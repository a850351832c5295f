# SPDX-License-Identifier: Apache-2.0
"""What the tests of the edges share: a door with its store and spool, the text of a booking, an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sluicegate.ebts.build import BookingFields
from sluicegate.exchange.case import Message, MessageKind, State, Step
from sluicegate.intake.door import Door
from sluicegate.store.blobs import BlobStore
from sluicegate.store.journal import Outgoing, Store

NOW = datetime(2011, 5, 4, 12, 0, tzinfo=UTC)
ORI = "NY0303000"

FIELDS = BookingFields(
    ori=ORI,
    tcn="TEST-2011-000000001",
    dat="20110504",
    cri=("NY0303001",),
    nam="ROE,RICHARD ALAN",
    pob="NB",
    dob=("19800229",),
    sex="M",
    rac="U",
    hgt="510",
    wgt="170",
    eye="BRO",
    hai="BLK",
    doa="20110503",
    charges=(("20110502", "TRESPASS"),),
)


@dataclass(frozen=True)
class World:
    """A bureau without its stages: what the door works with."""

    store: Store
    spool: BlobStore
    door: Door

    def stored(self) -> list[bytes]:
        """The transactions that were taken in, oldest first."""
        return [self.spool.get(case.digest) for case in self.store.cases_in(State)]

    def kinds(self) -> list[str]:
        """What the ledger says, in order."""
        return [str(row["kind"]) for row in self.store.rows("all_entries")]

    def answer(
        self,
        case_id: str,
        body: bytes,
        *,
        kind: MessageKind = MessageKind.SRE,
        channel: str = "",
        recipient: str = ORI,
    ) -> Outgoing:
        """Put an answer to a case into the outbox, as a stage would."""
        case = self.store.case(case_id)
        name = f"{case_id}.{kind.value}"
        message = Message(name, kind, channel or f"http:{case_id}", recipient, body)
        with self.store.session() as session:
            self.store.commit(session, case, "answer", Step(State.ANSWERED, messages=(message,)), NOW)
        return self.store.message(name)


def outgoing(kind: str = "SRE", *, recipient: str = ORI, message_id: str = "01HX.SRE") -> Outgoing:
    """A message as the outbox gives it to a carrier."""
    return Outgoing(message_id, "01HX", kind, "smtp:x", recipient, 7, "", 0, NOW, "queued", 0, "", None)
