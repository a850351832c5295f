# SPDX-License-Identifier: Apache-2.0
"""`ridge trace` and `gallery search --trace`: pictures and arrays of what the engine saw."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from cli_world import run
from PIL import Image

from sluicegate.ridge.synthetic import population
from sluicegate.ridge.template import encode
from sluicegate.ridge.trace import FINGER, PEOPLE
from sluicegate.ridge.trace_image import IMAGE


def whirls(shift: int) -> bytes:
    """Rings of ridges with sixteen minutiae, shifted by pixels, as PNG."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:320, 0:280].astype(np.float64)
    phase = 2 * np.pi * np.hypot(x - 140 - shift, y - 160) / 9
    for cx, cy in rng.uniform((40, 40), (240, 280), (16, 2)):
        phase += rng.choice((-1, 1)) * np.arctan2(y - cy, x - cx - shift)
    kept = io.BytesIO()
    Image.fromarray(np.rint(128 + 100 * np.cos(phase)).astype(np.uint8)).save(kept, format="PNG")
    return kept.getvalue()


@pytest.fixture
def prints(tmp_path: Path) -> tuple[Path, Path]:
    """Two impressions of one drawn finger."""
    paths = tmp_path / "first.png", tmp_path / "second.png"
    for path, shift in zip(paths, (0, 6), strict=True):
        path.write_bytes(whirls(shift))
    return paths


def is_picture(path: Path) -> bool:
    """Whether a file is a PNG of some size that shows more than one color."""
    with Image.open(path) as picture:
        return picture.format == "PNG" and min(picture.size) > 100 and len(picture.getcolors() or ()) > 3


@pytest.mark.slow
def test_two_prints_are_drawn_and_every_array_is_kept(prints: tuple[Path, Path], tmp_path: Path) -> None:
    """Two images give all pictures, the similarity, qualities, and every array that the tables name."""
    out = tmp_path / "why"
    ran = run("ridge", "trace", *prints, "--extractor", "mindtct", "--out", out, "--json")
    assert ran.code == 0, ran.err
    told = ran.document
    assert told["comparison"]["similarity"] > 5.0
    assert [0 < one["fingers"][0]["quality"] <= 100 for one in told["images"]] == [True, True]
    assert sorted(one.name for one in out.iterdir()) == sorted(told["files"])
    assert all(is_picture(out / name) for name in told["files"] if name.endswith(".png"))
    assert {"corresponding.png", "likely.png", "placements.png", "probe-ridges.png"} <= set(told["files"])
    with np.load(out / "trace.npz") as kept:
        names = {f"{side}/{name}" for side in ("probe", "reference") for name in IMAGE}
        names |= {f"comparison/{name}" for name in (*PEOPLE, *(f"02/{name}" for name in FINGER))}
        assert set(kept.files) == names
        assert float(kept["comparison/similarity"]) == told["comparison"]["similarity"]


@pytest.mark.slow
def test_what_a_trace_writes_is_readable_by_its_owner_alone(
    prints: tuple[Path, Path], tmp_path: Path
) -> None:
    """The folder and all files of a trace, which show fingerprints, give others no right."""
    out = tmp_path / "why"
    assert run("ridge", "trace", prints[0], "--extractor", "mindtct", "--out", out).code == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in (out, *out.iterdir()))


def test_a_folder_that_exists_is_left_as_it_is(prints: tuple[Path, Path], tmp_path: Path) -> None:
    """A trace is written into a new folder only: one that exists is refused before any work."""
    ran = run("ridge", "trace", prints[0], "--extractor", "mindtct", "--out", tmp_path)
    assert (ran.code, sorted(one.name for one in tmp_path.iterdir())) == (2, ["first.png", "second.png"])
    assert "exists" in ran.err


@pytest.mark.slow
def test_what_is_no_image_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Text or half an image: exit code 3, a sentence, and no folder is left behind."""
    for data, told in ((b"no image", "not an image"), (whirls(0)[:60], "half.png")):
        (tmp_path / "half.png").write_bytes(data)
        ran = run(
            "ridge", "trace", tmp_path / "half.png", "--extractor", "mindtct", "--out", tmp_path / "why"
        )
        assert (ran.code, (tmp_path / "why").exists()) == (3, False)
        assert told in ran.err


@pytest.mark.slow
def test_candidates_of_a_search_are_drawn_by_rank(tmp_path: Path) -> None:
    """A traced search draws each candidate in a folder by rank, its sum by finger equal to the answer's."""
    cards = tmp_path / "cards"
    cards.mkdir()
    for number in range(3):
        (cards / f"P{number}.sgt").write_bytes(encode(population.person(8, number)))
    probe = tmp_path / "probe.sgt"
    probe.write_bytes(encode(population.impression_of(8, 2, 5)))
    for cold in ((), ("--no-cold",)):
        gallery = tmp_path / f"g{len(cold)}"
        assert run("gallery", "build", gallery, "--from", cards, *cold).code == 0
        out = tmp_path / f"why{len(cold)}"
        ran = run("gallery", "search", gallery, probe, "--limit", 1, "--trace", out, "--json")
        assert ran.code == 0, ran.err
        assert ran.document["traced"] == ([] if cold else ["001"])
    own = tmp_path / "why0" / "001"
    assert all(is_picture(one) for one in own.glob("*.png"))
    assert len(list(own.glob("*.png"))) == 3 * 10 + 1
    with np.load(own / "trace.npz") as kept:
        assert float(kept["similarity"]) == ran.document["candidates"][0]["similarity"]
