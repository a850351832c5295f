# SPDX-License-Identifier: Apache-2.0
"""One link of the registry's chain as a file: a signed statement, and the rows that it adds word for word.

The statement names what came before it, the policy root before and after, and every table of rows, document
and effect by SHA-256; the rows follow below the signatures (docs/decisions/0014-registry-of-changes.md). This
module composes and takes apart; whose signature holds is for those who have keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sluicegate.errors import ProgramError
from sluicegate.policy.table import COLUMNS

HEADER = "Sluicegate registry v1"
NONE = "none"
LONGEST_WHY = 1000
MOST_DOCUMENTS = 40
NAME = re.compile(r"[a-z][a-z0-9.-]{0,39}", re.ASCII)
"""Name of a registrar."""

_ATTACHED = "-- rows of "
_HEX = r"[0-9a-f]{64}"
_STATEMENT = re.compile(
    rf"{HEADER}\n"
    r"number (?P<number>0|[1-9][0-9]{0,8})\n"
    r"kind (?P<kind>[a-z]+)\n"
    rf"previous (?P<previous>{_HEX}|none)\n"
    r"program (?P<program>\S+)\n"
    r"scenario (?P<scenario>\S+)\n"
    r"at (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\n"
    r"by (?P<by>\S+)\n"
    rf"root before (?P<before>{_HEX}|none)\n"
    rf"root after (?P<after>{_HEX})\n"
    rf"effect (?P<effect>{_HEX}|none)\n"
    r"why (?P<why>.+)\n"
    rf"(?P<tables>(?:rows [a-z]+\.csv [1-9][0-9]* {_HEX}\n)*)"
    rf"(?P<documents>(?:document {_HEX} .+\n)*)"
    rf"(?P<files>(?:file \S+ {_HEX}\n)*)"
    r"(?P<key>(?:key \S+\n)?)",
    re.ASCII,
)


class LinkKind(StrEnum):
    """What a link does."""

    GENESIS = "genesis"  # the program as it was laid down
    REGISTRAR = "registrar"  # one more person who may propose and approve
    ROWS = "rows"  # rows are added


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that a change rests on: its SHA-256 (hex) and what it is called."""

    sha256: str
    title: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed. Roots and digests are SHA-256 in hex, or the empty string where there is none.

    Attributes:
        number: place in the chain, from 0, the genesis.
        previous: digest of the whole file before it.
        at: moment of proposing, RFC 3339 in UTC with microseconds.
        by: who proposes, by name.
        effect: digest of the effect that was previewed.
        rows: digest of the rows added, by table, with their number.
        files: digest of each file of the program as laid down (genesis only), by `FOLDER/FILE`.
        key: verifier key that the link brings: of the installation (genesis), or of the new registrar.
    """

    number: int
    kind: LinkKind
    previous: str
    program: str
    scenario: str
    at: str
    by: str
    before: str
    after: str
    effect: str
    why: str
    rows: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    documents: tuple[Paper, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def root_moves(self) -> bool:
        """Whether the policy root after it is another than before it; at the genesis it begins."""
        return bool(self.before) and self.before != self.after


@dataclass(frozen=True, slots=True)
class LinkFile:
    """A file of the chain taken apart: the signed note, its statement, and the rows by table (CSV bytes)."""

    note: str
    statement: Statement
    rows: Mapping[str, bytes]


def sha256(data: bytes | str) -> str:
    """SHA-256 in hex; of text, of its UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def count(table: bytes) -> int:
    """How many rows a table has below its header."""
    return len(table.decode("utf-8", "replace").splitlines()[1:])


