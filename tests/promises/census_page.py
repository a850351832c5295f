# SPDX-License-Identifier: Apache-2.0
"""The census as tables of docs/reference/leak-census.md."""

from __future__ import annotations

from collections.abc import Iterable

from census_paths import ROOT, Row

PAGE = ROOT / "docs" / "reference" / "leak-census.md"
HEADS = {
    "route": "Web routes",
    "message": "Message kinds",
    "carrier": "Carriers",
    "reply": "Replies of the doors, and lines of refusals",
    "refusal": "Sentences of errors that can reach a sender, the partner or the state",
    "defect": "Makers of defects, which an ERRT tells",
    "file": "Files of a home, public ones too",
    "write": "Functions that write files",
    "socket": "Functions that listen to others or speak to them",
    "database": "Places that open a database",
    "query": "Statements that read a database",
    "command": "Commands, with all their options",
    "setting": "Settings",
    "fact": "Facts of the ledger",
    "statement": "Public statements of the master log",
    "state": "States of a case",
    "alert": "Alerts",
    "log line": "Log lines",
    "job": "Threads, pools and child processes",
}
BEGIN, END = "<!-- generated from tests/promises/census.csv -->", "<!-- end of what is generated -->"


def _shown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def tables(rows: Iterable[Row]) -> str:
    """The census as tables of a page, one for each kind."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    said = [BEGIN, "", f"{sum(map(len, by_kind.values()))} paths of {len(by_kind)} kinds.", ""]
    for kind, head in HEADS.items():
        said += [f"### {head}", "", f"{len(by_kind[kind])} of them.", ""]
        said += ["| path | carries | who can get it | what guards it | test |", "|---|---|---|---|---|"]
        for row in sorted(by_kind[kind], key=lambda one: one.id):
            cells = (f"`{_shown(row.id)}`", row.carries, row.who, row.gate, f"`{row.test}`")
            said.append(f"| {' | '.join(cells)} |")
        said.append("")
    return "\n".join([*said, END])


def page(text: str, rows: Iterable[Row]) -> str:
    """The page with its tables made anew."""
    head, _, rest = text.partition(BEGIN)
    return head + tables(rows) + rest.partition(END)[2]
