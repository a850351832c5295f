# SPDX-License-Identifier: Apache-2.0
"""A program whose jurisdictions are the points of a finite space of rows, to compare the model with the code.

One jurisdiction is one point: a default, and one to three more rows of every kind, rank and mode. All that
two rows can do is enumerated; of more rows a sample is drawn from a seed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from sluicegate.policy.table import COLUMNS
from tools.prove import model as m

ZONE = "America/New_York"
REQUESTER, PURPOSE, SORT = "RQ0000001", "TRAFFIC STOP", "police"
EARLY, DAY, LATE = "2010-01-01", "2011-06-30", "2012-01-01"
"""Days on which rows are published, and the day in between of which one asks what was known."""

EFFECT_NAMES = {
    m.CLOSED: "closed",
    m.NOTHING: "nothing",
    m.BY_CHARGE: "by_charge",
    m.BY_REQUEST: "by_request",
}
_KINDS = {
    m.DEFAULT: "default",
    m.ACTIVATION: "activation",
    m.OVERRIDE: "override",
    m.ENTRY: "entry-into-force",
    m.CAPABILITY: "capability",
    m.ASKS: "request",
}
_LEVELS = ("federal", "state", "county", "city")
_PLAIN = (m.CLOSED, m.NOTHING, m.BY_CHARGE, m.OPEN)
MODES: Sequence[tuple[int, int, int]] = tuple(product(_PLAIN, _PLAIN, (*_PLAIN, m.BY_REQUEST)))
"""Every mode there can be: what it does to G1, G2 and G3."""

OPENING = tuple(one for one in MODES if any(effect > m.MISSING for effect in one))
_SWITCHES = ((5, 5, 5), (3, 3, 4), (5, 0, 5), (0, 5, 3))
SHUT = (m.CLOSED, m.NOTHING, m.CLOSED)


@dataclass(frozen=True, slots=True)
class Spec:
    """One row of a point; `rank` is its level of issuer, `ends` the row of the point that it supersedes, or
    -1."""

    kind: int
    effects: tuple[int, int, int]
    rank: int
    published: int = 0
    ends: int = -1


Point = tuple[Spec, ...]


def enumerated() -> Iterator[Point]:
    """No activation or one of four, and beside it nothing or a row of every kind, mode and rank."""
    for switch in (None, *_SWITCHES):
        first = () if switch is None else (Spec(m.ACTIVATION, switch, 1),)
        yield first
        for rank in (0, 2):
            yield (*first, Spec(m.ASKS, (m.OPEN, m.OPEN, m.OPEN), rank))
            for kind in (m.OVERRIDE, m.ENTRY, m.CAPABILITY):
                yield from ((*first, Spec(kind, one, rank)) for one in MODES)
            yield from ((*first, Spec(m.ACTIVATION, one, rank)) for one in OPENING)


def sampled(seed: int, many: int) -> Iterator[Point]:
    """Three rows drawn at random, some published late, some ending another."""
    rng = Random(seed)  # noqa: S311 - a sample, no secret
    for _ in range(many):
        specs: list[Spec] = []
        for number in range(3):
            kind = rng.choice((m.ACTIVATION, m.ACTIVATION, m.OVERRIDE, m.ENTRY, m.CAPABILITY, m.ASKS))
            effects = rng.choice(OPENING if kind == m.ACTIVATION else MODES)
            ends = rng.choice((-1, -1, *range(number))) if kind != m.ASKS else -1
            specs.append(Spec(kind, effects, 0, rng.randrange(2), ends))
        ranks = rng.sample(range(len(_LEVELS)), 3)
        yield tuple(
            Spec(one.kind, one.effects, rank, one.published, one.ends)
            for one, rank in zip(specs, ranks, strict=True)
        )


def rows(point: Point) -> list[m.Row]:
    """The rows of a point for the model, the default first."""
    many = len(point) + 1
    found = [m.Row(m.DEFAULT, SHUT, len(_LEVELS), 0, (False,) * many)]
    for one in point:
        ends = tuple(number == one.ends + 1 and one.ends >= 0 for number in range(many))
        found.append(m.Row(one.kind, one.effects, one.rank, one.published, ends))
    return found


def name(effects: tuple[int, int, int]) -> str:
    """The name of a mode."""
    return "M" + "".join(str(one) for one in effects)


def ori(number: int) -> str:
    """The ORI of the agency of a point."""
    return f"AA{number:07d}"


def files(points: Sequence[Point]) -> dict[str, bytes]:
    """The files of the program."""
    places = [("US", "United States", "")] + [(f"US-{n}", f"Point {n}", "US") for n in range(len(points))]
    plain = {"source": "S", "confidence": "I"}
    zone = {"kind": "county", "zone": ZONE, "fips": "", **plain}
    return {
        "program.toml": _TOML.encode(),
        "sources.csv": _table("sources.csv", [{"id": "S", "locator": "made up", "kind": "test"}]),
        "modes.csv": _table("modes.csv", _modes(plain)),
        "charges.csv": _table(
            "charges.csv",
            [
                {"charge": "LISTED", "level": "1", "shared": "yes", **plain},
                {"charge": "UNLISTED", "level": "2", "shared": "no", **plain},
            ],
        ),
        "jurisdictions.csv": _table(
            "jurisdictions.csv", [{"id": a, "name": b, "parent": c, **zone} for a, b, c in places]
        ),
        "agencies.csv": _table(
            "agencies.csv",
            [
                {"ori": ori(n), "jurisdiction": f"US-{n}", "name": "asked", **plain}
                for n in range(len(points))
            ],
        ),
        "wording.csv": _table(
            "wording.csv",
            [
                {
                    "id": "V",
                    "valid_from": "2000-01-01",
                    "issuer": "T",
                    "issuer_level": "program",
                    "document": "T",
                    "class": "T",
                    "meaning": "T",
                    "legal_basis": "none on record",
                    **plain,
                }
            ],
        ),
        "rules.csv": _table("rules.csv", _rules(points, plain)),
        "choices.csv": _table("choices.csv", []),
        "requesters.csv": _table("requesters.csv", [{"ori": REQUESTER, "class": SORT, **plain}]),
        "requests.csv": _table("requests.csv", _requests(plain)),
    }


def _modes(plain: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for one in MODES:
        for gate, effect in zip(("G1", "G2", "G3"), one, strict=True):
            words = EFFECT_NAMES.get(effect, "open")
            yield {"mode": name(one), "gate": gate, "effect": words, "sentence": "so it is", **plain}


def _requests(plain: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for one in MODES:
        if one[2] == m.BY_REQUEST:
            asked = {"mode": name(one), "class": SORT, "purpose": PURPOSE}
            yield {**asked, "answer": "open", "sentence": "granted", **plain}


def _rules(points: Sequence[Point], plain: Mapping[str, str]) -> Iterator[dict[str, str]]:
    common = {"issuer": "T", "authority": "T", "legal_basis": "none on record", "wording": "V", **plain}
    default = {"id": "D", "jurisdiction": "US", "kind": "default", "issuer_level": "program"}
    yield {**common, **default, "mode_in_force": name(SHUT)}
    for number, point in enumerate(points):
        for place, one in enumerate(point):
            asks = one.kind == m.ASKS
            yield {
                **common,
                "id": f"R{number}.{place}",
                "jurisdiction": f"US-{number}",
                "kind": _KINDS[one.kind],
                "issuer_level": _LEVELS[one.rank],
                "mode_in_force": "" if asks else name(one.effects),
                "mode_asked": name(one.effects) if asks else "",
                "valid_from": "2009-01-01",
                "public_from": LATE if one.published else EARLY,
                "supersedes": f"R{number}.{one.ends}" if one.ends >= 0 else "",
            }


def _table(file: str, rows_: Iterator[dict[str, str]] | Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[file], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows_)
    return text.getvalue().encode()


_TOML = """\
name = "space"
title = "Every point"
about = "A program that stands for no place."
root_jurisdiction = "US"
doubt = "closed"
[roles]
bureau = "b"
partner = "p"
state = "s"
[gates.G1]
label = "Share"
question = "?"
[gates.G2]
label = "Relay"
question = "?"
[gates.G3]
label = "Look-up"
question = "?"
[gates.G4]
label = "Keep"
question = "?"
declared = "closed"
sentence = "closed"
[conflict]
issuers = ["federal", "state", "county", "city", "program"]
ties = ["closer", "later"]
[claims]
"""
