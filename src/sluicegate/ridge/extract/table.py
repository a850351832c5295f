# SPDX-License-Identifier: Apache-2.0
"""The extractors by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sluicegate.ridge.extract.interface import Extractor
from sluicegate.ridge.extract.leader import LeaderExtractor
from sluicegate.ridge.extract.leader_graph import build_leader
from sluicegate.ridge.extract.mindtct import MindtctExtractor
from sluicegate.ridge.extract.null import NullExtractor
from sluicegate.ridge.extract.weights import published_weights


def _leader() -> Extractor:
    return LeaderExtractor(build_leader(published_weights()))


EXTRACTORS: Mapping[str, Callable[[], Extractor]] = MappingProxyType(
    {"leader": _leader, "mindtct": MindtctExtractor, "null": NullExtractor}
)
"""Name to factory; building `leader` takes a tenth of a second, once per process."""
