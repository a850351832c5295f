# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import raster_onnx_jobs

from sluicegate.raster.isolate import Workshop


@pytest.mark.slow
def test_a_session_made_before_the_fork_works_in_every_worker() -> None:
    """A network loaded once in the zygote gives, in each worker, what it gives in one plain process."""
    rng = np.random.default_rng(3)
    images = [rng.random((raster_onnx_jobs.SIDE,) * 2, np.float32) for _ in range(8)]
    raster_onnx_jobs.prepare()
    wanted = [raster_onnx_jobs.infer(one.tobytes()) for one in images]
    with Workshop("raster_onnx_jobs:infer", prepare="raster_onnx_jobs:prepare", slots=2) as workshop:
        found = list(workshop.map(one.tobytes() for one in images))
    assert found == wanted
