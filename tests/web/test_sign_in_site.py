# SPDX-License-Identifier: Apache-2.0
"""The site as it is opened beside an exchange: its address, its desks, and whom it is open to."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from scenes import Town, scratch
from sluicegate.cli.site import checked_origin, opened_site
from sluicegate.errors import SettingsError
from sluicegate.settings import load

EVERYWHERE = "0.0.0.0"  # noqa: S104 refused is what is tested


@pytest.mark.parametrize(
    "given",
    [{"web_host": EVERYWHERE}, {"web_host": "192.0.2.1"}, {"web_host": "::"}, {"web_origin": "http://a.example"},
     {"web_origin": "https://a.example/site"}, {"web_origin": "a.example"}],
)  # fmt: skip
def test_the_site_is_not_open_to_other_machines_without_tls(tmp_path: Path, given: dict[str, str]) -> None:
    """An address that others reach, without the address of a proxy that does TLS, stops the site."""
    with pytest.raises(SettingsError):
        checked_origin(load(tmp_path, **given), 8080)


def test_the_address_is_a_name_that_passkeys_are_made_for(tmp_path: Path) -> None:
    """On loopback the site is localhost, and behind a proxy what the setting says."""
    assert checked_origin(load(tmp_path), 81) == "http://localhost:81"
    behind = load(tmp_path, web_host=EVERYWHERE, web_origin="https://a.example/")
    assert checked_origin(behind, 81) == "https://a.example"


@pytest.mark.slow
def test_the_site_of_a_home_answers_with_its_desks(tmp_path: Path) -> None:
    """Beside an exchange the way in is served over a real socket; nobody is let in without signing in."""
    with scratch() as folder:
        town = Town(folder / "home")
        with (
            opened_site(town.exchange, port=0, serving=True) as origin,
            httpx.Client(trust_env=False) as client,
        ):
            assert client.get(f"{origin}/desk/sign-in").status_code == 200
            assert client.get(f"{origin}/desk/").status_code == 303
            assert client.get(f"{origin}/desk/oidc").status_code == 404
        town.close()


def test_every_test_that_the_table_of_controls_names_is_there() -> None:
    """No row of the CJIS table points to a test that does not exist, and every row points to one."""
    tests = Path(__file__).parents[1]
    page = (tests.parent / "docs" / "reference" / "cjis.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| control")]
    assert len(rows) >= 15
    for row in rows:
        named = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, name in named:
            assert f"def {name}(" in (tests / file).read_text("utf-8"), f"{file}::{name}"
