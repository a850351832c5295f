# SPDX-License-Identifier: Apache-2.0
"""Asks Cedar and `decide` the same question on every cell of a program, and counts where they agree.

Cedar is given the export that people can take away (`policy.analysis.cedar`), made from the rows and never
from decisions. `decide` is given the program as it loads. Every jurisdiction gets an agency of its own, so
that a decision can be made in all of them; look-ups are asked for every period of booking and the same or a
later one.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import cedarpy

from sluicegate.policy import decide as deciding
from sluicegate.policy.analysis import cedar
from sluicegate.policy.analysis.cells import Case, Survey
from sluicegate.policy.analysis.rows import DUSK, Period
from sluicegate.policy.program import Program, overlay
from sluicegate.policy.table import COLUMNS
from sluicegate.terms import Gate, Ori

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many cells were asked, on how many both said the same, and the first few on which they did not."""

    program: str
    cells: int
    agreed: int
    disagreements: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One question: a booking of a place in one period, asked about in the same or a later one."""

    place: str
    booked: Period
    asked: Period
    gate: Gate
    case: Case


def inhabited(files: Mapping[str, bytes]) -> tuple[Program, dict[str, Ori]]:
    """The program with one more agency in every jurisdiction, and the ORI of each."""
    places = [row["id"] for row in csv.DictReader(io.StringIO(files["jurisdictions.csv"].decode()))]
    source = next(csv.DictReader(io.StringIO(files["sources.csv"].decode())))["id"]
    oris = {place: Ori(f"ZZ{number:07d}") for number, place in enumerate(places)}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS["agencies.csv"], lineterminator="\n", restval="")
    writer.writeheader()
    for place, ori in oris.items():
        row = {"ori": ori, "jurisdiction": place, "name": "asked", "source": source, "confidence": "X"}
        writer.writerow(row)
    return overlay(files, {"agencies.csv": text.getvalue().encode()}), oris


def questions(survey: Survey) -> Iterator[Cell]:
    """Every cell: G1, G2 and G4 in every period, G3 in every pair of periods, for every case."""
    for place, periods in survey.periods.items():
        for number, booked in enumerate(periods):
            for case in survey.known:
                yield from (Cell(place, booked, booked, g, case) for g in Gate if g is not Gate.LOOKUP)
                for asked in periods[number:]:
                    yield Cell(place, booked, asked, Gate.LOOKUP, case)


def decided(survey: Survey, ori: Ori, cell: Cell) -> bool:
    """What the code says: a booking received at the first instant of its period, looked up at the last of
    the other."""
    program = survey.program
    then, now = survey.moments(cell.place, cell.booked)[0], survey.moments(cell.place, cell.asked)[-1]
    facts = survey.facts(ori, cell.case, then)
    if cell.gate is not Gate.LOOKUP:
        return deciding.decide(program, facts, cell.gate).open
    plain = replace(facts, requester=Ori(""), purpose="")
    at_booking = deciding.decide(program, plain, Gate.LOOKUP)
    found = deciding.decide_lookup(at_booking, program, facts, now, program_then=program)
    return found.open


def _ask(cell: Cell) -> dict[str, object]:
    booked, asked = (cedar.period_id(cell.place, one) for one in (cell.booked, cell.asked))
    last = cell.asked.begins if cell.asked.ends == DUSK else cell.asked.ends - 1
    return cedar.request(booked, asked, cell.gate, (cell.booked.begins, last), cell.case)


def compare(files: Mapping[str, bytes]) -> Agreement:
    """Ask both on every cell of a program."""
    program, oris = inhabited(files)
    survey = Survey(program)
    text = cedar.export(survey)
    policies = cedarpy.PolicySet.from_str(text["policy.cedar"])
    entities = cedarpy.Entities.from_json_str(text["entities.json"], text["schema.cedarschema"])
    wrong: list[str] = []
    asked = 0
    seconds = 0.0
    batch: list[Cell] = []

    def settle() -> None:
        nonlocal asked, seconds
        begins = time.perf_counter()
        answers = cedarpy.is_authorized_batch([_ask(one) for one in batch], policies, entities)
        seconds += time.perf_counter() - begins
        asked += len(batch)
        for one, answer in zip(batch, answers, strict=True):
            ours = decided(survey, oris[one.place], one)
            if answer.diagnostics.errors or answer.allowed != ours:
                wrong.append(_told(one, ours=ours, errors=answer.diagnostics.errors))
        batch.clear()

    for cell in questions(survey):
        batch.append(cell)
        if len(batch) == _BATCH:
            settle()
    settle()
    return Agreement(program.name, asked, asked - len(wrong), tuple(wrong), seconds)


def _told(cell: Cell, *, ours: bool, errors: list[str]) -> str:
    booked, asked = (cedar.period_id(cell.place, one) for one in (cell.booked, cell.asked))
    says = f"decide says {'open' if ours else 'closed'}"
    return f"{cell.gate} {booked} {asked} {cell.case.words}: {says}, Cedar does not {errors or ''}".rstrip()
