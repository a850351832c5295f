# SPDX-License-Identifier: Apache-2.0
"""``python -m tools.bench_policy``: decisions a second in a synthetic nation, beside casbin, cedarpy, regopy.

Ours is asked with an ORI, a moment, charges and a gate, and answers with its whole explanation. The others
know no dates: they are handed the mode that is in force at that moment, worked out before and not counted,
and say only open or closed. Every answer is compared with an oracle that scans the rows of the CSV files and
shares no code with the package. CPU time of one thread; writes ``bench-out/policy.json`` and ``policy.md``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random

import casbin  # type: ignore[import-untyped]
import cedarpy
import regopy  # type: ignore[import-untyped]
from rich.console import Console
from rich.table import Table as RichTable

from sluicegate.policy.analysis.diff import diff
from sluicegate.policy.check import check
from sluicegate.policy.decide import Facts, decide, decide_all
from sluicegate.policy.program import Program, load
from sluicegate.terms import Gate, Ori
from sluicegate.testing.nation import nation
from tools.bench.figures import Spread, milliseconds, rate
from tools.bench.machine import describe
from tools.bench.report import Table
from tools.policy_oracle import Oracle

OUT = Path("bench-out")
CHARGES = {"none": (), "listed": ("ROBBERY",), "not listed": ("BURGLARY",), "unknown": ("NO SUCH CHARGE",)}


@dataclass(frozen=True, slots=True)
class Question:
    """One decision to be made, and what the oracle says."""

    facts: Facts
    gate: Gate
    mode: str
    charge: str
    open: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What one way of deciding measured."""

    name: str
    rate: Spread
    asked: int
    agreed: int
    dates: str
    tells: str


def questions(oracle: Oracle, count: int) -> list[Question]:
    """Questions over every agency, gate and kind of charge, from before the first rule to after the last."""
    rng = Random(11)  # noqa: S311 - a drawn sample, no secret
    start = datetime(2008, 1, 1, tzinfo=UTC)
    made = []
    for _ in range(count):
        ori = rng.choice(oracle.oris)
        at = start + timedelta(seconds=rng.randrange(6 * 365 * 86_400))
        charge, gate = rng.choice(list(CHARGES)), rng.choice(list(Gate))
        mode = oracle.mode(ori, at)
        made.append(
            Question(
                Facts(Ori(ori), Ori(ori), at, CHARGES[charge]),
                gate,
                mode,
                charge,
                oracle.open(mode, gate, charge),
            )
        )
    return made


def _measured(name: str, asked: Sequence[Question], ask: Callable[[Question], bool], told: str) -> Row:
    """The rate of one way over its questions; agreement is counted in a pass that is not timed."""
    agreed = sum(ask(one) == one.open for one in asked)

    def work() -> int:
        for one in asked:
            ask(one)
        return len(asked)

    return Row(name, rate(work, least_s=1.0), len(asked), agreed, "outside", told)


def ours(program: Program, asked: Sequence[Question]) -> list[Row]:
    """`decide` gate by gate, and `decide_all` for the four gates of a booking, counted by gate."""
    agreed = sum(decide(program, one.facts, one.gate).open == one.open for one in asked)
    pairs = [(one.facts, one.gate) for one in asked]
    facts = [one.facts for one in asked]

    def single() -> int:
        for question, gate in pairs:
            decide(program, question, gate)
        return len(pairs)

    def four() -> int:
        for question in facts:
            decide_all(program, question)
        return len(facts) * len(Gate)

    def written() -> int:
        for question, gate in pairs[:20_000]:
            json.dumps(decide(program, question, gate).to_json())
        return min(len(pairs), 20_000)

    every = sum(decide_all(program, one.facts)[one.gate].open == one.open for one in asked)
    dates, tells = "inside", "rule, reasons, losers"
    return [
        Row("ours, one gate", rate(single, least_s=1.0), len(asked), agreed, dates, tells),
        Row("ours, the four gates of a booking", rate(four, least_s=1.0), len(asked), every, dates, tells),
        Row("ours, one gate, written as JSON", rate(written, least_s=1.0), len(asked), agreed, dates, tells),
    ]


