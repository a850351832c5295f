# SPDX-License-Identifier: Apache-2.0
"""Desks with two registrars and an account for each, and one account that the list does not know."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import desk_world
from desk_world import DeskWorld
from web_world import TestClient

from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.store.registering import Registry
from sluicegate.web.operator import registrar
from sluicegate.web.operator.roles import Role, Side
from sluicegate.web.operator.table import Page

ALICE: FileKey = from_seed("alice", b"\x11" * 32)
BOB: FileKey = from_seed("bob", b"\x12" * 32)
PAGES = (Page(registrar.routes, Side.BUREAU, "registrar", registrar.ADDRESS, (Role.REGISTRAR,)),)
CHOICE = {
    "id": "N9001",
    "jurisdiction": "US-CA-085",
    "kind": "entry-into-force",
    "mode_asked": "JURISDICTION_FILTER",
    "mode_in_force": "JURISDICTION_FILTER",
    "issuer": "FBI CJIS",
    "issuer_level": "federal",
    "authority": "a letter",
    "legal_basis": "none on record",
    "wording": "V12",
    "valid_from": "2010-11-15",
    "valid_until": "",
    "public_from": "2010-11-15",
    "supersedes": "",
    "source": "",
    "read_in": "letter of 15 November 2010",
    "confidence": "S",
    "note": "",
    "why": "the county asked to stay out",
}
"""A county that takes part is let out from today, the first day of the worlds."""


def registry_of(world: DeskWorld) -> Registry:
    """The registry of the home."""
    assert world.desk.sides is not None
    return world.desk.sides[0].registry


@contextmanager
def opened(folder: Path, origin: str = desk_world.ORIGIN) -> Iterator[DeskWorld]:
    """The desks; `alice` and `bob` are registrars with accounts, `registrar` is an account only."""
    with desk_world.opened(folder, pages=PAGES, populated=False, origin=origin) as world:
        for key in (ALICE, BOB):
            registry_of(world).enroll(key, key.public, "may change the rules")
            people = world.desk.accounts.people
            people.add(key.name, ("registrar",), world.time())
        yield world


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name}"
    return html.unescape(found[1])


def text_of(page: str) -> str:
    """The text that a page shows to be signed."""
    found = re.search(r"<pre class=\"text\"[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found, "no text to sign"
    return html.unescape(found[1])


def signed(text: str, key: FileKey) -> str:
    """A signature as openssl and base64 print it."""
    return base64.b64encode(key.sign(text.encode())).decode()


def post(world: DeskWorld, client: TestClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form; status, and the page or where it leads."""
    answer = client.post(f"/desk/registrar{path}", data={**world.form(client), **fields})
    return answer.status_code, answer.headers.get("location", answer.text)


def propose(world: DeskWorld, **changed: str) -> str:
    """Propose as alice does on the page; the proposal's name."""
    client = world.client("alice")
    status, page = post(world, client, "/new/choice", **{**CHOICE, **changed})
    assert status == 200, page
    signature = signed(text_of(page), ALICE)
    status, to = post(world, client, "/draft", draft=field(page, "draft"), signature=signature)
    assert status == 303, to
    return to.partition("?")[0].rpartition("/")[2]
