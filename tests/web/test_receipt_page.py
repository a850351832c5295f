# SPDX-License-Identifier: Apache-2.0
"""The page that checks a receipt: nothing can be sent to it, and its verifiers are the ones that ship."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
import web_world
from tests.audit import audit_world
from web_world import TestClient

from sluicegate.ledger import verify
from sluicegate.web.catalog import own_words
from sluicegate.web.public import receipt_files

LEDGER = Path(verify.__file__).parent


def test_a_receipt_cannot_be_sent(client: TestClient) -> None:
    """The page has no form, and the address takes nothing but a question for the page."""
    page = client.get("/receipt").text
    assert "<form" not in page
    for method in ("POST", "PUT"):
        assert client.request(method, "/receipt", content=b"Sluicegate receipt v1").status_code == 405


def test_the_keys_are_those_of_the_history_and_come_with_a_warning(
    client: TestClient, public_home: Path
) -> None:
    """Both keys of a bureau that replaced one are filled in, the newest first, and their origin is said."""
    page = client.get("/receipt").text
    history = json.loads((public_home / "public/keys/history.json").read_bytes())
    area = re.search(r'<textarea id="key"[^>]*>(.*?)</textarea>', page, re.S)
    assert area
    ids = [line.split("+")[1] for line in area[1].split()]
    told = list(dict.fromkeys(one["id"] for one in history["statements"]))
    assert len(told) == 2
    assert ids == told[::-1]
    assert f"{told[0]}: until 2010-11-27" in page
    assert "These keys come from this very site" in page


@pytest.mark.parametrize("name", sorted(receipt_files.TYPES))
def test_the_verifiers_are_the_ones_that_ship(client: TestClient, name: str) -> None:
    """Each file is answered as it lies beside the formats, under an address that changes with it."""
    answer = client.get(receipt_files.address(name))
    assert answer.content == (LEDGER / name).read_bytes()
    assert "immutable" in answer.headers["cache-control"]
    kept = "attachment" in answer.headers.get("content-disposition", "")
    assert kept == (name not in receipt_files.RUN_HERE)
    assert client.get(f"/verify/{name}").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["keys.py", "..%2fkeys.py", "", "verify.py/x"])
def test_no_other_file_of_the_program_is_served_there(client: TestClient, name: str) -> None:
    """Only the verifiers are to be had, none of the program beside them."""
    assert client.get(f"/verify/{name}").status_code == 404


def test_the_page_says_the_digest_of_what_it_gives_away(client: TestClient) -> None:
    """Whoever takes a verifier away can compare it with the digest on the page."""
    page = client.get("/receipt").text
    for name in ("verify.py", "verify.html", "verify.js"):
        assert hashlib.sha256((LEDGER / name).read_bytes()).hexdigest() in page


def test_every_step_at_which_a_receipt_can_fail_has_words() -> None:
    """Each step that the verifier names is said in both languages."""
    text = (LEDGER / "verify.js").read_text("utf-8")
    steps = set(re.findall(r'refuse\("([a-z ]+)"', text)) | {"receipt signature"}
    for language in ("en", "es"):
        words = own_words(language)
        assert {one for one in steps if f"receipt.say.steps.{one}" not in words} == set()


def test_every_step_of_a_recount_has_words() -> None:
    """Each step that the recount tells of is said in both languages."""
    text = (LEDGER / "recount.js").read_text("utf-8")
    steps = set(re.findall(r'tell\((?:whole \? )?"([a-z]+)"', text)) | {"partly", "unasked", "nowitness"}
    assert len(steps) > 10
    for language in ("en", "es"):
        assert {one for one in steps if f"numbers.step.{one}" not in own_words(language)} == set()


def test_a_key_of_a_forged_history_is_not_filled_in(public_home: Path, tmp_path: Path) -> None:
    """Where the history does not hold, only the key that this site itself trusts is offered."""
    home = Path(shutil.copytree(public_home, tmp_path / "home"))
    history = home / "public/keys/history.json"
    text = history.read_text("utf-8")
    forged = text.replace("2010-11-15", "2010-11-14", 1)
    assert forged != text
    history.write_text(forged, "utf-8")
    assert receipt_keys(home) == [str(audit_world.public_key(home))]
    history.unlink()
    assert receipt_keys(home) == [str(audit_world.public_key(home))]


def receipt_keys(home: Path) -> list[str]:
    """The keys that the page of a home fills in."""
    with web_world.client_of(web_world.site_of(home)) as visitor:
        area = re.search(r'<textarea id="key"[^>]*>(.*?)</textarea>', visitor.get("/receipt").text, re.S)
    assert area
    return area[1].split()