def told(rows: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
    """Rows as a statement names them."""
    return {name: (count(table), sha256(table)) for name, table in sorted(rows.items())}


def text(statement: Statement) -> str:
    """The text that is signed. Raises ProgramError where a part has no place in one."""
    lines = [
        HEADER,
        f"number {statement.number}",
        f"kind {statement.kind.value}",
        f"previous {statement.previous or NONE}",
        f"program {statement.program}",
        f"scenario {statement.scenario or NONE}",
        f"at {statement.at}",
        f"by {statement.by}",
        f"root before {statement.before or NONE}",
        f"root after {statement.after}",
        f"effect {statement.effect or NONE}",
        f"why {statement.why}",
        *(f"rows {name} {number} {digest}" for name, (number, digest) in statement.rows.items()),
        *(f"document {paper.sha256} {paper.title}" for paper in statement.documents),
        *(f"file {name} {digest}" for name, digest in statement.files.items()),
        *((f"key {statement.key}",) if statement.key else ()),
    ]
    made = "".join(f"{line}\n" for line in lines)
    if len(statement.why) > LONGEST_WHY or len(statement.documents) > MOST_DOCUMENTS:
        raise ProgramError(
            f"a change says why in {LONGEST_WHY} characters and rests on {MOST_DOCUMENTS} documents at most"
        )
    if not all(line.isprintable() and line == line.strip() for line in lines) or read(made) != statement:
        raise ProgramError(
            "a part of the change cannot be written in a statement: text must be one plain line"
        )
    return made


def read(signed: str) -> Statement:
    """The statement of a signed text. Raises ProgramError where it is none."""
    found = _STATEMENT.fullmatch(signed)
    if found is None or found["kind"] not in tuple(LinkKind):
        raise ProgramError("it is not a statement of the registry")
    rows = [line.split(" ") for line in found["tables"].splitlines()]
    papers = [line.split(" ", 2) for line in found["documents"].splitlines()]
    files = [line.split(" ") for line in found["files"].splitlines()]
    return Statement(
        number=int(found["number"]),
        kind=LinkKind(found["kind"]),
        previous=_or_none(found["previous"]),
        program=found["program"],
        scenario=_or_none(found["scenario"]),
        at=found["at"],
        by=found["by"],
        before=_or_none(found["before"]),
        after=found["after"],
        effect=_or_none(found["effect"]),
        why=found["why"],
        rows={name: (int(number), digest) for _, name, number, digest in rows},
        documents=tuple(Paper(digest, title) for _, digest, title in papers),
        files={name: digest for _, name, digest in files},
        key=found["key"].removeprefix("key ").strip(),
    )


def _or_none(value: str) -> str:
    return "" if value == NONE else value


def compose(note: str, rows: Mapping[str, bytes]) -> bytes:
    """The file of a link: the note, then every table."""
    attached = "".join(f"{_ATTACHED}{name}\n{table.decode('utf-8')}" for name, table in sorted(rows.items()))
    return (note + attached).encode("utf-8")


def parse(data: bytes) -> LinkFile:
    """A file of the chain taken apart; its rows are those that the statement names, to the byte.

    Raises:
        ProgramError: it is not such a file, or rows were added, taken away or changed. Signatures are not
            looked at.
    """
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProgramError(f"not UTF-8 at byte {error.start}") from None
    note, *attached = re.split(rf"^(?={_ATTACHED})", whole, flags=re.MULTILINE)
    signed, gap, _ = note.rpartition("\n\n")
    statement = read(f"{signed}\n" if gap else "")
    rows: dict[str, bytes] = {}
    for part in attached:
        head, _, table = part.partition("\n")
        rows[head.removeprefix(_ATTACHED)] = table.encode("utf-8")
    if told(rows) != dict(statement.rows) or compose(note, rows) != data:
        raise ProgramError("the rows are not those that the statement was signed for")
    return LinkFile(note, statement, rows)


def add_signature(data: bytes, line: str) -> bytes:
    """The file with one more signature line under its note."""
    file = parse(data)
    return compose(f"{file.note}{line}\n", file.rows)


def merged(parts: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """Tables of several sets of rows, one below the other, each under its one header.

    Raises:
        ProgramError: a table is unknown, or a header is not the table's.
    """
    tables: dict[str, bytes] = {}
    for part in parts:
        for name, table in part.items():
            header, _, body = table.partition(b"\n")
            if name not in COLUMNS or header.rstrip(b"\r").decode("utf-8", "replace") != ",".join(
                COLUMNS[name]
            ):
                raise ProgramError("the header is not that of a table of a program", file=name, row=1)
            before = tables.get(name, header + b"\n")
            tables[name] = before + (b"" if before.endswith(b"\n") else b"\n") + body
    return tables
