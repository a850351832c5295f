# SPDX-License-Identifier: Apache-2.0
"""Which extractor runs: `auto` comes down to the best that can, and no two are ever mixed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from drawn_ridges import hand, whirls

from sluicegate.errors import SettingsError, TemplateError
from sluicegate.exchange.searching import Probe, probe_images
from sluicegate.itl.model import Image
from sluicegate.raster.encode import png
from sluicegate.ridge import parameters, template
from sluicegate.ridge.extract import job
from sluicegate.ridge.extract.interface import Pixels
from sluicegate.ridge.extract.table import EXTRACTORS
from sluicegate.ridge.gallery import MemoryGallery
from sluicegate.ridge.template import FingerTemplate, Template


def framed(pixels: Pixels, fgp: int = 2) -> Image:
    """The pixels as a record's image at 500 ppi."""
    rows, columns = pixels.shape
    return Image(14, 1, 0, (fgp,), columns, rows, 500.0, 500.0, "PNG", png(pixels), 0)


@pytest.mark.slow
def test_auto_is_leader_where_leader_runs() -> None:
    """On this machine `auto` is leader, with nothing to explain, and its templates say so."""
    chosen = job.choose("auto", slots=1)
    with chosen.workshop as workshop:
        assert (chosen.extractor, chosen.because) == ("leader", "")
        assert job.extract_apart(workshop, framed(whirls(300, 280))).extractor.startswith("leader-")


@pytest.mark.slow
def test_auto_is_mindtct_where_onnxruntime_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a runtime that fails to load, `auto` extracts with mindtct, says why, and its templates say so."""
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('no such processor')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    chosen = job.choose("auto", slots=1)
    with chosen.workshop as workshop:
        assert chosen.extractor == "mindtct"
        assert "leader" in chosen.because
        made = job.extract_apart(workshop, framed(whirls(300, 280)))
        assert made.extractor.startswith("mindtct-")
    with pytest.raises(SettingsError):
        job.choose("leader", slots=1)


def test_a_runtime_that_fails_costs_only_the_extractor_that_stands_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without onnxruntime leader is a settings error with advice, and mindtct can still be built."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.delitem(sys.modules, "sluicegate.ridge.extract.leader", raising=False)
    with pytest.raises(SettingsError) as caught:
        EXTRACTORS["leader"]()
    assert "choose another extractor" in caught.value.advice
    assert EXTRACTORS["mindtct"]().id.startswith("mindtct-")


def test_auto_with_nothing_to_choose_from_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no extractor can run, the exchange is told so and does not start."""
    monkeypatch.setattr(job, "PREFERRED", ("none", "neither"))
    with pytest.raises(SettingsError, match="No extractor can run"):
        job.choose("auto")


@pytest.mark.slow
def test_a_gallery_of_one_extractor_refuses_the_templates_of_another() -> None:
    """The same print extracted by mindtct can neither be searched in a gallery of leader's nor enrolled."""
    image = framed(whirls(300, 280))
    by = {name: job.extract_with(EXTRACTORS[name](), image, job.Caps()) for name in ("leader", "mindtct")}
    gallery = MemoryGallery(parameters.load())
    gallery.enrol("one", by["leader"])
    with pytest.raises(TemplateError):
        gallery.enrol("two", by["mindtct"])
    with pytest.raises(TemplateError):
        gallery.snapshot().screen(by["mindtct"], keep=1)
    with pytest.raises(TemplateError):
        template.require_same(by["leader"], by["mindtct"])


@pytest.mark.slow
def test_fingers_told_missing_reach_the_worker() -> None:
    """A slap of three fingers gives three templates where AMP tells the fourth, and one where it does not."""
    image = framed(hand((0, 1, 2)), 13)
    with job.extract_workshop("null", slots=1) as workshop:
        told = probe_images(workshop, [image], 1, missing=(5,))
        untold = probe_images(workshop, [image], 1)
    assert [finger.fgp for finger in told.template.fingers] == [2, 3, 4]
    assert [finger.fgp for finger in untold.template.fingers] == [13]


def test_what_is_told_missing_beyond_ten_fingers_is_left_out() -> None:
    """Positions that no finger has do not reach the frame that a worker reads."""
    image = framed(np.zeros((9, 9), dtype=np.uint8))
    assert job._unpack(job.pack(image, None, (3, 99, 0, 300, -1, 3)))[2] == {3}


def test_the_sentence_of_a_probe_too_poor_names_its_poor_fingers() -> None:
    """L0008 names the poor positions by number, and says nothing more where none is poor."""
    empty = FingerTemplate(7, 0, 10, 10, np.zeros((0, 4), dtype=np.float32))
    made = Template("x", "y", (empty,))
    plain = "Quality of characteristics is too low for a search; take the prints again."
    assert Probe(made, (), 0).too_poor() == plain
    named = Probe(made, (), 0, (2, 7)).too_poor()
    assert named == f"{plain} The prints of these finger positions are poor: 2, 7."
