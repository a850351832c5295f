# SPDX-License-Identifier: Apache-2.0
"""`ridge`: an evaluation from images to plots, on pictures of ridges that nobody's finger made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_world import run
from PIL import Image

from sluicegate.cli.ridge_scores import load
from sluicegate.ridge.template import decode

VECTORS = Path(__file__).parents[1] / "ridge" / "vectors"


def whirls(finger: int, shift: int) -> Image.Image:
    """Rings of ridges with sixteen minutiae where the finger has them, shifted by pixels."""
    rng = np.random.default_rng(finger)
    y, x = np.mgrid[0:320, 0:280].astype(np.float64)
    phase = 2 * np.pi * np.hypot(x - 100 - shift - 40 * finger, y - 160) / 9
    for cx, cy in rng.uniform((40, 40), (240, 280), (16, 2)):
        phase += rng.choice((-1, 1)) * np.arctan2(y - cy, x - cx - shift)
    return Image.fromarray(np.rint(128 + 100 * np.cos(phase)).astype(np.uint8))


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fingers of two impressions in each of two databases, the second as TIFF and BMP, named oddly."""
    folder = tmp_path_factory.mktemp("prints")
    for finger in (1, 2):
        for impression in (1, 2):
            picture = whirls(finger, 2 * impression)
            (folder / "DB1").mkdir(exist_ok=True)
            picture.save(folder / "DB1" / f"{finger}_{impression}.png")
            (folder / "DB2").mkdir(exist_ok=True)
            picture.save(folder / "DB2" / f"x{finger}-{impression}.{'tif' if finger == 1 else 'bmp'}")
    (folder / "DB1" / "notes.txt").write_text("not a print")
    return folder


@pytest.mark.slow
def test_an_evaluation_keeps_what_it_measured(prints: Path, tmp_path: Path) -> None:
    """Rates, plots, similarities and minutiae are kept; a second run extracts nothing and says the same."""
    out = tmp_path / "kept"
    words = ("ridge", "evaluate", prints, "--extractor", "mindtct", "--out", out, "--json")
    first = run(*words)
    assert first.code == 0, first.err
    told = first.document["results"]["DB1"]
    assert (told["fingers"], told["prints"], told["mates"], told["non_mates"]) == (2, 4, 2, 4)
    assert (told["without_minutiae"], told["eer"], told["fmr1000"]) == (0, 0.0, None)
    assert (out / "det.svg").read_bytes()[:5] == b"<?xml"
    assert {one.suffix for one in out.iterdir() if one.is_file()} == {".svg", ".png", ".npz", ".json"}
    kept = sorted((out / "minutiae").iterdir())
    assert len(kept) == 4
    assert all(one.stat().st_mode & 0o077 == 0 for one in kept)
    assert all(decode(one.read_bytes()).extractor.startswith("mindtct") for one in kept)
    extractor, engine, parts = load(out / "similarities.npz")
    assert (extractor[:7], engine, [one.name for one in parts]) == ("mindtct", "fast", ["DB1"])
    stamps = [one.stat().st_mtime_ns for one in kept]
    assert run(*words).document == first.document
    assert [one.stat().st_mtime_ns for one in kept] == stamps


@pytest.mark.slow
def test_other_names_and_other_codings_are_read(prints: Path) -> None:
    """TIFF and BMP named by a pattern give the rates that PNG gives, by the readable engine too."""
    ran = run(
        "ridge", "evaluate", prints, "--extractor", "mindtct", "--engine", "plain",
        "--pattern", "xFINGER-IMPRESSION", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert list(ran.document["results"]) == ["DB2"]
    assert ran.document["results"]["DB2"]["without_minutiae"] == 0


@pytest.mark.slow
def test_a_print_that_cannot_be_read_stays_and_is_similar_to_nobody(prints: Path, tmp_path: Path) -> None:
    """A damaged image counts as a print without minutiae; its mates are missed, not left out."""
    folder = tmp_path / "DB"
    folder.mkdir()
    for one in (prints / "DB1").glob("*.png"):
        (folder / one.name).write_bytes(one.read_bytes())
    (folder / "1_2.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 60)
    ran = run("ridge", "evaluate", folder, "--extractor", "mindtct", "--json")
    told = ran.document["results"]["DB"]
    assert (told["without_minutiae"], told["mates"], told["non_mates"]) == (1, 2, 4)
    assert told["eer"] > 0.2


@pytest.mark.parametrize("pattern", ["FINGER", "IMPRESSION_x", "FINGER_IMPRESSION_FINGER", "*"])
def test_a_pattern_must_name_finger_and_impression(pattern: str, tmp_path: Path) -> None:
    """A pattern that leaves open whose a print is, is refused before anything is read."""
    ran = run("ridge", "evaluate", tmp_path, "--pattern", pattern)
    assert (ran.code, "names FINGER and IMPRESSION" in ran.err) == (2, True)


def test_a_folder_without_prints_is_refused(tmp_path: Path) -> None:
    """Where nothing can be compared, the command says so and how names are told."""
    ran = run("ridge", "evaluate", tmp_path)
    assert (ran.code, "--pattern" in ran.err) == (2, True)
    assert run("ridge", "evaluate", tmp_path / "absent").code == 2


@pytest.mark.slow
def test_calibration_says_what_is_extrapolated(tmp_path: Path) -> None:
    """The thresholds in force stand beside the rule's; the page says which figures are extrapolated."""
    (tmp_path / "similarities.npz").write_bytes((VECTORS / "fvc2002-similarities.npz").read_bytes())
    ran = run("ridge", "calibrate", tmp_path, "--people", "0")
    assert ran.code == 0, ran.err
    assert "extrapolated" in ran.out
    assert (tmp_path / "thresholds.svg").is_file()
    rows = run("ridge", "calibrate", tmp_path, "--people", "3", "--json").document["fingers"]
    assert [one["fingers"] for one in rows] == list(range(1, 11))
    assert all(one["grey_by_rule"] <= one["grey"] for one in rows)


def test_calibration_needs_an_evaluation(tmp_path: Path) -> None:
    """Without kept similarities, or with a file of something else, calibration says what to run."""
    ran = run("ridge", "calibrate", tmp_path)
    assert (ran.code, "ridge evaluate" in ran.err) == (2, True)
    (tmp_path / "similarities.npz").write_bytes(b"something else")
    assert run("ridge", "calibrate", tmp_path).code == 2
