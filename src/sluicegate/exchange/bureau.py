# SPDX-License-Identifier: Apache-2.0
"""The bureau's desk: gathers what each stage of a booking needs and calls the stage. It decides nothing.

Personal data is read anew from the encrypted bytes at every stage that needs it; between stages the dossier
carries codes, numbers and decisions only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.ebts import conformance, responses
from sluicegate.ebts.submission import Submission, partial
from sluicegate.errors import Conflict, InputRefused, Missing, UsageError, WorkerLost
from sluicegate.exchange import papers
from sluicegate.exchange.case import Case, MessageKind, State, Step
from sluicegate.exchange.encodings import in_kind
from sluicegate.exchange.engine import Clock, happen
from sluicegate.exchange.envelopes import Copy, Second
from sluicegate.exchange.frames import frames
from sluicegate.exchange.searching import Search1N, probe_images, search_repositories
from sluicegate.exchange.stages import admit, answer, examine, search, share
from sluicegate.exchange.stages.examine import Opinion, Word
from sluicegate.exchange.stages.share import Reply
from sluicegate.itl.detect import looks_like_xml, peek_any, read_any
from sluicegate.itl.model import Defect, Severity, Transaction
from sluicegate.itl.xml.rules import unchecked
from sluicegate.ledger.note import LogSigner
from sluicegate.policy.decide import Facts, decide_all, decide_recipient
from sluicegate.policy.decision import Decision, from_json
from sluicegate.policy.program import Program
from sluicegate.raster.isolate import Workshop
from sluicegate.ridge import template as templates
from sluicegate.store.blobs import BlobStore
from sluicegate.store.journal import Store
from sluicegate.store.repository import Basis, Repository, fresh_number
from sluicegate.terms import Finding, Gate, Ori, Outcome

_TRIES = 5


@dataclass(frozen=True, slots=True)
class BureauParts:
    """Everything the bureau works with."""

    store: Store
    clock: Clock
    spool: BlobStore  # received bytes and templates of cases that are not closed
    open: Repository
    filtered: Repository
    program_of: Callable[[str], Program | None]  # by policy root; None: not at hand, which is doubt
    workshop: Workshop | None  # None: only people and tools look; nothing is extracted
    search: Search1N
    key: LogSigner
    ori: str  # of the bureau
    default_route: str  # "smtp" or "folder": for recipients that did not submit
    min_minutiae: int
    min_fingers: int
    check_xml: Callable[[bytes], tuple[Defect, ...]] = unchecked  # against schemas, where they are at hand
    opinions: int = 1  # examiners who must agree


class Bureau:
    """A `Desk` for bookings."""

    role = "bureau"

    def __init__(self, parts: BureauParts) -> None:
        self.parts = parts
        self.store = parts.store
        self.clock = parts.clock
        self._stages: Mapping[State, Callable[[Case], Step]] = {
            State.SPOOLED: self._admit,
            State.ADMITTED: self._authorize,
            State.AUTHORIZED: self._extract,
            State.PROBED: self._identify,
            State.SEARCHED: self._resolve,
            State.RESOLVED: self._respond,
            State.REFUSED: self._reject,
            State.ANSWERED: self._retain,
            State.FILED: self._share,
            State.WITHHELD: share.close,
            State.REJECTED: share.close,
            State.RELAYED: share.close,
            State.MUTED: share.close,
            State.SILENT: share.close,
        }

    def prepare(self, case: Case) -> Step:
        """Gather and decide the next step of a booking."""
        return self._stages[case.state](case)

    def before(self, case: Case, step: Step) -> None:
        """Enrol what the step keeps, under the case: doing it twice changes nothing."""
        for one in step.enrol:
            repository = self.repository(one.repository)
            basis = Basis(
                decision=decisions_of(case)[Gate.LOOKUP].to_json(),
                cri=case.cri,
                ori=case.ori,
                received=case.received,
                charges=tuple(text for _, text in self._received(case)[2].charges),
            )
            repository.enrol(case.case_id, one.subject, one.template, one.transaction, basis)

    def tidy(self, case: Case) -> None:
        """Erase what a closed case no longer needs."""
        if case.state is State.CLOSED:
            self.parts.spool.erase(case.digest)
            if case.text("template"):
                self.parts.spool.erase(case.text("template"))

    def repository(self, name: str) -> Repository:
        """The open or the filtered repository."""
        return self.parts.open if name == "open" else self.parts.filtered

    # -- reading ---------------------------------------------------------------------------------------

    def reread(self, case: Case) -> tuple[Submission, tuple[Defect, ...]]:
        """What a booking says and what is wrong with it, worst first, from the bytes as received.

        It is personal data. Raises Missing once the bytes are erased.
        """
        booking, defects = self._checked(case)
        return booking, tuple(defects)

    def kept(self, case: Case) -> Submission | None:
        """What the transaction says that a repository keeps of a booking, or None. It is personal data."""
        where = case.text("kept")
        held = self.repository(where).held_of(case.case_id) if where in {"open", "filtered"} else None
        transaction = read_any(held.transaction).transaction if held and held.transaction else None
        return partial(transaction) if transaction else None

    def _received(self, case: Case) -> tuple[Transaction | None, tuple[Defect, ...], Submission]:
        data = self.parts.spool.get(case.digest)
        reading = read_any(data)
        booking = partial(reading.transaction) if reading.transaction else _at_least(data)
        return reading.transaction, reading.defects, booking

    def _checked(self, case: Case) -> tuple[Submission, list[Defect]]:
        transaction, structure, booking = self._received(case)
        profile = self._against_profile(transaction, case) if transaction else ()
        data = self.parts.spool.get(case.digest)
        # What cannot be read at all has told why already; the schema could only say it again.
        schema = self.parts.check_xml(data) if transaction and looks_like_xml(data) else ()
        return booking, sorted((*structure, *schema, *profile), key=lambda d: -d.severity)

    def _against_profile(self, transaction: Transaction, case: Case) -> tuple[Defect, ...]:
        images = conformance.check_images(transaction, frames(transaction), size=Severity.ERROR)
        return (*conformance.check_booking(transaction, case.received), *images)

    # -- stages ----------------------------------------------------------------------------------------

    def _admit(self, case: Case) -> Step:
        booking, defects = self._checked(case)
        twin = bool(booking.tcn) and self.store.has_twin(case, booking.tcn, booking.ori)
        return admit.admit(case, booking, defects, twin=twin)

    def _authorize(self, case: Case) -> Step:
        booking = self._received(case)[2]
        # The rules as they stood when the booking came, not as somebody has edited them since.
        program = self.parts.program_of(case.text("root")) if not case.noted("clock_behind") else None
        facts = Facts(
            cri=Ori(case.cri),
            ori=Ori(case.ori),
            received=case.received,
            charges=tuple(text for _, text in booking.charges),
        )
        decisions = decide_all(program, facts)
        known = program is None or any(
            program.place(Ori(ori), case.received) is not None for ori in (case.cri, case.ori)
        )
        hearers = self._hearers(case, booking, program, decisions[Gate.RELAY])
        return admit.authorize(case, decisions, hearers, unknown=not known)

    def _extract(self, case: Case) -> Step:
        booking = self._received(case)[2]
        assert self.parts.workshop is not None, "a process that only looks never extracts"
        try:
            missing = tuple(finger for finger, _ in booking.amp)
            least = self.parts.min_minutiae
            probe = probe_images(self.parts.workshop, booking.images, least, missing=missing)
        except InputRefused as error:
            return search.extract(case, search.Probed(trouble_code=error.code, trouble=error.message))
        except WorkerLost as error:
            return search.extract(case, search.Probed(trouble_code="L0008", trouble=error.message))
        if probe.usable < self.parts.min_fingers:
            return search.extract(case, search.Probed(trouble_code="L0008", trouble=probe.too_poor()))
        # The blob goes first: if we crash before the commit, the same images give the same blob again.
        digest = self.parts.spool.put(templates.encode(probe.template))
        return search.extract(case, search.Probed(digest, probe.template.extractor, probe.counts))

    def _identify(self, case: Case) -> Step:
        probe = templates.decode(self.parts.spool.get(case.text("template")))
        home = self.repository(share.home_of(decisions_of(case)))
        other = self.parts.filtered if home is self.parts.open else self.parts.open
        found = search_repositories(self.parts.search, probe, (home, other))
        return search.identify(case, found.candidates, found.band, found.engine, found.galleries)

    def _resolve(self, case: Case) -> Step:
        return search.resolve(case, home=share.home_of(decisions_of(case)), fresh_number=fresh_number())

    def _respond(self, case: Case) -> Step:
        body = responses.sre(
            self._received(case)[2],
            finding=Finding(case.text("finding")),
            fbi_number=case.text("number") or None,
            tcn=answer.answer_tcn(case, MessageKind.SRE),
            at=self.clock(),
            dai=case.ori,
            ori=self.parts.ori,
        )
        return answer.respond(case, self._in_kind(case, body), self._channel(case, case.ori))

    def _reject(self, case: Case) -> Step:
        booking = self._received(case)[2]
        body = responses.errt(
            booking,
            self._refusal_lines(case),
            tcn=answer.answer_tcn(case, MessageKind.ERRT),
            at=self.clock(),
            dai=booking.ori or case.ori,
            ori=self.parts.ori,
        )
        receipt = ""
        if case.noted("decisions") is not None:
            receipt = papers.receipt(self.store.log, self.parts.key, case.case_id, refused_words(case))
        return answer.reject(case, self._in_kind(case, body), self._channel(case, case.ori), receipt)

    def _refusal_lines(self, case: Case) -> Sequence[Defect | str]:
        match case.text("refusal"):
            case "defects":
                return [d for d in self._checked(case)[1] if d.severity is Severity.ERROR]
            case "duplicate-tcn":
                return [
                    "H0001 - TCN (1.009) was used before by this originator; give each transaction its own"
                ]
            case "unknown-agency":
                return [
                    "A0001 - neither CRI (2.073) nor ORI (1.008) is an agency on file; nothing was shared"
                ]
            case _:
                return [f"{case.text('refusal_code')} - {case.text('refusal_text')}"]

    def _retain(self, case: Case) -> Step:
        return share.retain(
            case,
            home=share.home_of(decisions_of(case)),
            template=self.parts.spool.get(case.text("template")),
            transaction=self.parts.spool.get(case.digest),
        )

    def _share(self, case: Case) -> Step:
        decisions = decisions_of(case)
        decision = decisions[Gate.SHARE]
        proven = self.store.log.decided(case.case_id)
        copy = None
        if decision.outcome is Outcome.OPEN:
            copy = Copy(
                reference=answer.message_id(case, MessageKind.COPY),
                case_id=case.case_id,
                proof=papers.proof(proven, self.parts.key),
                transaction=self.parts.spool.get(case.digest),
                template=self.parts.spool.get(case.text("template")),
            ).encode()
        receipt = papers.receipt(self.store.log, self.parts.key, case.case_id, papers.words(decisions))
        ready = share.Papers(receipt, copy, proven.entry.seq)
        return share.share(case, decision, ready, self._channel(case, case.ori))

    def _in_kind(self, case: Case, body: bytes) -> bytes:
        return in_kind(self.parts.spool.get(case.digest), body)

    def _channel(self, case: Case, recipient: str) -> str:
        return answer.agency_channel(case, recipient, self.parts.default_route)

    # -- events ----------------------------------------------------------------------------------------

    def examine(self, case_id: str, *, same: bool, by: str) -> Case:
        """An examiner's word on the best candidate; as `speak`."""
        word = Word.SAME if same else Word.DIFFERENT
        return self.speak(case_id, Opinion(by, word), "said at the console")

    def speak(self, case_id: str, opinion: Opinion, why: str) -> Case:
        """An examiner's word on a case in the grey band, and the reason; the case as it then stands.

        Raises Conflict where the case does not wait, or this examiner has given a word already; UsageError
        where no candidate has the number.
        """
        for _ in range(_TRIES):
            case = self.store.case(case_id)
            if case.state is not State.AWAITING:
                raise Conflict(f"The case does not wait for an examiner: it is {case.state}.")
            home = share.home_of(decisions_of(case))
            settling = examine.Settling(home, fresh_number(), self.parts.opinions)
            step = examine.speak(case, opinion, why, settling)
            try:
                return happen(self, case, "examine", step)
            except Conflict:
                continue  # somebody else's word was a moment earlier: ours is weighed again beside it
        raise Conflict("Others gave their words at the same moment; give yours again.")

    def hear(self, reference: str, reply: Reply) -> Case | None:
        """The partner's word on a copy; a repeat is absorbed. Raises Missing for a copy never sent."""
        case_id = reference.partition(".")[0]
        sent = {m.message_id for m in self.store.messages_of(case_id) if m.kind == MessageKind.COPY}
        if reference not in sent:
            raise Missing("No copy of that name was sent.")  # the same words for a booking withheld and none
        case = self.store.case(case_id)
        if case.state is not State.SHARED:
            return None
        step = self._relay(case, reply)
        return happen(self, case, "relay", step)

    def _relay(self, case: Case, reply: Reply) -> Step:
        proven = self.store.log.decided(case.case_id)
        if not reply.matched or reply.turned_away:
            return share.relay(case, reply, {}, {}, proven.entry.seq)
        booking = self._received(case)[2]
        recipients = recipients_of(case)
        second = {
            recipient: self._second(case, booking, recipient, reply.lines)
            for recipient, outcome in recipients.items()
            if outcome is Outcome.OPEN
        }
        return share.relay(case, reply, recipients, second, proven.entry.seq)

    def _hearers(
        self, case: Case, booking: Submission, program: Program | None, relay: Decision
    ) -> dict[str, Outcome]:
        """Everybody who could get the second response, each judged alone (ORI, CRI, and SCO)."""
        charges = tuple(text for _, text in booking.charges)
        names = [case.ori, *booking.cri, *(one[:9] for one in booking.sco)]
        return {
            name: decide_recipient(program, relay, Ori(name), case.received, charges=charges).outcome
            for name in dict.fromkeys(names)
        }

    def _second(self, case: Case, booking: Submission, recipient: str, lines: Sequence[str]) -> bytes:
        idr = responses.second_response(
            booking,
            tcn=f"SG{case.case_id}{recipient}"[:40],
            at=self.clock(),
            dai=recipient,
            recipient=Ori(recipient),
            lines=lines or ("The partner holds a record of these prints; no status was determined.",),
            ori=self.parts.ori,
        )
        return Second(
            reference=answer.message_id(case, MessageKind.SECOND, recipient),
            recipient=recipient,
            channel=self._channel(case, recipient),
            # Only who submitted is known to read the encoding of the submission.
            idr=self._in_kind(case, idr) if recipient == case.ori else idr,
        ).encode()


