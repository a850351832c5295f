# SPDX-License-Identifier: Apache-2.0
"""That the fuzzer finds a fault: a fuzzer that cannot fail shows nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools.fuzz.replay import fault, minimized, target

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A module of the tools as a person runs it."""
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_a_planted_fault_is_found_and_told(tmp_path: Path) -> None:
    """The fuzzer finds a planted fault, names it in one line, keeps the input, and exits with 1."""
    done = run("tools.fuzz", "drill", "--seconds", "30", "--seed", "1", "--out", str(tmp_path))
    assert done.returncode == 1, done.stderr
    (line,) = done.stdout.splitlines()
    assert "BROKEN: BrokenClaimError: a transaction was read, as planted" in line
    (found,) = (tmp_path / "found" / "drill").iterdir()
    assert str(found) in line
    again = run("tools.fuzz.replay", "drill", str(found), "--minimize", str(tmp_path / "small"))
    assert again.returncode == 1, again.stdout
    assert (tmp_path / "small").read_bytes() in {b"1.1:", b"1.01:", b"1.001:"}


def test_an_input_is_made_small_without_losing_its_fault() -> None:
    """What is left after minimizing still breaks the same claim, and leaving any byte out of it would not."""
    one = target("drill")
    data = b"1.001:57\x1d1.002:0400\x1d1.003:1\x1f0\x1d1.004:CAR\x1d1.005:20261122\x1c"
    small = minimized(one, data)
    assert fault(one, small) == fault(one, data) is not None
    assert len(small) < len(data)
    assert all(fault(one, small[:n] + small[n + 1 :]) is None for n in range(len(small)))


def test_a_target_that_does_not_exist_is_no_run() -> None:
    """A typo in a target's name is said, and is not a run of nothing that succeeds."""
    done = run("tools.fuzz", "itll")
    assert done.returncode == 2
    assert "there is no target 'itll'" in done.stderr
