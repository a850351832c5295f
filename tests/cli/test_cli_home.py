# SPDX-License-Identifier: Apache-2.0
"""`init` and `doctor`, and what a broken home is told."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from cli_world import TOML, Town, run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A new home of the null engine: quick to examine."""
    assert run("init", home=tmp_path / "home").code == 0
    (tmp_path / "home" / "sluicegate.toml").write_text(TOML.replace("demo-scenario", ""), "utf-8")
    return tmp_path / "home"


def result(home: Path, name: str) -> dict[str, object]:
    """One check of doctor."""
    ran = run("doctor", "--json", home=home)
    found: dict[str, object] = next(one for one in ran.document["checks"] if one["name"] == name)
    assert ran.code == (0 if all(one["ok"] for one in ran.document["checks"]) else 1)
    return found


def test_init_makes_a_home_and_names_the_next_command(tmp_path: Path) -> None:
    """A newcomer is told what was made and what to type next."""
    ran = run("init", "--scenario", "demo-scenario", home=tmp_path / "new")
    assert ran.code == 0
    assert f"sluicegate serve --home {tmp_path / 'new'}" in ran.out
    assert (tmp_path / "new" / "programs" / "demo-scenario" / "choices.csv").is_file()


def test_init_never_overwrites_a_home(home: Path) -> None:
    """A second init is refused and changes nothing."""
    before = (home / "sluicegate.toml").read_bytes()
    ran = run("init", home=home)
    assert ran.code == 2
    assert "is a home already" in ran.err
    assert (home / "sluicegate.toml").read_bytes() == before


def test_an_unknown_program_is_refused(tmp_path: Path) -> None:
    """A program that does not ship is named, and no home is made."""
    ran = run("init", "--program", "no-such-program", home=tmp_path / "new")
    assert ran.code == 2
    assert "`no-such-program`" in ran.err
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_doctor_passes_a_new_home_one_line_per_check(home: Path) -> None:
    """Every check of a fresh home is ok."""
    ran = run("doctor", home=home)
    assert ran.code == 0, ran.out
    assert ran.out.count("ok") >= 9
    assert "FAIL" not in ran.out


@pytest.mark.slow
def test_doctor_names_the_file_and_row_of_a_broken_rule(home: Path) -> None:
    """Broken program data is told by file and row."""
    with (home / "programs" / "secure-communities" / "rules.csv").open("a", encoding="utf-8") as rules:
        rules.write("R999,NOWHERE\n")
    found = result(home, "program")
    assert found["ok"] is False
    assert "rules.csv, row" in str(found["said"])


@pytest.mark.slow
def test_doctor_finds_a_key_that_others_can_read(home: Path) -> None:
    """A key with loose permissions is named, with the command that mends it."""
    (home / "keys" / "bureau-ledger.key").chmod(0o644)
    found = result(home, "permissions")
    assert found["ok"] is False
    assert "chmod" in str(found["said"])
    assert "bureau-ledger.key" in str(found["said"])


@pytest.mark.slow
def test_doctor_finds_a_port_that_is_taken(home: Path) -> None:
    """A port that another program holds is told before anybody tries to serve."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = (home / "sluicegate.toml").read_text("utf-8").replace("smtp_port = 0", f"smtp_port = {port}")
        (home / "sluicegate.toml").write_text(text, "utf-8")
        found = result(home, "smtp port")
    assert found["ok"] is False
    assert str(port) in str(found["said"])


def test_a_wrong_setting_is_named_with_its_file(home: Path) -> None:
    """A setting that cannot be is named, and where to mend it."""
    (home / "sluicegate.toml").write_text('workers = "many"\n', "utf-8")
    ran = run("serve", home=home)
    assert ran.code == 2
    assert "`workers`" in ran.err
    assert "sluicegate.toml" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("doctor",), ("serve",), ("list",), ("show", "X"), ("explain", "X"), ("receipt", "X"), ("queue",),
        ("queue", "decide", "X", "--same", "--by", "me"), ("status",), ("alerts",), ("audit", "check"),
        ("lookup", "X"), ("policy", "explain", "--ori", "CA0380000"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_missing_home_is_one_sentence_and_makes_no_files(words: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever is asked of a home that does not exist, the answer says so and nothing is made."""
    ran = run(*words, home=tmp_path / "absent")
    assert ran.code == 2
    assert "is not a home" in ran.err
    assert "sluicegate init" in ran.err
    assert not (tmp_path / "absent").exists()


def test_with_json_a_failure_is_a_document_too(tmp_path: Path) -> None:
    """A program that asked for JSON gets JSON whether the command worked or not."""
    ran = run("list", "--json", home=tmp_path / "absent")
    assert ran.code == 2
    assert json.loads(ran.out)["exit_code"] == 2
    assert json.loads(ran.out)["error"]


def test_a_key_that_others_can_read_stops_every_command(town: Town) -> None:
    """A loose key is not used: the command says which one and how to mend it."""
    (town.home / "keys" / "bureau-ledger.key").chmod(0o644)
    ran = run("list", home=town.home)
    assert ran.code == 2
    assert "bureau-ledger.key" in ran.err
    assert "chmod 600" in ran.err