_CASBIN = """
[request_definition]
r = mode, gate, charge
[policy_definition]
p = mode, gate, charge
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.mode == p.mode && r.gate == p.gate && (p.charge == "any" || p.charge == r.charge)
"""


def with_casbin(oracle: Oracle, asked: Sequence[Question]) -> Row:
    """casbin: one line for each mode and gate that can be open."""
    model = casbin.Model()
    model.load_model_from_text(_CASBIN)
    enforcer = casbin.Enforcer(model)
    for (mode, gate), effect in oracle.effects.items():
        if effect in ("open", "by_charge"):
            enforcer.add_policy(mode, gate, "any" if effect == "open" else "listed")

    def ask(one: Question) -> bool:
        return bool(enforcer.enforce(one.mode, one.gate.value, one.charge))

    return _measured(f"casbin {version('casbin')}", asked, ask, "nothing")


def with_cedar(oracle: Oracle, asked: Sequence[Question]) -> Row:
    """cedarpy: one generic policy a gate over parsed handles, modes as entities."""
    policies = cedarpy.PolicySet.from_str(
        "\n".join(
            f'permit(principal, action == Action::"{gate}", resource) when '
            f'{{ principal.{gate} == "open" || '
            f'(principal.{gate} == "by_charge" && context.charge == "listed") }};'
            for gate in Gate
        )
    )
    modes: dict[str, dict[str, str]] = {}
    for (mode, gate), effect in oracle.effects.items():
        modes.setdefault(mode, dict.fromkeys(Gate, "closed"))[gate] = effect
    entities = cedarpy.Entities.from_json_str(
        json.dumps(
            [
                {"uid": {"type": "Mode", "id": mode}, "attrs": attrs, "parents": []}
                for mode, attrs in modes.items()
            ]
        )
    )

    def ask(one: Question) -> bool:
        request = {
            "principal": {"type": "Mode", "id": one.mode},
            "action": {"type": "Action", "id": one.gate.value},
            "resource": {"type": "Booking", "id": "one"},
            "context": {"charge": one.charge},
        }
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    return _measured(f"cedarpy {version('cedarpy')}, parsed handles", asked, ask, "policy id")


_REGO = """
package gates
default open := false
open if data.effects[input.mode][input.gate] == "open"
open if {
    data.effects[input.mode][input.gate] == "by_charge"
    input.charge == "listed"
}
"""


def with_rego(oracle: Oracle, asked: Sequence[Question]) -> Row:
    """regopy: a compiled bundle, effects as data."""
    effects: dict[str, dict[str, str]] = {}
    for (mode, gate), effect in oracle.effects.items():
        effects.setdefault(mode, {})[gate] = effect
    builder = regopy.Interpreter()
    builder.add_data({"effects": effects})
    builder.add_module("gates.rego", _REGO)
    bundle = builder.build("x = data.gates.open", ["gates/open"])
    engine = regopy.Interpreter()

    def ask(one: Question) -> bool:
        engine.set_input({"mode": one.mode, "gate": one.gate.value, "charge": one.charge})
        answer = engine.query_bundle(bundle)  # named: a node read after its answer is gone is free memory
        return answer.binding("x").value is True

    return _measured(f"regopy {version('regopy')}, compiled bundle", asked, ask, "what one programs")


def speed(rows: Sequence[Row]) -> Table:
    """The comparison, fastest way of ours first."""
    first = rows[0].rate.median
    heads = ("way", "decisions/s", "microseconds", "ours / this", "as the oracle", "dates", "says why")
    return Table(
        "Decisions a second, one thread",
        heads,
        tuple(
            (
                one.name,
                one.rate.text(0),
                f"{1e6 / one.rate.median:.1f}",
                f"{first / one.rate.median:.1f}",
                f"{one.agreed:,} of {one.asked:,}",
                one.dates,
                one.tells,
            )
            for one in rows
        ),
    )


