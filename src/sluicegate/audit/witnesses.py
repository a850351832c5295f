# SPDX-License-Identifier: Apache-2.0
"""Asks who stands behind the newest summary: witnesses of a policy, and copies seen elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import SLACK, Side, confirm, moment
from sluicegate.audit.material import held
from sluicegate.errors import LedgerError
from sluicegate.ledger import cosign
from sluicegate.ledger.verify import Policy


def check_witnesses(side: Side, policy: Policy | None, seen: Mapping[str, bytes]) -> Result:
    """`seen` are signed checkpoints from elsewhere, by the name of where they were seen."""
    result = Result(Check.WITNESSES)
    for place, note in seen.items():
        confirm(side, note, result, place)
    if policy is None:
        result.skipped = "NO WITNESS WAS ASKED, for no policy was given; others may be shown another ledger"
        return result
    try:
        found = cosign.final(side.master.note, policy)
    except LedgerError as error:
        result.find("witness", "checkpoint", held(error))
        return result
    result.count("witnesses", len(found.signed))
    if not found.final:
        result.find("witness", "checkpoint", held(LedgerError(found.words)))
    newest = max((one.at for _, one in side.said), default="")
    for name, time in found.signed:
        at = datetime.fromtimestamp(min(time, 253_402_300_799), UTC)
        if newest and at + SLACK < moment(newest):
            what = f"{name} cosigned at {cosign.moment(time)} what is dated {newest}: dated in advance"
            result.find("clock", "checkpoint", what)
    if found.final:
        result.notes.append(found.words)
    return result
