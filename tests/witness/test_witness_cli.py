# SPDX-License-Identifier: Apache-2.0
"""Witnesses as people run them, and as people see a split view: by the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sluicegate import app
from sluicegate.cli.main import sluicegate
from sluicegate.ledger import cosign, keys
from sluicegate.testing.witnesses import History, LyingLog, Witnesses
from sluicegate.witness.wire import write_request

CHILD = Path(__file__).with_name("witness_child.py")
TOML = 'program = "secure-communities"\nextractor = "null"\nengine = "null"\n'


def run(*words: object, code: int = 0) -> str:
    """What a command of this process prints, once it ended with the code that is expected."""
    result = CliRunner().invoke(
        sluicegate, [str(word) for word in words], env={"SLUICEGATE_HOME": "/nonexistent"}
    )
    assert result.exit_code == code, result.output
    return result.output


def document(*words: object, code: int = 0) -> Any:
    """The same as data."""
    return json.loads(run(*words, "--json", code=code))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation that published what its master log says: nothing yet."""
    place = tmp_path / "exchange"
    app.lay_out(place, "secure-communities", "", TOML)
    run("ledger", "publish", "--home", place)
    return place


@pytest.fixture
def bureau(home: Path) -> keys.FileKey:
    """The key of its bureau, as its master log signs."""
    own = keys.load(home / "keys" / "bureau-ledger.key")
    return keys.FileKey(f"{own.name}/master", own.private)


def test_a_witness_is_made_told_what_to_watch_and_shown(
    tmp_path: Path, home: Path, bureau: keys.FileKey
) -> None:
    """From an empty folder to a witness of an exchange's master log, and what it says of itself."""
    folder = tmp_path / "w"
    made = document("witness", "init", "paper.example/witness", "--home", folder)
    public = home / "keys" / "bureau-ledger.key.pub"
    added = document("witness", "add-log", public, "--master", "--home", folder)
    assert (added["key"], added["added"]) == (str(bureau.public), True)
    assert not document("witness", "add-log", bureau.public, "--home", folder)["added"]
    shown = document("witness", "show", "--home", folder)
    assert shown["key"] == made["key"] == str(cosign.verifier_key(keys.load(folder / "witness.key")))
    assert [(one["log"], one["size"]) for one in shown["logs"]] == [(bureau.name, 0)]
    assert "never" in run("witness", "show", "--home", folder)
    document("witness", "drop-key", bureau.public, "--home", folder)
    assert document("witness", "show", "--home", folder)["logs"][0]["keys"] == 0


def test_what_cannot_be_a_witness_is_said(tmp_path: Path, home: Path) -> None:
    """An exchange is no witness of itself, an empty folder is none, and a private key is no public one."""
    assert "its own witness proves nothing" in run("witness", "init", "me.example/w", "--home", home, code=2)
    assert "not the folder of a witness" in run("witness", "serve", "--home", tmp_path / "none", code=2)
    run("witness", "init", "paper.example/w", "--home", tmp_path / "w")
    private = home / "keys" / "bureau-ledger.key"
    assert "not the public key of a log" in run(
        "witness", "add-log", private, "--home", tmp_path / "w", code=2
    )


@pytest.mark.slow
def test_an_exchange_asks_its_witnesses_until_it_is_final(
    tmp_path: Path, home: Path, bureau: keys.FileKey
) -> None:
    """With two of three running the published checkpoint becomes final; with one it waits."""
    names = ("court", "paper", "university")
    with Witnesses(tmp_path / "witnesses", names, [bureau.public]) as three:
        (home / "witnesses.txt").write_text(three.policy(2), "utf-8")
        three.each["court"].stop()
        three.each["paper"].stop()
        waiting = document("ledger", "cosign", "--home", home, code=6)
        assert (waiting["final"], waiting["fewest_missing"]) == (False, 1)
        three.each["paper"].start()
        told = run("ledger", "cosign", "--home", home)
    assert "FINAL: cosigned by paper" in told
    assert "silent" in told
    shown = document("witness", "show", "--home", home)
    assert shown["log"] == str(bureau.public)
    assert {one["name"]: one["outcome"] for one in shown["contacts"]} == {
        "court": "silent",
        "paper": "signed",
        "university": "signed",
    }
    assert "could not be reached" in run("witness", "show", "--home", home)


def test_a_log_that_lied_ends_in_an_alarm(tmp_path: Path, home: Path, bureau: keys.FileKey) -> None:
    """When a witness was shown another history, `ledger cosign` ends with 4 and says what to do."""
    lie = History(bureau, tuple(b"other %d" % number for number in range(5)))
    with Witnesses(tmp_path / "witnesses", ("paper",), [bureau.public]) as one:
        address = f"{one.each['paper'].url}/add-checkpoint"
        assert httpx.post(address, content=write_request(0, (), lie.note())).status_code == 200
        (home / "witnesses.txt").write_text(one.policy(1), "utf-8")
        told = run("ledger", "cosign", "--home", home, code=4)
    assert "ALARM: of paper: it says that it has seen 5 entries of this log, more than these 1" in told


def test_a_policy_that_is_missing_or_wrong_is_told(home: Path) -> None:
    """Without a policy nobody is asked, and a line that is none is told."""
    assert "There is no policy" in run("ledger", "cosign", "--home", home, code=2)
    (home / "witnesses.txt").write_text("witness nobody\n", "utf-8")
    assert "cannot be used: policy: a line" in run("ledger", "cosign", "--home", home, code=2)


