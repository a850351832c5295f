# SPDX-License-Identifier: Apache-2.0
"""Works a change out before anybody signs: what is wrong with it, which promise it breaks, what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sluicegate.errors import SluicegateError, UsageError
from sluicegate.policy import program, proposal, succession
from sluicegate.policy.analysis.refuse import Objection
from sluicegate.policy.program import Program
from sluicegate.policy.proposal import LinkFile, LinkKind, Paper
from sluicegate.policy.table import Problem
from sluicegate.store import registry as chains
from sluicegate.store.preview import Sight, effect_digest
from sluicegate.store.registering import Registry
from sluicegate.web.operator import registrar_view as view
from sluicegate.web.operator.registrar_view import Shown


@dataclass(frozen=True, slots=True)
class Examined:
    """A change that was worked out: `sight` and `shown` where nothing speaks against it.

    `problems` name rows as they were given; `against` are the promises that it would break.
    """

    problems: tuple[Problem, ...] = ()
    against: tuple[Objection, ...] = ()
    sight: Sight | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """A proposal, worked out again now.

    `shown` is what it would do; `stale` says why it cannot be signed as it is, or is empty; `same` whether
    its effect is the one that its proposer saw; `against` the promises that it would break by now.
    """

    file: LinkFile
    signers: tuple[str, ...]
    shown: Shown | None
    stale: str = ""
    same: bool = True
    against: tuple[Objection, ...] = ()


def examine(
    registry: Registry, rows: Mapping[str, bytes], why: str, papers: Sequence[Paper], by: str, now: datetime
) -> Examined:
    """Work out a change. Raises ProgramError or UsageError where the registry does not hold."""
    chain = registry.chain()
    files, scenario = registry.source.files()
    parts = [scenario, *chain.rows()]
    wrong = program.problems(files, proposal.merged((*parts, rows)))
    if wrong:
        return Examined(tuple(_as_given(one, parts) for one in wrong))
    before, after = _both(registry, rows)
    try:
        sight = registry.draft(rows, why, papers, by)
    except UsageError:  # told apart here, so that each problem is said where it belongs
        breaches = succession.breaches(before, after, rows, now, drill=chain.drill)
        against = view.refused(before, after, now) if not breaches else ()
        if not breaches and not against:
            raise
        return Examined(breaches, against)
    return Examined((), (), sight, view.shown(before, after, sight.effect, sight.late, rows, now))


def as_signed(registry: Registry, file: LinkFile, now: datetime) -> tuple[Sight, Shown]:
    """A draft that comes back to be signed, worked out again, with the text that was shown.

    Raises UsageError or ProgramError where it may not be any more.
    """
    said = file.statement
    sight = registry.draft(file.rows, said.why, said.documents, said.by)
    before, after = _both(registry, file.rows)
    shown = view.shown(before, after, sight.effect, sight.late, file.rows, now)
    return replace(sight, file=file), shown


def again(registry: Registry, file: LinkFile, signers: tuple[str, ...], name: str, now: datetime) -> Again:
    """A proposal that waits, worked out again: the effect is never read from what its proposer said."""
    rows = file.statement.kind is LinkKind.ROWS
    try:
        sight = registry.sight(name)
    except SluicegateError as error:
        why = error.message
        return _stale(registry, file, signers, why, now) if rows else Again(file, signers, None, why)
    if not rows:
        return Again(file, signers, None)
    before, after = _both(registry, file.rows)
    return Again(file, signers, view.shown(before, after, sight.effect, sight.late, file.rows, now))


def _stale(registry: Registry, file: LinkFile, signers: tuple[str, ...], why: str, now: datetime) -> Again:
    """A proposal that cannot be signed any more, with what its rows would do if they were proposed now."""
    said = file.statement
    try:
        made = examine(registry, file.rows, said.why, said.documents, said.by, now)
    except SluicegateError:
        return Again(file, signers, None, why, same=False)
    if made.sight is None:
        also = "; ".join(one.said for one in made.problems)
        return Again(file, signers, None, f"{why} {also}".strip(), same=False, against=made.against)
    return Again(file, signers, made.shown, why, effect_digest(made.sight.effect) == said.effect)


def of_link(registry: Registry, number: int, now: datetime) -> Shown | None:
    """What a registered link did, against the rules before it; None for one that adds no rows.

    Its days are those of its own moment. Raises ProgramError, IndexError.
    """
    chain = registry.chain()
    link = chain.links[number]
    if link.statement.kind is not LinkKind.ROWS:
        return None
    files, scenario = registry.source.files()
    before = chains.derive(chain, files, scenario, number)
    after = chains.derive(chain, files, scenario, number + 1)
    late = succession.late(after, link.file.rows, now)
    return view.shown(before, after, view.difference(before, after), late, link.file.rows, now)


def _both(registry: Registry, rows: Mapping[str, bytes]) -> tuple[Program, Program]:
    chain = registry.chain()
    files, scenario = registry.source.files()
    before = chains.derive(chain, files, scenario)
    return before, chains.compose(files, scenario, [*chain.rows(), rows])


def _as_given(one: Problem, before: Sequence[Mapping[str, bytes]]) -> Problem:
    """A problem of the merged table with the row as the proposer knows it."""
    name = one.file.removeprefix("overlay/")
    above = sum(proposal.count(part[name]) for part in before if name in part)
    return replace(one, file=name, row=max(one.row - above, 0))
