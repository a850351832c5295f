# SPDX-License-Identifier: Apache-2.0
"""The page about witnesses says what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from sluicegate.cli.splits import code_of
from sluicegate.witness.compare import Verdict
from sluicegate.witness.server import BODY_WITHIN_S
from sluicegate.witness.wire import MAX_BODY_BYTES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "run-a-witness.md"


def test_the_page_tells_the_limits_and_every_verdict() -> None:
    """What a request may weigh and take, and the exit code of every verdict, are those of the code."""
    text = PAGE.read_text("utf-8")
    assert f"A request has {MAX_BODY_BYTES:,} bytes at most and ten seconds" in text
    assert BODY_WITHIN_S == 10
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    told = {row[0]: row[-1] for row in rows if len(row) == 3}
    assert {verdict.value: str(code_of(verdict)) for verdict in Verdict} == {
        name: code for name, code in told.items() if name != "verdict"
    }


@pytest.mark.slow
def test_the_documented_example_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code that the page shows starts three witnesses and prints a policy of them."""
    monkeypatch.chdir(tmp_path)
    code = PAGE.read_text("utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102 our own page
    assert capsys.readouterr().out.count("\nwitness ") == 3
