# SPDX-License-Identifier: Apache-2.0
"""The duties of people at the desks, and whose stores a duty may open.

Who works for the partner never opens a store of the bureau, and the other way round; `auditor` and `admin`
open neither.
"""

from __future__ import annotations

from enum import StrEnum

from sluicegate.errors import UsageError, quoted


class Role(StrEnum):
    """A duty. An account may hold several, of one side only."""

    OPERATOR = "operator"  # bookings and health
    EXAMINER = "examiner"  # the grey band
    OFFICER = "officer"  # determines statuses, for the partner
    REGISTRAR = "registrar"  # proposes and approves rules
    RECORDS = "records"  # challenges, expungement, releases
    AUDITOR = "auditor"  # reads what is no personal data
    ADMIN = "admin"  # accounts


class Side(StrEnum):
    """Whose stores a page is handed."""

    BUREAU = "bureau"
    PARTNER = "partner"
    NEITHER = "neither"


SIDES: dict[Role, Side] = {
    Role.OPERATOR: Side.BUREAU,
    Role.EXAMINER: Side.BUREAU,
    Role.OFFICER: Side.PARTNER,
    Role.REGISTRAR: Side.BUREAU,
    Role.RECORDS: Side.BUREAU,
    Role.AUDITOR: Side.NEITHER,
    Role.ADMIN: Side.NEITHER,
}

MEANING: dict[Role, str] = {
    Role.OPERATOR: "bookings and the health of the exchange",
    Role.EXAMINER: "compares fingerprints where the machine must not decide",
    Role.OFFICER: "determines statuses, for the partner",
    Role.REGISTRAR: "proposes and approves changes of the rules",
    Role.RECORDS: "challenges to records, expungement and releases",
    Role.AUDITOR: "reads what holds no personal data",
    Role.ADMIN: "accounts of the people here",
}


def side_of(roles: tuple[str, ...]) -> Side:
    """The side that an account belongs to: the partner's only if a role of it is the partner's."""
    return Side.PARTNER if Role.OFFICER in roles else Side.BUREAU


def roles_of(named: tuple[str, ...]) -> tuple[Role, ...]:
    """Roles by name, each once, in the order of `Role`.

    Raises:
        UsageError: none is named, one is unknown, or they are of both sides.
    """
    unknown = [one for one in named if one not in set(Role)]
    if unknown or not named:
        said = f"{quoted(unknown[0])} is no role." if unknown else "An account needs a role."
        raise UsageError(said, advice=f"Roles: {', '.join(Role)}.")
    found = tuple(role for role in Role if role in named)
    if len({SIDES[role] for role in found} - {Side.NEITHER}) > 1:
        raise UsageError(
            "One account cannot work for the bureau and for the partner.",
            advice="Make an account for each side: what one side sees must not reach the other.",
        )
    return found
