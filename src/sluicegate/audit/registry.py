# SPDX-License-Identifier: Apache-2.0
"""Derives the rules again: genesis and every change, each signed by two people and stated to the public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.audit.findings import Check, Result
from sluicegate.audit.logs import SLACK, Side, moment
from sluicegate.errors import ProgramError
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.policy import proposal, succession
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import LinkKind
from sluicegate.store import registry
from sluicegate.store.registry import Chain


@dataclass(slots=True)
class Rules:
    """The programs that were in force, by policy root, and when each came into force, in order.

    From public files alone that lies between two moments: when the change was proposed, which is signed, and
    when it was stated. Whoever sees the ledger's own entries knows the moment (`know`).
    """

    programs: dict[str, Program] = field(default_factory=dict)
    since: list[tuple[datetime, datetime | None, str]] = field(default_factory=list)
    read: bool = False

    @property
    def now(self) -> Program | None:
        """The newest."""
        return self.programs.get(self.since[-1][2]) if self.since else None

    def in_force(self, at: datetime) -> set[str]:
        """Roots that could be in force at a moment, give or take the slack between clocks."""
        found = set()
        for number, (since, _, root) in enumerate(self.since):
            until = self.since[number + 1][1] if number + 1 < len(self.since) else None
            if since - SLACK <= at and (until is None or at <= until + SLACK):
                found.add(root)
        return found

    def know(self, root: str, at: datetime) -> None:
        """The moment at which the ledger registered a state of the rules."""
        self.since = [(at, at, one) if one == root else (low, high, one) for low, high, one in self.since]


def check_registry(side: Side) -> tuple[Rules, Result]:
    """The rules as registered, from `registry/` and `programs/` of the public folder."""
    result, rules = Result(Check.REGISTRY), Rules()
    said = side.of_kind(StatementKind.REGISTERED)
    names = [name for name in side.material.names("registry") if name.count("/") == 1]
    if not names:
        if said:
            result.find("registry", "registry/", f"it is missing; {len(said)} link(s) of it were stated")
        result.skipped = "the rules are not in this folder, so no decision could be made again"
        return rules, result
    chain = _chain(side, names, result)
    if chain is None:
        return rules, result
    _stated(chain, said, names, result)
    _programs(side, chain, said, rules, result)
    rules.read = True
    return rules, result


def _chain(side: Side, names: list[str], result: Result) -> Chain | None:
    chain = Chain()
    for number, name in enumerate(names):
        if name != f"{registry.FOLDER}/{registry.file_name(number)}":
            result.find("registry", name, f"link {number} is missing, or this is no link")
            return chain if chain.links else None
        try:
            chain = registry.extend(chain, side.material.read(name) or b"")
        except ProgramError as error:
            result.find("registry", name, error.message.removesuffix("."))
            return chain if chain.links else None
        result.count("signed links")
    return chain


def _stated(chain: Chain, said: list[tuple[int, Statement]], names: list[str], result: Result) -> None:
    """Every link was stated, with its digest and its roots, in order and in time."""
    for number, (seq, one) in enumerate(said):
        place = f"{registry.FOLDER}/{registry.file_name(number)}"
        if number >= len(chain.links):
            if number >= len(names):
                result.find("registry", place, f"it is missing; statement {seq} tells of it")
            continue
        link = chain.links[number]
        told = (one.parts["change"], one.parts["root"], one.parts["before"])
        if told != (link.digest, link.statement.after, link.statement.before):
            result.find("registry", place, f"it is not the link that statement {seq} registered")
        if moment(one.at) + SLACK < moment(link.statement.at):
            result.find(
                "clock", f"statement {seq}", f"it registers a change proposed later, {link.statement.at}"
            )
    if len(chain.links) > len(said):
        extra = len(chain.links) - len(said)
        result.notes.append(f"{extra} link(s) are not stated in public yet; those are not in force for sure.")


def _files(side: Side, name: str) -> dict[str, bytes]:
    base = f"programs/{name}/"
    held = (
        (one.removeprefix(base), side.material.read(one)) for one in side.material.names(f"programs/{name}")
    )
    return {one: data for one, data in held if data is not None and "/" not in one}


def _programs(
    side: Side, chain: Chain, said: list[tuple[int, Statement]], rules: Rules, result: Result
) -> None:
    first = chain.links[0].statement
    files = _files(side, first.program)
    scenario = _files(side, first.scenario) if first.scenario else {}
    _digests(first.files, registry.digests_of(first.program, files, first.scenario, scenario), result)
    before: Program | None = None
    for number, link in enumerate(chain.links):
        one, place = link.statement, f"{registry.FOLDER}/{registry.file_name(number)}"
        if number and one.kind is not LinkKind.ROWS:
            continue
        try:
            program = registry.compose(files, scenario, chain.rows(number + 1))
        except ProgramError as error:
            result.find("registry", place, error.message.removesuffix("."))
            return
        if program.root != one.after:
            result.find("registry", place, "the root it names is not that of the files and rows")
            return
        if before is not None:
            at = moment(one.at)
            for problem in succession.breaches(before, program, link.file.rows, at, drill=chain.drill):
                result.find("registry", place, problem.text)
        stated = moment(said[number][1].at) if number < len(said) else None
        rules.programs[program.root] = before = program
        rules.since.append((moment(one.at), stated, program.root))
        result.count("states of the rules")


def _digests(told: Mapping[str, str], there: Mapping[str, str], result: Result) -> None:
    for name in sorted({*told, *there}):
        if told.get(name) != there.get(name):
            how = (
                "missing"
                if name not in there
                else "not one of those that were registered"
                if name not in told
                else "changed"
            )
            result.find("registry", f"programs/{name}", f"it is {how}")


def digest_of(data: bytes) -> str:
    """Digest of a file of the chain."""
    return proposal.sha256(data)
