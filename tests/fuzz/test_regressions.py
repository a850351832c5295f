# SPDX-License-Identifier: Apache-2.0
"""Every input that ever broke a claim, and every sound one that fuzzing starts from, held to it again."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest
from tools.fuzz.table import DRILL, TARGETS

KEPT = Path(__file__).parent / "regressions"
TINY = 4096
"""Bytes; a kept input is made small first (docs/how-to/fuzz.md)."""


def target(name: str) -> ModuleType:
    """The module of a target, without a fuzzer."""
    return importlib.import_module(f"tools.fuzz.targets.{name}")


def kept() -> list[Path]:
    """Every kept input, in the folder of its target."""
    return sorted(path for path in KEPT.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", kept(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_input_that_broke_a_claim_once_breaks_it_no_more(path: Path) -> None:
    """What a fuzzer found is mended, and stays mended."""
    target(path.parent.name).one(path.read_bytes())


def test_kept_inputs_are_tiny_and_lie_with_a_target() -> None:
    """Every kept input is at most 4 kB and lies in a folder named after a target that reads it."""
    assert {path.parent.name for path in kept()} <= set(TARGETS)
    assert [path.name for path in kept() if path.stat().st_size > TINY] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_the_claims_hold_for_what_fuzzing_starts_from(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim holds for sound inputs of our own, for no bytes, and for sound inputs that break off."""
    monkeypatch.delenv("SLUICEGATE_SHARED_DATA", raising=False)
    module = target(name)
    seeds = list(module.seeds())
    assert seeds, "a target starts from something"
    assert max(map(len, seeds)) <= module.MAX_LEN, "a longer seed would be cut, and so be no sound input"
    for data in (b"", *seeds, *(seed[: len(seed) // 2] for seed in seeds), *(seed[:-1] for seed in seeds)):
        module.one(data)


def test_the_table_names_every_target() -> None:
    """A target that nobody named would be run by nobody."""
    folder = Path(str(target(DRILL).__file__)).parent
    assert {path.stem for path in folder.glob("[a-z]*.py")} == {*TARGETS, DRILL}
