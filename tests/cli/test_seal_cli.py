# SPDX-License-Identifier: Apache-2.0
"""`seal`, `unseal`, `keys seal-key`, `keys serve` and `keys protect` as people type them."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import Ran, Town, run, settle

from sluicegate.ledger import keys as files

WHO = ("--by", "Juvenile Court 3", "--why", "law")
ROLES = ("bureau", "partner", "state")


@pytest.fixture
def court(tmp_path: Path) -> Path:
    """A court's seal key."""
    assert run("keys", "seal-key", tmp_path / "court.seal").code == 0
    return tmp_path / "court.seal"


def audited(town: Town) -> Ran:
    """Everything published, and derived again with a look into the ledger itself."""
    assert run("ledger", "publish", "--everything", home=town.home).code == 0
    words = ["audit", "run", town.home / "public", "--partner", town.home / "partner-public"]
    for role, name in (("bureau", "--key"), ("partner", "--partner-key")):
        words += [name, files.public_path(town.home / "keys" / f"{role}-ledger.key")]
    return run(*words, home=town.home)


@pytest.mark.slow
def test_a_booking_is_sealed_shown_so_and_brought_back(town: Town, court: Path) -> None:
    """Sealed it has no TCN, no receipt, a word to show; the key brings it back; audits hold."""
    case = town.cases["withheld"]
    settle(town.home)
    told = run("seal", "TCN-WITHHELD-1", "--to", f"{court}.pub", *WHO, home=town.home)
    assert told.code == 0
    assert case in told.out
    assert "TCN-WITHHELD-1" not in told.out + run("list", home=town.home).out
    assert run("receipt", "TCN-WITHHELD-1", home=town.home).code == 5
    assert "seal key" in run("show", case, home=town.home).out
    assert "attestation of sealing" in run("attestation", case, home=town.home).out
    sealed = audited(town)
    assert "were stated as erased" not in sealed.out
    back = run("unseal", case, "--key", court, *WHO, "--json", home=town.home)
    assert back.document == {"case": case, "state": "closed", "tcn": "TCN-WITHHELD-1"}
    assert run("receipt", "TCN-WITHHELD-1", home=town.home).code == 0
    after = audited(town)
    assert "were stated as erased" not in after.out
    assert sealed.code == after.code


@pytest.mark.slow
def test_a_wrong_or_missing_key_brings_nothing_back(town: Town, court: Path, tmp_path: Path) -> None:
    """With another key, or none, `unseal` ends with what is wrong and the booking stays sealed."""
    case = town.cases["withheld"]
    settle(town.home)
    assert run("seal", case, "--to", f"{court}.pub", *WHO, home=town.home).code == 0
    run("keys", "seal-key", tmp_path / "other.seal")
    assert run("unseal", case, "--key", tmp_path / "other.seal", *WHO, home=town.home).code == 4
    assert run("unseal", case, "--key", tmp_path / "none", *WHO, home=town.home).code == 2
    again = run("seal", case, "--to", tmp_path / "other.seal.pub", *WHO, home=town.home)
    assert (again.code, "under another key" in again.err) == (2, True)


@pytest.mark.slow
def test_the_keys_of_every_role_are_encrypted_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keys protect` without a role leaves no private key that signs in the clear; `doctor` agrees."""
    monkeypatch.setenv("SLUICEGATE_PASSPHRASE", "correct horse")
    assert "NOT encrypted" in run("doctor", home=town.home).out
    told = run("keys", "protect", "--json", home=town.home)
    assert len(told.document["encrypted"]) == len(ROLES)
    assert all(files.is_protected(town.home / "keys" / f"{role}-ledger.key") for role in ROLES)
    assert "NOT encrypted" not in run("doctor", home=town.home).out


@pytest.fixture
def signer(town: Town) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """The bureau's key moved out of the home, and a process that serves it."""
    away, path = town.home.parent / "away.key", town.home.parent / "s"
    own = town.home / "keys" / "bureau-ledger.key"
    own.rename(away)
    files.public_path(away).write_bytes(files.public_path(own).read_bytes())
    words = ["keys", "serve", "bureau", "--file", str(away), "--socket", str(path), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sluicegate.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SLUICEGATE_HOME": "/nonexistent"},
    )
    yield path, process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_process_signs_for_a_home_that_has_no_private_key(
    town: Town, signer: tuple[Path, subprocess.Popen[str]]
) -> None:
    """`keys serve` says where it is asked, signs what the exchange publishes, and counts it when it ends."""
    path, process = signer
    assert process.stdout is not None
    document = json.loads(_document(process))
    assert document["socket"] == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with (town.home / "sluicegate.toml").open("a", encoding="utf-8") as file:
        file.write(f'signer_bureau = "{path}"\n')
    assert "not in this home" in run("keys", "show", home=town.home).out
    assert "a process of its own signs" in run("doctor", home=town.home).out
    assert run("ledger", "publish", "--everything", home=town.home).code == 0
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "checkpoint(s) of master" in said
    assert not path.exists()
    assert "cannot be asked" in run("doctor", home=town.home).out


def _document(process: subprocess.Popen[str]) -> str:
    """The one JSON document that a server prints when it is ready."""
    assert process.stdout is not None
    lines: list[str] = []
    while line := process.stdout.readline():
        lines.append(line)
        if line.rstrip() == "}":
            break
    return "".join(lines)
