# SPDX-License-Identifier: Apache-2.0
"""What must hold between the rows of the tables that a program may lack, and the rest of the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter

from sluicegate.errors import quoted
from sluicegate.policy.model import ANY, Agency, Effect, Requester, Substitution
from sluicegate.policy.table import Problems, Row
from sluicegate.policy.validate import Parsed, by_id, known, overlap
from sluicegate.terms import Gate


def _claims(parsed: Parsed, problems: Problems) -> None:
    wordings = {one.id for one, _ in parsed.wording}
    seen: set[tuple[str, str]] = set()
    for one, row in parsed.claims:
        known(row, "wording", wordings, problems)
        known(row, "question", parsed.settings.questions, problems)
        if (one.wording, one.question) in seen:
            problems.add(
                row.file, row.number, f"{one.wording} already answers {quoted(one.question)} in another row"
            )
        seen.add((one.wording, one.question))


def _successors(parsed: Parsed) -> dict[tuple[str, date], list[tuple[Substitution, Row]]]:
    found: dict[tuple[str, date], list[tuple[Substitution, Row]]] = {}
    for one, row in parsed.substitutions:
        found.setdefault((one.ori, one.begins), []).append((one, row))
    return found


def _following(parsed: Parsed) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, _ in parsed.substitutions:
        found.setdefault(one.ori, set()).add(one.replaced_by)
    return found


def _circle(following: Mapping[str, set[str]]) -> frozenset[str]:
    """The ORIs of one circle of successors; empty if there is none."""
    try:
        TopologicalSorter(following).prepare()
    except CycleError as error:
        return frozenset(error.args[1])
    return frozenset()


def _substitutions(parsed: Parsed, problems: Problems) -> None:
    agencies: dict[str, list[Agency]] = {}
    for agency, _ in parsed.agencies:
        agencies.setdefault(agency.ori, []).append(agency)
    following = _following(parsed)
    circle = _circle(following)
    for one, row in parsed.substitutions:
        if one.replaced_by not in agencies and one.replaced_by not in following:
            problems.add(row.file, row.number, f"{quoted(one.replaced_by)} is no agency of this program")
        if one.ori in circle:
            problems.add(row.file, row.number, f"{quoted(one.ori)} is replaced by itself in a circle")
        if any((agency.ends or date.max) > one.begins for agency in agencies.get(one.ori, ())):
            problems.add(
                row.file,
                row.number,
                f"{quoted(one.ori)} is still an agency when it is replaced; end it first",
            )
    for same in _successors(parsed).values():
        for one, row in same[1:]:
            problems.add(row.file, row.number, f"{quoted(one.ori)} is replaced twice on one day")


def _requesters(rows: Iterable[tuple[Requester, Row]], problems: Problems) -> None:
    seen: dict[str, list[Requester]] = {}
    for one, row in rows:
        if any(overlap(one, other) for other in seen.setdefault(one.ori, [])):
            problems.add(row.file, row.number, f"{quoted(one.ori)} has two classes at one time")
        seen[one.ori].append(one)


def _requests(parsed: Parsed, problems: Problems) -> None:
    asking = {
        name: mode
        for name, mode in parsed.modes.items()
        if mode.effects.get(Gate.LOOKUP) is Effect.BY_REQUEST
    }
    sorts = {ANY, *(one.sort for one, _ in parsed.requesters)}
    seen: set[tuple[str, str, str]] = set()
    for one, row in parsed.requests:
        if one.mode not in asking:
            problems.add(row.file, row.number, f"mode {quoted(one.mode)} does not leave G3 to the request")
        known(row, "class", sorts, problems)
        if (one.mode, one.sort, one.purpose) in seen:
            problems.add(row.file, row.number, "this mode, class and purpose already have a row")
        seen.add((one.mode, one.sort, one.purpose))
    for name in sorted(set(asking) - {one.mode for one, _ in parsed.requests}):
        problems.add(
            "modes.csv", 0, f"mode {name} leaves G3 to the request, and requests.csv has no row for it"
        )


def _documents(parsed: Parsed, problems: Problems) -> None:
    by_id(parsed.documents, problems)
    rules = {one.id for one, _ in parsed.rules}
    for _, row in parsed.documents:
        known(row, "rule", rules, problems)


def check(parsed: Parsed, problems: Problems) -> None:
    """Note everything in claims, substitutions, requesters, requests and documents that does not hold."""
    _claims(parsed, problems)
    _substitutions(parsed, problems)
    _requesters(parsed.requesters, problems)
    _requests(parsed, problems)
    _documents(parsed, problems)
