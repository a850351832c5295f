# SPDX-License-Identifier: Apache-2.0
"""Public files as they are: every one, byte for byte, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
import web_world
from hypothesis import example, given
from hypothesis import strategies as st
from web_world import TestClient

from sluicegate.web.public import raw


def names(home: Path) -> set[str]:
    """Every file of the public folder."""
    base = home / "public"
    return {one.relative_to(base).as_posix() for one in base.rglob("*") if one.is_file()}


def test_every_public_file_is_served_byte_for_byte(client: TestClient, public_home: Path) -> None:
    """The list names every file of the folder, and each is answered as it lies there."""
    listed = client.get("/public/").text.split()
    assert set(listed) == names(public_home)
    for name in listed:
        answer = client.get(f"/public/{name}")
        assert answer.status_code == 200
        assert answer.content == (public_home / "public" / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        *("../sluicegate.toml", "..%2fsluicegate.toml", "%2e%2e/keys/bureau-ledger.key", "/etc/passwd"),
        *("checkpoint/", "days/..%2fcheckpoint", ".checkpoint.new", "days/2010-11-16/.US-CA-075.json.new"),
        *("days/2010-11-16/", "tile/0/..%2f0/000", "logs/intake/checkpoint", "logs/answers/tile/0/000"),
        *(
            "keys/bureau-ledger.key",
            "keys/history.json/x",
            "statistics/2010-11/openings.json",
            "statistics/2010-11",
        ),
        *("x" * 5000, "checkpoint%00", "releases/letter-1/.hidden.json"),
    ],
)
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    """Names with dots, of private logs, of half written files, of keys or beyond the folder are not found."""
    assert not raw.known(unquote(name))
    assert client.get(f"/public/{name}").status_code == 404


def test_a_file_that_somebody_puts_beside_is_not_served(public_home: Path, tmp_path: Path) -> None:
    """Dotfiles, private logs and links out of the folder are neither listed nor answered."""
    home = Path(shutil.copytree(public_home, tmp_path / "home"))
    public = home / "public"
    (tmp_path / "secret").write_bytes(b"secret")
    (public / ".env").write_bytes(b"secret")
    (public / "logs/intake").mkdir()
    (public / "logs/intake/checkpoint").write_bytes(b"secret")
    (public / "days/2010-11-16/US-CA-001.json").symlink_to(tmp_path / "secret")
    (public / "notes.txt").write_bytes(b"secret")
    with web_world.client_of(web_world.site_of(home)) as visitor:
        listed = visitor.get("/public/").text.split()
        for name in (".env", "logs/intake/checkpoint", "notes.txt"):
            assert name not in listed
            assert visitor.get(f"/public/{name}").status_code == 404
        assert visitor.get("/public/days/2010-11-16/US-CA-001.json").status_code == 404


def test_an_old_tile_is_kept_and_a_summary_is_asked_for_anew(client: TestClient) -> None:
    """Tiles never change and may be kept for ever; the signed summary and all else must be asked for."""
    assert "immutable" in client.get("/public/tile/0/000.p/11").headers["cache-control"]
    assert client.get("/public/checkpoint").headers["cache-control"] == "no-cache"


@given(st.text(st.sampled_from("abz019./-_%\\\n\0xp~"), max_size=40))
@example("days/2010-11-16/..json")
@example("checkpoint\n")
@example("logs/a/tile/0/000.p/257")
def test_no_name_with_a_dot_path_is_known(name: str) -> None:
    """No name that is known has an empty, hidden or upward part."""
    if raw.known(name):
        assert name.strip() == name
        assert all(part and not part.startswith(".") for part in name.split("/"))
