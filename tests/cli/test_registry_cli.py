# SPDX-License-Identifier: Apache-2.0
"""`registry` as a person meets it: enroll, propose with a preview, approve by another, history, verify."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import Ran, run

from scenes import row, scratch
from sluicegate import app
from sluicegate.policy.table import COLUMNS

pytestmark = pytest.mark.slow

TOML = 'program = "secure-communities"\nscenario = "demo-scenario"\nclock = "2010-11-15T18:00:00Z"\n'
CHOICE = (
    *("--jurisdiction", "US-CA-075", "--issuer", "San Francisco Sheriff", "--level", "county"),
    *("--authority", "second letter of the sheriff", "--wording", "V06", "--valid", "2010-08-31"),
    *("--read-in", "letter of 31 August 2010", "--why", "the request of August", "--by", "alice", "--yes"),
)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A home with two registrars, that nobody may change."""
    with scratch() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLUICEGATE_PASSPHRASE", "a long passphrase")
        app.lay_out(folder / "home", "secure-communities", "demo-scenario", TOML)
        for name in ("alice", "bob"):
            assert run("registry", "enroll", name, home=folder / "home").code == 0
        yield folder / "home"


@pytest.fixture
def home(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it."""
    monkeypatch.setenv("SLUICEGATE_PASSPHRASE", "a long passphrase")
    with scratch() as folder:
        shutil.copytree(made, folder / "home")
        yield folder / "home"


def propose(home: Path, *more: str) -> Ran:
    """A request, proposed by alice."""
    return run("registry", "choice", *CHOICE, *(more or ("--request", "JURISDICTION_FILTER")), home=home)


def waiting(home: Path) -> list[str]:
    """Proposals that wait."""
    return [
        str(one["proposal"]) for one in run("registry", "list", "--json", home=home).document["proposals"]
    ]


def test_a_request_with_its_paper_goes_on_record_and_opens_or_closes_nothing(home: Path) -> None:
    """A request shows issuer, authority and "none on record", changes no gate, and takes two people."""
    paper = home.parent / "letter.txt"
    paper.write_text("We ask to be left out.\n", "utf-8")
    ran = propose(home, "--request", "JURISDICTION_FILTER", "--document", str(paper))
    assert ran.code == 0, ran.err
    assert "San Francisco Sheriff (county), second letter of the sheriff" in ran.out
    assert "Legal basis: none on record" in ran.out
    assert "no answer of any gate changes" in ran.out
    assert "Nothing has changed yet" in ran.out
    assert "letter.txt" in ran.out
    (name,) = waiting(home)
    assert run("registry", "approve", name, "--by", "alice", "--yes", home=home).code == 2
    done = run("registry", "approve", name, "--by", "bob", "--yes", "--json", home=home).document
    assert done["in_force"] is True
    told = run("registry", "history", "--json", home=home).document["links"][-1]
    assert told["signed_by"] == ["alice", "bob"]
    (choice,) = told["rows"]["choices.csv"]
    assert (choice["kind"], choice["mode_asked"], choice["mode_in_force"]) == (
        "request",
        "JURISDICTION_FILTER",
        "",
    )
    assert told["rows"]["documents.csv"][0]["rule"] == choice["id"]
    assert choice["public_from"] == "2010-11-15"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (("--request", "JURISDICTION_FILTER"), "request"),
        (("--agreement", "FULL"), "agreement"),
        (("--acknowledge",), "acknowledgement"),
        (("--refuse",), "refusal"),
        (("--statement",), "statement"),
        (("--in-force", "JURISDICTION_FILTER", "--asked", "JURISDICTION_FILTER"), "entry-into-force"),
        (("--activate", "FULL"), "activation"),
        (("--override", "FULL"), "override"),
    ],
)
def test_each_event_of_a_choice_is_a_row_of_its_own_kind(
    home: Path, event: tuple[str, ...], kind: str
) -> None:
    """Request, answer and entry into force are separate rows, each by its own option."""
    seen = propose(home, *event, "--dry-run", "--json").document
    (choice,) = seen["rows"]["choices.csv"]
    assert choice["kind"] == kind
    assert choice["mode_asked"] == (event[1] if kind in ("request", "agreement") else choice["mode_asked"])
    assert waiting(home) == []


def test_a_closing_shows_the_gates_that_close_and_when(home: Path) -> None:
    """The preview of an entry into force names jurisdiction, gate, dates, and both answers."""
    ran = propose(home, "--in-force", "JURISDICTION_FILTER", "--level", "federal", "--dry-run")
    assert "3 answers change in 1 jurisdiction; 0 of them let more through" in ran.out
    assert "LATE: N0003 is said to be valid since 2010-08-31" in ran.out
    assert "Nothing was proposed" in ran.out


def test_one_event_at_a_time_and_a_source_for_it(home: Path) -> None:
    """No event, two events, or two sources end in a sentence and exit code 2."""
    for more in (("--refuse", "--request", "FULL"), ("--request", "FULL", "--source", "SRC-GK")):
        ran = propose(home, *more)
        assert ran.code == 2
        assert "sluicegate:" in ran.err
    assert run("registry", "choice", *CHOICE, home=home).code == 2


def test_rows_from_a_file_are_proposed_and_rejected(home: Path) -> None:
    """A CSV file named as its table is proposed; a registrar puts it aside with a reason."""
    file = home.parent / "choices.csv"
    line = row("X900", "US-CA-075", "JURISDICTION_FILTER", since="2010-11-15")
    file.write_text(",".join(COLUMNS["choices.csv"]) + "\n" + line, "utf-8")
    ran = run("registry", "propose", "--rows", file, "--why", "w", "--by", "alice", "--yes", home=home)
    assert ran.code == 0, ran.err
    (name,) = waiting(home)
    assert name in run("registry", "show", name, home=home).out
    gone = run("registry", "reject", name, "--why", "no letter", "--by", "bob", home=home)
    assert (gone.code, waiting(home)) == (0, [])
    assert run("registry", "show", name, home=home).code == 5


def test_a_row_that_is_dated_back_is_refused_in_a_sentence(home: Path) -> None:
    """A public day in the past ends with the reason, the row, and exit code 2."""
    ran = propose(home, "--request", "FULL", "--public", "2010-09-01")
    assert ran.code == 2
    assert "public_from 2010-09-01 is before 2010-11-15" in ran.err
    assert waiting(home) == []


def test_without_a_terminal_nothing_is_signed_unasked(home: Path) -> None:
    """Without --yes a change is shown and asked about; with nobody there to answer, nothing is signed."""
    ran = run("registry", "choice", *CHOICE[:-1], "--request", "FULL", home=home)
    assert ran.code == 1
    assert "Effect:" in ran.out
    assert run("registry", "choice", *CHOICE[:-1], "--request", "FULL", "--json", home=home).code == 2
    assert waiting(home) == []


def test_a_wrong_passphrase_or_another_persons_key_signs_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The passphrase must be the key's, and the key the person's."""
    other = home / "keys" / "registrar-bob.key"
    ran = run("registry", "choice", *CHOICE, "--request", "FULL", "--key", other, home=home)
    assert ran.code == 2
    assert "the key of `bob`" in ran.err
    monkeypatch.setenv("SLUICEGATE_PASSPHRASE", "another")
    ran = propose(home)
    assert ran.code == 2
    assert "passphrase" in ran.err
    assert waiting(home) == []


def test_a_third_person_waits_for_two(home: Path) -> None:
    """Enrolling a third registrar makes a proposal; two approvals enter the person."""
    said = run("registry", "enroll", "carol", "--json", home=home).document
    for by in ("alice", "bob"):
        ran = run("registry", "approve", said["proposal"], "--by", by, "--yes", home=home)
        assert ran.code == 0, ran.err
    listed = run("registry", "list", "--json", home=home).document["registrars"]
    assert [one["name"] for one in listed] == ["alice", "bob", "carol"]
    assert (home / "keys" / "registrar-carol.key").stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in (home / "keys" / "registrar-carol.key").read_bytes()


def test_verify_says_what_holds_and_exits_with_4_where_it_does_not(home: Path, tmp_path: Path) -> None:
    """From the home or from copies alone every root follows; one altered row is named and ends with 4."""
    for name in ("registry", "programs"):
        shutil.copytree(home / name, tmp_path / name)
    for words in ((), ("--files", tmp_path)):
        ran = run("registry", "verify", *words, home=home)
        assert ran.code == 0, ran.out
        assert "3 links, registrars: alice, bob" in ran.out
    rules = tmp_path / "programs" / "secure-communities" / "rules.csv"
    rules.write_text(rules.read_text("utf-8").replace("2010-06-08", "2010-05-08"), "utf-8")
    ran = run("registry", "verify", "--files", tmp_path, home=home)
    assert ran.code == 4
    assert "does NOT hold" in ran.out


def test_a_home_without_a_registry_is_told_what_to_run(home: Path) -> None:
    """Where the registry is gone `doctor` fails and `registry list` says that every gate stays closed."""
    shutil.rmtree(home / "registry")
    ran = run("registry", "list", home=home)
    assert ran.code == 2
    assert "Every gate stays closed" in ran.err
    checks = run("doctor", "--json", home=home).document["checks"]
    (program,) = [one for one in checks if one["name"] == "program"]
    assert program["ok"] is False
    assert "registry" in program["said"]


def test_adopting_is_for_homes_that_registered_nothing(home: Path) -> None:
    """A home that has a registry cannot be adopted again, whoever asks."""
    ran = run("registry", "adopt", "--yes", home=home)
    assert ran.code == 2
    assert "registered already" in ran.err
