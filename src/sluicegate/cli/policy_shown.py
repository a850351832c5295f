# SPDX-License-Identifier: Apache-2.0
"""An account of the rules for people: gates, the rule in force and its history, two clocks side by side."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from sluicegate.cli.calls import plain, table
from sluicegate.policy.account import NOTHING, Account, Difference, Row, Stand
from sluicegate.policy.decision import sentence

_LONG = 400


def short(stamp: str) -> str:
    """A moment without its fraction of a second."""
    return f"{stamp[:19]}Z" if stamp else ""


def head(account: Account) -> str:
    """Who, where and when, in one line or two."""
    if not account.stands:
        return (
            f"{account.ori} is not an agency on file at {short(account.at)}: a booking of it is refused, "
            "nothing is shared."
        )
    where = " and ".join(f"{one.name} ({one.jurisdiction})" for one in account.stands)
    times = ", ".join(f"{one.local} in {one.zone}" for one in account.stands)
    lines = [
        f"{account.ori}: {plain(account.agency, _LONG)}, {where}.",
        f"Moment: {times}; {short(account.at)}.",
    ]
    lines += [f"{one}." for one in account.retired]
    return "\n".join(lines)


def gates(account: Account) -> Iterator[RenderableType]:
    """Each gate, what was asked for beside what is in force, and one sentence."""
    shown = table("gate", "is", "asked for", "in force", "rule", "legal basis")
    for gate, one in account.decisions.items():
        asked, basis = plain(one.asked_for or NOTHING), plain(one.legal_basis)
        shown.add_row(str(gate), str(one.outcome), asked, plain(one.mode), plain(one.rule_id), basis)
    yield shown
    yield ""
    for gate, one in account.decisions.items():
        yield f"{gate} {one.outcome}. {sentence(one)}"


def stand(one: Stand, *, named: bool) -> Iterator[RenderableType]:
    """One jurisdiction: the rule in force, what was asked for, what lost."""
    yield ""
    yield Text(f"In force in {one.name}" if named else "In force", style="bold")
    yield from _rule(one)
    yield ""
    yield Text("Asked for", style="bold")
    yield from _asked(one)
    lost = [each for each in one.lost if each.row.kind != "default"]
    if not lost:
        return
    yield ""
    yield Text("On record and not in force", style="bold")
    for each in lost:
        row = each.row
        what = row.mode or row.asked or row.kind
        yield f"  {row.id} of {row.valid_from}, {row.issuer} ({row.level}): {what}, because {each.why}."
        yield from _clocks(row)


def _rule(one: Stand) -> Iterator[str]:
    row = one.rule
    since = f" since {row.valid_from}" if row.valid_from else ""
    yield f"  {one.mode} by rule {row.id}{since}, because {one.why}."
    yield f"  Issued by {row.issuer} ({row.level}): {row.authority}."
    yield f"  Legal basis: {row.legal_basis}."
    said = one.wording
    if said is None:
        yield "  Wording: the one that the rule names was not public then."
    else:
        public = f"public since {said.public_from}" if said.public_from else "no public day on record"
        yield f"  Wording: {said.id} ({said.label}), {said.document}, {said.issuer}, {public}:"
        yield f"    {said.meaning}"
    if row.replaces:
        yield f"  It was issued in place of {row.replaces}."
    if one.before:
        yield f"  Before it: {one.before.mode} by rule {one.before.rule}, until {short(one.before.until)}."
    after = f", then {one.after.mode} by rule {one.after.id}" if one.after else ""
    yield f"  Until: {short(one.ends) or 'no end on record'}{after}."
    yield from (f"  Document {each}" for each in row.documents)
    yield from _standing(row)


def _standing(row: Row) -> Iterator[str]:
    yield f"  Source: {row.source}; {row.confidence}."
    if row.note:
        yield f"  Note: {row.note}"
    yield from _clocks(row)


def _clocks(row: Row) -> Iterator[str]:
    if row.clocks:
        yield f"  Two clocks: {row.clocks}."


def _asked(one: Stand) -> Iterator[str]:
    if one.asked_by is None:
        yield f"  {NOTHING[0].upper()}{NOTHING[1:]}."
        return
    row = one.asked_by
    since = f" since {one.asked_since}" if one.asked_since else ""
    yield f"  {one.asked_for}{since}: {row.id} of {row.valid_from}, {row.issuer} ({row.level}),"
    yield f"    {row.authority}."
    yield from (f"  Document {each}" for each in row.documents)
    yield f"  In force is {one.mode}." + (" They differ." if one.asked_for != one.mode else "")
    if one.refused_by:
        no = one.refused_by
        yield f"  Refused by {no.id} of {no.valid_from}, {no.issuer} ({no.level}): {no.authority}."
    yield from _clocks(row)


def beside(
    known: str, at: str, found: tuple[Difference, ...], unknown: tuple[str, ...]
) -> Iterator[RenderableType]:
    """As known on a day, beside what is on record now."""
    yield ""
    yield Text(f"As known on {known}, beside what is on record now", style="bold")
    if known < at[:10]:
        yield "  That day lies before the moment asked about: what was known is what could be expected."
    if not found:
        yield "  Nothing differs: whoever looked on that day could have known all of the above."
    else:
        shown = table("  what", f"as known on {known}", "on record now")
        for one in found:
            shown.add_row(f"  {one.what}", plain(one.then, _LONG), plain(one.now, _LONG))
        yield shown
    if unknown:
        yield ""
        yield "  Because nobody could know on that day:"
        yield from (f"  * {one}" for one in unknown)
