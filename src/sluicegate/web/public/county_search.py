# SPDX-License-Identifier: Apache-2.0
"""Finds places and agencies by what people type: any case, accents or none, St. or Saint, starts of words.

A city is found by its agencies, and each of them names the place that it answers to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sluicegate.policy.model import Jurisdiction
from sluicegate.policy.program import Program

LONGEST = 80
"""Characters of a question that count."""
MOST = 50
"""Results shown at most."""

_SAME: Mapping[str, str] = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort", "dept": "department"}
_SORTS = frozenset({"county", "parish", "borough", "condado"})
_IDLE = _SORTS | {"de", "of", "the", "state", "s"}
"""Words that say what sort of place is meant, not which."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place or an agency; `ori` is empty for a place. `homes` are the places that an agency answers to."""

    id: str
    ori: str
    name: str
    within: str
    homes: tuple[Jurisdiction, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What can be found, under which words."""

    found: Found
    name: str
    words: frozenset[str]


def folded(text: str) -> str:
    """Text without case, accents, punctuation and abbreviations."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    parts = re.findall(r"[a-z0-9ñ]+", re.sub("['\u2019]", "", plain))
    return " ".join(_SAME.get(one, one) for one in parts)


def index(program: Program) -> tuple[Entry, ...]:
    """Every place and agency of a program, places first, the larger before the smaller."""
    return tuple(sorted(_entries(program), key=lambda one: (bool(one.found.ori), one.found.id)))


def _entries(program: Program) -> Iterator[Entry]:
    for place in program.jurisdictions.values():
        within = ", ".join(one.name for one in program.chain(place.id)[1:-1])
        yield _entry(Found(place.id, "", place.name, within), f"{place.id.replace('-', ' ')} {place.kind}")
    for ori in sorted(program.stays):
        stay = program.stays[ori][-1].placement
        homes = stay.several or (stay.jurisdiction,)
        within = ", ".join(dict.fromkeys(one.name for one in (*homes, *stay.chain[1:-1])))
        code = homes[0].id.split("-")[1] if "-" in homes[0].id else ""
        yield _entry(Found(homes[0].id, ori, stay.agency.name, within, homes), f"{ori} {code}")


def _entry(found: Found, more: str) -> Entry:
    return Entry(found, folded(found.name), frozenset(folded(f"{found.name} {found.within} {more}").split()))


def search(entries: Sequence[Entry], question: str) -> tuple[Found, ...]:
    """What fits a question, best first: the whole name, its start, its words, words of the place around it.

    Every word of the question must begin some word of the entry; an ORI must be whole.
    """
    whole = folded(question[:LONGEST])
    words = [one for one in whole.split() if one not in _IDLE] or whole.split()
    if not words:
        return ()
    ranked = [(_rank(one, whole, words), place, one.found) for place, one in enumerate(entries)]
    return tuple(found for rank, _, found in sorted(ranked, key=lambda one: one[:2]) if rank < _NOT)[:MOST]


_NOT = 9


def _rank(entry: Entry, whole: str, words: Sequence[str]) -> int:
    ori = entry.found.ori.casefold()
    if ori and words == [ori]:
        return 0
    known = entry.words - {ori}
    joined, own = _joined(whole), _joined(entry.name)
    if joined and own.startswith(joined) and not entry.found.ori:
        return 1 if own == joined else 2
    if not all(any(one.startswith(word) for one in known) for word in words):
        return _NOT
    core = " ".join(words)
    name = " ".join(one for one in entry.name.split() if one not in _IDLE)
    if core in {entry.name, name} or whole == entry.name:
        return 1
    if name.startswith(core):
        return 2
    named = entry.name.split()
    return 3 if all(any(one.startswith(word) for one in named) for word in words) else 4


def _joined(text: str) -> str:
    """A name without its blanks and without county, so that De Kalb is DeKalb."""
    return "".join(one for one in text.split() if one not in _SORTS)
