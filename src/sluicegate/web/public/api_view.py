# SPDX-License-Identifier: Apache-2.0
"""Documents of the API that no page has as JSON, from the pages' own values; values in, values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sluicegate.ledger.statement import StatementKind
from sluicegate.policy.contradictions import Clash, Gap, Turn
from sluicegate.policy.model import Claim
from sluicegate.policy.program import Program
from sluicegate.web.public import words_view
from sluicegate.web.public.county_search import Found
from sluicegate.web.public.county_view import Path
from sluicegate.web.public.ledgers_view import DayRow, Ledgers, LogRow, Spoken
from sluicegate.web.public.nation_view import APART
from sluicegate.web.public.releases import Release

Document = dict[str, Any]


def cut(name: str, rows: Sequence[Document], skip: int, limit: int) -> Document:
    """A stretch of a list under its name, with how many there are and where the rest begins."""
    after = skip + limit
    return {
        "total": len(rows),
        "next": after if after < len(rows) else None,
        name: list(rows[skip:after]),
    }


def place(program: Program, found: Found) -> Document:
    """A place as listed."""
    one = program.jurisdictions[found.id]
    names = ("id", "name", "kind", "parent", "fips")
    return {**{name: getattr(one, name) for name in names}, "within": found.within}


def agency(found: Found) -> Document:
    """An agency as listed."""
    return {
        "ori": found.ori,
        "name": found.name,
        "within": found.within,
        "places": [one.id for one in found.homes],
    }


def history(program: Program, key: str, stretches: Sequence[Path]) -> Document:
    """The history of a place."""
    return {
        "place": key,
        "name": program.jurisdictions[key].name,
        "stretches": [asdict(one) for one in stretches],
    }


def only_apart(document: Document) -> Document:
    """The nation's document with only the rows in which something else was asked for than is in force."""
    return {**document, "rows": [one for one in document["rows"] if one["gap"] in APART]}


def numbers(document: Document, skip: int, limit: int) -> Document:
    """The numbers' document, its rows cut; of published figures only where they lie."""
    names = ("month", "folder", "manifest", "statement")
    return {
        **{name: document[name] for name in ("ledger", "updated", "asked")},
        **cut("months", document["months"], skip, limit),
        "published": [{name: one[name] for name in names} for one in document["published"]],
    }


# -- the words -------------------------------------------------------------------------------------------


def version(program: Program, key: str) -> Document:
    """One version with what stands against it. Raises UsageError where there is none."""
    one = words_view.version(program, key)
    return {
        "version": next(held for held in words_view.documents(program) if held["id"] == key),
        "replaces": [other.id for other in one.replaces],
        "replaced_by": one.replaced_by.id if one.replaced_by else None,
        "public_after_days": one.late,
        "clashes": [_clash(found) for found in one.clashes],
        "gaps": [_gap(found) for found in one.gaps],
        "turns": [_turn(found) for found in one.turns],
    }


def current(day: words_view.Day, on: date, known: str, audience: str) -> Document:
    """What was current on a day."""
    names = [one.wording.id for one in day.standing]
    return {
        "on": on.isoformat(),
        "known": known,
        "audience": audience,
        "standing": [
            {"version": one.wording.id, "public": one.public, "replaces": [old.id for old in one.replaces]}
            for one in day.standing
        ],
        "answers": [_answered(one, names) for one in day.answers],
        "clashes": [_clash(one) for one in day.clashes],
        "gaps": [_gap(one) for one in day.gaps],
    }


def _answered(one: words_view.Answered, names: Sequence[str]) -> Document:
    return {
        "question": one.question.id,
        "text": one.question.text,
        "gate": one.question.gate.value if one.question.gate else None,
        "claims": [
            {"version": name, "answer": _answer(claim), "words": claim.words if claim else ""}
            for name, claim in zip(names, one.claims, strict=True)
        ],
        "apart": one.apart,
    }


def _answer(claim: Claim | None) -> str:
    return words_view.answer_of(claim).value


def _clash(one: Clash) -> Document:
    return {
        "question": one.question,
        "first": one.first.wording,
        "first_answer": _answer(one.first),
        "second": one.second.wording,
        "second_answer": _answer(one.second),
        "degree": one.degree.value,
        "begins": one.begins.isoformat(),
        "ends": _day(one.ends),
        "not_public": list(one.secret),
    }


def _gap(one: Gap) -> Document:
    return {
        "version": one.claim.wording,
        "question": one.claim.question,
        "gate": one.gate.value,
        "claimed": one.claimed.value,
        "enforced": one.enforced.value,
        "place": one.period.jurisdiction.id,
        "rule": one.period.rule.id,
        "begins": one.begins.isoformat(),
        "ends": _day(one.ends),
    }


def _turn(one: Turn) -> Document:
    return {
        "question": one.question,
        "before": one.before.wording,
        "before_answer": _answer(one.before),
        "after": one.after.wording,
        "after_answer": _answer(one.after),
        "degree": one.degree.value,
        "day": one.day.isoformat(),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


# -- ledger and releases ---------------------------------------------------------------------------------


def checkpoint(ours: Ledgers, key: str) -> Document:
    """The newest checkpoint as the ledger's own JSON has it, and the key that it is signed with."""
    return {
        "checkpoint": ours.note,
        "size": ours.size,
        "root": ours.root,
        "newest": ours.newest,
        "holds": not ours.findings,
        "cosigned": [{"name": one.name, "time": one.time.isoformat()} for one in ours.cosigned],
        "logs": len(ours.logs),
        "key": key,
    }


def logs(rows: Sequence[LogRow]) -> list[Document]:
    """Public logs as listed."""
    return [asdict(one) for one in rows]


def days(rows: Sequence[DayRow]) -> list[Document]:
    """Days of a place as listed."""
    return [
        {
            **{name: getattr(one, name) for name in ("day", "received", "shared", "withheld", "pending")},
            "taken_by_partner": one.taken,
            "revisions": one.revisions,
            "statement": one.stated.number,
        }
        for one in rows
    ]


def statements(ours: Ledgers, kind: StatementKind | None, before: int | None, limit: int) -> Document:
    """Statements of a kind, or all, the newest first, below a number."""
    of_kind = [one for one in ours.statements if kind is None or one.statement.kind is kind]
    rest = [one for one in reversed(of_kind) if before is None or one.number < before]
    return {
        "total": len(of_kind),
        "next": rest[limit - 1].number if len(rest) > limit else None,
        "statements": [_statement(one) for one in rest[:limit]],
    }


def _statement(one: Spoken) -> Mapping[str, object]:
    said = one.statement
    return {
        "number": one.number,
        "file": one.file,
        "at": said.at,
        "kind": said.kind.value,
        "subject": said.subject,
        "parts": dict(said.parts),
    }


def release(one: Release) -> Document:
    """A release as listed."""
    names = ("id", "title", "date", "custodian", "made", "root", "shown", "withheld", "trouble", "manifest")
    return {
        **{name: getattr(one, name) for name in names},
        "holds": not one.trouble,
        "statement": one.stated.number if one.stated else None,
    }
