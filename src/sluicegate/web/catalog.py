# SPDX-License-Identifier: Apache-2.0
"""The words of the site: one catalogue for each language, by key; English is the one that others follow.

A catalogue is every `catalog/LANGUAGE/*.toml`: tables of keys, whose values are sentences with `{named}`
places. What goes into a place is escaped by the template that shows it. Operator pages are in English only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español"}
"""Languages of the public pages, by code, each by its own name."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The words of one language, with English where it lacks any."""

    language: str
    words: Mapping[str, str]

    def text(self, key: str, /, **given: object) -> str:
        """The sentence of a key with its places filled in; not escaped. Raises KeyError for no such key."""
        sentence = self.words[key]
        return sentence.format(**given) if given else sentence

    def count(self, key: str, number: int, /, **given: object) -> str:
        """The sentence for a number: `KEY.one` for 1, else `KEY.many`; `{number}` has its separators."""
        return self.text(f"{key}.{'one' if number == 1 else 'many'}", number=f"{number:,}", **given)


@cache
def catalog(language: str) -> Catalog:
    """The catalogue of a language; English for one that is not there."""
    if language not in LANGUAGES:
        return catalog(ENGLISH)
    return Catalog(language, {**own_words(ENGLISH), **own_words(language)})


@cache
def own_words(language: str) -> Mapping[str, str]:
    """What the files of one language themselves hold, `table.key` to sentence."""
    folder = files("sluicegate.web").joinpath("catalog", language)
    words: dict[str, str] = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            words.update(_flat(tomllib.loads(file.read_text("utf-8")), ""))
    return words


def _flat(table: Mapping[str, object], before: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)


def chosen(asked: str | None, accepted: str) -> str:
    """The language of a request: what the address asks for, else the first accepted one that there is."""
    if asked in LANGUAGES:
        return str(asked)
    for part in _by_weight(accepted):
        if part in LANGUAGES:
            return part
    return ENGLISH


def _by_weight(accepted: str) -> Sequence[str]:
    """Languages of an Accept-Language header (RFC 9110, 12.5.4), the wanted ones first."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:200].split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            value = 0.0
        weighed.append((-value, place, name.split("-")[0].lower()))
    return [name for value, _, name in sorted(weighed) if value < 0]
