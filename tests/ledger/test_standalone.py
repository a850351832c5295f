# SPDX-License-Identifier: Apache-2.0
"""The verifier that ships alone to an auditor."""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import cryptography
import pytest
from final_world import BUREAU, POLICY, final_like
from ledger_world import Booked

from sluicegate.ledger import note, verify

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "reference" / "receipt.md"
VECTORS = Path(__file__).with_name("vectors")


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


def test_the_documented_receipts_are_real_ones(booked: Booked) -> None:
    """The examples in the reference are byte for byte what the program composes, and so are their keys."""
    page = DOCUMENT.read_text(encoding="utf-8")
    assert f"```text\n{booked.receipt}```" in page
    assert f"```text\n{booked.verifier}\n```" in page
    assert f"```text\n{final_like(booked).text(POLICY)}```" in page
    assert f"```text\n{BUREAU.public}\n```" in page


@pytest.mark.parametrize("name", ["at-once-v1.txt", "at-once-v1-odd.txt", "final-v1.txt"])
def test_receipts_of_every_version_verify_for_ever(name: str) -> None:
    """A receipt that was good when its version was new is good now, under the same key."""
    key = verify.read_key((VECTORS / "bureau.pub").read_text("utf-8"))
    held = verify.verify_receipt((VECTORS / name).read_bytes(), key)
    assert {outcome for outcome, _ in held.words.values()} == {"closed"}


def test_the_command_takes_key_and_policy_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """RECEIPT KEY is enough; with --policy the witnesses are asked and named; the policy can stand alone."""
    receipt, key, policy = (str(VECTORS / name) for name in ("final-v1.txt", "bureau.pub", "witnesses.txt"))
    assert verify.main([receipt, key]) == 0
    assert "NO WITNESS WAS ASKED" in capsys.readouterr().out
    for arguments in ([receipt, key, "--policy", policy], [receipt, "--policy", policy]):
        assert verify.main(arguments) == 0
        assert "Cosigned by 2 of the policy's witnesses: court at" in capsys.readouterr().out
    assert verify.main([str(VECTORS / "at-once-v1.txt"), key, "--policy", policy]) == 4
    with pytest.raises(SystemExit, match="2"):
        verify.main([receipt])


@pytest.mark.slow
def test_the_verifier_is_a_package_of_its_own(tmp_path: Path) -> None:
    """Built offline, its wheel holds this one file, and runs where the exchange is not installed."""
    shutil.copytree(ROOT / "tools" / "verifier", tmp_path / "tools" / "verifier")
    source = tmp_path / "src" / "sluicegate" / "ledger"
    source.mkdir(parents=True)
    shutil.copy(inspect.getfile(verify), source)
    build = "import sys; sys.path.insert(0, '.'); import backend; print(backend.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=tmp_path / "tools" / "verifier",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("sluicegate_verify-*.whl")
    with zipfile.ZipFile(wheel) as held:
        assert held.read("sluicegate_verify.py") == Path(inspect.getfile(verify)).read_bytes()
        assert [name for name in held.namelist() if ".dist-info" not in name] == ["sluicegate_verify.py"]
    run = "import sys; sys.path += sys.argv[1:3]; del sys.argv[1:3]; "
    run += "import sluicegate_verify as v; sys.exit(v.main())"
    site = Path(cryptography.__file__).parents[1]
    files = [VECTORS / "final-v1.txt", VECTORS / "bureau.pub", "--policy", VECTORS / "witnesses.txt"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", run, wheel, site, *files],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert "Cosigned by 2 of the policy's witnesses" in done.stdout
