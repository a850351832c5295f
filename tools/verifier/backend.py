# SPDX-License-Identifier: Apache-2.0
"""Builds the package of the verifier: setuptools, after the one file was copied beside this one.

The file is the exchange's own `ledger/verify.py`, byte for byte, so that an auditor runs what the exchange
runs. A source archive holds the copy, and builds without the exchange.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from setuptools import build_meta  # type: ignore[import-untyped] # it ships no types

_HERE = Path(__file__).resolve().parent
_COPY = _HERE / "sluicegate_verify.py"
_SOURCE = _HERE.parents[1] / "src" / "sluicegate" / "ledger" / "verify.py"

get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel


def _copied() -> None:
    if _SOURCE.is_file():
        shutil.copyfile(_SOURCE, _COPY)


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, str] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """A wheel of the one file."""
    _copied()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Mapping[str, str] | None = None) -> str:
    """A source archive that holds the one file."""
    _copied()
    return str(build_meta.build_sdist(sdist_directory, config_settings))
