# SPDX-License-Identifier: Apache-2.0
"""The closed set of things the ledger can say, and the keys that each must carry.

A fact never carries a name, a date of birth, an image, a template or a search result that a reader of the
ledger could turn into a person; `case` and `tcn` name the booking.
"""

from __future__ import annotations

from enum import StrEnum


class FactKind(StrEnum):
    """What happened. The bureau's ledger and the partner's ledger use the same set."""

    # the booking's story, in the order of the walk
    RECEIVED = "received"  # bytes are durable and the sender was told so
    DUPLICATE = "duplicate"  # the same bytes arrived again and were absorbed
    ADMITTED = "admitted"
    REFUSED = "refused"  # defects; an ERRT follows
    SUBSTITUTED = "substituted"  # the header's ORI stood in for the CRI, or a successor for a retired one
    DECIDED = "decided"  # one per booking, with the decision of every gate
    PROBED = "probed"
    SEARCHED = "searched"
    RESOLVED = "resolved"
    ANSWERED = "answered"  # SRE or ERRT is in the outbox
    FILED = "filed"
    SHARED = "shared"
    WITHHELD = "withheld"
    RELAYED = "relayed"  # a second response for one recipient is in the outbox
    MUTED = "muted"  # a second response existed and G2 stopped it
    SILENT = "silent"  # the partner had nothing to say
    CORRECTION_HEARD = "correction-heard"  # of the partner's answer; who gets it follows
    CLOSED = "closed"
    DELIVERED = "delivered"  # a message left and its receiver took it
    LOOKED_UP = "looked-up"  # G3: the partner asked the repository
    ALERTED = "alerted"  # doubt: something was denied and a person must look
    EXPUNGED = "expunged"  # what a booking had left was destroyed
    SEALED = "sealed"  # what a booking had left was put away under a key kept elsewhere
    UNSEALED = "unsealed"  # it was brought back
    ATTESTED = "attested"  # another installation signed that it destroyed or sealed its part
    REGISTERED = "registered"  # the rules, or the list of those who may change them, have grown by a link
    # the partner's side
    COPY_TAKEN = "copy-taken"
    COPY_TURNED_AWAY = "copy-turned-away"  # no valid decision proof
    COPY_SEARCHED = "copy-searched"
    COPY_DELETED = "copy-deleted"  # G4: matched nobody; deletion attested
    QUERY_QUEUED = "query-queued"  # an IAQ waits for a person
    DETERMINED = "determined"  # a person answered: an IAR
    CORRECTED = "corrected"  # a person said that a determined answer was wrong, and what is right
    # challenges of people to their records; in private logs only
    CHALLENGED = "challenged"
    CHALLENGE_ASKED = "challenge-asked"  # the agency that submitted the record was asked to verify it
    CHALLENGE_SETTLED = "challenge-settled"
    AMENDED = "amended"  # a wrong identification was taken back; the corrected answer is in the outbox
    # the people at the desks, by the names of their accounts; in private logs only
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"  # by the person, or by the rules of sessions
    TURNED_AWAY = "turned-away"  # a signed-in person asked for what their roles do not allow
    ACCOUNT_CHANGED = "account-changed"
    ACTED = "acted"  # a person did what cannot be taken back; the case is not named, it may be gone
    VIEWED = "viewed"  # a page with personal data is about to be sent
    REGISTRAR_ACTED = "registrar-acted"  # proposed, signed or put aside a change of the rules, at the desk
    EXAMINED = "examined"  # an examiner gave a word on a case in the grey band


REQUIRED: dict[FactKind, frozenset[str]] = {
    FactKind.RECEIVED: frozenset({"case", "digest", "size", "channel"}),
    FactKind.DUPLICATE: frozenset({"case", "digest", "channel"}),
    FactKind.ADMITTED: frozenset({"case", "tcn", "ori", "cri", "tot"}),
    FactKind.REFUSED: frozenset({"case", "tcn", "code"}),
    FactKind.SUBSTITUTED: frozenset({"case", "cri", "ori"}),
    FactKind.DECIDED: frozenset({"case", "tcn", "digest", "decision"}),
    FactKind.PROBED: frozenset({"case", "template", "extractor"}),
    FactKind.SEARCHED: frozenset({"case", "engine", "galleries"}),
    FactKind.RESOLVED: frozenset({"case", "by"}),
    FactKind.ANSWERED: frozenset({"case", "tot", "message"}),
    FactKind.FILED: frozenset({"case", "kept"}),
    FactKind.SHARED: frozenset({"case", "message", "decision_seq"}),
    FactKind.WITHHELD: frozenset({"case", "decision_seq"}),
    FactKind.RELAYED: frozenset({"case", "recipient", "message", "decision_seq"}),
    FactKind.MUTED: frozenset({"case", "recipient", "decision_seq"}),
    FactKind.SILENT: frozenset({"case"}),
    FactKind.CORRECTION_HEARD: frozenset({"case", "number"}),
    FactKind.CLOSED: frozenset({"case"}),
    FactKind.DELIVERED: frozenset({"case", "message", "channel", "sequence"}),
    FactKind.LOOKED_UP: frozenset({"requester", "candidates", "withheld"}),
    FactKind.ALERTED: frozenset({"reason"}),
    FactKind.EXPUNGED: frozenset({"case", "why", "by"}),
    FactKind.SEALED: frozenset({"case", "why", "by"}),
    FactKind.UNSEALED: frozenset({"case", "why", "by"}),
    FactKind.ATTESTED: frozenset({"case", "by"}),
    FactKind.REGISTERED: frozenset({"number", "what", "program", "root", "before", "change"}),
    FactKind.COPY_TAKEN: frozenset({"copy", "digest", "decision_seq"}),
    FactKind.COPY_TURNED_AWAY: frozenset({"reason"}),
    FactKind.COPY_SEARCHED: frozenset({"copy", "engine"}),
    FactKind.COPY_DELETED: frozenset({"copy", "digest"}),
    FactKind.QUERY_QUEUED: frozenset({"copy"}),
    FactKind.DETERMINED: frozenset({"copy", "by"}),
    FactKind.CORRECTED: frozenset({"copy", "by", "number", "source", "dated"}),
    FactKind.CHALLENGED: frozenset({"challenge", "case", "what", "due", "by"}),
    FactKind.CHALLENGE_ASKED: frozenset({"challenge", "case", "agency", "by"}),
    FactKind.CHALLENGE_SETTLED: frozenset({"challenge", "case", "outcome", "by"}),
    FactKind.AMENDED: frozenset({"case", "challenge", "message", "by"}),
    FactKind.SIGNED_IN: frozenset({"who", "way"}),
    FactKind.SIGN_IN_FAILED: frozenset({"who", "way", "why"}),
    FactKind.SIGNED_OUT: frozenset({"who", "why"}),
    FactKind.TURNED_AWAY: frozenset({"who", "route"}),
    FactKind.ACCOUNT_CHANGED: frozenset({"who", "what", "by"}),
    FactKind.ACTED: frozenset({"who", "what", "why"}),
    FactKind.VIEWED: frozenset({"who", "case", "part", "why"}),
    FactKind.REGISTRAR_ACTED: frozenset({"who", "what", "proposal"}),
    FactKind.EXAMINED: frozenset({"who", "case", "word", "why"}),
}
