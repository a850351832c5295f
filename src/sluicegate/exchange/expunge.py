# SPDX-License-Identifier: Apache-2.0
"""Expunges what one installation holds of a booking, in two moves, and hears from the others that they did.

The first move is one commit: entries emptied, the case blanked, the act stated, notices queued, and a list of
the bytes that are to go. The second destroys those bytes and scrubs the databases. If we crash before the
commit, nothing happened; after it, `finish_all` at the next start, or the same command, goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sluicegate.errors import InputRefused, Missing, VerifyError
from sluicegate.exchange.case import ANSWERS_LOG, Case, Fact, Json, State
from sluicegate.exchange.engine import Clock
from sluicegate.exchange.stages import expunge as stages
from sluicegate.exchange.stages.expunge import Order, Sent
from sluicegate.facts import FactKind
from sluicegate.ledger import note, verify
from sluicegate.ledger.note import Signer
from sluicegate.ledger.verify import NotVerified, VerifierKey
from sluicegate.store import erasing
from sluicegate.store.blobs import BlobStore
from sluicegate.store.journal import Store, stamp
from sluicegate.store.repository import Repository


@dataclass(frozen=True, slots=True)
class Expunger:
    """All the places where one installation may hold something of a booking.

    Attributes:
        key: signs the attestation.
        repositories: where a case may have enrolled.
        answers: folder with answers as files, or None.
        trusted: public keys of the installations whose attestation counts.
    """

    store: Store
    spool: BlobStore
    clock: Clock
    key: Signer
    repositories: tuple[Repository, ...] = ()
    answers: Path | None = None
    trusted: tuple[VerifierKey, ...] = ()

    def expunge(self, case_id: str, order: Order, *, reference: str = "") -> Case:
        """Destroy everything of a case; with a `reference`, attest it to whoever gave the notice.

        Doing it again finishes what a crash interrupted and changes nothing more.

        Raises:
            Missing: there is no such case.
            Conflict: it still moves, or its answers are still on their way; nothing happened.
            StoreError: a disk refused; run it again.
        """
        case = self.store.case(case_id)
        if case.state is not State.EXPUNGED:
            self._empty(case, order, reference)
        self._finish(self.store.case(case_id))
        return self.store.case(case_id)

    def _empty(self, case: Case, order: Order, reference: str) -> None:
        now = self.clock()
        sent = [
            Sent(m.message_id, m.kind, m.channel, m.state, m.digest)
            for m in self.store.messages_of(case.case_id)
        ]
        stages.require_still(case, sent)
        told = stages.notices(case, sent, order)
        gone: dict[str, Json] = {
            "spool": [one for one in (case.digest, case.text("template")) if one],
            "outgoing": [one.digest for one in sent if one.digest],
        }
        sequence = self._sequence(case)
        body: dict[str, Json] = {"why": order.why, "by": order.by}
        with self.store.session() as session:
            counts = erasing.empty_entries(self.store, session, case.case_id)
            number = erasing.state(self.store, session, self.key.name, counts, body, now)
            text = stages.text(reference or case.case_id, self.key.name, stamp(now), order, number)
            signed = note.sign(text, self.key)
            kept: dict[str, Json] = {
                "attestation": signed,
                "notices": [one.message_id for one in told],
                **({"reference": reference} if reference else {}),
                **({"sequence": sequence} if sequence is not None else {}),
            }
            erasing.empty_case(session, case, stages.dossier(order, stamp(now), gone, kept), now)
            fact = Fact(FactKind.EXPUNGED, {"case": case.case_id, **body})
            self.store.log.append(session, (fact,), case.case_id, now)
            for message in (*told, *((stages.attested(case, reference, signed),) if reference else ())):
                self.store.queue(session, case.case_id, message, now)

    def _sequence(self, case: Case) -> int | None:
        """The number of a copy on its channel: not of the booking, and the channel must show no gap."""
        for row in self.store.rows("entries_of", case_id=case.case_id):
            if row["kind"] == FactKind.COPY_TAKEN and row["body"] is not None:
                found = self.store.log.body(row).get("sequence")
                return found if isinstance(found, int) else None
        return None

    def _finish(self, case: Case) -> None:
        pending = case.noted("pending")
        if not isinstance(pending, dict):
            return
        # If we crash anywhere here the list still stands, and everything in it is destroyed again.
        in_use = {d for row in self.store.rows("open_digests") for d in (row["digest"], row["template"])}
        for digest in _texts(pending.get("spool")):
            if digest not in in_use:
                self.spool.erase(digest)
        for digest in _texts(pending.get("outgoing")):
            self.store.outgoing.erase(digest)
        for repository in self.repositories:
            repository.forget(case.case_id)
            repository.scrub()
        if self.answers is not None:
            for path in self.answers.glob(f"*/*{case.case_id}.*"):
                path.unlink(missing_ok=True)
        erasing.scrub_store(self.store)
        left = {name: value for name, value in case.dossier.items() if name != "pending"}
        with self.store.session() as session:
            erasing.set_dossier(session, case, left)
        # If we crash before this, the list of destroyed digests stays in the log until SQLite empties it.
        erasing.scrub_store(self.store, whole=False)

    def finish_all(self) -> int:
        """Finish every expunction that a crash interrupted; how many there were."""
        rows = self.store.rows("expunging")
        for row in rows:
            self._finish(self.store.case(row["case_id"]))
        return len(rows)

    # -- what the others say ---------------------------------------------------------------------------

    def noticed(self, body: bytes) -> Case | None:
        """Another installation says that something it gave us is to be destroyed; a repeat is absorbed.

        None where nothing of that name is here. Raises InputRefused, Conflict while it still moves here.
        """
        reference, order = stages.read_notice(body)
        found = self.store.rows("case_by_reference", reference=reference)
        if not found:
            return None
        return self.expunge(str(found[0]["case_id"]), order, reference=reference)

    def heard(self, body: bytes) -> bool:
        """An attestation came back; a repeat is absorbed. Raises InputRefused, VerifyError, Missing."""
        reference, text = stages.read_attested(body)
        case = self.store.case(reference.partition(".")[0])
        if case.state is not State.EXPUNGED:
            raise Missing("No notice of that name was given.")
        by = self._signed_by(text, reference)
        known = case.noted("attested")
        held = dict(known) if isinstance(known, dict) else {}
        if reference in held:
            return False
        now = self.clock()
        with self.store.session() as session:
            erasing.set_dossier(session, case, {**case.dossier, "attested": {**held, reference: text}})
            fact = Fact(FactKind.ATTESTED, {"case": case.case_id, "by": by})
            self.store.log.append(session, (fact,), case.case_id, now, ANSWERS_LOG)
        return True

    def _signed_by(self, text: str, reference: str) -> str:
        told = text.split("\n")
        if told[:2] != [stages.HEADER, f"Of: {reference}"]:
            raise InputRefused("The attestation is of something else.")
        for key in self.trusted:
            with suppress(NotVerified):
                verify.open_note(text, key, "attestation")
                return key.name
        raise VerifyError("attestation: it is not signed by an installation that we know")


def _texts(value: Json) -> Iterable[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
