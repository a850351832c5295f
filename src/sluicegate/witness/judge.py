# SPDX-License-Identifier: Apache-2.0
"""What a witness answers to `add-checkpoint` (C2SP tlog-witness), without HTTP.

A witness says one thing: of this log, the largest history that I have seen is this one, and it contains every
history that I said so of before. It does not look at what the entries say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.errors import InputRefused, VerifyError
from sluicegate.ledger import checkpoint as checkpoints
from sluicegate.ledger import cosign, merkle
from sluicegate.ledger.cosign import CosignKey
from sluicegate.ledger.verify import Checkpoint
from sluicegate.witness.state import Fork, Seen, State
from sluicegate.witness.wire import SIZE_TYPE, Request, read_request

log = logging.getLogger("sluicegate.witness")

Clock = Callable[[], int]
"""The time, in whole seconds since 1970 (UTC)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP. `body` holds nothing that was received, but for our own signature's names."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


class Witness:
    """One witness: its key, its memory, its clock. May be called from several threads at once."""

    def __init__(self, key: CosignKey, state: State, clock: Clock) -> None:
        self.key = key
        self._state = state
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> Reply:
        """Judge one request, remember, and cosign, in this order. Raises StoreError where memory fails."""
        try:
            request = read_request(body)
            shown = checkpoints.parse(request.note)
        except (InputRefused, VerifyError) as refusal:
            return Reply(400, f"{refusal.message}\n")
        known = self._state.seen(shown.origin)
        if known is None:
            return Reply(404, "This witness does not watch a log of that name.\n")
        if not self._is_signed(request.note, shown.origin):
            return Reply(403, "The checkpoint is not signed by a key that this witness trusts for the log.\n")
        return self._compared(request, shown, known)

    def _is_signed(self, note: str, origin: str) -> bool:
        for key in self._state.keys(origin):
            try:
                checkpoints.verify(note, str(key))
            except VerifyError:
                continue
            return True
        return False

    def _compared(self, request: Request, shown: Checkpoint, known: Seen) -> Reply:
        if shown.size == known.size and shown.root != known.root and known.note:
            self._keep(request.note, shown, known)
            return _conflict(known)
        if request.old > shown.size:
            return Reply(400, "The old size is larger than the size of the checkpoint.\n")
        if request.old != known.size:
            return _conflict(known)
        if shown.size == known.size and shown.root != known.root:
            return _conflict(known)
        try:
            merkle.verify_consistency(known.size, shown.size, known.root, shown.root, request.proof)
        except VerifyError:
            log.warning("witness-refused size=%d known=%d why=consistency", shown.size, known.size)
            return Reply(422, "The proof does not lead from what this witness knows to the checkpoint.\n")
        return self._cosigned(request.note, shown, known)

    def _cosigned(self, note: str, shown: Checkpoint, known: Seen) -> Reply:
        # The time never goes back, whatever the clock does: a later size under an earlier time would read
        # as if this witness had rolled the log back.
        now = max(self._clock(), known.time)
        # If we crash before this commit, nothing was said: the log asks again. If we crash after it, the
        # cosignature is lost but the memory is ahead: the log asks again, hears 409 with the size known
        # here, and asks once more from there. In neither case can a cosignature exist that is not remembered.
        if not self._state.advance(known, Seen(shown.origin, shown.size, shown.root, now, note)):
            newer = self._state.seen(shown.origin) or known
            return _conflict(newer)
        log.info("witness-cosigned size=%d from=%d", shown.size, known.size)
        return Reply(200, cosign.cosignature(note, self.key, now))

    def _keep(self, note: str, shown: Checkpoint, known: Seen) -> None:
        log.error("witness-fork size=%d", shown.size)
        self._state.keep_fork(Fork(shown.origin, shown.size, self._clock(), note, known.note), shown.root)


def _conflict(known: Seen) -> Reply:
    return Reply(409, f"{known.size}\n", SIZE_TYPE)
