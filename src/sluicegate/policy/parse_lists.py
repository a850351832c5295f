# SPDX-License-Identifier: Apache-2.0
"""Typed rows of the tables that a program may lack: claims, retired ORIs, requests, documents."""

from __future__ import annotations

import re
from datetime import date

from sluicegate.errors import quoted
from sluicegate.policy.model import (
    ANY,
    Answer,
    Claim,
    Document,
    Request,
    Requester,
    Substitution,
)
from sluicegate.policy.parse import ORI, At, folded
from sluicegate.policy.table import Problems, Row
from sluicegate.terms import ModeName, Ori

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def _ori(at: At, column: str) -> Ori:
    if not ORI.fullmatch(at.row[column]):
        at.note(f"{column} {quoted(at.row[column])} is not nine capital letters and digits")
    return Ori(at.row[column])


def _day(at: At, column: str) -> date:
    at.needed(column)
    return at.row.day(column, at.problems) or date.min


def claim(row: Row, problems: Problems) -> Claim:
    """One row of claims.csv."""
    at = At(row, problems)
    at.needed("wording", "question", "words", "source")
    answer = at.member("answer", Answer, Answer.SILENT)
    return Claim(row["wording"], row["question"], answer, row["words"], row["source"], at.confidence())


def substitution(row: Row, problems: Problems) -> Substitution:
    """One row of substitutions.csv."""
    at = At(row, problems)
    at.needed("source")
    old, new = _ori(at, "ori"), _ori(at, "replaced_by")
    return Substitution(old, new, _day(at, "from"), row["source"], at.confidence())


def requester(row: Row, problems: Problems) -> Requester:
    """One row of requesters.csv."""
    at = At(row, problems)
    at.needed("source")
    at.in_order("from", "until")
    begins, ends = row.day("from", problems), row.day("until", problems)
    return Requester(_ori(at, "ori"), at.name("class"), begins, ends, row["source"], at.confidence())


def request(row: Row, problems: Problems) -> Request:
    """One row of requests.csv."""
    at = At(row, problems)
    at.needed("mode", "class", "purpose", "sentence", "source")
    if row["answer"] not in ("open", "closed"):
        at.note(f"answer {quoted(row['answer'])} is not open or closed")
    return Request(
        mode=ModeName(row["mode"]),
        sort=row["class"] if row["class"] == ANY else at.name("class"),
        purpose=folded(row["purpose"]),
        open=row["answer"] == "open",
        sentence=row["sentence"],
        source=row["source"],
        confidence=at.confidence(),
    )


def document(row: Row, problems: Problems) -> Document:
    """One row of documents.csv."""
    at = At(row, problems)
    at.needed("rule", "title", "source")
    if not _SHA256.fullmatch(row["sha256"]):
        at.note(f"sha256 {quoted(row['sha256'])} is not 64 hexadecimal digits")
    return Document(at.name("id"), row["rule"], row["title"], _day(at, "date"), row["sha256"], row["source"])
