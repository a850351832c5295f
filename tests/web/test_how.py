# SPDX-License-Identifier: Apache-2.0
"""How it works: the page promises what the project promises, and names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from web_world import TestClient

from sluicegate.policy.program import load
from sluicegate.store.programs import shipped
from sluicegate.terms import Gate
from sluicegate.web.public import how

ROOT = Path(__file__).parents[2]


def test_the_page_makes_the_promises_of_the_project() -> None:
    """The promises shown are those that the explanation of the promises names, in its order."""
    text = (ROOT / "docs" / "explanation" / "promises.md").read_text("utf-8")
    assert re.findall(r"^## `([a-z-]+)`$", text, re.MULTILINE) == list(how.PROMISES)


@pytest.mark.parametrize("name", how.PROMISES)
def test_every_test_that_a_promise_names_is_there_and_is_the_documented_one(name: str) -> None:
    """Each file exists and is named for that promise in the explanation too."""
    text = (ROOT / "docs" / "explanation" / "promises.md").read_text("utf-8")
    section = text.split(f"## `{name}`")[1].split("\n## ")[0]
    for one in how.PROMISES[name]:
        assert (ROOT / "tests" / one).is_file()
        assert one in section


def test_the_table_of_gates_is_the_programs(client: TestClient) -> None:
    """Every mode of the program is shown with its effect on every gate."""
    program = load(shipped("secure-communities"))
    rows = how.modes(program, str)
    assert [row["name"] for row in rows] == list(program.modes)
    assert all(set(row["effects"]) == set(Gate) for row in rows)  # type: ignore[call-overload]
    page = client.get("/how").text
    assert all(f'<code class="small dim">{name}</code>' in page for name in program.modes)


def test_the_page_is_whole_in_spanish(client: TestClient) -> None:
    """In Spanish no English heading is left."""
    page = client.get("/how?lang=es").text
    assert "Qué se promete" in page
    assert "What is promised" not in page
    assert "{partner}" not in page
