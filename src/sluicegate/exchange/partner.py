# SPDX-License-Identifier: Apache-2.0
"""The partner's desk: takes copies that prove they were allowed, searches its own gallery, asks a person.

It has a store, keys, blobs, a gallery and a ledger of its own, and no way into the bureau's.
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

from sluicegate.errors import InputRefused, UsageError, VerifyError
from sluicegate.exchange.case import Case, Fact, Json, State, Step
from sluicegate.exchange.engine import Clock, happen
from sluicegate.exchange.envelopes import Copy, read_copy
from sluicegate.exchange.names import new_case_id
from sluicegate.exchange.searching import Search1N, search_repositories
from sluicegate.exchange.stages import partner as stages
from sluicegate.exchange.stages.relied import Relied
from sluicegate.facts import FactKind
from sluicegate.ledger import checkpoint
from sluicegate.ledger import entry as entries
from sluicegate.ledger import proof as proofs
from sluicegate.ledger.verify import NotVerified, VerifierKey, key_id, split_note
from sluicegate.ridge import template as templates
from sluicegate.store.blobs import BlobStore, digest_of
from sluicegate.store.journal import Store
from sluicegate.store.repository import Repository


@dataclass(frozen=True, slots=True)
class PartnerParts:
    """Everything the partner works with."""

    store: Store
    clock: Clock
    spool: BlobStore
    gallery: Repository
    search: Search1N
    bureau_key: VerifierKey
    earlier_keys: tuple[
        VerifierKey, ...
    ] = ()  # which it replaced: copies signed with them may be on their way


class Partner:
    """A `Desk` for copies."""

    role = "partner"

    def __init__(self, parts: PartnerParts) -> None:
        self.parts = parts
        self.store = parts.store
        self.clock = parts.clock

    def take(self, envelope: bytes, sequence: int | None = None) -> str:
        """Take a copy in: refuse what does not prove that G1 is open for these very bytes.

        `sequence` is its number on the channel, which the carrier tells; the ledger keeps it, so that both
        sides can be asked for gaps. Returns the case, also for a repeat. Raises VerifyError or InputRefused,
        and the refusal is in the partner's ledger.
        """
        digest = digest_of(envelope)
        known = self.store.case_of_digest(digest)
        if known is not None:
            return known.case_id
        try:
            copy = read_copy(envelope)
            shown = self._verified(copy)
        except (VerifyError, InputRefused) as error:
            self._turn_away(error, sequence)
            raise
        self.parts.spool.put(envelope)
        now = self.clock()
        case = Case(
            new_case_id(now),
            digest,
            len(envelope),
            "bureau",
            now,
            State.TAKEN,
            0,
            dossier={"reference": copy.reference},
        )
        body: dict[str, Json] = {"copy": case.case_id, "digest": digest_of(copy.transaction), **shown}
        if sequence is not None:
            body["sequence"] = sequence
        return self.store.open_once(case, (Fact(FactKind.COPY_TAKEN, body),), now)

    def _verified(self, copy: Copy) -> dict[str, Json]:
        """What the ledger keeps of a proof that holds: which decision it was, for the sets of its day."""
        proof = proofs.decode(copy.proof)
        origin = checkpoint.parse(proof.checkpoint_note).origin
        own = self.parts.bureau_key
        if not origin.startswith(f"{own.name}/"):
            raise VerifyError("checkpoint: it is of a log that is not the bureau's")
        named = [
            VerifierKey(origin, key_id(origin, k.public), k.public) for k in (own, *self.parts.earlier_keys)
        ]
        key = next((one for one in named if _is_by(proof.checkpoint_note, one)), named[0])
        entry = proofs.verify_share(proof, str(key), digest_of(copy.transaction))
        return {
            "decision_seq": entry.seq,
            "element": entries.commitment(proof.salt, entries.canonical(entry)).hex(),
            "log": origin.removeprefix(f"{own.name}/"),
            "received": str(entry.body.get("received")),
        }

    def _turn_away(self, error: VerifyError | InputRefused, sequence: int | None) -> None:
        now = self.clock()
        body: dict[str, Json] = {"reason": error.message}
        if sequence is not None:
            body["sequence"] = sequence
        fact = Fact(FactKind.COPY_TURNED_AWAY, body)
        with self.store.session() as session:
            self.store.log.append(session, (fact,), None, now)
            self.store.alert(session, f"A copy was turned away: {error.message}", None, now)

    def prepare(self, case: Case) -> Step:
        """The next step of a copy."""
        if case.state is not State.TAKEN:
            return stages.conclude(case)
        copy = read_copy(self.parts.spool.get(case.digest))
        probe = templates.decode(copy.template)
        found = search_repositories(self.parts.search, probe, (self.parts.gallery,))
        return stages.search(case, found.candidates, found.band, found.engine)

    def before(self, case: Case, step: Step) -> None:
        """Erase the copy before the commit that attests it; nothing of a copy is ever enrolled here.

        If we crash between the two, the copy is gone, its state says that it is to go, and the next run
        attests it. G4 is closed: what matched nobody is not kept.
        """
        if step.to is State.CLOSED:
            self.parts.spool.erase(case.digest)

    def tidy(self, case: Case) -> None:
        """Nothing is left to tidy."""

    def determine(self, case_id: str, *, status: str, by: str, relied: Relied | None = None) -> Case:
        """A status officer determines, and says on what. Raises UsageError for a status that does not exist
        or a record of a later day, Conflict where the query no longer waits."""
        if status != stages.NOT_SAME and status not in stages.STATUSES:
            raise UsageError(
                "That is not a status that can be determined.",
                advice=f"Use one of: {', '.join(stages.STATUSES)}, {stages.NOT_SAME}.",
            )
        on = relied.by(self.clock().date()) if relied else None
        case = self.store.case(case_id)
        return happen(self, case, "determine", stages.determine(case, status=status, by=by, relied=on))


def _is_by(note: str, key: VerifierKey) -> bool:
    """Whether a note claims to be signed by this key; nothing is verified."""
    try:
        _, signatures = split_note(note, "checkpoint")
        return any(name == key.name and b64decode(told)[:4] == key.key_id for name, told in signatures)
    except (NotVerified, ValueError):
        return False
