# SPDX-License-Identifier: Apache-2.0
"""The recount in JavaScript says of every folder, whole or tampered with, what Python's readers say of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.audit import audit_world

from sluicegate.audit.trees import Tree
from sluicegate.errors import LedgerError
from sluicegate.ledger import checkpoint, cosign, days, tiles
from sluicegate.ledger import statement as statements
from sluicegate.ledger import verify as standalone
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.ledger.statement import StatementKind
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import leaf_hash
from sluicegate.statistics import check
from sluicegate.statistics.measures import ADDITIVE
from sluicegate.web.public.numbers_ledger import Ledger

LEDGER = Path(standalone.__file__).parent
RUNNER = Path(__file__).with_name("recount_cases.mjs")
Says = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def node() -> Says:
    """The recount under Node; the test is skipped where there is none."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")

    def says(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        done = subprocess.run(
            [program, RUNNER, LEDGER / "verify.js", LEDGER / "recount.js"],
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.stderr, done.returncode) == ("", 0)
        return list(json.loads(done.stdout))

    return says


def numbers(home: Path, place: str) -> list[int]:
    """The statements that the page names for a jurisdiction's November."""
    told = Ledger(audit_world.material(home)).told()
    assert told is not None
    return sorted(
        said.number for (one, day), said in told.days.items() if (one, day[:7]) == (place, "2010-11")
    )


def task(home: Path, figure: str = "withheld", value: int | None = 4, **more: object) -> dict[str, Any]:
    """What the page of San Francisco's number tells the script."""
    key = audit_world.public_key(home)
    return {
        "kind": "day", "jurisdiction": "US-CA-075", "month": "2010-11", "figure": figure, "value": value,
        "statements": numbers(home, "US-CA-075"), "root": str(home / "public"),
        "folder": "2010-11", "additive": ADDITIVE, "key": str(key), "policy": None, **more,
    }  # fmt: skip


def python_counts(public: Path, key: standalone.VerifierKey, place: str, figure: str) -> int:
    """The same from the readers in Python. Raises LedgerError."""
    named = standalone.key_of(key, f"{key.name}/master")

    def fetch(name: str) -> bytes | None:
        return (public / name).read_bytes() if (public / name).exists() else None

    newest = {}
    for data in Tiled(fetch, checkpoint.verify(fetch("checkpoint") or b"", str(named))).entries():
        one = statements.decode(data)
        if one.kind is StatementKind.DAY and one.subject == place:
            newest[str(one.parts["day"])] = one
    total = 0
    for day, said in newest.items():
        told = days.decode(fetch(days.path_of(place, day, int(str(said.parts["revision"])))) or b"")
        days.check(told, said)
        total += len(told.sets[figure])
    return total


def test_a_number_counted_in_javascript_is_the_one_that_python_counts(node: Says, public_home: Path) -> None:
    """Every figure of a jurisdiction's month is counted alike, and each step of the check is told."""
    key = audit_world.public_key(public_home)
    expected = {name: python_counts(public_home / "public", key, "US-CA-075", name) for name in days.SHARING}
    found = node([task(public_home, name, value) for name, value in expected.items()])
    assert [one["counted"] for one in found] == list(expected.values())
    steps = ["checkpoint", "unasked", "statements", "complete", "files", "count"]
    assert [one["told"] for one in found] == [steps] * 3


def test_another_number_than_the_files_give_is_refused(node: Says, public_home: Path) -> None:
    """A page that says one more, or names other statements than the log has, is found out."""
    good = task(public_home)
    found = node([{**good, "value": 5}, {**good, "statements": good["statements"][1:]}])
    assert [one["refused"] for one in found] == ["same", "complete"]


def tampered(home: Path, to: Path) -> list[Path]:
    """Copies of the public folder, each with one byte of one file changed, or one file gone."""
    made = []
    base = home / "public"
    files = ["checkpoint", "tile/entries/000.p/27", "tile/0/000.p/27"]
    files += [one.relative_to(base).as_posix() for one in base.glob("days/*/US-CA-075.json")]
    for name in files:
        size = (base / name).stat().st_size
        for spot in {1, size // 3, size // 2, size - 3, -1}:
            copy = Path(shutil.copytree(base, to / f"{len(made)}", symlinks=True))
            if spot < 0:
                (copy / name).unlink()
            else:
                data = bytearray((copy / name).read_bytes())
                data[spot] ^= 2
                (copy / name).write_bytes(bytes(data))
            made.append(copy)
    return made


@pytest.mark.slow
def test_every_change_of_a_file_is_found_by_both(node: Says, public_home: Path, tmp_path: Path) -> None:
    """With any file of the number changed in one byte, or gone, both refuse to give the number."""
    key = audit_world.public_key(public_home)
    copies = tampered(public_home, tmp_path)
    good = task(public_home)
    found = node([{**good, "root": str(one)} for one in copies])
    for copy, verdict in zip(copies, found, strict=True):
        try:
            python_counts(copy, key, "US-CA-075", "withheld")
            ours = "held"
        except (LedgerError, standalone.NotVerified):
            ours = "refused"
        theirs = "refused" if "refused" in verdict else "held"
        assert ours == theirs, copy
    refused = {one.get("refused") for one in found}
    assert {"checkpoint", "statements", "files"} <= refused
    held = [copy for copy, one in zip(copies, found, strict=True) if "refused" not in one]
    assert all((copy / "checkpoint").exists() for copy in held)
    assert len(held) < 5, "only bytes of cosignatures, which nobody was asked to check, may change unseen"


def test_witnesses_are_asked_where_a_policy_is_given(node: Says, public_home: Path) -> None:
    """With a policy the count needs its witnesses; with strangers in it there is no number."""
    good = task(public_home)
    policy = audit_world.policy_text(public_home)
    stranger = cosign.verifier_key(from_seed("witness-9.example", b"\x39" * 32))
    other = "\n".join([policy.splitlines()[0], f"witness w {stranger}", "quorum w", ""])
    found = node([{**good, "policy": policy}, {**good, "policy": other}, {**good, "policy": "log\n"}])
    assert "witnesses" in found[0]["told"]
    assert [one.get("refused") for one in found[1:]] == ["witnesses", "policy"]


def test_a_published_figure_is_verified_or_shown_to_be_sealed(node: Says, public_home: Path) -> None:
    """Each figure of the nation holds with its value, or as sealed; as another number none of them holds."""
    public = public_home / "public"
    folder = public / "statistics/2010-11"
    document, _ = check.check({one.name: one.read_bytes() for one in folder.iterdir()})
    told = Ledger(audit_world.material(public_home)).told()
    assert told is not None
    stated = [one.number for one in told.figures.values()]
    lines = [one for one in document["figures"] if one["place"] in ("US", "US-CA-075")]
    both = []
    for one in lines:
        more = {"kind": "export", "jurisdiction": one["place"], "statements": stated}
        asked = task(public_home, one["measure"], one.get("value"), **more)
        both += [asked, {**asked, "value": (one.get("value") or 0) + 1}]
    found = node(both)
    assert [one.get("counted") for one in found[::2]] == [one.get("value") for one in lines]
    assert {one.get("refused") for one in found[1::2]} == {"same"}


def large(to: Path, count: int) -> tuple[dict[str, Any], Path]:
    """A master log of so many statements, one of them a day, with its file; and the task to count it."""
    signer = FileKey("bureau.example/master", from_seed("bureau.example", b"\x07" * 32).private)
    elements = tuple(sorted(leaf_hash(bytes([n])) for n in range(7)))
    sets = {"shared": elements[:3], "withheld": elements[3:], "pending": ()}
    zone = ("2010-11-16T08:00:00.000000Z", "2010-11-17T08:00:00.000000Z")
    day = days.Day("US-CA-075", "2010-11-16", *zone, 0, None, sets, 1)
    at = "2010-12-01T12:00:00.000000Z"
    other = statements.encode(days.channel_stated(days.channel("x", [1]), at))
    entries = [other] * count
    place = count * 2 // 3
    entries[place] = statements.encode(days.stated(day, at))
    tree = Tree([leaf_hash(one) for one in entries])
    files = {one.path: tiles.hashes(tree.node, one) for one in tiles.tiles(count)}
    files |= {b.path: tiles.encode_bundle(entries[b.first : b.first + b.width]) for b in tiles.bundles(count)}
    files["checkpoint"] = checkpoint.sign(signer.name, count, tree.root_at(count), signer).encode()
    files[day.path] = days.encode(day)
    for name, data in files.items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(data)
    key = str(from_seed("bureau.example", b"\x07" * 32).public)
    return {
        "kind": "day", "jurisdiction": "US-CA-075", "month": "2010-11", "figure": "withheld", "value": 4,
        "statements": [place], "root": str(to), "key": key, "policy": None,
    }, to  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 513, 16_900, 65_537 + 256])
def test_a_log_of_any_length_leads_to_its_root(node: Says, tmp_path: Path, count: int) -> None:
    """From one statement to three levels of tiles the day is found; of a long log a part is read."""
    asked, _ = large(tmp_path, count)
    (found,) = node([asked])
    assert found.get("counted") == 4, found
    assert ("partly" if count > 64 * 256 else "complete") in found["told"]
    assert "nowitness" in found["told"]