def _at_least(data: bytes) -> Submission:
    """Whom and what to answer, of a file that is over a cap: the door saw it, so the answer can repeat it."""
    header = peek_any(data)
    if header is None:
        return Submission()
    # A backslash stands for a character that no answer may carry.
    ori, tcn = ("" if "\\" in text else text for text in (header.ori, header.tcn))
    return Submission(ori=ori, tcn=tcn)


def decisions_of(case: Case) -> dict[Gate, Decision]:
    """The decisions that the dossier holds. Raises UsageError before they were made."""
    held = case.noted("decisions")
    if not isinstance(held, dict):
        raise UsageError("No decision was made about this case yet.")
    found: dict[Gate, Decision] = {}
    for gate in Gate:
        one = held.get(str(gate))
        if not isinstance(one, dict):
            raise UsageError(f"The dossier holds no decision for {gate}.")
        found[gate] = from_json(one)
    return found


def recipients_of(case: Case) -> dict[str, Outcome]:
    """Whether each possible recipient may get the second response, as settled when the booking came."""
    held = case.noted("recipients")
    found = held if isinstance(held, dict) else {}
    return {name: Outcome.OPEN if one == Outcome.OPEN else Outcome.CLOSED for name, one in found.items()}


def refused_words(case: Case) -> dict[Gate, str]:
    """What a receipt says where the booking was refused: whatever the gates would have done, nothing went."""
    said = papers.words(decisions_of(case))
    nothing = "The booking was refused, so nothing was sent to the partner. "
    return {gate: nothing + text if gate is Gate.SHARE else text for gate, text in said.items()}
