# SPDX-License-Identifier: Apache-2.0
"""A correction on its way: entered and sent by the partner in one commit, passed on or muted by the bureau.

If we crash before a commit, nothing happened; after it, the outbox carries the correction on. A repeat is
absorbed by its number. What was erased when the booking closed is not needed: a corrected answer names the
booking by its TCN and says no more of the subject than the bureau still keeps.
"""

from __future__ import annotations

from sluicegate.ebts import responses
from sluicegate.ebts.submission import Submission
from sluicegate.errors import Conflict, Missing
from sluicegate.exchange.bureau import Bureau, recipients_of
from sluicegate.exchange.case import EMPTIED, Case, MessageKind, State
from sluicegate.exchange.encodings import in_kind
from sluicegate.exchange.envelopes import Second
from sluicegate.exchange.partner import Partner
from sluicegate.exchange.stages import answer
from sluicegate.exchange.stages import correct as stages
from sluicegate.exchange.stages.correct import Correction
from sluicegate.exchange.stages.relied import Relied
from sluicegate.terms import Ori, Outcome

TOO_LATE = "A correction came for a booking whose recipients are no longer known: it was expunged or sealed."


def correct(partner: Partner, case_id: str, *, status: str, by: str, relied: Relied) -> Case:
    """A status officer says that a determined answer was wrong, and what is right.

    Raises UsageError, Missing, and Conflict where no answer went out or somebody else was first.
    """
    case, now = partner.store.case(case_id), partner.clock()
    step = stages.correct(case, status=status, by=by, relied=relied.by(now.date()), at=now)
    with partner.store.session() as session:
        return partner.store.commit(session, case, "correct", step, now)


def hear(bureau: Bureau, reference: str, correction: Correction) -> Case | None:
    """The partner's correction, passed on to whoever the gate let hear the answer; None for a repeat.

    Raises Missing for a copy never sent, Conflict while the answer itself is still being passed on.
    """
    case_id = reference.partition(".")[0]
    sent = {m.message_id for m in bureau.store.messages_of(case_id) if m.kind == MessageKind.COPY}
    if reference not in sent:
        raise Missing("No copy of that name was sent.")
    case = bureau.store.case(case_id)
    if case.state in EMPTIED:
        with bureau.store.session() as session:
            bureau.store.alert(session, TOO_LATE, case_id, bureau.clock())
        return None
    if stages.passed(case) >= correction.number:
        return None
    if case.state is not State.CLOSED:
        raise Conflict("The answer that this corrects is still being passed on.")
    recipients = recipients_of(case)
    about = _about(bureau, case)
    second = {
        one: _second(bureau, case, about, one, correction)
        for one, outcome in recipients.items()
        if outcome is Outcome.OPEN
    }
    seq = bureau.store.log.decided(case_id).entry.seq
    step = stages.relay(case, correction, recipients, second, seq)
    with bureau.store.session() as session:
        return bureau.store.commit(session, case, "correct", step, bureau.clock())


def _about(bureau: Bureau, case: Case) -> Submission:
    """What an answer repeats of the booking: what a repository kept of it, or its numbers alone."""
    return bureau.kept(case) or Submission(
        tot=case.tot, tcn=case.tcn, ori=case.ori, cri=(case.cri,) if case.cri else ()
    )


def _second(bureau: Bureau, case: Case, about: Submission, recipient: str, said: Correction) -> bytes:
    idr = responses.second_response(
        about,
        tcn=f"SG{case.case_id}{recipient}C{said.number}"[:40],
        at=bureau.clock(),
        dai=recipient,
        recipient=Ori(recipient),
        lines=said.lines,
        ori=bureau.parts.ori,
    )
    return Second(
        reference=answer.message_id(case, MessageKind.SECOND, stages.part_of(said.number, recipient)),
        recipient=recipient,
        channel=answer.agency_channel(case, recipient, bureau.parts.default_route),
        idr=in_kind(_answered(bureau, case), idr) if recipient == case.ori else idr,
    ).encode()


def _answered(bureau: Bureau, case: Case) -> bytes:
    """The answer of the criminal search, whose encoding is that of the submission."""
    return bureau.store.outgoing.get(bureau.store.message(f"{case.case_id}.{MessageKind.SRE.value}").digest)
