# SPDX-License-Identifier: Apache-2.0
"""The verifier that ships alone to an auditor."""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_world import Booked

from sluicegate.ledger import note, verify

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "receipt.md"


def files(folder: Path, booked: Booked) -> list[str]:
    """Arguments of the verifier for a receipt and a key written into the folder."""
    (folder / "receipt.txt").write_bytes(booked.receipt.encode())
    (folder / "ledger.pub").write_text(booked.verifier + "\n")
    return [str(folder / "receipt.txt"), "--key", str(folder / "ledger.pub")]


def test_the_verifier_needs_nothing_of_this_project() -> None:
    """The file imports the standard library and the Ed25519 code of `cryptography`, and nothing of ours."""
    tree = ast.parse(inspect.getsource(verify))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.slow
def test_the_one_file_runs_alone(tmp_path: Path, booked: Booked) -> None:
    """Copied to an empty folder and cut off from this project, the file verifies a receipt."""
    alone = tmp_path / "alone" / "verify.py"
    alone.parent.mkdir()
    shutil.copy(inspect.getfile(verify), alone)
    guard = "import sys; sys.modules['sluicegate'] = None; sys.argv = sys.argv[1:]; "
    run = f"{guard}import runpy; runpy.run_path(sys.argv[0], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-c", run, str(alone), *files(tmp_path, booked)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout.startswith("VERIFIED: entry 37 in the ledger bureau.example/ledger of 100 entries")


@pytest.mark.parametrize(
    ("outcomes", "said", "unsaid"),
    [
        ("closed closed closed closed", "NOT cleared to go to the partner", "WERE cleared"),
        ("open closed open closed", "WERE cleared to go to the partner", "NOT cleared to go to the partner"),
    ],
)
def test_it_says_in_words_what_was_and_was_not_cleared(
    tmp_path: Path,
    book: Callable[..., Booked],
    capsys: pytest.CaptureFixture[str],
    outcomes: str,
    said: str,
    unsaid: str,
) -> None:
    """The auditor reads, per gate, what the ledger decided, the operator's own words, and the limits."""
    booked = book(outcomes)
    assert verify.main(files(tmp_path, booked)) == 0
    told = capsys.readouterr().out
    assert said in told
    assert unsaid not in told
    assert "In their words: Your prints were not sent to the partner." in told
    assert "not what may have left by another way" in told


def test_a_changed_receipt_ends_with_status_four(
    tmp_path: Path, booked: Booked, capsys: pytest.CaptureFixture[str]
) -> None:
    """One changed word, and the verifier names the failing step and exits with status 4."""
    arguments = files(tmp_path, booked)
    changed = booked.receipt.replace("not sent to the partner", "now sent to the partner").encode()
    (tmp_path / "receipt.txt").write_bytes(changed)
    assert verify.main(arguments) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("NOT VERIFIED. receipt signature: the signature does not hold")


@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe", b"\x1b[31m" * 5000], ids=["empty", "binary", "long"])
def test_rubbish_is_refused_in_plain_words(
    tmp_path: Path, booked: Booked, capsys: pytest.CaptureFixture[str], rubbish: bytes
) -> None:
    """A file that is no receipt, or no key, is refused without showing any of its bytes."""
    for name in ("receipt.txt", "ledger.pub"):
        arguments = files(tmp_path, booked)
        (tmp_path / name).write_bytes(rubbish)
        assert verify.main(arguments) == 4
        assert "\x1b" not in capsys.readouterr().err


def test_a_file_that_cannot_be_read_ends_with_status_two(
    tmp_path: Path, booked: Booked, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is told apart from a receipt that does not hold."""
    arguments = files(tmp_path, booked)
    assert verify.main([str(tmp_path / "none"), *arguments[1:]]) == 2
    assert verify.main([*arguments[:2], str(tmp_path)]) == 2
    assert "Cannot read a file" in capsys.readouterr().err


def test_what_is_printed_cannot_play_tricks_on_the_screen(booked: Booked) -> None:
    """Even words that the operator signed with hidden characters are printed with these made visible."""
    text, _ = verify.split_note(booked.receipt, "receipt")
    forged = note.sign(text.replace("Your prints", "Your \u202eprints\x9b"), booked.key)
    held = verify.verify_receipt(forged, booked.key.public)
    lines = verify.report(held, booked.key.public)
    assert all(line.isprintable() for line in lines)
    assert any("Your \\u202eprints\\u009b" in line for line in lines)


def test_the_documented_receipt_is_a_real_one(booked: Booked) -> None:
    """The example in the reference is byte for byte what the program composes, and its key verifies it."""
    page = DOCUMENT.read_text(encoding="utf-8")
    assert f"```text\n{booked.receipt}```" in page
    assert f"```text\n{booked.verifier}\n```" in page
