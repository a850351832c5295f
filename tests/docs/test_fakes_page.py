# SPDX-License-Identifier: Apache-2.0
"""The example on the page about the fakes runs."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "test-with-fakes.md"


@pytest.mark.slow
def test_the_documented_example_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code that the page shows does what the page says."""
    monkeypatch.chdir(tmp_path)
    code = PAGE.read_text("utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(code, str(PAGE), "exec"), {})  # noqa: S102 our own page
