# SPDX-License-Identifier: Apache-2.0
"""The extractors by name.

Each stands on programs of others (ONNX Runtime, NBIS) that a machine may lack or be unable to run, and so its
module is imported when the extractor is built and not before: the lack of one does not cost the other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import cast

from sluicegate.errors import SettingsError
from sluicegate.ridge.extract.interface import Extractor

AUTO = "auto"
"""Not an extractor: the first of PREFERRED that this machine can run."""

PREFERRED = ("leader", "mindtct")


def _built(module: str, factory: str) -> Extractor:
    """The extractor that `factory` of a module beside this one makes.

    Raises:
        SettingsError: what it stands on cannot be loaded.
    """
    try:
        made = getattr(importlib.import_module(f"sluicegate.ridge.extract.{module}"), factory)()
    except (ImportError, OSError, RuntimeError) as exc:
        advice = "Install this package with its dependencies, or choose another extractor."
        raise SettingsError(f"The extractor {module} cannot run on this machine.", advice=advice) from exc
    return cast(Extractor, made)


EXTRACTORS: Mapping[str, Callable[[], Extractor]] = MappingProxyType(
    {
        "leader": partial(_built, "leader", "published_leader"),
        "mindtct": partial(_built, "mindtct", "MindtctExtractor"),
        "null": partial(_built, "null", "NullExtractor"),
    }
)
"""Name to factory; building `leader` takes a tenth of a second, once per process."""
