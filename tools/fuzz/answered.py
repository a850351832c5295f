# SPDX-License-Identifier: Apache-2.0
"""What follows the reading of a transaction, whatever its encoding: check, submission, ERRT or SRE."""

from __future__ import annotations

from sluicegate.ebts import conformance, responses
from sluicegate.ebts.submission import partial, submission
from sluicegate.itl.model import Reading, Transaction
from sluicegate.itl.reader import read
from sluicegate.terms import Finding
from tools.fuzz import samples
from tools.fuzz.claims import hold, plain_defects

TCN = "SGATE-00000000001"


def answered(reading: Reading, transaction: Transaction) -> None:
    """What was read is either taken as a submission and answered, or refused with an ERRT; both are sound."""
    defects = conformance.check_booking(transaction, samples.AT)
    plain_defects(defects)
    every = (*reading.defects, *defects)
    found = partial(transaction)
    answer = responses.errt(found, every, tcn=TCN, at=samples.AT, dai="", ori=samples.AGENCY)
    _sound(answer)
    if conformance.admissible(every):
        taken = submission(transaction)
        hold(taken == found, "a submission is not what can be read of it")
        leg = {"tcn": TCN, "dai": "", "ori": samples.AGENCY}
        _sound(responses.sre(taken, finding=Finding.NON_IDENT, fbi_number=None, at=samples.AT, **leg))


def _sound(answer: bytes) -> None:
    reading = read(answer)
    hold(not reading.defects and reading.transaction is not None, "an answer has defects of structure")
    assert reading.transaction is not None, "held above"
    wrong = conformance.check(reading.transaction, samples.AT)
    hold(conformance.admissible(wrong), f"an answer does not conform: {wrong!r:.300}")
