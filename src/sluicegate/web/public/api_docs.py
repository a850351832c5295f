# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document as a person reads it: operations, parameters, shapes; values in, values out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

_CUT = "\N{HORIZONTAL ELLIPSIS}"
_LONG = 90
"""Characters of a text in an example at most."""


@dataclass(frozen=True, slots=True)
class Type:
    """A JSON type: `name` of a JSON type or, where `shape`, of a shape; alone, in a list or in a map."""

    name: str
    shape: bool = False
    around: str = ""
    null: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A field or a parameter. `words` are in English; `limits` say which values there may be."""

    name: str
    type: Type
    words: str
    where: str = ""
    required: bool = True
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of an answer."""

    name: str
    words: str
    fields: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked; `keys` are the parameters' names among the words of the catalogue."""

    id: str
    path: str
    parameters: tuple[Row, ...]
    shape: str


@dataclass(frozen=True, slots=True)
class Example:
    """An address and what it answered just now, cut."""

    address: str
    text: str


def operations(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Every operation, in the document's order."""
    return tuple(_operation(path, held["get"]) for path, held in document["paths"].items())


def _operation(path: str, held: Mapping[str, Any]) -> Operation:
    answer = held["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    rows = tuple(
        Row(
            one["name"],
            type_of(one["schema"]),
            one["description"],
            one["in"],
            one["required"],
            _limits(one["schema"]),
        )
        for one in held.get("parameters", ())
    )
    return Operation(held["operationId"], path, rows, _name(answer))


def shapes(document: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Every shape, by name."""
    held = document["components"]["schemas"]
    return tuple(
        Shape(name, one["description"], tuple(_fields(one)))
        for name, one in held.items()
        if "properties" in one
    )


def _fields(shape: Mapping[str, Any]) -> Sequence[Row]:
    return [Row(name, type_of(one), one["description"]) for name, one in shape["properties"].items()]


def type_of(schema: Mapping[str, Any]) -> Type:
    """The type that a JSON Schema of the document stands for."""
    either = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if either:
        inner = type_of(either[0])
        return Type(inner.name, inner.shape, inner.around, null=True)
    if "$ref" in schema:
        return Type(_name(schema["$ref"]), shape=True)
    if schema.get("type") == "array":
        inner = type_of(schema["items"])
        return Type(inner.name, inner.shape, "list")
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        inner = type_of(more)
        return Type(inner.name, inner.shape, "map")
    return Type("free" if schema.get("type") == "object" else str(schema.get("type", "string")))


def _limits(schema: Mapping[str, Any]) -> str:
    """Which values there may be, in the terms of JSON Schema."""
    inner = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    if "enum" in inner:
        return ", ".join(map(str, inner["enum"]))
    if "minimum" in inner:
        return f"{inner['minimum']} \N{EN DASH} {inner['maximum']}"
    return str(inner.get("pattern", ""))


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def example(prefix: str, path: str, query: str, body: bytes) -> Example:
    """An answer as an example: lists and maps cut to their first entry, long texts cut."""
    text = json.dumps(shortened(json.loads(body)), indent=1, ensure_ascii=False)
    return Example(f"{prefix}{quote(path)}{f'?{query}' if query else ''}", text)


def shortened(value: object, seen: set[tuple[str, ...]] | None = None) -> object:
    """A JSON value cut: lists and maps to the first entry, long texts, and a part of a form shown before."""
    told = set() if seen is None else seen
    if isinstance(value, list):
        return [shortened(one, told) for one in value[:1]]
    if isinstance(value, dict):
        form = tuple(value)
        if form in told:
            return _CUT
        told.add(form)
        held = list(value.items())
        alike = len(held) > 1 and all(isinstance(one, dict) and one for one in value.values())
        same = alike and len({tuple(one) for one in value.values()}) == 1
        return {key: shortened(one, told) for key, one in (held[:1] if same else held)}
    if isinstance(value, str) and len(value) > _LONG:
        return f"{value[:_LONG]}{_CUT}"
    return value
