# SPDX-License-Identifier: Apache-2.0
"""From a form to rows: a choice, a rule, a wording with its claims, or rows of any table as CSV.

What a row may say is judged by the program itself (`policy.program.problems`); here each problem finds its
way to the field that it speaks of.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import ProgramError, UsageError, quoted
from sluicegate.policy import proposal
from sluicegate.policy.model import CONFIDENCE_WORDS, NO_BASIS, Answer, Kind
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import Paper
from sluicegate.policy.succession import today
from sluicegate.policy.table import COLUMNS, Problem

Rows = dict[str, bytes]
Fields = Mapping[str, str]

PAPERS = 3
READ_IN, WHY, ROWS = "read_in", "why", "rows"
_ATTACHED = re.compile(r"^-- rows of ([a-z]+\.csv)\n", re.MULTILINE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEAR = 5
_OF_SOURCES = "sources.csv"

TABLES: Mapping[str, str] = {
    "choice": "choices.csv",
    "rule": "rules.csv",
    "wording": "wording.csv",
    "rows": "",
}
"""What can be proposed by a form, and the table that its row goes to; `rows` is any table, as CSV."""

_DATES = frozenset({"valid_from", "valid_until", "public_from"})
_NEEDED = frozenset(
    [
        "id",
        "jurisdiction",
        "kind",
        "issuer",
        "issuer_level",
        "authority",
        "legal_basis",
        "wording",
        "valid_from",
        "public_from",
        "document",
        "class",
        "meaning",
        "confidence",
    ]
)
_LONG = frozenset({"meaning", "note"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: a column of its table, or the place where a new source was read.

    `options` are the values that it may have, with words for each; empty where it is typed.
    """

    name: str
    options: tuple[tuple[str, str], ...]
    date: bool
    long: bool
    needed: bool


def fields(what: str, program: Program) -> tuple[Field, ...]:
    """The fields of a form in the order of the table's columns; the new source stands after the source."""
    made = []
    for column in COLUMNS[TABLES[what]]:
        options = _options(column, program)
        made.append(Field(column, options, column in _DATES, column in _LONG, column in _NEEDED))
        if column == "source":
            made.append(Field(READ_IN, (), date=False, long=False, needed=False))
    return tuple(made)


def _options(column: str, program: Program) -> tuple[tuple[str, str], ...]:
    if column in {"mode_asked", "mode_in_force"}:
        return tuple((one, "") for one in program.modes)
    if column == "kind":
        return tuple((one.value, "") for one in Kind if one is not Kind.DEFAULT)
    if column == "issuer_level":
        return tuple((one, "") for one in program.settings.issuers)
    if column in {"wording", "superseded_by"}:
        return tuple((one.id, one.document) for one in program.wording.values())
    if column == "class":
        return tuple((one, "") for one in dict.fromkeys(w.label for w in program.wording.values()))
    if column == "confidence":
        return tuple((one.value, words) for one, words in CONFIDENCE_WORDS.items())
    return ()


def beginning(what: str, program: Program, links: int, now: datetime, asked: Fields) -> dict[str, str]:
    """What an empty form says: a free id, today, no legal basis; or the cells of a row that it starts from.

    Args:
        links: how many links there are; the new id is named after the next.
        asked: the query: `like` names a row whose cells are taken over and which the new row supersedes;
            any other column stands for itself.
    """
    if what == ROWS:
        return {ROWS: ""}
    columns = COLUMNS[TABLES[what]]
    given = dict.fromkeys((*columns, READ_IN), "")
    given |= _like(what, program, asked.get("like", ""))
    given |= {key: value for key, value in asked.items() if key in columns}
    given["id"] = given["id"] if "id" in asked else _free(program, links)
    given["legal_basis"] = given["legal_basis"] or NO_BASIS
    given["confidence"] = given["confidence"] or "S"
    day = today(program, given.get("jurisdiction", ""), now).isoformat()
    given["valid_from"] = asked.get("valid_from") or day
    given["public_from"] = asked.get("public_from") or day
    return given


def _like(what: str, program: Program, name: str) -> dict[str, str]:
    if what == "wording" and (words := program.wording.get(name)):
        return {
            "issuer": words.issuer,
            "issuer_level": words.level,
            "audience": words.audience,
            "class": words.label,
            "legal_basis": words.legal_basis,
        }
    rule = program.rules.get(name)
    if rule is None or what == "wording":
        return {}
    return {
        "jurisdiction": rule.jurisdiction,
        "kind": rule.kind.value,
        "mode_asked": rule.asked,
        "mode_in_force": str(rule.mode or ""),
        "issuer": rule.issuer,
        "issuer_level": rule.level,
        "legal_basis": rule.legal_basis,
        "wording": rule.wording,
        "supersedes": rule.id,
    }


def _free(program: Program, number: int) -> str:
    """An id that no row has: N and the number of the link."""
    name, more = f"N{number:04d}", 0
    while name in program.rules or name in program.wording:
        more += 1
        name = f"N{number:04d}-{more}"
    return name


def papers_of(form: Fields) -> tuple[Paper, ...]:
    """The papers of a form. Raises UsageError where a digest is none, or a paper has no name."""
    found = []
    for at in range(1, PAPERS + 1):
        digest = form.get(f"sha256_{at}", "").strip().lower()
        title = " ".join(form.get(f"title_{at}", "").split())
        if not digest and not title:
            continue
        if not _SHA256.fullmatch(digest) or not title:
            raise UsageError(f"Paper {at} needs a name and its SHA-256: 64 digits and letters a to f.")
        found.append(Paper(digest, title))
    return tuple(found)


