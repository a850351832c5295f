# SPDX-License-Identifier: Apache-2.0
"""Versions of the wording and their contradictions as data, for `--json` and for whoever writes pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sluicegate.policy.contradictions import Clash, Gap, Period, Turn
from sluicegate.policy.decision import JSON
from sluicegate.policy.model import CONFIDENCE_WORDS, Claim, Wording
from sluicegate.policy.program import Program
from sluicegate.policy.wording import Comparison, Standing, audiences, verified

NEVER = "not on record"


def iso(day: date | None) -> str | None:
    """A day as YYYY-MM-DD, or None where none is on record."""
    return None if day is None or day in (date.min, date.max) else day.isoformat()


def until(day: date | None) -> str:
    """The day on which a period is over, for people."""
    return iso(day) or "still"


def wording(one: Wording) -> dict[str, JSON]:
    """A version as data."""
    return {
        "id": one.id,
        "in_force_from": iso(one.begins),
        "in_force_until": iso(one.ends),
        "superseded_by": one.superseded_by or None,
        "public_from": iso(one.public),
        "issuer": one.issuer,
        "issuer_level": one.level,
        "audience": [*audiences(one)],
        "document": one.document,
        "class": one.label,
        "meaning": one.meaning,
        "legal_basis": one.legal_basis,
        "source": one.source,
        "confidence": one.confidence.value,
        "verified": verified(one.confidence),
        "note": one.note,
        "sha256": one.digest,
    }


def claim(one: Claim | None) -> dict[str, JSON] | None:
    """What a version says to a question, as data; None where it has no row."""
    if one is None:
        return None
    return {
        "wording": one.wording,
        "question": one.question,
        "answer": one.answer.value,
        "words": one.words,
        "source": one.source,
        "confidence": one.confidence.value,
        "verified": verified(one.confidence),
    }


def claims(found: Mapping[str, Claim]) -> list[JSON]:
    """Several claims as data."""
    return [claim(one) for one in found.values()]


def standing(one: Standing) -> dict[str, JSON]:
    """A version in force as data."""
    return {
        **wording(one.wording),
        "public_then": one.public,
        "replaces": [older.id for older in one.replaces],
        "claims": claims(one.claims),
    }


def comparison(one: Comparison) -> dict[str, JSON]:
    """Two versions beside each other as data."""
    return {
        "first": one.first.id,
        "second": one.second.id,
        "questions": [
            {
                "question": said.question.id,
                "text": said.question.text,
                "same": said.same,
                "first": claim(said.first),
                "second": claim(said.second),
            }
            for said in one.questions
        ],
        "fields": [
            {"name": line.name, "same": line.same, "first": line.first, "second": line.second}
            for line in one.lines
        ],
    }


def clash(one: Clash) -> dict[str, JSON]:
    """A clash of two statements as data."""
    return {
        "question": one.question,
        "from": iso(one.begins),
        "until": iso(one.ends),
        "degree": one.degree.value,
        "first": claim(one.first),
        "second": claim(one.second),
        "not_public_then": [*one.secret],
        "same_audience": one.same_audience,
    }


def period(one: Period) -> dict[str, JSON]:
    """What was asked for beside what was in force, as data."""
    refused = one.asked.refused
    return {
        "jurisdiction": one.jurisdiction.id,
        "name": one.jurisdiction.name,
        "from": iso(one.begins),
        "until": iso(one.ends),
        "asked_for": one.asked.mode,
        "asked_since": iso(one.asked.since),
        "asked_by": one.asked.rule.issuer,
        "refused_by": refused.issuer if refused else None,
        "in_force": str(one.mode),
        "rule": one.rule.id,
        "on_record": one.on_record,
        "legal_basis": one.rule.legal_basis,
        "confidence": one.rule.confidence.value,
        "verified": verified(one.asked.rule.confidence, *(rule.confidence for rule in one.stands_on)),
        "switched_on_by": one.activation.id if one.activation else None,
        "beside": [rule.id for rule in one.beside],
    }


def gap(one: Gap) -> dict[str, JSON]:
    """A statement against what was enforced, as data."""
    return {
        "jurisdiction": one.period.jurisdiction.id,
        "name": one.period.jurisdiction.name,
        "from": iso(one.begins),
        "until": iso(one.ends),
        "gate": one.gate.value,
        "claimed": one.claimed.value,
        "enforced": one.enforced.value,
        "claim": claim(one.claim),
        "statement_public_then": not one.secret,
        "asked_for": one.period.asked.mode,
        "in_force": str(one.period.mode),
        "rule": one.period.rule.id,
        "verified": verified(one.claim.confidence, *(rule.confidence for rule in one.period.stands_on)),
    }


def turn(one: Turn) -> dict[str, JSON]:
    """An answer that a later statement turned, as data."""
    return {
        "question": one.question,
        "on": iso(one.day),
        "degree": one.degree.value,
        "before": claim(one.before),
        "after": claim(one.after),
    }


def head(program: Program) -> dict[str, JSON]:
    """Which program a document is about, and what its letters of confidence say."""
    return {
        "program": program.name,
        "root": program.root,
        "questions": {name: one.text for name, one in program.settings.questions.items()},
        "confidence": {letter.value: words for letter, words in CONFIDENCE_WORDS.items()},
    }
