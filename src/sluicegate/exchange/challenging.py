# SPDX-License-Identifier: Apache-2.0
"""People's challenges to their records: opened, asked of the agency, settled; each step a fact in one commit.

A wrong identification is taken back here: the prints move to a number of their own, which changes nothing
when done again, and then one commit takes the finding back and queues the corrected answer for the agency
that got the wrong one. What an agency wrote only that agency corrects, by submitting anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from sluicegate.ebts import responses
from sluicegate.ebts.submission import partial
from sluicegate.errors import Conflict, Missing, UsageError
from sluicegate.exchange.bureau import Bureau
from sluicegate.exchange.case import EMPTIED, Case, Fact, MessageKind
from sluicegate.exchange.encodings import in_kind
from sluicegate.exchange.stages import answer
from sluicegate.exchange.stages import challenge as stages
from sluicegate.exchange.stages.challenge import Challenge
from sluicegate.facts import FactKind
from sluicegate.itl.detect import read_any
from sluicegate.store.entries import COMMON_LOG
from sluicegate.store.journal import Store, moment, stamp
from sluicegate.store.repository import fresh_number
from sluicegate.store.sql import queries
from sluicegate.terms import Finding

_CORRECTED = (
    "CORRECTED RESPONSE. IT REPLACES THE EARLIER RESPONSE TO THIS BOOKING,",
    "WHICH NAMED ANOTHER PERSON.",
)
MOST = 500
"""Most challenges in a list; open ones come first."""


@dataclass(frozen=True, slots=True)
class Challenges:
    """The challenges of an installation. `days` is how long one may take."""

    bureau: Bureau
    days: int

    @property
    def _store(self) -> Store:
        return self.bureau.store

    def every(self) -> tuple[Challenge, ...]:
        """Challenges, open ones first, by when they are due."""
        return tuple(_challenge(row) for row in self._store.rows("challenges", limit=MOST))

    def one(self, number: int) -> Challenge:
        """One challenge. Raises Missing."""
        found = self._store.rows("challenge", number=number)
        if not found:
            raise Missing("There is no such challenge.")
        return _challenge(found[0])

    def open(self, case_id: str, what: str, letter: str, received: datetime, by: str) -> Challenge:
        """Enter a challenge that came in. Raises UsageError, Missing, Conflict."""
        stages.check(what, letter)
        case, now = self._store.case(case_id), self.bureau.clock()
        if case.state in EMPTIED:
            raise Conflict("Nothing is left of that booking to challenge.")
        if received > now:
            raise UsageError("The letter came in the future.", advice="Write the day on which it came.")
        if self._store.rows("challenges_of", case_id=case_id, what=what):
            raise Conflict("That is challenged already.", advice="Settle the challenge that is open.")
        given = {
            "case_id": case_id,
            "what": what,
            "letter": letter,
            "received": stamp(received),
            "due": stamp(received + timedelta(days=self.days)),
        }
        with self._store.session() as session:
            number = int(session.execute(queries()["open_challenge"], given).scalar_one())
            row = session.execute(queries()["challenge"], {"number": number}).mappings().one()
            made = _challenge(dict(row))
            self._enter(session, made, stages.opened(made, by), now)
        return made

    def ask(self, number: int, by: str) -> Challenge:
        """Enter that the agency that submitted the record was asked to verify it. Raises Conflict."""
        one, now = self.one(number), self.bureau.clock()
        case = self._store.case(one.case_id)
        with self._store.session() as session:
            _changed(session, "ask_of_challenge", number=number, at=stamp(now))
            self._enter(session, one, stages.asked(one, case.cri or case.ori, by), now)
        return self.one(number)

    def deny(self, number: int, reason: str, by: str) -> Challenge:
        """The record stays. Raises UsageError for no such reason, Conflict where it was settled."""
        if reason not in stages.REASONS:
            raise UsageError("Choose why it is denied.", advice=f"One of: {', '.join(stages.REASONS)}.")
        return self._settle(number, "denied", reason, by)

    def resubmitted(self, number: int, name: str, by: str) -> Challenge:
        """The agency submitted anew. `name` is the case of the new booking, of that agency, and answered.

        Raises UsageError, Missing, Conflict.
        """
        old, new = self._store.case(self.one(number).case_id), self._store.case(name)
        if new.case_id == old.case_id or new.ori != old.ori or new.received < old.received:
            raise UsageError("That is not a later booking of the same agency.")
        if new.state not in stages.ANSWERED:
            raise Conflict("The new booking was not answered yet.", advice="Try again when it is.")
        return self._settle(number, "resubmitted", new.case_id, by)

    def removed(self, number: int, by: str) -> Challenge:
        """The record was destroyed, which must have happened before. Raises Conflict."""
        if self._store.case(self.one(number).case_id).state not in EMPTIED:
            raise Conflict("The record was not destroyed yet.")
        return self._settle(number, "removed", "", by)

    def amend(self, number: int, by: str) -> Challenge:
        """Take a wrong identification back, and answer anew whoever got the wrong answer.

        If we crash before the commit, the prints may have their new number already; done again, it ends the
        same. Raises UsageError, Conflict.
        """
        one = self.one(number)
        if one.what != "identification":
            raise UsageError("Only an identification can be amended here.", advice="The agency submits anew.")
        case, now = self._store.case(one.case_id), self.bureau.clock()
        stages.require_amendable(case)
        fresh = self._renumbered(case)
        sre, channel = self._corrected(case, fresh), self._channel(case)
        step = stages.amend(case, number, fresh, sre, channel, by)
        with self._store.session() as session:
            self._store.commit(session, case, "amend", replace(step, log=COMMON_LOG), now)
            _changed(session, "settle_challenge", number=number, outcome="amended", reason="", at=stamp(now))
            self._enter(session, one, stages.settled(one, "amended", "", by), now)
        return self.one(number)

    def alert_overdue(self) -> int:
        """Tell the operator, once each, of every challenge that should have been settled by now; how many."""
        now = self.bureau.clock()
        rows = self._store.rows("overdue_challenges", now=stamp(now))
        for row in rows:
            one = _challenge(row)
            told = f"Challenge {one.number} is overdue: it was due on {one.due.date()}."
            with self._store.session() as session:
                _changed(session, "alert_challenge", number=one.number, at=stamp(now))
                self._store.alert(session, told, one.case_id, now)
                body = {"case": one.case_id, "reason": "challenge-overdue"}
                self._enter(session, one, Fact(FactKind.ALERTED, body), now)
        return len(rows)

    def _settle(self, number: int, outcome: str, reason: str, by: str) -> Challenge:
        one, now = self.one(number), self.bureau.clock()
        with self._store.session() as session:
            given = {"number": number, "outcome": outcome, "reason": reason, "at": stamp(now)}
            _changed(session, "settle_challenge", **given)
            self._enter(session, one, stages.settled(one, outcome, reason, by), now)
        return self.one(number)

    def _enter(self, session: Session, one: Challenge, fact: Fact, now: datetime) -> None:
        self._store.log.append(session, (fact,), one.case_id, now, COMMON_LOG)

    def _renumbered(self, case: Case) -> str:
        """The number that the prints have from now on; empty where no repository keeps them."""
        if case.text("kept") not in {"open", "filtered"}:
            return ""
        repository = self.bureau.repository(case.text("kept"))
        held = repository.held_of(case.case_id)
        if held is None:
            return ""
        if held.subject != case.text("number"):
            return held.subject  # a crash came between this and the commit
        fresh = fresh_number()
        repository.renumber(case.case_id, fresh)
        return fresh

    def _corrected(self, case: Case, fresh: str) -> bytes:
        """The answer anew, from the one that went out: nothing else is kept of every booking."""
        sent = self._store.message(f"{case.case_id}.{MessageKind.SRE.value}")
        before = self._store.outgoing.get(sent.digest)
        said = partial(read_any(before).transaction)
        about = replace(said, tot=case.tot, tcn=case.tcn, ori=case.ori, dai=self.bureau.parts.ori)
        number = stages.amendments(case) + 1
        body = responses.sre(
            about,
            finding=Finding.NON_IDENT,
            fbi_number=fresh or None,
            tcn=f"{answer.answer_tcn(case, MessageKind.SRE)}{stages.part_of(number)}"[:40],
            at=self.bureau.clock(),
            dai=case.ori,
            rap_sheet="\n".join(_CORRECTED),
            ori=self.bureau.parts.ori,
        )
        return in_kind(before, body)

    def _channel(self, case: Case) -> str:
        return answer.agency_channel(case, case.ori, self.bureau.parts.default_route)


def _changed(session: Session, name: str, **given: object) -> None:
    """Run a change of one row. Raises Conflict where somebody else was first."""
    done = session.execute(queries()[name], given)
    if getattr(done, "rowcount", 0) != 1:
        raise Conflict("Somebody else was first: look at how the challenge stands now.")


def _challenge(row: Mapping[str, Any]) -> Challenge:
    at = {key: moment(row[key]) if row[key] else None for key in ("asked", "alerted", "settled")}
    return Challenge(
        number=row["number"],
        case_id=row["case_id"],
        what=row["what"],
        letter=row["letter"],
        received=moment(row["received"]),
        due=moment(row["due"]),
        outcome=row["outcome"],
        reason=row["reason"],
        **at,
    )
