# SPDX-License-Identifier: Apache-2.0
"""Bookings of ten rolled synthetic prints through the real engine: LEADER in workers, the plain search."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from datetime import datetime

from sluicegate import app
from sluicegate.ebts.build import booking
from sluicegate.exchange.case import State
from sluicegate.ridge import template as templates
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.synthetic.impression import EVERYDAY
from sluicegate.ridge.synthetic.person import Person
from sluicegate.ridge.synthetic.templates import FRAME, minutiae_template
from sluicegate.ridge.template import FingerTemplate, Template
from sluicegate.store.journal import Store, moment
from sluicegate.store.repository import Repository, fresh_number
from sluicegate.testing.bookings import fields, finger
from tools.bench import homes, machine
from tools.bench.apart import Results
from tools.bench.figures import spread

FINGERS = range(1, 11)
FIRST_PERSON = 7000
PATIENCE_S = 240.0


def measure(bookings: int, background: int) -> Results:
    """Bookings one after the other, each until nothing moves any more; time per stage by the journals."""
    oris = list(homes.ORIS.values())
    drafts = [_card(FIRST_PERSON + number, oris[number % 4]) for number in range(bookings)]
    with homes.exchange(extractor="leader", engine="plain") as opened:
        for seed, repository in ((1_000_000, opened.open), (2_000_000, opened.gallery)):
            _fill(repository, background, seed)
        opened.start()
        assert opened.workshop is not None
        zygote = opened.workshop.zygote_pid
        walls: list[float] = []
        cpu = os.times().user + os.times().system + machine.cpu_s(zygote)
        with machine.WorkerWatch(zygote) as watch:
            for number, data in enumerate(drafts, 1):
                start = time.monotonic()
                opened.door.accept(data, "folder")
                _settle(opened, number)
                walls.append(time.monotonic() - start)
        cpu = os.times().user + os.times().system + machine.cpu_s(zygote) - cpu
        assert opened.bureau.store.rows("alerts") == [], "a measured run must be clean"
        return {
            "bookings": bookings,
            "background": background,
            "bytes": spread([len(data) for data in drafts]).median,
            "wall_s": spread(walls),
            "cpu_s": cpu / bookings,
            "stages": _stage_times(opened),
            "resident_mib": machine.resident_mib(os.getpid()),
            "zygote_mib": machine.resident_mib(zygote),
            "worker_mib": watch.most_mib,
        }


def _card(person: int, ori: str) -> bytes:
    one = Person(person)
    prints = [finger(fgp, one.impression(fgp, "rolled", 1, EVERYDAY)) for fgp in FINGERS]
    return booking(fields(person, cri=ori, tcn=f"BENCH{person:08d}", at=homes.AT), prints)


def _fill(repository: Repository, count: int, first_seed: int) -> None:
    """People who exist only as templates; they bear the extractor's name so that they can be searched."""
    maker = EXTRACTORS["leader"]()
    width, height = FRAME
    rows = []
    for seed in range(first_seed, first_seed + count):
        fingers = tuple(
            FingerTemplate(fgp, 1, width, height, minutiae_template(seed, fgp)) for fgp in FINGERS
        )
        made = templates.encode(Template(maker.id, maker.parameters, fingers))
        rows.append((f"background-{seed}", fresh_number(), made, None, None))
    repository.enrol_many(rows)


def _settle(opened: app.Exchange, goal: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while homes.closed(opened) < goal or not (opened.runner and opened.runner.idle()):
        assert time.monotonic() < deadline, opened.bureau.store.rows("counts")
        time.sleep(0.02)


def _stage_times(opened: app.Exchange) -> Results:
    """Seconds from the stamp before to the stamp of each stage: waiting and commit are in them."""
    spent: defaultdict[str, list[float]] = defaultdict(list)
    for role, desk in opened.desks.items():
        for case in desk.store.cases_in([State.CLOSED]):
            _add_case(desk.store, role, case.case_id, case.received, spent)
    return {name: spread(values) for name, values in spent.items()}


def _add_case(
    store: Store, role: str, case_id: str, received: datetime, spent: defaultdict[str, list[float]]
) -> None:
    last = received
    for row in store.rows("journal_of", case_id=case_id):
        at = moment(row["at"])
        spent[f"{role} {row['stage']}"].append((at - last).total_seconds())
        last = at
