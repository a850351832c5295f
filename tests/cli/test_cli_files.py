# SPDX-License-Identifier: Apache-2.0
"""`inspect` and `booking build`, and bad files: one clear error each."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import click
import numpy as np
import pytest
from cli_world import FULL, draft, run
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.cli.booking import _positions
from sluicegate.cli.moments import typed
from sluicegate.cli.sending import address
from sluicegate.errors import UsageError
from sluicegate.raster import encode


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A conforming booking in a file."""
    path = tmp_path / "card.an2"
    path.write_bytes(draft(1, FULL, "TCN-CARD-0001"))
    return path


@pytest.fixture
def print_file(tmp_path: Path) -> Path:
    """Stripes as a PNG file, the size of a print."""
    rows, cols = np.indices((120, 100))
    path = tmp_path / "index.png"
    path.write_bytes(encode.png(((rows + cols) // 5 % 2 * 255).astype(np.uint8)))
    return path


def test_inspect_shows_records_header_and_images(card: Path) -> None:
    """A conforming file: every record, the header by mnemonic, every image, and no defect."""
    ran = run("inspect", card, "--json")
    assert ran.code == 0
    assert [one["type"] for one in ran.document["records"]] == [1, 2, *[4] * 10]
    assert {one["mnemonic"]: one["items"] for one in ran.document["header"]}["TCN"] == [["TCN-CARD-0001"]]
    image = {
        "type": 4, "idc": 1, "fgp": [1], "imp": 1, "width": 24, "height": 24, "ppi": 500.0,
        "coding": "NONE", "bytes": 576, "decoded": None, "notes": [],
    }  # fmt: skip
    assert ran.document["images"][0] | image == ran.document["images"][0]
    assert ran.document["defects"] == []


def test_inspect_names_the_person_only_when_asked(card: Path) -> None:
    """The subject's name is in neither form of the output, until --personal is given."""
    asked = run("inspect", card, "--personal", "--json").document["personal"]
    name = next(one["items"][0][0] for one in asked if one["mnemonic"] == "NAM")
    for words in ((), ("--json",)):
        assert name not in run("inspect", card, *words).out
    assert name in run("inspect", card, "--personal").out


def test_a_defect_does_not_quote_the_person_either(card: Path) -> None:
    """A sentence about a bad name leaves the name out."""
    asked = run("inspect", card, "--personal", "--json").document["personal"]
    name = next(one["items"][0][0] for one in asked if one["mnemonic"] == "NAM")
    spoiled = name.replace(",", "_").lower()
    card.write_bytes(card.read_bytes().replace(name.encode(), spoiled.encode()))
    ran = run("inspect", card)
    assert ran.code == 3
    assert "2.018" in ran.out
    assert spoiled not in ran.out


@pytest.mark.slow
def test_inspect_decodes_and_writes_pictures(card: Path, tmp_path: Path) -> None:
    """Every image is decoded in a worker and written as PNG."""
    ran = run("inspect", card, "--images", tmp_path / "out", "--json")
    assert ran.code == 0
    assert {one["decoded"] for one in ran.document["images"]} == {"24x24"}
    assert len(list((tmp_path / "out").glob("*.png"))) == 10


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.an2", b""),
        ("page.html", b"<html><body>not found</body></html>"),
        ("escape.bin", b"\x1b]0;owned\x07\x1b[2J"),
    ],
)
def test_what_is_no_transaction_is_refused_in_a_sentence(name: str, data: bytes, tmp_path: Path) -> None:
    """An empty file, a web page, terminal commands: exit code 3, and no received byte is shown raw."""
    (tmp_path / name).write_bytes(data)
    for words in (("inspect",), ("booking", "build", "--cri", FULL, "--out", tmp_path / "o", "--from")):
        ran = run(*words, tmp_path / name)
        assert ran.code == 3
        assert "\x1b" not in ran.out + ran.err
        assert "not an ANSI/NIST" in ran.out + ran.err
        assert not (tmp_path / "o").exists()


def test_a_truncated_card_is_refused_with_the_place(card: Path) -> None:
    """A card that breaks off is told with the byte where it does, and still shown as far as it goes."""
    card.write_bytes(card.read_bytes()[:-200])
    ran = run("inspect", card, "--json")
    assert ran.code == 3
    assert len(ran.document["records"]) == 12
    assert any("byte" in one["place"] for one in ran.document["defects"] if one["severity"] == "ERROR")


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A path that leads nowhere is told, not traced."""
    ran = run("inspect", tmp_path / "absent.an2")
    assert ran.code == 2
    assert "cannot be read" in ran.err


def test_a_file_without_end_is_refused_before_it_is_read_whole() -> None:
    """A device that never ends, like a file larger than any transaction, is refused with exit code 3."""
    ran = run("inspect", "/dev/zero")
    assert (ran.code, ran.out) == (3, "")
    assert "larger than" in ran.err


def test_a_booking_takes_the_prints_of_another_file(card: Path, tmp_path: Path) -> None:
    """Chosen fingers of a card become a booking that conforms; the others are told as not printed."""
    out = tmp_path / "new.an2"
    words = ("--from", card, "--only", "2-4,7", "--tcn", "TCN-NEW-00001", "--at", "2010-11-15", "--out", out)
    ran = run("booking", "build", "--cri", FULL, *words, "--json")
    assert ran.code == 0, ran.err
    assert ran.document["fingers"] == [2, 3, 4, 7]
    assert run("inspect", out, "--strict").code == 0
    assert out.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_booking_is_made_of_image_files(print_file: Path, tmp_path: Path) -> None:
    """An image file becomes a WSQ print of a person nobody knows, without RET where that is asked."""
    out = tmp_path / "new.an2"
    words = ("--image", f"2={print_file}", "--sex", "F", "--no-ret", "--charge", "THEFT", "--out", out)
    assert run("booking", "build", "--cri", FULL, *words).code == 0
    told = run("inspect", out, "--personal", "--decode", "--json").document
    said = {one["mnemonic"]: one["items"] for one in told["personal"]}
    assert (said["NAM"], said["RET"], said["ASL"][0][1]) == ([["DOE,JANE"]], [["N"]], "THEFT")
    assert (told["images"][0]["coding"], told["images"][0]["decoded"]) == ("WSQ", "100x120")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--out", "o"), 2, "either --from FILE, or --image"),
        (("--image", "2", "--out", "o"), 2, "not FGP=FILE"),
        (("--image", "99=x.png", "--out", "o"), 2, "1 to 14"),
        (("--image", "2=absent.png", "--out", "o"), 2, "cannot be read"),
        (("--from", "CARD", "--only", "x", "--out", "o"), 2, "not a list of finger positions"),
        (("--from", "CARD", "--only", "13", "--out", "o"), 3, "None of the wanted"),
        (("--from", "CARD", "--name", "?", "--out", "o"), 2, "would not conform"),
        (("--from", "CARD", "--out", "/absent/o"), 2, "cannot be written"),
        (("--image", "2=CARD", "--out", "o"), 3, "not an image"),
    ],
)
@pytest.mark.slow
def test_a_booking_that_cannot_be_is_one_sentence(
    words: tuple[str, ...], code: int, said: str, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way to get it wrong is told in its own words, and no file is written."""
    monkeypatch.chdir(card.parent)
    ran = run("booking", "build", "--cri", FULL, *(word.replace("CARD", str(card)) for word in words))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert not (card.parent / "o").exists()


def test_an_agency_that_is_no_ori_is_told(card: Path, tmp_path: Path) -> None:
    """An ORI has nine characters."""
    ran = run("booking", "build", "--cri", "SF", "--from", card, "--out", tmp_path / "o")
    assert ran.code == 2
    assert "`SF` is not an ORI" in ran.err


@pytest.mark.shared
@pytest.mark.slow
def test_every_real_file_is_inspected_without_a_fault(shared_data: Path) -> None:
    """Real, invalid and mutated files: each gets a document and exit code 0 or 3, never a fault."""
    files = [
        one
        for folder in ("an2-valid", "an2-invalid", "an2-mutants")
        for one in sorted((shared_data / folder).iterdir())
        if one.stat().st_size < 700_000
    ]
    assert len(files) > 50
    for file in files[::3]:
        ran = run("inspect", file, "--json")
        assert ran.code in (0, 3), file.name
        assert json.loads(ran.out)["file"] == str(file)


@given(st.text(max_size=20))
def test_only_a_usage_error_comes_out_of_what_is_typed(text: str) -> None:
    """Whatever is typed as positions or as a server, it is understood or it is a usage error."""
    for read in (_positions, address):
        with suppress(UsageError):
            assert read(text) is not None


@given(st.text(max_size=30))
def test_only_a_bad_parameter_comes_out_of_a_date(text: str) -> None:
    """Whatever is typed as a date is an aware moment in UTC or a usage error."""
    try:
        found = typed(None, None, text)  # type: ignore[arg-type]
    except click.BadParameter:
        return
    assert found is not None
    assert found.utcoffset() is not None
