# SPDX-License-Identifier: Apache-2.0
"""Reads program.toml: names, plain words, the order of issuers. Doubt can only be declared closed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from sluicegate.errors import quoted
from sluicegate.policy.model import Effect, GateText, Question, Settings
from sluicegate.policy.table import ID, SETTINGS_FILE, Problems
from sluicegate.terms import Gate

TIES = frozenset({"closer", "later"})
_KEYS = {"name", "title", "about", "root_jurisdiction", "doubt", "roles", "gates", "conflict", "claims"}
_OPTIONAL_KEYS = {"questions"}
_ROLES = {"bureau", "partner", "state"}


class _Toml:
    """Looks values up by type and notes what is missing or of another type."""

    def __init__(self, data: bytes, problems: Problems) -> None:
        self.problems = problems
        self.root: Mapping[str, object] = {}
        try:
            self.root = tomllib.loads(data.decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            self.note(f"not TOML in UTF-8: {quoted(str(error))}")

    def note(self, text: str) -> None:
        self.problems.add(SETTINGS_FILE, 0, text)

    def text(self, table: Mapping[str, object], key: str, *, may_lack: bool = False) -> str:
        value = table.get(key, "" if may_lack else None)
        if isinstance(value, str) and (value or may_lack):
            return value
        self.note(f"{key} must be text")
        return ""

    def table(self, table: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = table.get(key)
        if isinstance(value, dict):
            return value
        self.note(f"{key} must be a table")
        return {}

    def words(self, table: Mapping[str, object], key: str) -> tuple[str, ...]:
        value = table.get(key)
        if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            words = tuple(str(v) for v in value)
            if len(set(words)) == len(words):
                return words
        self.note(f"{key} must be a list of different words")
        return ()


def _gate(toml: _Toml, tables: Mapping[str, object], gate: Gate) -> GateText:
    table = toml.table(tables, gate.value)
    declared = toml.text(table, "declared", may_lack=True)
    effect = None
    if declared in (Effect.OPEN, Effect.CLOSED):
        effect = Effect(declared)
    elif declared:
        toml.note(f"gate {gate.value} can only be declared open or closed")
    sentence = toml.text(table, "sentence", may_lack=effect is None)
    return GateText(toml.text(table, "label"), toml.text(table, "question"), effect, sentence)


def _questions(toml: _Toml) -> Mapping[str, Question]:
    if "questions" not in toml.root:
        return {}
    tables = toml.table(toml.root, "questions")
    found: dict[str, Question] = {}
    for key in tables:
        table = toml.table(tables, key)
        gate = toml.text(table, "gate", may_lack=True)
        if gate and gate not in {one.value for one in Gate}:
            toml.note(f"the gate {quoted(gate)} of question {quoted(key)} is not one of G1 to G4")
            gate = ""
        for name in sorted(set(table) - {"text", "gate"}):
            toml.note(f"{quoted(name)} is not a key of a question")
        if not ID.fullmatch(key):
            toml.note(f"question {quoted(key)} is not an id")
        found[key] = Question(key, toml.text(table, "text"), Gate(gate) if gate else None)
    return found


def _check(toml: _Toml, settings: Settings, gates: Mapping[str, object]) -> None:
    if toml.root.get("doubt") != Effect.CLOSED.value:
        toml.note("doubt must be closed: whatever is unknown is not shared")
    for name in sorted((set(toml.root) - _KEYS - _OPTIONAL_KEYS) | (set(gates) - {g.value for g in Gate})):
        toml.note(f"{quoted(name)} is not a key of a program")
    if set(settings.roles) != _ROLES:
        toml.note("roles must be exactly bureau, partner and state")
    if "program" not in settings.issuers:
        toml.note("conflict.issuers must contain program, the issuer of the default rule")
    elif settings.issuers[-1] != "program":
        toml.note("conflict.issuers must end with program: a default gives way to everyone")
    if set(settings.ties) != TIES:
        toml.note("conflict.ties must order exactly closer and later")


def read(data: bytes, problems: Problems) -> tuple[Settings, Mapping[str, object]]:
    """The settings of a program, and the whole of program.toml as plain values for its digest."""
    toml = _Toml(data, problems)
    if problems.found:
        empty = Settings("", "", "", "", {}, {}, (), (), {}, {})
        return empty, {}
    gates = toml.table(toml.root, "gates")
    conflict = toml.table(toml.root, "conflict")
    roles = toml.table(toml.root, "roles")
    claims = toml.table(toml.root, "claims")
    settings = Settings(
        name=toml.text(toml.root, "name"),
        title=toml.text(toml.root, "title"),
        about=toml.text(toml.root, "about"),
        root_jurisdiction=toml.text(toml.root, "root_jurisdiction"),
        roles={key: toml.text(roles, key) for key in roles},
        gates={gate: _gate(toml, gates, gate) for gate in Gate},
        issuers=toml.words(conflict, "issuers"),
        ties=toml.words(conflict, "ties"),
        claims={key: toml.text(claims, key) for key in claims},
        questions=_questions(toml),
    )
    _check(toml, settings, gates)
    return settings, toml.root
