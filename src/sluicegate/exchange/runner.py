# SPDX-License-Identifier: Apache-2.0
"""Runs the stories durably: DBOS workflows over the same commits, a sweep that finds work, and delivery.

What DBOS remembers is which steps of a walk are done; what is true is the state of the case. Both can be
lost without harm: the sweep starts every case in a runnable state again, and compare-and-swap makes the
second of two runs a no-op.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID, SQLAlchemyDatasource
from dbos._dbos import _get_or_create_dbos_registry

from sluicegate.errors import Conflict, DeliveryError, SluicegateError, StoreError
from sluicegate.exchange.engine import Desk, advance
from sluicegate.exchange.story import STORIES, runnable
from sluicegate.store.journal import Outgoing

log = logging.getLogger("sluicegate.runner")

HandOver = Callable[[str, Outgoing], None]
"""Hands a message of a role to its receiver; raises DeliveryError where it could not. Durable on return."""

PATIENCE = 6
"""How often a step may fail before the operator is told; it is tried again all the same."""


class _Busy:
    """Which cases and messages are being worked on in this process, and what failed how often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._failures: dict[str, int] = {}

    def claim(self, name: str) -> bool:
        with self._lock:
            if name in self._names:
                return False
            self._names.add(name)
            return True

    def release(self, name: str) -> None:
        with self._lock:
            self._names.discard(name)

    def failed(self, name: str) -> int:
        with self._lock:
            self._failures[name] = self._failures.get(name, 0) + 1
            return self._failures[name]

    def worked(self, name: str) -> None:
        with self._lock:
            self._failures.pop(name, None)

    def count(self, prefix: str) -> int:
        with self._lock:
            return sum(name.startswith(prefix) for name in self._names)

    def idle(self) -> bool:
        with self._lock:
            return not self._names


