# SPDX-License-Identifier: Apache-2.0
"""Finds bookings by what people know of them: a TCN, or the case id that a command printed."""

from __future__ import annotations

from sluicegate.errors import Missing, quoted
from sluicegate.exchange.case import Case
from sluicegate.store.journal import Store


def bookings(store: Store, name: str) -> list[Case]:
    """The case of that id, or every case of that TCN, oldest first (two agencies may use the same).

    Raises Missing.
    """
    if store.rows("case_by_id", case_id=name):
        return [store.case(name)]
    found = store.cases_of_tcn(name)
    if not found:
        raise Missing(
            f"No booking has the TCN or case id {quoted(name)}.",
            advice="`sluicegate list` shows what there is.",
        )
    return found


def booking(store: Store, name: str) -> Case:
    """The one booking of that name. Raises Missing, also where a TCN names several."""
    found = bookings(store, name)
    if len(found) > 1:
        ids = ", ".join(case.case_id for case in found)
        raise Missing(f"{len(found)} bookings have that TCN.", advice=f"Name one by its case id: {ids}")
    return found[0]
