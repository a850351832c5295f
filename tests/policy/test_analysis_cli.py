# SPDX-License-Identifier: Apache-2.0
"""`policy check`, `diff` and `export` as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from policy_world import changed, rule, shipped, table

from sluicegate.cli.main import sluicegate


def _run(*words: str) -> Result:
    return CliRunner().invoke(sluicegate, ["policy", *words])


def _folder(path: Path, files: dict[str, bytes]) -> str:
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return str(path)


def test_check_says_that_the_shipped_program_is_sound() -> None:
    """The check of Secure Communities ends with 0, and names every promise with the cells it was held to."""
    done = _run("check", "secure-communities")
    assert done.exit_code == 0, done.output
    assert "filter-never-shares" in done.output
    assert "R011" in done.output
    assert "rules.csv, row" in done.output
    document = json.loads(_run("check", "secure-communities", "--json", "--thorough").output)
    assert document["sound"] is True
    assert document["leaks"] == document["differences"] == []
    assert document["decided"] > 5_000
    assert all(one["held"] and one["cells"] for one in document["promises"])


def test_check_ends_with_4_where_a_promise_is_broken(tmp_path: Path) -> None:
    """A program whose filter leaves look-ups open is refused with exit code 4, and the promise is named."""
    files = changed("modes.csv", "JURISDICTION_FILTER,G3,closed,", "JURISDICTION_FILTER,G3,open,")
    done = _run("check", _folder(tmp_path / "limp", files))
    assert done.exit_code == 4
    assert "NO, " in done.output
    assert "mode JURISDICTION_FILTER opens G3" in done.output


def test_diff_lists_both_sides_and_what_speaks_against(tmp_path: Path) -> None:
    """The difference shows asked-for and in-force on both sides; a change without a public day is refused."""
    files = shipped()
    files["choices.csv"] += table("choices.csv", rule(confidence="I"), header=False)
    folder = _folder(tmp_path / "after", files)
    done = _run("diff", "secure-communities", folder)
    assert done.exit_code == 0, done.output
    assert "RESPONSE_OPT_OUT" in done.output
    assert done.output.count("JURISDICTION_FILTER") == 2
    refused = _run("diff", "secure-communities", folder, "--as-change", "--json")
    assert refused.exit_code == 4
    document = json.loads(refused.output)
    assert [one["promise"] for one in document["objections"]] == ["no-back-dating"]
    assert document["changes"][0]["late"] is True


def test_diff_of_one_program_says_that_nothing_changes() -> None:
    """A program compared with itself differs nowhere, and the program says so in words."""
    done = _run("diff", "secure-communities", "secure-communities")
    assert (done.exit_code, done.output.split(".")[0]) == (0, "No answer changes")


def test_export_writes_what_cedar_reads_and_never_over_anything(tmp_path: Path) -> None:
    """The export is four files in a new folder; a folder that is there is left alone."""
    folder = tmp_path / "cedar"
    done = _run("export", "secure-communities", "--cedar", "--to", str(folder))
    assert done.exit_code == 0, done.output
    assert sorted(one.name for one in folder.iterdir()) == [
        "README.md",
        "entities.json",
        "policy.cedar",
        "schema.cedarschema",
    ]
    again = _run("export", "secure-communities", "--cedar", "--to", str(folder))
    assert again.exit_code == 2
    assert "cannot be made" in again.output


def test_a_folder_that_is_not_there_is_named() -> None:
    """A program that does not exist is refused in one sentence, exit code 2."""
    done = _run("check", "./no-such-folder")
    assert done.exit_code == 2
    assert "no folder" in done.output