def rows_of(what: str, form: Fields, program: Program, papers: Sequence[Paper]) -> Rows:
    """The rows that a form proposes, by table. Raises UsageError where CSV does not name its tables."""
    if what == ROWS:
        return pasted(form.get(ROWS, ""))
    table = TABLES[what]
    row = {column: " ".join(form.get(column, "").split()) for column in COLUMNS[table]}
    read_in = " ".join(form.get(READ_IN, "").split())
    tables: dict[str, list[dict[str, str]]] = {table: [row]}
    if read_in and not row["source"]:
        row["source"] = f"SRC-{row['id']}"
        tables[_OF_SOURCES] = [{"id": row["source"], "locator": read_in, "kind": "document"}]
    if "jurisdiction" in row:
        row["jurisdiction"] = _place(row["jurisdiction"], program)
    if what == "wording":
        tables["claims.csv"] = _claims(form, row, program)
    elif papers:
        tables["documents.csv"] = [_document(at, one, row) for at, one in enumerate(papers, start=1)]
    return {name: _written(name, rows) for name, rows in tables.items() if rows}


def _place(text: str, program: Program) -> str:
    """An id as it is; for the name of one place only, that place's id."""
    if text in program.jurisdictions:
        return text
    named = [one.id for one in program.jurisdictions.values() if one.name.casefold() == text.casefold()]
    return named[0] if len(named) == 1 else text


def _claims(form: Fields, row: Mapping[str, str], program: Program) -> list[dict[str, str]]:
    return [
        {
            "wording": row["id"],
            "question": question,
            "answer": answer,
            "words": " ".join(form.get(f"words:{question}", "").split()),
            "source": row["source"],
            "confidence": row["confidence"],
        }
        for question in program.settings.questions
        if (answer := form.get(f"answer:{question}", "")) in tuple(Answer)
    ]


def _document(at: int, paper: Paper, row: Mapping[str, str]) -> dict[str, str]:
    return {
        "id": f"D-{row['id']}-{at}",
        "rule": row["id"],
        "title": paper.title,
        "date": row["valid_from"],
        "sha256": paper.sha256,
        "source": row["source"],
    }


def _written(table: str, listed: Sequence[Mapping[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[table], lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return text.getvalue().encode("utf-8")


def pasted(text: str) -> Rows:
    """Tables as CSV, each below a line `-- rows of NAME.csv`, as proposals carry them. Raises UsageError."""
    clean = text.replace("\r\n", "\n").strip("\n") + "\n"
    head, *parts = _ATTACHED.split(clean)
    if head.strip() or not parts:
        raise UsageError("Begin each table with a line such as: -- rows of choices.csv")
    try:
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return proposal.merged({name: body.strip("\n").encode("utf-8") + b"\n"} for name, body in pairs)
    except ProgramError as error:
        raise UsageError(f"{error.message}.", advice="The first line of a table is its header.") from None


def shown(rows: Mapping[str, bytes]) -> str:
    """Rows as `pasted` reads them."""
    return "".join(f"-- rows of {name}\n{table.decode('utf-8')}" for name, table in sorted(rows.items()))


def placed(
    problems: Sequence[Problem], what: str, known: Sequence[str], program: Program, rows: Rows
) -> dict[str, list[str]]:
    """Problems by the field that each speaks of; under the empty name those of no one field."""
    found: dict[str, list[str]] = {}
    for one in problems:
        file = one.file.removeprefix("overlay/")
        field = _field(one.text, known) if file in {TABLES[what], ""} else _in_other(file, one.text)
        said = one.text if what != ROWS else f"{file}: {one.said}"
        if field == "jurisdiction":
            said += _near(rows, what, program)
        elif field == "" and file:
            said = f"{file}: {one.text}"
        held = found.setdefault(field if field in known else "", [])
        if said not in held:
            held.append(said)
    return found


def _field(text: str, known: Sequence[str]) -> str:
    """The column that a sentence names first, as a word of its own."""
    if text.startswith("the header"):
        return ""
    if text.startswith("a row of kind") or "activation names a mode" in text:
        asks = "ask" in text and "mode_asked" in known
        return "mode_asked" if asks else "mode_in_force" if "mode_in_force" in known else ""
    places = {one: hit.start() for one in known if (hit := re.search(rf"(?<![\w`]){one}(?![\w`])", text))}
    return min(places, key=lambda one: (places[one], -len(one)), default="")


def _in_other(file: str, text: str) -> str:
    if file == _OF_SOURCES:
        return READ_IN
    return "source" if text.startswith("source") else ""


def _near(rows: Rows, what: str, program: Program) -> str:
    """Places that a mistyped one may mean."""
    listed = list(csv.DictReader(io.StringIO(rows.get(TABLES[what], b"").decode("utf-8"))))
    typed = (listed[0]["jurisdiction"] if listed else "").casefold()
    near = [
        f"{one.id} {one.name}"
        for one in program.jurisdictions.values()
        if typed and (typed in one.name.casefold() or one.id.casefold().startswith(typed))
    ]
    return f". Do you mean {quoted('; '.join(near[:_NEAR]), 300)}?" if near else ""