def nationally(files: dict[str, bytes], program: Program) -> Table:
    """What the whole nation costs: loading, settling, looking back, checking, comparing."""
    other = load(nation(seed=1) | {"choices.csv": files["choices.csv"] + _extra(files)})
    fresh = milliseconds(lambda: load(files))

    def settle() -> None:
        line = load_once.pop()
        assert sum(len(one.rulings) for one in line.timelines.values())

    load_once = [load(files) for _ in range(5)]
    settled = milliseconds(settle)
    known = [load(files) for _ in range(5)]
    looked = milliseconds(lambda: known.pop().known_at(date(2010, 11, 15)))
    report = check(program)
    changed = diff(program, other)
    rows = (
        (
            "loading and validating",
            fresh,
            f"{len(program.rules):,} rules, {len(program.agencies):,} agencies",
        ),
        ("settling every timeline (done when asked for)", settled, f"{report.periods:,} periods"),
        ("the view of what was known on one day", looked, "settled when asked for, like the rest"),
        ("exhaustive check", milliseconds(lambda: check(program)), _checked(report.cells, report.sound)),
        (
            "diff of two nations",
            milliseconds(lambda: diff(program, other)),
            f"{len(changed.changes):,} changes",
        ),
    )
    told = tuple((name, spent.text(), what) for name, spent, what in rows)
    return Table(f"A nation of {len(program.jurisdictions):,} jurisdictions, ms", ("what", "ms", "of"), told)


def _checked(cells: int, sound: bool) -> str:
    return f"{cells:,} cells, {'no leak, every promise held' if sound else 'NOT SOUND'}"


def _extra(files: dict[str, bytes]) -> bytes:
    """Forty rows more: a filter for forty counties."""
    places = [line.split(b",")[0] for line in files["jurisdictions.csv"].splitlines()[60:100]]
    row = "Z{n:05d},{place},entry-into-force,,JURISDICTION_FILTER,A synthetic office,federal,drawn,"
    rest = "none on record,V12,2012-06-01,,2012-06-01,,SRC-SYNTHETIC,I,\n"
    return "".join(
        (row + rest).format(n=number, place=place.decode()) for number, place in enumerate(places)
    ).encode()


def _write(tables: Sequence[Table]) -> None:
    OUT.mkdir(exist_ok=True)
    (OUT / "policy.md").write_text("\n".join(one.markdown() for one in tables), "utf-8")
    told = {one.title: {"heads": one.heads, "rows": one.rows} for one in tables}
    (OUT / "policy.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")


def _show(told: Table) -> None:
    """A table on the terminal, its columns aligned."""
    shown = RichTable(title=told.title, box=None, title_justify="left", header_style="bold")
    for number, name in enumerate(told.heads):
        shown.add_column(name, justify="left" if not number else "right")
    for row in told.rows:
        shown.add_row(*row)
    out = Console(highlight=False)
    out.width = max(out.width, 140)
    out.print(shown)
    out.print()


def main() -> None:
    """Measures, prints the tables and writes them."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench_policy", description="Measure the policy.")
    parser.add_argument("--questions", type=int, default=100_000, help="how many ours is asked")
    chosen = parser.parse_args()
    console = Console(stderr=True)
    machine = describe()
    with console.status("drawing a nation, and asking the oracle"):
        files = nation()
        oracle = Oracle(files)
        asked = questions(oracle, chosen.questions)
        program = load(files)
    rows = []
    ways: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
        ("ours", lambda: ours(program, asked)),
        ("casbin", lambda: [with_casbin(oracle, asked[:20_000])]),
        ("cedarpy", lambda: [with_cedar(oracle, asked[:20_000])]),
        ("regopy", lambda: [with_rego(oracle, asked[:10_000])]),
    )
    for name, measure in ways:
        with console.status(f"measuring {name}"):
            rows += measure()
    with console.status("measuring the nation"):
        national = nationally(files, program)
    machine["load average at the end"] = describe()["load average at the start"]
    tables = [Table("Machine", ("what", "is"), tuple(machine.items())), speed(rows), national]
    _write(tables)
    for one in tables:
        _show(one)
    if any(one.agreed != one.asked for one in rows):
        raise SystemExit("an answer differs from the oracle's")


if __name__ == "__main__":
    main()
