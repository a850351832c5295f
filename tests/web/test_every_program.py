# SPDX-License-Identifier: Apache-2.0
"""The site over each program that ships: history is data, so no page may know one program only."""

from __future__ import annotations

import pytest
import web_world

from scenes import scratch
from sluicegate.app import lay_out
from sluicegate.cli.calls import Call
from sluicegate.cli.publishing import publish_all

PAGES = (
    "/",
    "/places",
    "/places/US",
    "/nation",
    "/nation?view=gap",
    "/words",
    "/numbers",
    "/ledger",
    "/releases",
    "/how",
)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["driver-records", "priority-enforcement", "secure-communities"])
def test_every_page_stands_on_every_program(program: str) -> None:
    """With the rules of each shipped program, registered and published, every public page answers."""
    with scratch() as folder:
        home = folder / "home"
        lay_out(home, program, at=web_world.NOW)
        publish_all(Call(home, as_json=False), web_world.NOW, everything=True)
        with web_world.client_of(web_world.site_of(home)) as client:
            answers = {path: client.get(path).status_code for path in PAGES}
    assert answers == dict.fromkeys(PAGES, 200)
