# SPDX-License-Identifier: Apache-2.0
"""A county's question: did any of our bookings of that month go to the partner?

Answered from the county's receipts and from public files alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sluicegate.audit.receipts import Held
from sluicegate.audit.run import Audited
from sluicegate.terms import Outcome

NONE_WENT, WENT, UNSETTLED = "none went", "went", "not settled"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one month.

    Attributes:
        month: YYYY-MM, by the local days of each jurisdiction.
        receipts: how many of the receipts are of that month.
        went: files of receipts whose booking was shared or taken.
        unsettled: files of receipts whose booking is in no set yet, or is pending.
        places: for each jurisdiction of the receipts, what the public ledger counts in that month by set,
            with `taken` and `receipts` beside it.
    """

    month: str
    receipts: int
    went: tuple[str, ...]
    unsettled: tuple[str, ...]
    places: dict[str, dict[str, int]]

    @property
    def verdict(self) -> str:
        """One of the three."""
        if self.went or any(one["shared"] or one["taken"] for one in self.places.values()):
            return WENT
        waits = self.unsettled or not self.receipts or any(one["pending"] for one in self.places.values())
        return UNSETTLED if waits else NONE_WENT


def answer(one: Audited, month: str) -> Answer:
    """What the receipts that hold, and the days of both sides, say of a month."""
    taken = one.partner.elements("taken") if one.partner is not None else {}
    day_of = {
        element: day.day
        for day in one.bureau.days.values()
        for elements in day.sets.values()
        for element in elements
    }
    ours = [held for held in one.receipts if _month(held, day_of.get(held.element)) == month]
    places: dict[str, dict[str, int]] = {}
    for held in ours:
        places.setdefault(
            _place(held), dict.fromkeys(("shared", "withheld", "pending", "taken", "receipts"), 0)
        )
        places[_place(held)]["receipts"] += 1
    for side, days in (("bureau", one.bureau.days), ("partner", one.partner.days if one.partner else {})):
        for (place, day), told in days.items():
            if place in places and day.startswith(f"{month}-"):
                sums = Counter({name: len(elements) for name, elements in told.sets.items()})
                for name, number in sums.items():
                    assert side == "bureau" or name == "taken", "a partner tells what it took"
                    places[place][name] += number
    went = tuple(h.place for h in ours if "shared" in h.within or h.element in taken)
    unsettled = tuple(h.place for h in ours if h.place not in went and "withheld" not in h.within)
    return Answer(month, len(ours), went, unsettled, dict(sorted(places.items())))


def _place(held: Held) -> str:
    return held.log.removesuffix("/withheld")


def _month(held: Held, day: str | None) -> str:
    """The local month where its day was told; until then that of the moment of receipt in UTC."""
    return (day or held.text("received"))[:7]


def lines(told: Answer, audited: Audited, *, partner: bool) -> list[str]:
    """The answer for a person who knows nothing of all this."""
    number = len(audited.findings)
    head = {
        NONE_WENT: f"NONE. Not one of these {told.receipts} bookings of {told.month} went to the partner.",
        WENT: f"SOME WENT. Bookings of {told.month} were shared with the partner or taken by it; see below.",
        UNSETTLED: f"NOT SETTLED. For {told.month} this cannot be said yet; see below.",
    }[told.verdict]
    if number:
        head = (
            f"THE PROOF DOES NOT HOLD: {number} finding(s). Rely on nothing here before they are explained."
        )
    page = [head, ""]
    for place, counts in told.places.items():
        page += _county(place, counts, partner=partner)
    page += [f"  {name}: it went to the partner." for name in told.went]
    page += [f"  {name}: not told yet, or pending." for name in told.unsettled]
    page += [f"  {side}: {one.place}: {one.what}." for side, one in audited.findings[:20]]
    page += [] if told.receipts else [f"None of the receipts that hold is of {told.month}."]
    if not partner:
        page += ["The partner's own word was not asked: give its public folder with --partner."]
    closed = sum(held.outcome == Outcome.CLOSED for held in audited.receipts)
    return [
        *page,
        "",
        f"Checked: {len(audited.receipts)} receipt(s) hold; in {closed} of them gate G1 (share) was closed.",
        "This shows what both ledgers say. It cannot show what may have left by another way.",
    ]


def _county(place: str, counts: dict[str, int], *, partner: bool) -> list[str]:
    received = counts["shared"] + counts["withheld"] + counts["pending"]
    told = [
        f"{place}: the public ledger counts {received} booking(s):"
        f" {counts['shared']} shared, {counts['withheld']} withheld, {counts['pending']} pending.",
    ]
    if partner:
        told.append(f"{place}: the partner's public ledger counts {counts['taken']} taken.")
    missing = received - counts["receipts"]
    if missing > 0:
        told.append(
            f"{place}: {missing} of these are not among the receipts; other agencies may hold theirs."
        )
    elif missing == 0:
        told.append(f"{place}: there is a receipt for each of them.")
    return told


def document(told: Answer, audited: Audited) -> dict[str, object]:
    """The same for machines."""
    return {
        "month": told.month,
        "answer": told.verdict if audited.holds else "does not hold",
        "receipts": told.receipts,
        "went": list(told.went),
        "not_settled": list(told.unsettled),
        "jurisdictions": told.places,
        "findings": len(audited.findings),
    }
