# SPDX-License-Identifier: Apache-2.0
"""What `policy simulate` reads: sets of rules by any name they have, and the bookings of a home.

Of a booking nothing is taken but when it was received, its agencies, and which class of charges the recorded
decision shows. Its bytes are not opened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sluicegate import app, settings
from sluicegate.cli.calls import Call
from sluicegate.errors import SettingsError, UsageError, quoted
from sluicegate.exchange.bureau import decisions_of
from sluicegate.exchange.case import EMPTIED, Case, State
from sluicegate.policy import proposal
from sluicegate.policy.decide import Facts
from sluicegate.policy.places import zone_of
from sluicegate.policy.program import Program, overlay
from sluicegate.policy.simulate import GATES, Batch, Kind, Part, fitting, kinds
from sluicegate.policy.table import SETTINGS_FILE
from sluicegate.store.journal import Store
from sluicegate.store.preview import id_of
from sluicegate.store.programs import ProgramSource, read_folder, shipped
from sluicegate.terms import Ori
from sluicegate.testing.nation import nation

_PROPOSAL = re.compile(r"[0-9a-f]{10}")
SYNTHETIC_NATION = "synthetic-nation"

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Rules:
    """A set of rules: what it is called, the files it is made of, and the program that they make."""

    name: str
    files: Files
    added: tuple[Files, ...]
    program: Program

    def with_rows(self, name: str, rows: Files) -> Rules:
        """The same rules with rows more. Raises ProgramError."""
        added = (*self.added, rows)
        return Rules(name, self.files, added, overlay(self.files, proposal.merged(added)))


def named(name: str) -> Rules:
    """A program by the name it ships under, the synthetic nation, or a program in a folder."""
    files = _files(name)
    if SETTINGS_FILE not in files:
        raise UsageError(f"{quoted(name, 200)} is rows to add, not a whole program.")
    return Rules(name, files, (), overlay(files, {}))


def _files(name: str) -> Files:
    if name == SYNTHETIC_NATION:
        return nation()
    if Path(name).is_dir():
        return read_folder(Path(name))
    if "/" in name or "\\" in name:
        raise UsageError(f"There is no folder {quoted(name, 200)}.", advice="Name the folder of a program.")
    try:
        return shipped(name)
    except SettingsError:
        raise UsageError(
            f"There are no rules called {quoted(name)}.",
            advice="Name a program that ships, a folder, or a proposal (see: sluicegate registry list).",
        ) from None


def of_home(source: ProgramSource) -> Rules:
    """The rules in force in a home. Raises ProgramError where they are not as registered."""
    program = source.load()
    files, scenario = source.files()
    rows = source.register.chain().rows() if source.register else ()
    return Rules("in force", files, (scenario, *rows), program)


def other(call: Call, base: Rules, name: str) -> Rules:
    """The rules to try: a proposal of the home, a whole program, or rows to add to the first rules."""
    if _PROPOSAL.fullmatch(name) and not Path(name).is_dir():
        return _proposed(call, base, name)
    files = _files(name)
    if SETTINGS_FILE not in files:
        return base.with_rows(name, files)
    return Rules(name, files, (), overlay(files, {}))


def _proposed(call: Call, base: Rules, name: str) -> Rules:
    call.need_home()
    with call.opened("bureau") as office:
        registry = app.open_registry(settings.load(call.home), office.store, call.clock())
        # Looked at before its signatures or its day are judged: trying is not approving.
        found = [file for file, _ in registry.proposals() if id_of(file) == name]
    if not found:
        raise UsageError(f"There is no proposal {quoted(name)}.", advice="See: sluicegate registry list")
    return base.with_rows(f"proposal {name}", found[0].rows)


# -- bookings ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bookings:
    """The bookings of a period as batches, and how many had to be left out.

    `undecided` wait for a decision; `refused` were refused before one, for defects, and shared nothing; of
    the `expunged` nothing is left to decide by.
    """

    batches: tuple[Batch, ...]
    kinds: tuple[Kind, ...]
    undecided: int
    refused: int
    expunged: int
    without_rules: int


_Recorded = tuple[tuple[bool, str], ...]
_Key = tuple[Ori, Ori, datetime, str, _Recorded]


def bookings(
    store: Store, source: ProgramSource, base: Program, under: Program, days: tuple[date, date]
) -> Bookings:
    """Every booking received on these local days, both included, of the agency's jurisdiction.

    One whose agency was not on file was refused, and counts with every gate closed.
    """
    met: Counter[_Key] = Counter()
    undecided = refused = expunged = 0
    for case in store.cases_in(State):
        if not days[0] <= _local(base, under, case) <= days[1]:
            continue
        if case.state in EMPTIED:
            expunged += 1
            continue
        if case.noted("decisions") is None and case.text("refusal") != "unknown-agency":
            gone = bool(case.text("refusal"))
            refused, undecided = refused + gone, undecided + (not gone)
            continue
        met[_key(case)] += 1
    programs = {root: source.of(root) for _, _, _, root, _ in met if root}
    lists = [one for one in programs.values() if one is not None and one.charges != base.charges]
    known = kinds([base, under, *lists])
    batches = tuple(_batch(known, programs, key, weight) for key, weight in sorted(met.items()))
    lost = sum(n for (_, _, _, root, _), n in met.items() if root and programs[root] is None)
    return Bookings(batches, known, undecided, refused, expunged, lost)


def _local(base: Program, under: Program, case: Case) -> date:
    """The local day of receipt; where no rule places the agency, that of the nation."""
    placed = base.place(Ori(case.cri), case.received) or under.place(Ori(case.cri), case.received)
    nation = base.jurisdictions[base.settings.root_jurisdiction]
    zone = (placed.jurisdiction if placed else nation).zone
    return case.received.astimezone(zone_of(zone)).date()


def _key(case: Case) -> _Key:
    # No rule begins but at a midnight, and in no time zone is that within a quarter of an hour.
    at = case.received
    at = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    if case.noted("decisions") is None:
        return Ori(case.cri), Ori(case.ori), at, "", ()
    made = decisions_of(case)
    recorded = tuple((made[gate].open, made[gate].reasons[0].code) for gate in GATES)
    return Ori(case.cri), Ori(case.ori), at, made[GATES[0]].root, recorded


def _batch(known: Sequence[Kind], programs: Mapping[str, Program | None], key: _Key, weight: int) -> Batch:
    cri, ori, at, root, recorded = key
    if not recorded:  # refused: the agency was not on file
        return Batch(cri, ori, at, (Part((1 << len(known)) - 1, weight),), (False,) * len(GATES))
    fit = fitting(known, programs.get(root), Facts(cri, ori, at), recorded)
    return Batch(cri, ori, at, (Part(fit, weight),), tuple(is_open for is_open, _ in recorded))
