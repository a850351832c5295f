# SPDX-License-Identifier: Apache-2.0
"""Gate G3: the partner asks the bureau's repository who a probe is.

Only the open repository is searched: the filtered one is another file under another key, and what is not
there cannot be found, counted, timed or collided with. Of what is found, a booking shows only if its gate was
open at receipt and still is; dropping happens before the list is cut, so a short list tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sluicegate.exchange.case import Fact, Json
from sluicegate.exchange.engine import Clock
from sluicegate.exchange.searching import Search1N, whole
from sluicegate.facts import FactKind
from sluicegate.policy.decide import Facts, decide_lookup
from sluicegate.policy.decision import from_json
from sluicegate.policy.parse import folded
from sluicegate.policy.program import Program
from sluicegate.ridge.engine import Band, Search
from sluicegate.ridge.template import Template
from sluicegate.store.journal import Store
from sluicegate.store.repository import Repository
from sluicegate.terms import Ori

_WIDE = 50  # candidates looked at before any is dropped


@dataclass(frozen=True, slots=True)
class Seen:
    """What the partner is told of one subject: a number and how like the probe it is, in thousandths."""

    subject: str
    similarity: int


@dataclass(frozen=True, slots=True)
class Request:
    """Which agency asked first, for what, and who passed it on; the last opens nothing."""

    ori: Ori = Ori("")  # noqa: RUF009 - a NewType makes nothing
    purpose: str = ""
    via: tuple[Ori, ...] = ()


class Lookup:
    """Answers the partner's look-ups."""

    def __init__(
        self,
        store: Store,
        open_repository: Repository,
        program: Callable[[], Program | None],
        search: Search1N,
        clock: Clock,
        program_of: Callable[[str], Program | None],
    ) -> None:
        self._program_of = program_of
        self._store = store
        self._open = open_repository
        self._program = program
        self._search = search
        self._clock = clock

    def look_up(
        self, probe: Template, requester: str, limit: int = 3, *, request: Request | None = None
    ) -> tuple[Seen, ...]:
        """Subjects that the partner may see. Entered in the ledger before the answer is given.

        Raises ShardLost where a part of the repository was not searched.

        `requester` is who sat at the desk, for the ledger; `request` says which agency asked first, and for
        what, where a rule leaves look-ups to that. Without it such a rule closes.
        """
        asked = request or Request()
        found = whole(self._search.engine.identify(probe, [self._open.gallery], limit=_WIDE))
        allowed: list[Seen] = []
        withheld = 0
        for candidate in found.candidates:
            alone = Search((candidate,), found.engine, found.gallery_versions)
            if self._search.engine.classify(alone) is Band.NONE:
                continue
            if self._may_see(candidate.subject, asked):
                allowed.append(Seen(candidate.subject, round(candidate.similarity * 1000)))
            else:
                withheld += 1
        now = self._clock()
        shown = tuple(allowed[:limit])
        said: dict[str, Json] = {"requester": requester, "candidates": len(shown), "withheld": withheld}
        if request:
            said |= {"ori": asked.ori, "purpose": self._listed(asked.purpose), "via": list(asked.via)}
        fact = Fact(FactKind.LOOKED_UP, said)
        with self._store.session() as session:
            self._store.log.append(session, (fact,), None, now)
        return shown

    def _listed(self, purpose: str) -> str:
        """A stated purpose as the ledger may carry it: free text could name a person."""
        program = self._program()
        rows = program.requests.values() if program else ()
        known = {one.purpose for each in rows for one in each}
        return folded(purpose) if folded(purpose) in known else "not listed" if purpose else ""

    def _may_see(self, subject: str, asked: Request) -> bool:
        """Every booking behind a subject must be open, then and now: one closed one closes the subject."""
        bases = self._open.bases_of(subject)
        program = self._program()
        now = self._clock()
        for basis in bases:
            if basis is None:
                return False  # a reference that nothing vouches for is doubt
            facts = Facts(
                Ori(basis.cri),
                Ori(basis.ori),
                basis.received,
                basis.charges,
                asked.ori,
                asked.purpose,
                asked.via,
            )
            then = from_json(basis.decision)
            if not decide_lookup(then, program, facts, now, program_then=self._program_of(then.root)).open:
                return False
        return bool(bases)
