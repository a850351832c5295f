# SPDX-License-Identifier: Apache-2.0
"""How the registry is shown: a change with all that it would do, what waits, and the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from rich.console import RenderableType

from sluicegate.cli.calls import plain, table
from sluicegate.policy.analysis.diff import Change, Difference, Side
from sluicegate.policy.model import CONFIDENCE_WORDS, NO_BASIS, Confidence
from sluicegate.policy.proposal import LinkKind, Paper, Statement
from sluicegate.policy.succession import tables_of
from sluicegate.policy.table import Row
from sluicegate.store.journal import stamp
from sluicegate.store.preview import Sight
from sluicegate.store.registry import Chain, Link, Registered

_SHOWN = 20
_CHOICES = ("rules.csv", "choices.csv")
_GIST = 60


def when(at: str) -> str:
    """A stamp to the second, in UTC."""
    return f"{at[:10]} {at[11:19]} UTC"


def _day(row: Row, column: str) -> str:
    return row.cells.get(column, "") or "-"


def _choices(rows: Sequence[Row]) -> RenderableType:
    shown = table("row", "jurisdiction", "kind", "asked for", "in force", "valid", "public")
    for row in rows[:_SHOWN]:
        until = f" until {row['valid_until']}" if row["valid_until"] else ""
        shown.add_row(
            plain(row["id"]),
            plain(row["jurisdiction"]),
            plain(row["kind"]),
            plain(row["mode_asked"] or "-"),
            plain(row["mode_in_force"] or "-"),
            f"{_day(row, 'valid_from')}{until}",
            _day(row, "public_from"),
        )
    return shown


def _standing(row: Row) -> str:
    """Issuer, authority and legal basis of a row, and how well it is known."""
    said = f"{row['id']}: issued by {row['issuer']} ({row['issuer_level']}), {row['authority']}"
    known = row["confidence"]
    words = CONFIDENCE_WORDS[Confidence(known)] if known in tuple(Confidence) else known
    basis = row["legal_basis"] or NO_BASIS
    return plain(f"{said}. Legal basis: {basis}. It is {words}. Wording {row['wording']}.", 600)


def rows_added(rows: Mapping[str, bytes]) -> list[RenderableType]:
    """The rows of a change: choices and rules in full, other tables by their first cells."""
    lines: list[RenderableType] = []
    for name, found in tables_of(rows).items():
        lines += ["", f"{len(found):,} row{'s' * (len(found) != 1)} for {name}"]
        if name in _CHOICES:
            lines += [_choices(found), *(_standing(row) for row in found[:_SHOWN])]
        elif name == "documents.csv":  # the digest stands below, with the documents that are signed
            lines += [
                plain(f"{r['id']} for {r['rule']}: {r['title']}, of {r['date']}", 200) for r in found[:_SHOWN]
            ]
        else:
            lines += [plain(", ".join(row.cells.values()), 200) for row in found[:_SHOWN]]
        lines += [f"and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
    return lines


def papers(documents: Iterable[Paper]) -> list[RenderableType]:
    """The documents of a change."""
    shown = [f"SHA-256 {one.sha256}  {plain(one.title)}" for one in documents]
    return ["", "Documents", *shown] if shown else ["", "Documents: none named"]


def effect(found: Difference) -> list[RenderableType]:
    """What would change in the nation."""
    if not found.changes and not found.moves:
        return ["", "Effect: no answer of any gate changes, anywhere, at any time."]
    wide = sum(one.widens for one in found.changes)
    places = "jurisdiction" if found.jurisdictions == 1 else "jurisdictions"
    lines: list[RenderableType] = [
        "",
        f"Effect: {len(found.changes):,} answers change in {found.jurisdictions:,} {places};"
        f" {wide:,} of them let more through than before.",
    ]
    if found.changes:
        lines.append(_changes(found.changes[:_SHOWN]))
    if len(found.changes) > _SHOWN:
        lines.append(f"and {len(found.changes) - _SHOWN:,} more (--json lists all)")
    lines += [
        plain(f"Agency {m.ori} stands in {'; '.join(m.after) or 'no place'}, before in {'; '.join(m.before)}"
              if m.before else f"Agency {m.ori} is new, in {'; '.join(m.after)}", 200)
        for m in found.moves[:_SHOWN]
    ]  # fmt: skip
    return lines


def _changes(changes: Sequence[Change]) -> RenderableType:
    shown = table("jurisdiction", "gate", "from", "until", "", "answer", "asked for", "in force", "rule")
    for one in changes:
        place = f"{one.jurisdiction} {one.name}"
        shown.add_row(
            plain(place), one.gate, one.begins or "always", one.ends or "no end", "was", *_side(one.before)
        )
        shown.add_row("", "", "", "", "becomes", *_side(one.after))
    return shown


def _side(side: Side) -> tuple[str, str, str, str]:
    if not side.mode:
        return "no such place", "-", "-", "-"
    return plain(side.answer), plain(side.asked or "-"), plain(side.mode), plain(side.rule)


def sight(seen: Sight) -> list[RenderableType]:
    """A change as a person must see it before signing."""
    said = seen.file.statement
    signed = ", ".join(seen.signers) or "nobody of the list yet"
    head: list[RenderableType] = [
        f"Proposal {seen.id}: link {said.number} of {said.program}, by {plain(said.by)}, {when(said.at)}",
        f"Why: {plain(said.why, 1000)}",
        f"Signed by: {signed}",
    ]
    if said.kind is LinkKind.REGISTRAR:
        return [*head, "", f"Enters {plain(said.by)} on the list of registrars. Key: {plain(said.key, 120)}"]
    return [
        *head,
        *rows_added(seen.file.rows),
        *papers(said.documents),
        *effect(seen.effect),
        *late(seen),
        "",
        "Bookings that were decided stay as they were decided, whatever dates these rows carry.",
    ]


def late(seen: Sight) -> list[RenderableType]:
    """Rows that reach back."""
    return (
        ["", *(f"LATE: {plain(one.text, 200)}; nobody could know it then." for one in seen.late)]
        if seen.late
        else []
    )


def sight_document(seen: Sight) -> dict[str, object]:
    """The same as plain values."""
    return {
        "proposal": seen.id,
        **statement(seen.file.statement),
        "signed_by": list(seen.signers),
        "rows": {name: [dict(r.cells) for r in rows] for name, rows in tables_of(seen.file.rows).items()},
        "effect": {
            "changes": [asdict(one) for one in seen.effect.changes],
            "moves": [asdict(one) for one in seen.effect.moves],
            "restated": seen.effect.restated,
        },
        "late": [one.text for one in seen.late],
    }


def statement(said: Statement) -> dict[str, object]:
    """A statement as plain values."""
    return {
        "number": said.number,
        "kind": said.kind.value,
        "program": said.program,
        "at": said.at,
        "by": said.by,
        "root_before": said.before,
        "root_after": said.after,
        "why": said.why,
        "documents": [asdict(one) for one in said.documents],
    }


def waiting(
    chain: Chain, found: Sequence[tuple[Statement, str, tuple[str, ...]]], beyond: Sequence[str]
) -> list[RenderableType]:
    """The registrars, and what waits for one."""
    people = table("registrar", "entered by link", "key", right=("entered by link",))
    for one in chain.registrars:
        people.add_row(plain(one.name), str(one.number), plain(str(one.key), 120))
    open_ = table("proposal", "link", "what", "by", "at", "signed by", "why", right=("link",))
    for said, name, signed in found:
        open_.add_row(
            name,
            str(said.number),
            said.kind.value,
            plain(said.by),
            when(said.at),
            ", ".join(signed) or "-",
            plain(said.why, _GIST),
        )
    few = (
        []
        if len(chain.registrars) > 1
        else ["A change takes two registrars: sluicegate registry enroll NAME"]
    )
    return [
        people if chain.registrars else "No registrar is on the list.",
        *few,
        "",
        open_ if found else "No proposal waits.",
        *(
            f"{name} is signed and not registered: it is not in force. Approve its proposal again."
            for name in beyond
        ),
    ]


def history(chain: Chain, said: Sequence[Registered]) -> list[RenderableType]:
    """Every link: what was registered when, by whom; what was asked for and what is in force, together."""
    lines: list[RenderableType] = []
    for link, entry in zip(chain.links, said, strict=True):
        lines += [*_link(link, stamp(entry.at)), ""]
    return lines[:-1]


def _link(link: Link, at: str) -> list[RenderableType]:
    one = link.statement
    if one.kind is LinkKind.GENESIS:
        what = f"the program {one.program} as it lay, {len(one.files)} files"
    elif one.kind is LinkKind.REGISTRAR:
        what = f"{plain(one.by)} became a registrar"
    else:
        what = f"rows, proposed by {plain(one.by)} at {when(one.at)}"
    signed = ", ".join(link.signers) or one.by
    head = [
        f"{one.number}. {when(at)}: {what}",
        f"   why: {plain(one.why, 1000)}",
        f"   signed by: {plain(signed)}",
    ]
    if one.kind is not LinkKind.ROWS:
        return list(head)
    tail = f"   policy root {one.before[:16]}... became {one.after[:16]}..."
    return [*head, tail, *rows_added(link.file.rows), *papers(one.documents)]


def history_document(chain: Chain, said: Sequence[Registered]) -> list[dict[str, object]]:
    """The same as plain values."""
    return [
        {
            **statement(link.statement),
            "registered": stamp(entry.at),
            "digest": link.digest,
            "signed_by": list(link.signers),
            "rows": {n: [dict(r.cells) for r in rows] for n, rows in tables_of(link.file.rows).items()},
        }
        for link, entry in zip(chain.links, said, strict=True)
    ]
