# SPDX-License-Identifier: Apache-2.0
"""Which engine, gallery and extractor the settings of a home name."""

from __future__ import annotations

import logging

from sluicegate.raster.isolate import Workshop
from sluicegate.raster.wire import WorkerLimits
from sluicegate.ridge.engine import Engine, NullEngine, PlainEngine
from sluicegate.ridge.extract.job import choose
from sluicegate.ridge.fast import FastEngine
from sluicegate.ridge.gallery import Gallery, MemoryGallery
from sluicegate.ridge.gallery_packed import PackedGallery
from sluicegate.ridge.parameters import Parameters
from sluicegate.settings import Settings

log = logging.getLogger("sluicegate.app")


def engine_of(settings: Settings, numbers: Parameters) -> Engine:
    """The engine that searches."""
    match settings.engine:
        case "null":
            return NullEngine()
        case "plain":
            return PlainEngine(numbers)
        case "fast":
            return FastEngine(numbers, settings.search_threads)


def gallery_of(settings: Settings, numbers: Parameters) -> Gallery:
    """A gallery in memory and nowhere else: on disk a repository keeps templates under its key only."""
    return PackedGallery(numbers) if settings.engine == "fast" else MemoryGallery(numbers)


def workshop_of(settings: Settings) -> Workshop:
    """The workshop whose workers extract. Raises SettingsError where no extractor can run."""
    limits = WorkerLimits(
        wall_s=settings.worker_wall_s,
        cpu_s=max(1, int(settings.worker_wall_s)),
        memory_bytes=settings.worker_memory,
    )
    chosen = choose(settings.extractor, slots=settings.workers, limits=limits)
    if chosen.because:
        log.warning("extractor-stands-in kind=%s: see doctor", chosen.extractor)
    return chosen.workshop
