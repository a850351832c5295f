# SPDX-License-Identifier: Apache-2.0
"""`template`: minutiae shown and carried from form to form, and what is lost is never lost silently."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_world import run

from sluicegate.itl.reader import read
from sluicegate.ridge import fmr, fmr_template
from sluicegate.ridge.template import FingerTemplate, Template, decode, encode

ROWS = np.array([[10, 20, 1, 0.5], [390, 490, 6, 1]], np.float32)


def made(count: int = 2) -> Template:
    """A template of two fingers of ours."""
    rows = np.tile(ROWS, (count // 2, 1))
    return Template("leader-1-abc", "abc", tuple(FingerTemplate(fgp, 1, 400, 500, rows) for fgp in (1, 2)))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A template of our own form in a file."""
    path = tmp_path / "own.sgt"
    path.write_bytes(encode(made()))
    return path


def test_a_template_goes_through_every_form_and_keeps_its_fingers(own: Path, tmp_path: Path) -> None:
    """From our form to ISO, ANSI, Type-9 and back: two fingers of two minutiae each, and no defect."""
    before = own
    for to in ("iso", "ansi", "type9", "own"):
        after = tmp_path / f"{to}.out"
        ran = run(
            "template", "convert", before, after, "--to", to, "--ori", "VA0070100", "--tcn", "A-1", "--json"
        )
        assert (ran.code, ran.document["lost"]) == (0, []), ran.err
        assert ran.document["written"] == after.stat().st_size
        assert after.stat().st_mode & 0o077 == 0
        shown = run("template", "show", after, "--json").document
        assert (shown["kind"], shown["refused"], shown["defects"]) == (to, False, [])
        assert [(one["fgp"], one["minutiae"]) for one in shown["fingers"]] == [(1, 2), (2, 2)]
        before = after
    back = decode(before.read_bytes())
    assert back.extractor.startswith("type9:unknown-")
    assert np.abs(back.fingers[0].minutiae - ROWS).max() < 0.05


def test_a_transaction_of_minutiae_conforms_to_the_standard(own: Path, tmp_path: Path) -> None:
    """What is written as Type-9 has no defect by ANSI/NIST-ITL, and no record that speaks of a person."""
    out = tmp_path / "out.an2"
    assert (
        run("template", "convert", own, out, "--to", "type9", "--ori", "VA0070100", "--tcn", "A-1").code == 0
    )
    reading = read(out.read_bytes())
    assert reading.defects == ()
    assert reading.transaction is not None
    assert [one.type for one in reading.transaction.records] == [1, 9, 9]
    assert run("inspect", out, "--profile", "itl").code == 0


def test_json_holds_every_minutia_in_pixels_and_degrees(own: Path, tmp_path: Path) -> None:
    """The document names the extractor and gives each minutia by name."""
    out = tmp_path / "out.json"
    assert run("template", "convert", own, out, "--to", "json").code == 0
    document = json.loads(out.read_text("ascii"))
    assert document["extractor"] == "leader-1-abc"
    first = document["fingers"][0]["minutiae"][0]
    assert (first["x"], first["y"], first["angle"], first["quality"]) == (10.0, 20.0, 57.29, 0.502)


def test_show_tells_the_fingers_and_no_minutia(own: Path, tmp_path: Path) -> None:
    """A person sees what the file is, who made it and which fingers, and no place of any minutia."""
    ran = run("template", "show", own)
    assert ran.code == 0
    assert "made by leader-1-abc" in ran.out
    assert "Right index" in ran.out
    assert ran.out.rstrip().endswith("sound: 2 fingers, 4 minutiae")
    assert "390" not in ran.out
    iso = tmp_path / "out.fmr"
    run("template", "convert", own, iso, "--to", "iso")
    assert "compared with nothing but itself" in run("template", "show", iso).out
    assert "fmr:acme" in run("template", "show", iso, "--maker", "acme").out


def test_what_cannot_be_carried_is_listed_and_not_written(tmp_path: Path) -> None:
    """Of 300 minutiae 255 fit a record: that is said, exit code 3, and nothing is written without --lossy."""
    big, out = tmp_path / "big.sgt", tmp_path / "out.fmr"
    big.write_bytes(encode(made(300)))
    ran = run("template", "convert", big, out, "--to", "iso")
    assert ran.code == 3
    assert "not carried: Of finger 1 only the best 255 minutiae fit." in ran.out
    assert not out.exists()
    assert run("template", "convert", big, out, "--to", "iso", "--lossy").code == 0
    assert out.exists()


def test_extended_data_are_lost_aloud(own: Path, tmp_path: Path) -> None:
    """A record with ridge counts is not converted without saying that these stay behind."""
    whole = fmr.raw(fmr_template.record_of(Template("x", "y", made().fingers[:1]), fmr.Kind.ISO))
    block = bytes.fromhex("0001000801000102")
    source, out = tmp_path / "counts.fmr", tmp_path / "out.sgt"
    source.write_bytes(whole[:8] + (len(whole) + 8).to_bytes(4) + whole[12:-2] + b"\0\x08" + block)
    ran = run("template", "convert", source, out, "--to", "own")
    assert (ran.code, out.exists()) == (3, False)
    assert "not carried: Extended data (ridge counts, cores, deltas), in 1 of 1 views." in ran.out


def test_a_broken_record_is_shown_with_its_defects_and_not_converted(own: Path, tmp_path: Path) -> None:
    """What breaks off is refused with exit code 3, the byte at which it breaks, and no template."""
    iso, cut, out = tmp_path / "a.fmr", tmp_path / "cut.fmr", tmp_path / "out.sgt"
    run("template", "convert", own, iso, "--to", "iso")
    cut.write_bytes(iso.read_bytes()[:38])
    shown = run("template", "show", cut)
    assert shown.code == 3
    assert "FMR-TRUNCATED" in shown.out
    assert "refused: " in shown.out
    ran = run("template", "convert", cut, out, "--to", "own")
    assert (ran.code, out.exists()) == (3, False)
    assert "cannot be read without doubt" in ran.err


def test_a_command_that_cannot_be_done_as_asked_says_why(own: Path, tmp_path: Path) -> None:
    """A file that is there, a file that is nothing of it, and a transaction without a number are refused."""
    junk = tmp_path / "junk"
    junk.write_bytes(b"neither \x1b[31m nor")
    ran = run("template", "show", junk)
    assert (ran.code, "\x1b" in ran.err) == (3, False)
    assert "neither a template" in ran.err
    assert run("template", "convert", own, own, "--to", "iso").code == 2
    ran = run("template", "convert", own, tmp_path / "x.an2", "--to", "type9")
    assert (ran.code, "--ori and --tcn" in ran.err) == (2, True)
