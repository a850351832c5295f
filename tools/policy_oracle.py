# SPDX-License-Identifier: Apache-2.0
"""A plain second reading of a program's CSV files: what is in force, by scanning every row, without an index.

Imports nothing of the package. Slow, short and written from `docs/explanation/gates-and-modes.md`, so that
fast ways of deciding have something to be compared with. Programs with optional tables are not for it.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

Row = dict[str, str]
_BINDING = ("default", "activation", "override", "entry-into-force", "capability")


class Oracle:
    """Answers from the rows alone."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        rows = {name: _rows(data) for name, data in files.items() if name.endswith(".csv")}
        self.places = {one["id"]: one for one in rows["jurisdictions.csv"]}
        self.homes = {one["ori"]: one["jurisdiction"] for one in rows["agencies.csv"]}
        self.oris = sorted(self.homes)
        self.effects = {(one["mode"], one["gate"]): one["effect"] for one in rows["modes.csv"]}
        self.order: list[str] = tomllib.loads(files["program.toml"].decode())["conflict"]["issuers"]
        self.rules: dict[str, list[Row]] = {}
        for one in rows["rules.csv"] + rows["choices.csv"]:
            self.rules.setdefault(one["jurisdiction"], []).append(one)

    def mode(self, ori: str, at: datetime) -> str:
        """The mode in force for an agency at an aware moment."""
        home = self.homes[ori]
        zone = self.places[home]["zone"]
        near: dict[str, int] = {}
        place = home
        while place:
            near[place] = len(near)
            place = self.places[place]["parent"]
        rows = [one for name in near for one in self.rules.get(name, ())]
        begun = [one for one in rows if not one["valid_from"] or _midnight(one["valid_from"], zone) <= at]
        over = {one["supersedes"] for one in begun if one["supersedes"]}
        live = [
            one
            for one in begun
            if one["kind"] in _BINDING
            and one["id"] not in over
            and not (one["valid_until"] and _midnight(one["valid_until"], zone) <= at)
        ]
        return self._settle(live, near)["mode_in_force"]

    def _settle(self, live: list[Row], near: dict[str, int]) -> Row:
        if not any(one["kind"] == "activation" for one in live):
            live = [one for one in live if one["kind"] == "default" or not self._opens(one["mode_in_force"])]
        live = sorted(live, key=lambda one: one["id"])
        # Later begins first among equals: a stable sort by the last tie first.
        live.sort(key=lambda one: one["valid_from"], reverse=True)
        live.sort(key=lambda one: (self.order.index(one["issuer_level"]), near[one["jurisdiction"]]))
        best = next(one for one in live if one["kind"] != "capability")
        limits = (one for one in live if one["kind"] == "capability")
        return next((one for one in limits if self._adds_nothing(one, best)), best)

    def _adds_nothing(self, limit: Row, best: Row) -> bool:
        """Whether a limit lets nothing through, whatever the charge, that the rule beside it stops."""
        return not any(
            self.open(limit["mode_in_force"], gate, charge)
            and not self.open(best["mode_in_force"], gate, charge)
            for gate in ("G1", "G2", "G3", "G4")
            for charge in ("listed", "any other")
        )

    def _opens(self, mode: str) -> bool:
        return any(name == mode and one in ("open", "by_charge") for (name, _), one in self.effects.items())

    def open(self, mode: str, gate: str, charge: str) -> bool:
        """Whether a mode opens a gate; `charge` is listed, or anything else. A declared gate is closed."""
        effect = self.effects.get((mode, str(gate)), "closed")
        return effect == "open" or (effect == "by_charge" and charge == "listed")


@lru_cache(maxsize=100_000)
def _midnight(day: str, zone: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))


def _rows(data: bytes) -> list[Row]:
    return list(csv.DictReader(data.decode("utf-8").splitlines()))
