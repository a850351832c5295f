# SPDX-License-Identifier: Apache-2.0
"""The cast of the demonstration on the desks: its agencies, people and bookings, decided as there.

Only the extraction is the null one, so that it plays in seconds. One booking more waits for an examiner and
one for a status officer; the month's figures and a release are public; `alice` and `bob` are registrars.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import desk_world
from desk_world import DeskWorld, Publishing, StillTime
from tools import staged

from scenes import SCENARIO, Town
from sluicegate import app
from sluicegate.cli.cast import PARTS, Part
from sluicegate.store.people import PeopleFile
from sluicegate.store.registering import Registry
from sluicegate.testing import bookings
from sluicegate.testing.world import START
from sluicegate.web import app as site
from sluicegate.web import desk
from sluicegate.web.operator.roles import Role


def car(part: Part, town: Town) -> bytes:
    """What a part's agency sends; the malformed one says that the arrest was after the booking."""
    data = bookings.tiny_booking(part.person, cri=part.ori, tcn=part.tcn, at=town.clock())
    return data.replace(b"2.045:2010", b"2.045:2011") if part.malformed else data


def play(town: Town) -> dict[str, str]:
    """The parts, and those who wait; cases by TCN."""
    for number, part in enumerate(PARTS):
        if part.at_bureau:
            town.enrol(town.exchange.open, part.person, f"B000000{number:02d}")
        if part.at_partner:
            town.enrol(town.exchange.gallery, part.person, f"P000000{number:02d}")
    cases = {part.tcn: town.submit(car(part, town)) for part in PARTS}
    town.finish()
    first, second = staged.WAITING
    town.enrol(town.exchange.open, first.person, "B00000099")  # two records fit: an examiner must say which
    cases |= {part.tcn: town.submit(car(part, town)) for part in (first, second)}
    town.settle()
    return cases


@contextmanager
def opened(folder: Path, origin: str) -> Iterator[DeskWorld]:
    """The home of the demonstration, its site and its desks; `cases` are by TCN."""
    home = folder / "home"
    app.lay_out(home, "secure-communities", SCENARIO, at=START)
    town = Town(home)
    cases = play(town)
    Publishing(town).publish()
    town.clock.now = staged.LATER
    staged.publish_papers(home)
    Publishing(town).publish()
    staged.witnessed(home / "public", staged.LATER)
    registry = Registry(town.exchange.programs, town.clock)
    for key in staged.REGISTRARS:
        registry.enroll(key, key.public, "may change the rules")
    time, file = StillTime(), PeopleFile(home)
    try:
        made = desk_world.desk_of(town, file, time, origin)
        for role in Role:
            desk_world.person(made, str(role))
        for key in staged.REGISTRARS:
            made.accounts.people.add(key.name, (str(Role.REGISTRAR),), time())
        yield DeskWorld(town, made, time, site.build(made.site, desk.routes(made)), cases)
    finally:
        file.close()
        town.close()