LOG = LyingLog()
TOLD = LOG.history(*(b"entry %d" % number for number in range(300)))
OTHER = LOG.history(*TOLD.entries[:200], b"rewritten", *TOLD.entries[201:])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Checkpoints in files, as two people fetched them, the log's tiles, and its key."""
    (tmp_path / "mine").write_text(TOLD.note(250), "utf-8")
    (tmp_path / "theirs").write_text(OTHER.note(250), "utf-8")
    (tmp_path / "later").write_text(OTHER.note(280), "utf-8")
    (tmp_path / "key").write_text(f"{LOG.key.public}\n", "utf-8")
    OTHER.publish(tmp_path / "tiles")
    return tmp_path


def test_a_split_view_is_shown_and_proven(files: Path) -> None:
    """Two checkpoints of one size and different roots end with 4; the evidence alone is verified again."""
    words = ["witness", "compare", files / "mine", files / "theirs", "--key", files / "key"]
    told = run(*words, "--evidence", files / "split.txt", code=4)
    assert told.startswith("SPLIT VIEW. This log signed two histories that cannot both be true.")
    assert "This does not show which of the two is true" in told
    again = document("witness", "compare", files / "split.txt", "--key", files / "key", code=4)
    assert (again["verdict"], again["key_vouched_for"]) == ("split", True)
    unknown = run("witness", "compare", files / "split.txt", code=4)
    assert "Make sure that it is the log's" in unknown
    stranger = LyingLog(LOG.key.name, b"\x09" * 32).key.public
    refused = run("witness", "compare", files / "split.txt", "--key", stranger, code=4)
    assert "another key than that of this log" in refused


def test_two_sizes_are_judged_by_the_tiles(files: Path) -> None:
    """Without tiles nothing is proven and the code is 6; with them, wider ones too, the rewriting is."""
    words = ["witness", "compare", files / "later", files / "mine", "--key", files / "key"]
    assert document(*words, code=6)["verdict"] == "unproven"
    found = document(*words, "--tiles", files / "tiles", "--evidence", files / "split.txt", code=4)
    assert (found["verdict"], found["first"]["size"], found["second"]["size"]) == ("split", 250, 280)
    assert document("witness", "compare", files / "split.txt", "--key", files / "key", code=4) == found | {
        "evidence": None
    }
    grown = ["witness", "compare", files / "theirs", files / "later", "--key", files / "key"]
    assert document(*grown, "--tiles", files / "tiles")["verdict"] == "grown"
    hidden = document(*grown, "--tiles", files, code=4)
    assert (hidden["verdict"], hidden["trouble"]) == ("unfounded", "tile/0/001.p/24: it is missing")


def test_what_cannot_be_compared_is_said(files: Path, home: Path) -> None:
    """Two logs, one file, no key, and evidence of nothing are each refused in a sentence."""
    mine, key = files / "mine", files / "key"
    other = LyingLog("other.example/master").history(b"x").note()
    (files / "foreign").write_text(other, "utf-8")
    assert "two different logs" in run("witness", "compare", mine, files / "foreign", "--key", key, code=2)
    assert "Name two checkpoints" in run("witness", "compare", mine, "--key", key, code=2)
    assert "no key of this log" in run("witness", "compare", mine, mine, "--home", home, code=2)
    words = ["witness", "compare", mine, mine, "--key", key, "--evidence", files / "none.txt"]
    assert "no split view is proven" in run(*words, code=4)
    assert not (files / "none.txt").exists()


def test_the_key_of_an_exchange_is_that_of_all_its_logs(tmp_path: Path, home: Path) -> None:
    """In its own home, checkpoints of a jurisdiction's log are compared without naming any key."""
    own = keys.load(home / "keys" / "bureau-ledger.key")
    log = LyingLog(f"{own.name}/US-CA-075")
    history = History(keys.FileKey(log.key.name, own.private), (b"a", b"b"))
    (tmp_path / "one").write_text(history.note(), "utf-8")
    told = document("witness", "compare", tmp_path / "one", tmp_path / "one", "--home", home)
    assert (told["verdict"], told["log"]) == ("same", f"{own.name}/US-CA-075")


@contextmanager
def started(*words: object) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, which is killed at the end if it still runs."""
    child = subprocess.Popen(
        [sys.executable, *(str(word) for word in words)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


def line(child: subprocess.Popen[str]) -> str:
    """One line of its output."""
    assert child.stdout
    return child.stdout.readline()


def ask(url: str, body: bytes) -> tuple[int, str]:
    """Status and text of an answer."""
    answer = httpx.post(f"{url}/add-checkpoint", content=body, timeout=30)
    return answer.status_code, answer.text


@pytest.mark.slow
def test_a_witness_that_was_killed_remembers(tmp_path: Path) -> None:
    """After kill -9 the witness still refuses the fork, goes on from where it was, and stops when told."""
    folder = tmp_path / "w"
    run("witness", "init", "paper.example/witness", "--home", folder)
    run("witness", "add-log", LOG.key.public, "--home", folder)
    with started(CHILD, folder) as child:
        assert ask(line(child).strip(), write_request(0, (), TOLD.note(250)))[0] == 200
        child.kill()
        assert child.wait() == -signal.SIGKILL
    words = ("-m", "sluicegate.cli.main", "witness", "serve", "--port", "0", "--json", "--home", folder)
    with started(*words) as child:
        url = json.loads("".join(iter(lambda: line(child), "}\n")) + "}")["url"]
        assert ask(url, write_request(0, (), OTHER.note(250))) == (409, "250\n")
        assert ask(url, write_request(250, OTHER.prove(250, 300), OTHER.note()))[0] == 422
        assert ask(url, write_request(250, TOLD.prove(250, 300), TOLD.note()))[0] == 200
        assert "already serving" in run("witness", "serve", "--home", folder, code=2)
        child.send_signal(signal.SIGTERM)
        assert child.wait() == 0
    assert len(document("witness", "show", "--home", folder)["forks"]) == 1
    assert "SPLIT VIEW" in run("witness", "show", "--home", folder)
