# SPDX-License-Identifier: Apache-2.0
"""Expunges or seals what one installation holds of a booking, in two moves, and hears from the others.

The first move is one commit: entries emptied, the case blanked, the act stated, notices queued, and a list of
the bytes that are to go. The second destroys those bytes and scrubs the databases. If we crash before the
commit, nothing happened; after it, `finish_all` at the next start, or the same command, goes on.

Sealing is the same but for a box: all of it under a key whose private part is elsewhere, made durable before
the commit. Unsealing puts everything back and then commits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from sluicegate.errors import Conflict, InputRefused, Missing, SettingsError, UsageError, VerifyError
from sluicegate.exchange.case import ANSWERS_LOG, EMPTIED, Case, Fact, Json, State
from sluicegate.exchange.engine import Clock
from sluicegate.exchange.stages import expunge as stages
from sluicegate.exchange.stages.expunge import Order, Sent
from sluicegate.facts import FactKind
from sluicegate.ledger import note, verify
from sluicegate.ledger.note import Signer
from sluicegate.ledger.signing import ATTESTATION, SEALING
from sluicegate.ledger.verify import NotVerified, VerifierKey
from sluicegate.store import erasing, sealing, sealkey
from sluicegate.store.blobs import BlobStore
from sluicegate.store.journal import FLEETING, Store, stamp
from sluicegate.store.repository import Repository
from sluicegate.store.sealkey import SealKey, SealPublic


@dataclass(frozen=True, slots=True)
class Expunger:
    """All the places where one installation may hold something of a booking.

    Attributes:
        key: signs the attestation.
        repositories: where a case may have enrolled.
        answers: folder with answers as files, or None.
        trusted: public keys of the installations whose attestation counts.
        boxes: where boxes of sealed bookings lie, or None where this installation does not seal.
    """

    store: Store
    spool: BlobStore
    clock: Clock
    key: Signer
    repositories: tuple[Repository, ...] = ()
    answers: Path | None = None
    trusted: tuple[VerifierKey, ...] = ()
    boxes: BlobStore | None = None

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

    def seal(self, case_id: str, order: Order, to: SealPublic, *, reference: str = "") -> Case:
        """Put everything of a case away under a key, so that only its private part brings it back.

        Doing it again finishes what a crash interrupted and changes nothing more. Raises as `expunge`.
        """
        case = self.store.case(case_id)
        if case.state is State.EXPUNGED:
            raise Conflict("The booking was expunged: nothing is left to seal.")
        if case.state is not State.SEALED:
            self._empty(case, order, reference, to)
        self._finish(self.store.case(case_id))
        return self.store.case(case_id)

    def unseal(self, case_id: str, order: Order, key: SealKey) -> Case:
        """Bring back exactly what was sealed: the same entries, prints and answers.

        Raises:
            Conflict: it is not sealed, somebody has not attested yet, or its TCN was taken since.
            VerifyError: the key does not open it, or the box is not what the ledger committed to.
            StoreError: a disk refused; run it again.
        """
        case = self.store.case(case_id)
        if case.state is not State.SEALED:
            raise Conflict(f"The booking is not sealed: it is {case.state}.")
        stages.require_still(case, ())
        self._finish(case)
        case, box = self.store.case(case_id), case.text("bundle")
        held = sealing.read(key.open(self._boxes().get(box), case_id))
        self._put_back(held, case_id)
        now = self.clock()
        body: dict[str, Json] = {"why": order.why, "by": order.by}
        with self.store.session() as session:
            counts = sealing.restore(self.store, session, case, held, now)
            stated = {**body, "act": "unsealed"}
            erasing.state(self.store, session, self.key.name, counts, stated, now)
            fact = Fact(FactKind.UNSEALED, {"case": case_id, **body})
            self.store.log.append(session, (fact,), case_id, now)
        # A server that started between the two took the prints out again, as of a crash.
        self._put_back(held, case_id)
        # If we crash here, a box lies about that nothing names; the sweep at the next start destroys it.
        self._boxes().erase(box)
        return self.store.case(case_id)

    def _put_back(self, held: Mapping[str, Any], case_id: str) -> None:
        sealing.put_back(held, case_id, self.spool, self.store.outgoing, self.repositories, self.answers)

    def _boxes(self) -> BlobStore:
        if self.boxes is None:
            raise UsageError("This installation does not seal.")
        return self.boxes

    def _empty(self, case: Case, order: Order, reference: str, to: SealPublic | None = None) -> None:
        now = self.clock()
        sent = [
            Sent(m.message_id, m.kind, m.channel, m.state, m.digest)
            for m in self.store.messages_of(case.case_id)
        ]
        stages.require_still(case, sent)
        told = stages.notices(case, sent, order, str(to) if to else "")
        after, kind = (State.SEALED, FactKind.SEALED) if to else (State.EXPUNGED, FactKind.EXPUNGED)
        sequence = self._sequence(case)
        body: dict[str, Json] = {"why": order.why, "by": order.by}
        stated: dict[str, Json] = {**body, "act": "sealed"} if to else body
        with self.store.session() as session:
            box = self._boxed(session, case, to)
            counts = erasing.empty_entries(self.store, session, case.case_id)
            number = erasing.state(self.store, session, self.key.name, counts, stated, now)
            seal = to.key_id if to else ""
            text = stages.text(reference or case.case_id, self.key.name, stamp(now), order, number, seal)
            signed = note.sign(text, self.key)
            kept: dict[str, Json] = {
                "attestation": signed,
                "notices": [one.message_id for one in told],
                **({"reference": reference} if reference else {}),
                **({"sequence": sequence} if sequence is not None else {}),
                **({"bundle": box, "seal": seal} if box else {}),
                **({"partner": "turned-away"} if case.text("partner") == "turned-away" else {}),
            }
            left = stages.dossier(order, stamp(now), _gone(case, sent), kept)
            erasing.empty_case(session, case, left, now, after)
            fact = Fact(kind, {"case": case.case_id, **body})
            self.store.log.append(session, (fact,), case.case_id, now)
            back = (stages.attested(case, reference, signed, again=to is not None),) if reference else ()
            for message in (*told, *back):
                self.store.queue(session, case.case_id, message, now)

    def _boxed(self, session: Session, case: Case, to: SealPublic | None) -> str:
        """Digest of the box, durable before the commit that names it; empty where nothing is sealed."""
        if to is None:
            return ""
        held = sealing.hold(session, case)
        plain = sealing.gather(
            held, case.case_id, self.spool, self.store.outgoing, self.repositories, self.answers
        )
        return self._boxes().put(to.seal(plain, case.case_id))

    def _sequence(self, case: Case) -> int | None:
        """The number of a copy on its channel: not of the booking, and the channel must show no gap."""
        for row in self.store.rows("entries_of", case_id=case.case_id):
            if row["kind"] == FactKind.COPY_TAKEN and row["body"] is not None:
                found = self.store.log.body(row).get("sequence")
                return found if isinstance(found, int) else None
        kept = case.noted("sequence")  # of a copy that was sealed before
        return kept if isinstance(kept, int) else None

    def _finish(self, case: Case) -> None:
        pending = case.noted("pending")
        if not isinstance(pending, dict):
            return
        # If we crash anywhere here the list still stands, and everything in it is destroyed again.
        in_use = {d for row in self.store.rows("open_digests") for d in (row["digest"], row["template"])}
        for digest in _texts(pending.get("spool")):
            if digest not in in_use:
                self.spool.erase(digest)
        fleeting = json.dumps(sorted(FLEETING))
        waiting = {row["digest"] for row in self.store.rows("kept_bodies", fleeting=fleeting)}
        for digest in _texts(pending.get("outgoing")):
            if digest not in waiting:  # two notices can have the same bytes
                self.store.outgoing.erase(digest)
        for digest in _texts(pending.get("boxes")):
            self._boxes().erase(digest)
        if self._forget(case.case_id):
            for repository in self.repositories:
                repository.scrub()
        erasing.scrub_store(self.store)
        left = {name: value for name, value in case.dossier.items() if name != "pending"}
        with self.store.session() as session:
            erasing.set_dossier(session, case, left)
        # If we crash before this, the list of destroyed digests stays in the log until SQLite empties it.
        erasing.scrub_store(self.store, whole=False)

    def _forget(self, case_id: str) -> bool:
        """Take a case's prints and answer files away; whether this installation keeps prints at all."""
        for repository in self.repositories:
            repository.forget(case_id)
        if self.answers is not None:
            for path in self.answers.glob(f"*/*{case_id}.*"):
                path.unlink(missing_ok=True)
        return bool(self.repositories)

    def finish_all(self) -> int:
        """Finish every expunction or sealing that a crash interrupted; how many there were."""
        rows = self.store.rows("expunging")
        for row in rows:
            self._finish(self.store.case(row["case_id"]))
        for row in self.store.rows("bundles"):
            self._forget(row["case_id"])  # of an unsealing that a crash interrupted before its commit
        return len(rows)

    # -- what the others say ---------------------------------------------------------------------------

    def noticed(self, body: bytes) -> Case | None:
        """Another installation says that something it gave us is to be destroyed or sealed.

        A repeat is absorbed.

        None where nothing of that name is here. Raises InputRefused, Conflict while it still moves here.
        """
        reference, order, seal = stages.read_notice(body)
        found = self.store.rows("case_by_reference", reference=reference)
        if not found:
            return None
        case_id = str(found[0]["case_id"])
        if not seal:
            return self.expunge(case_id, order, reference=reference)
        try:
            to = sealkey.read_public(seal)
        except SettingsError as error:
            raise InputRefused(error.message) from None
        return self.seal(case_id, order, to, reference=reference)

    def heard(self, body: bytes) -> bool:
        """An attestation came back; a repeat is absorbed. Raises InputRefused, VerifyError, Missing."""
        reference, text = stages.read_attested(body)
        case = self.store.case(reference.partition(".")[0])
        if case.state not in EMPTIED:
            raise Missing("No notice of that name was given.")
        header = SEALING if case.state is State.SEALED else ATTESTATION
        by = self._signed_by(text, header, reference)
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

    def _signed_by(self, text: str, header: str, reference: str) -> str:
        told = text.split("\n")
        if told[:2] != [header, f"Of: {reference}"]:
            raise InputRefused("The attestation is of something else.")
        for key in self.trusted:
            with suppress(NotVerified):
                verify.open_note(text, key, "attestation")
                return key.name
        raise VerifyError("attestation: it is not signed by an installation that we know")


def _gone(case: Case, sent: Iterable[Sent]) -> dict[str, Json]:
    """The bytes that are to be destroyed. Of a sealed case only its box is left."""
    if case.state is State.SEALED:
        return {"boxes": [case.text("bundle")]}
    return {
        "spool": [one for one in (case.digest, case.text("template")) if one],
        "outgoing": [one.digest for one in sent if one.digest],
    }


def _texts(value: Json) -> Iterable[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
