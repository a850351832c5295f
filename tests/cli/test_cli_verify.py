# SPDX-License-Identifier: Apache-2.0
"""`verify` beside a public folder: how a receipt becomes final, and what it is held against."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest
from cli_world import Town, run

from sluicegate.ledger import keys, verify
from sluicegate.ledger.verify import COSIGNATURE, VerifierKey

WITNESSES = {name: keys.from_seed(f"{name}.example", name.encode().ljust(32)) for name in ("court", "paper")}


def vkey(name: str) -> VerifierKey:
    """The public key of a witness, for cosigning."""
    own = WITNESSES[name].public
    return VerifierKey(own.name, verify.key_id(own.name, own.public, COSIGNATURE), own.public, COSIGNATURE)


def cosign(public: Path, *names: str) -> None:
    """The witnesses put their lines under the published checkpoint."""
    note = (public / "checkpoint").read_text("utf-8")
    text, _ = verify.split_note(note, "test")
    for name in names:
        time = 1_290_000_000
        raw = vkey(name).key_id + time.to_bytes(8, "big")
        raw += WITNESSES[name].sign(verify.cosigned_message(time, text))
        note += f"\u2014 {vkey(name).name} {base64.b64encode(raw).decode()}\n"
    (public / "checkpoint").write_text(note, "utf-8")


@pytest.fixture
def published(town: Town) -> Path:
    """The public folder of a home in which everything is published and two witnesses cosigned."""
    assert run("ledger", "publish", "--everything", home=town.home).code == 0
    cosign(town.home / "public", "court", "paper")
    return town.home / "public"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy that wants both witnesses."""
    lines = [f"witness {name} {vkey(name)}\n" for name in WITNESSES]
    (tmp_path / "witnesses.txt").write_text("".join(lines) + "group both all court paper\nquorum both\n")
    return tmp_path / "witnesses.txt"


def given(town: Town, tmp_path: Path, tcn: str = "TCN-WITHHELD-1") -> tuple[Path, Path]:
    """A receipt as its agency got it, and the bureau's key."""
    paper = tmp_path / "receipt.txt"
    assert run("receipt", tcn, "--out", paper, home=town.home).code == 0
    return paper, town.home / "keys" / "bureau-ledger.key.pub"


@pytest.mark.slow
def test_a_receipt_becomes_final_with_nothing_but_public_files(
    town: Town, published: Path, policy: Path, tmp_path: Path
) -> None:
    """Receipt, key, policy and public folder give the final receipt, which then stands by itself."""
    paper, key = given(town, tmp_path)
    out = tmp_path / "final.txt"
    made = run("verify", paper, "--key", key, "--policy", policy, "--public", published, "--final", out)
    assert (made.code, made.err) == (0, "")
    assert "Cosigned by 2 of the policy's witnesses: court at 2010-11-17T13:20:00Z" in made.out
    assert len(out.read_bytes()) <= 3072
    alone = run("verify", out, "--key", key, "--policy", policy, "--json")
    assert alone.code == 0
    assert alone.document["form"] == "final"
    assert alone.document["gates"]["G1"] == "closed"
    assert verify.main([str(out), str(key), "--policy", str(policy)]) == 0
    beside = run("verify", out, "--key", key, "--policy", policy, "--public", published)
    assert "The public folder continues the ledger of this receipt." in beside.out


@pytest.mark.slow
def test_a_receipt_whose_day_is_not_public_has_to_wait(town: Town, tmp_path: Path) -> None:
    """Before anything covers its entry the receipt is not called final: exit code 6, and it says why."""
    assert run("ledger", "publish", home=town.home).code == 0
    paper, key = given(town, tmp_path)
    waits = run("verify", paper, "--key", key, "--public", town.home / "public", "--final", tmp_path / "f")
    assert waits.code == 6
    assert "NOT FINAL YET" in waits.out
    assert not (tmp_path / "f").exists()


@pytest.mark.slow
def test_too_few_witnesses_make_no_final_receipt(
    town: Town, published: Path, policy: Path, tmp_path: Path
) -> None:
    """Where the policy wants a witness that did not cosign, nothing is written: exit code 4."""
    policy.write_text(policy.read_text("utf-8").replace("all court paper", "all court"), "utf-8")
    third = keys.from_seed("third.example", b"\x05" * 32).public
    own = VerifierKey(
        third.name, verify.key_id(third.name, third.public, COSIGNATURE), third.public, COSIGNATURE
    )
    text = policy.read_text("utf-8").replace(
        "group both all court", f"witness third {own}\ngroup both all third"
    )
    policy.write_text(text, "utf-8")
    paper, key = given(town, tmp_path)
    out = tmp_path / "final.txt"
    refused = run("verify", paper, "--key", key, "--policy", policy, "--public", published, "--final", out)
    assert refused.code == 4
    assert "not the quorum" in refused.err
    assert not out.exists()


@pytest.mark.slow
def test_two_ledgers_under_one_name_are_found_out(town: Town, tmp_path: Path) -> None:
    """A receipt of another history than the published one, both signed by the one key, is told as such."""
    shutil.copytree(town.home, tmp_path / "twin")
    for home in (town.home, tmp_path / "twin"):  # each states its checkpoints at a moment of its own
        assert run("ledger", "publish", "--everything", home=home).code == 0
    paper, key = given(town, tmp_path)
    out = tmp_path / "final.txt"
    shown = ("verify", paper, "--key", key, "--public", town.home / "public", "--final", out)
    assert run(*shown).code == 0
    found = run("verify", out, "--key", key, "--public", tmp_path / "twin" / "public")
    assert found.code == 4
    assert "two ledgers under one name" in found.err


def test_a_policy_asks_more_than_a_receipt_at_once_can_give(made: Town, policy: Path, tmp_path: Path) -> None:
    """With a policy and no public folder, a receipt made at once is refused, and told what to ask for."""
    paper, key = given(made, tmp_path)
    refused = run("verify", paper, "--key", key, "--policy", policy)
    assert refused.code == 4
    assert "ask for the final one" in refused.err


def test_what_is_missing_is_asked_for(made: Town, tmp_path: Path) -> None:
    """A final receipt without a public folder, a folder without a ledger, no key: each is told plainly."""
    paper, key = given(made, tmp_path)
    assert run("verify", paper, "--key", key, "--final", tmp_path / "f").code == 2
    assert run("verify", paper, "--key", key, "--public", tmp_path).code == 5
    assert run("verify", paper, home=tmp_path).code == 2
