# SPDX-License-Identifier: Apache-2.0
"""The door: bytes become a case, durably, before any sender hears 250 or 202.

What is not an ANSI/NIST transaction, or does not say whom to answer, is refused here, with one sentence.
Everything else is taken in and gets exactly one SRE or ERRT.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sluicegate.ebts.formats import AGENCY
from sluicegate.errors import Conflict, InputRefused
from sluicegate.exchange.case import Case, Fact, State
from sluicegate.exchange.engine import Clock
from sluicegate.exchange.names import new_case_id
from sluicegate.facts import FactKind
from sluicegate.itl.detect import looks_like_xml, peek_any
from sluicegate.store.blobs import BlobStore, digest_of
from sluicegate.store.journal import Store

_TCN = re.compile(r"[ -~]{1,48}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A case was opened, or these bytes had opened one before."""

    case_id: str
    tcn: str
    duplicate: bool


class Door:
    """Takes bytes in for the bureau. Every intake (mail, HTTP, folder) uses this one."""

    def __init__(
        self,
        store: Store,
        spool: BlobStore,
        clock: Clock,
        max_bytes: int,
        policy_root: Callable[[], str] = str,  # no program: gates will stay closed
    ) -> None:
        self._policy_root = policy_root
        self._store = store
        self._spool = spool
        self._clock = clock
        self.max_bytes = max_bytes

    def check(self, data: bytes) -> str:
        """The TCN of a transaction that can be answered. Raises InputRefused with what is wrong."""
        if not data:
            raise InputRefused("The message is empty.", advice="Send one ANSI/NIST transaction.")
        if len(data) > self.max_bytes:
            raise InputRefused(
                f"The transaction is larger than {self.max_bytes} bytes.", advice="Send fewer images."
            )
        header = peek_any(data)
        if header is None and looks_like_xml(data):
            raise InputRefused(
                "This XML is not a package of ANSI/NIST-ITL: its header cannot be read.",
                advice="Send a NISTBiometricInformationExchangePackage in UTF-8, without a document type.",
            )
        if header is None:
            raise InputRefused(
                "This is not an ANSI/NIST transaction: it does not begin with a Type-1 record (1.001).",
                advice="Send the file itself, not text about it; check the encoding of the attachment.",
            )
        if not AGENCY.fullmatch(header.ori):
            raise InputRefused(
                "ORI (1.008) is missing or is not nine characters of A-Z and 0-9,"
                " so no answer could be sent.",
                code="H0001",
            )
        if not _TCN.fullmatch(header.tcn):
            raise InputRefused(
                "TCN (1.009) is missing or unusable, so no answer could be matched to this.", code="H0001"
            )
        return header.tcn

    def accept(self, data: bytes, channel: str) -> Accepted:
        """Take a transaction in. On return it is durable and will be answered.

        Raises InputRefused (permanent), StoreError (try again later): in both cases nothing was taken.
        """
        tcn = self.check(data)
        digest = digest_of(data)
        now = self._clock()
        known = self._store.case_of_digest(digest)
        if known is not None:
            return self._absorb(known, tcn, channel, now)
        # If we crash after this line and before the commit, the sender heard nothing and sends again; the
        # blob that nobody names is removed by the sweep.
        self._spool.put(data)
        header = peek_any(data)
        assert header is not None
        case = Case(
            case_id=new_case_id(now),
            digest=digest,
            size=len(data),
            channel=channel,
            received=now,
            state=State.SPOOLED,
            version=0,
            ori=header.ori,
            dossier={"root": self._policy_root(), "clock_behind": self._store.log.is_ahead_of(now)},
        )
        fact = Fact(
            FactKind.RECEIVED,
            {"case": case.case_id, "digest": digest, "size": len(data), "channel": channel},
        )
        try:
            with self._store.session() as session:
                self._store.open_case(session, case, (fact,), now)
        except Conflict:
            again = self._store.case_of_digest(digest)
            if again is None:
                raise
            return self._absorb(again, tcn, channel, now)
        return Accepted(case.case_id, tcn, duplicate=False)

    def _absorb(self, known: Case, tcn: str, channel: str, now: datetime) -> Accepted:
        fact = Fact(FactKind.DUPLICATE, {"case": known.case_id, "digest": known.digest, "channel": channel})
        with self._store.session() as session:
            self._store.log.append(session, (fact,), known.case_id, now)
        return Accepted(known.case_id, tcn, duplicate=True)