@DBOS.dbos_class()
class Runner(DBOSConfiguredInstance):
    """Moves every case of every desk of this process."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        sources: Mapping[str, SQLAlchemyDatasource],
        hand_over: HandOver,
        *,
        workers: int = 4,
        pause_s: float = 0.2,
        chore: Callable[[], object] | None = None,
        chore_every_s: float = 60.0,
    ) -> None:
        super().__init__(config_name="exchange")
        self._desks = dict(desks)
        self._sources = dict(sources)
        self._hand_over = hand_over
        self._busy = _Busy()
        self._pause = pause_s
        self._chore, self._chore_every, self._chore_at = chore, chore_every_s, 0.0
        self._workers = workers
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="walk")
        self._post = ThreadPoolExecutor(2, thread_name_prefix="post")
        self._sweeper = threading.Thread(target=self._sweep_forever, name="sweep", daemon=True)

    # -- the durable parts -----------------------------------------------------------------------------

    @DBOS.workflow(name="walk")
    def walk(self, role: str, case_id: str) -> str:
        """Move one case as far as it goes. Every commit is a recorded transactional step."""
        desk, source = self._desks[role], self._sources[role]

        def move() -> str:
            return str(advance(desk, case_id, source.sql_session()))

        state = source.run_tx_step({"name": "advance"}, move)
        while state in STORIES[role]:
            state = source.run_tx_step({"name": "advance"}, move)
        desk.tidy(desk.store.case(case_id))
        return state

    # -- delivery --------------------------------------------------------------------------------------

    def post(self, role: str, message_id: str) -> bool:
        """Hand one message over and note that its receiver took it.

        If we crash between the two, the message goes out again with the same id and sequence number, and
        the receiver discards the repeat. It is no workflow: the outbox row is all that there is to remember,
        and a workflow recovered at the start would send beside the sweep, out of turn.
        """
        desk = self._desks[role]
        message = desk.store.message(message_id)
        if message.state != "queued":
            return True
        self._hand_over(role, message)
        with desk.store.session() as session:
            noted = desk.store.delivered(session, message, desk.clock())
        desk.store.let_go(message)
        return noted

    # -- the sweep -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to sweep. DBOS must have been launched."""
        self._sweeper.start()

    def wake(self) -> None:
        """Look for work now rather than at the next sweep."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the commits under way; nothing is lost by stopping at any moment."""
        self._stop.set()
        self._wake.set()
        if self._sweeper.ident is not None:  # a launch that failed never started it
            self._sweeper.join(timeout=10)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._post.shutdown(wait=True, cancel_futures=True)
        # The library keeps every configured instance for ever, and refuses a second one of the same name: a
        # process that opens another home after this one could not move its cases.
        known = _get_or_create_dbos_registry().instance_info_map
        for name in [name for name, one in known.items() if one is self]:
            del known[name]

    def idle(self) -> bool:
        """Whether nothing runs and nothing could: no runnable case, no message due now."""
        for role, desk in self._desks.items():
            if desk.store.runnable(runnable(role), 1) or desk.store.due(desk.clock(), 1):
                return False
        return self._busy.idle()

    def _sweep_forever(self) -> None:
        while not self._stop.is_set():
            try:
                self._sweep()
            except Exception as error:  # noqa: BLE001 the sweep must outlive a full disk or a locked file
                log.error("sweep-failed kind=%s", type(error).__name__)
            self._wake.wait(self._pause)
            self._wake.clear()

    def _sweep(self) -> None:
        if self._chore is not None and time.monotonic() >= self._chore_at:
            self._chore_at = time.monotonic() + self._chore_every
            self._chore()
        for role, desk in self._desks.items():
            # Looked for only when the walkers run short of work: with a long queue that would be most of it.
            short = self._busy.count(f"{role}.case.") < 2 * self._workers
            for case_id, version in desk.store.runnable(runnable(role)) if short else ():
                name = f"{role}.{case_id}.{version}"
                if self._busy.claim(f"{role}.case.{case_id}"):
                    self._pool.submit(self._walk_guarded, role, case_id, name)
            for message in desk.store.due(desk.clock()):
                # One at a time per channel, so that sequence numbers arrive in order.
                if self._busy.claim(f"{role}.channel.{message.channel}"):
                    self._post.submit(self._post_guarded, role, message)

    def _walk_guarded(self, role: str, case_id: str, name: str) -> None:
        try:
            # The name changes with every try: a failed workflow is remembered as failed for ever.
            with SetWorkflowID(f"{name}.{secrets.token_hex(6)}"):
                self.walk(role, case_id)
            self._busy.worked(name)
        except Conflict:
            pass  # another thread or process moved it first
        except Exception as error:  # noqa: BLE001 one bad case must not stop the others
            self._note_failure(role, case_id, name, error)
        finally:
            self._busy.release(f"{role}.case.{case_id}")
            self._wake.set()

    def _note_failure(self, role: str, case_id: str, name: str, error: Exception) -> None:
        tries = self._busy.failed(name)
        log.error("step-failed role=%s case=%s kind=%s tries=%d", role, case_id, type(error).__name__, tries)
        if tries == PATIENCE:
            desk = self._desks[role]
            sentence = error.message if isinstance(error, SluicegateError) else type(error).__name__
            try:
                with desk.store.session() as session:
                    desk.store.alert(session, f"A step keeps failing: {sentence}", case_id, desk.clock())
            except StoreError:
                log.error("alert-not-stored role=%s case=%s", role, case_id)
        # Wait here, holding the claim, so that a failing case does not spin: up to 30 s.
        self._stop.wait(min(30.0, 0.1 * 2.0 ** min(tries, 9)))

    def _post_guarded(self, role: str, message: Outgoing) -> None:
        desk = self._desks[role]
        try:
            self.post(role, message.message_id)
        except DeliveryError as error:
            with desk.store.session() as session:
                desk.store.trouble(session, message, error.message, desk.clock())
            log.warning("delivery-failed role=%s message=%s", role, message.message_id)
        except Exception as error:  # noqa: BLE001 one bad channel must not stop the others
            log.error("delivery-broken role=%s kind=%s", role, type(error).__name__)
            self._stop.wait(1.0)
        finally:
            self._busy.release(f"{role}.channel.{message.channel}")
            self._wake.set()
