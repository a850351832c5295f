# SPDX-License-Identifier: Apache-2.0
"""Numbers: what the page says is what the public files hold, and what does not hold is never shown."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import web_world
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audit import audit_world
from web_world import TestClient

from sluicegate.audit.material import Material
from sluicegate.audit.trees import Tree
from sluicegate.errors import VerifyError
from sluicegate.exchange.papers import log_key
from sluicegate.ledger import checkpoint, tiles
from sluicegate.ledger import statement as statements
from sluicegate.ledger.keys import FileKey, from_seed
from sluicegate.ledger.statement import Statement, StatementKind
from sluicegate.ledger.tiles import Tiled
from sluicegate.ledger.verify import Checkpoint, leaf_hash
from sluicegate.policy.program import Program, load
from sluicegate.statistics.measures import MEASURES
from sluicegate.store.programs import shipped
from sluicegate.web.catalog import own_words
from sluicegate.web.public import numbers_view as view
from sluicegate.web.public.numbers_ledger import Ledger, Said, Told

EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def held(home: Path) -> dict[str, dict[str, int]]:
    """The sums of November 2010 by jurisdiction, read from the files of days themselves."""
    sums: dict[str, dict[str, int]] = {}
    for path in sorted((home / "public/days").glob("2010-11-*/*.json")):
        day = json.loads(path.read_bytes())
        mine = sums.setdefault(day["jurisdiction"], dict.fromkeys(view.FIGURES, 0))
        for name in view.PARTS:
            mine[name] += len(day[name])
            mine["received"] += len(day[name])
        mine["refused"] += day["refused"]
    return sums


@pytest.fixture
def copied(public_home: Path, tmp_path: Path) -> Path:
    """A copy of the home to tamper with."""
    return Path(shutil.copytree(public_home, tmp_path / "home"))


@pytest.fixture
def visitor(copied: Path) -> Iterator[TestClient]:
    """A visitor to the site of the copy."""
    with web_world.client_of(web_world.site_of(copied)) as made:
        yield made


def test_the_file_of_numbers_is_what_the_days_hold(client: TestClient, public_home: Path) -> None:
    """Each row of the CSV file is the sum of the public files of that jurisdiction's days."""
    rows = list(csv.DictReader(io.StringIO(client.get("/numbers.csv").text)))
    told = {
        row["jurisdiction"]: {
            "received": int(row["received"]),
            "shared": int(row["shared_with_partner"]),
            "withheld": int(row["withheld"]),
            "refused": int(row["refused_among_withheld"]),
            "pending": int(row["pending"]),
        }
        for row in rows
    }
    assert told == held(public_home)
    assert told["US-CA-075"]["shared"] == 0
    assert told["US-CA-075"]["withheld"] > 0


def test_the_page_shows_every_number_with_the_way_to_verify_it(client: TestClient, public_home: Path) -> None:
    """Every number of the table is a link to its own verification, and shows the same number."""
    page = client.get("/numbers").text
    for place, counts in held(public_home).items():
        for name, number in counts.items():
            address = f"/numbers/verify?jurisdiction={place}&amp;month=2010-11&amp;figure={name}"
            assert re.search(rf'href="{re.escape(address)}">{number}<', page), (place, name)


def test_what_is_asked_for_and_what_is_in_force_stand_together(client: TestClient) -> None:
    """A jurisdiction that asked to be filtered and is not says both, and that they differ."""
    row = re.search(r"<tr><th[^>]*><a href=\"/places/US-CA-085\">.*?</tr>", client.get("/numbers").text, re.S)
    assert row
    assert "(not as asked)" in row[0]
    assert "nothing is shared" in row[0]
    assert "Takes part in full" in row[0]


def test_a_withheld_figure_is_said_to_be_withheld_and_never_a_number(
    client: TestClient, public_home: Path
) -> None:
    """Each hidden figure of the publication reads “withheld here”; each shown one its value."""
    page = client.get("/numbers").text
    document = json.loads((public_home / "public/statistics/2010-11/statistics.json").read_bytes())
    hidden = [one for one in document["figures"] if "hidden" in one]
    assert hidden
    for one in document["figures"]:
        address = (
            f"/numbers/verify?jurisdiction={one['place']}&amp;month=2010-11&amp;measure={one['measure']}"
        )
        shown = re.search(rf'href="{re.escape(address)}">(.*?)<span', page)
        assert shown, address
        expected = (
            "withheld here" if "hidden" in one else "\u2013" if one["value"] is None else str(one["value"])
        )
        assert shown[1].removesuffix(" s") == expected
    assert f"fewer than {document['threshold']}" in page


def test_the_data_names_the_ledger_that_it_was_read_from(client: TestClient, public_home: Path) -> None:
    """The JSON has the root, the statements of every row, and the publication as it stands in the file."""
    found = client.get("/numbers.json?jurisdiction=US-CA-075").json()
    note = (public_home / "public/checkpoint").read_text("utf-8")
    assert found["ledger"]["size"] == int(note.splitlines()[1])
    assert [one["jurisdiction"] for one in found["months"]] == ["US-CA-075"]
    assert len(found["months"][0]["statements"]) == found["months"][0]["days"]
    document = json.loads((public_home / "public/statistics/2010-11/statistics.json").read_bytes())
    assert [one["document"] for one in found["published"]] == [document]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2010-13", 400),
        ("from=<b>", 400),
        ("from=2010-12&to=2010-11", 400),
        ("jurisdiction=US-ZZ-000", 404),
        ("jurisdiction=%3Cscript%3E", 404),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(client: TestClient, query: str, status: int) -> None:
    """A malformed month or an unknown jurisdiction is answered in words, and nothing of it comes back."""
    for path in ("/numbers", "/numbers.csv", "/numbers.json"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == status
        assert "<b>" not in answer.text
        assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "query",
    ["", "jurisdiction=US-CA-075&month=2010-11", "jurisdiction=US-CA-075&month=2010-11&figure=matched",
     "jurisdiction=US-CA-075&month=2010-11&measure=matched", "jurisdiction=US-CA-075&month=x&figure=shared",
     "month=2010-11&figure=shared", "jurisdiction=US-CA-075&month=2010-10&measure=copied"],
)  # fmt: skip
def test_a_number_that_is_not_told_cannot_be_verified(client: TestClient, query: str) -> None:
    """Where there is no such figure there is no page: above all none of an answer for one place."""
    assert client.get(f"/numbers/verify?{query}").status_code == 404


def test_one_number_is_explained_without_scripts(client: TestClient) -> None:
    """The page of a number says what it counts, its files, the way by hand, and what it does not prove."""
    page = client.get("/numbers/verify?jurisdiction=US-CA-075&month=2010-11&figure=withheld").text
    assert "San Francisco County" in page
    assert "gate G1" in page
    files = re.findall(r'href="/public/(days/[^"]+)"', page)
    assert files
    assert all(client.get(f"/public/{one}").status_code == 200 for one in files)
    assert "sluicegate audit run ./public --key bureau.pub" in page
    assert "What this does not prove" in page
    assert "proves less" in page


@pytest.mark.parametrize("name", ["tile/entries/000.p", "tile/0/000.p", "checkpoint"])
def test_no_number_is_shown_from_files_that_do_not_hold(visitor: TestClient, copied: Path, name: str) -> None:
    """With one byte of the ledger changed the page says so in place of any number."""
    path = copied / "public" / name
    path = max(path.iterdir(), key=lambda one: int(one.name)) if path.is_dir() else path
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    answer = visitor.get("/numbers")
    assert answer.status_code == 503
    assert "The public ledger does not hold" in answer.text
    assert "/numbers/verify" not in answer.text
    assert visitor.get("/numbers.csv").status_code == 503


def test_an_export_that_was_changed_is_not_shown(visitor: TestClient, copied: Path) -> None:
    """Figures whose files are not what was stated are counted as strange and left out."""
    path = copied / "public/statistics/2010-11/statistics.json"
    path.write_bytes(path.read_bytes().replace(b'"value":9', b'"value":8', 1))
    page = visitor.get("/numbers").text
    assert "1 folder(s) of figures" in page
    assert "Published figures" not in page


def test_before_anything_is_published_the_page_says_so(visitor: TestClient, copied: Path) -> None:
    """Without a public ledger the page is there, says that nothing is published, and data is not found."""
    (copied / "public/checkpoint").unlink()
    answer = visitor.get("/numbers")
    assert answer.status_code == 200
    assert "Nothing is published yet" in answer.text
    assert visitor.get("/numbers.json").status_code == 404


def test_a_ledger_that_shrinks_is_refused(copied: Path) -> None:
    """An older summary, though truly signed, is not taken after a newer one."""
    material = audit_world.material(copied)
    ledger = Ledger(material)
    told = ledger.told()
    assert told is not None
    older = Tiled(material.read, told.checkpoint).root_at(11)
    signer = log_key(audit_world.signer(copied), "master")
    path = copied / "public/checkpoint"
    path.write_text(checkpoint.sign(told.checkpoint.origin, 11, older, signer), "utf-8")
    with pytest.raises(VerifyError, match="does not extend"):
        ledger.told()


def test_a_page_reads_a_ledger_once_until_it_grows(copied: Path) -> None:
    """Asked again under the same summary the ledger reads no tile again."""
    material = audit_world.material(copied)
    asked: list[str] = []

    def read(name: str) -> bytes | None:
        asked.append(name)
        return material.read(name)

    ledger = Ledger(type(material)(material.side, material.key, read, material.names))
    first = ledger.told()
    assert any(name.startswith("tile/") for name in asked)
    asked.clear()
    assert ledger.told() is first
    assert asked == ["checkpoint"]


@cache
def program() -> Program:
    """The program as it ships."""
    return load(shipped("secure-communities"))


def stated(place: str, day: str, sizes: tuple[int, int, int], number: int) -> Said:
    """A day's statement; its roots do not matter here."""
    parts = {name: {"size": size, "root": EMPTY} for name, size in zip(view.PARTS, sizes, strict=True)}
    told = {"jurisdiction": place, "day": day, "refused": 0, **parts}
    return Said(number, Statement("2010-12-01T00:00:00.000000Z", StatementKind.DAY, dict(told)))


_SIZES = st.tuples(*[st.integers(0, 10**6)] * 3)
_DAYS = st.dictionaries(
    st.tuples(
        st.sampled_from(["US-CA-075", "US-VA-013", "unplaced"]),
        st.dates(date(2008, 1, 1), date(2014, 12, 31)),
    ),
    _SIZES,
    max_size=12,
)


@settings(deadline=None)
@given(_DAYS)
def test_no_drawing_leaves_its_panel_and_no_booking_is_lost(
    days: dict[tuple[str, date], tuple[int, int, int]],
) -> None:
    """Bars stay within their panel, and the sums of rows and panels are those of the days."""
    said = {
        (place, str(day)): stated(place, str(day), sizes, n)
        for n, ((place, day), sizes) in enumerate(days.items())
    }
    told = Told(Checkpoint("x", 0, b""), "", said, {})
    months = view.months_of(told, ())
    asked = view.Asked("", months[0], months[-1]) if months else view.Asked("", "2010-01", "2010-01")
    total = sum(sum(sizes) for sizes in days.values())
    assert sum(row.counts["received"] for row in view.rows(told, asked, program())) == total
    drawn = view.drawing(told, asked, program())
    assert (drawn is None) == (not days)
    for panel in drawn.panels if drawn else ():
        for bar in panel.bars:
            assert all(x >= 0 and x + w <= view.WIDTH + 1.5 for _, x, _, w, _ in bar.parts)
            assert all(y >= -0.1 and y + h <= view.HEIGHT + 0.2 for _, _, y, _, h in bar.parts)
    if drawn:
        assert sum(panel.counts["received"] for panel in drawn.panels) == total


def published(said: list[Statement]) -> dict[str, bytes]:
    """A master log of these statements as public files."""
    signer = from_seed("bureau.example", b"\x07" * 32)
    entries = [statements.encode(one) for one in said]
    tree = Tree([leaf_hash(one) for one in entries])
    files = {
        one.path: tiles.encode_bundle(entries[one.first : one.first + one.width])
        for one in tiles.bundles(len(entries))
    }
    files |= {one.path: tiles.hashes(tree.node, one) for one in tiles.tiles(len(entries))}
    named = FileKey("bureau.example/master", signer.private)
    note = checkpoint.sign(named.name, len(entries), tree.root_at(len(entries)), named)
    return files | {"checkpoint": note.encode()}


def test_a_long_ledger_is_read_on_from_where_it_ended() -> None:
    """A log of several bundles that grows tells every day, and no full bundle is read a second time."""
    first = date(2009, 1, 1).toordinal()
    said = [
        stated("US-CA-075", date.fromordinal(first + n).isoformat(), (n, 1, 0), n).statement
        for n in range(700)
    ]
    files: dict[str, bytes] = published(said[:300])
    asked: list[str] = []

    def read(name: str) -> bytes | None:
        asked.append(name)
        return files.get(name)

    ledger = Ledger(Material("bureau", from_seed("bureau.example", b"\x07" * 32).public, read, lambda _: ()))
    told = ledger.told()
    assert told is not None
    assert [one.number for one in told.days.values()] == list(range(300))
    asked.clear()
    files |= published(said)
    told = ledger.told()
    assert told is not None
    assert [one.number for one in told.days.values()] == list(range(700))
    assert "tile/entries/000" not in asked
    assert "tile/entries/001" in asked


def test_the_page_defines_a_figure_as_the_publication_does() -> None:
    """The English definition of every figure is word for word that of the table that counts it."""
    words = own_words("en")
    for one in MEASURES:
        assert words[f"numbers.counts.{one.id}"] == one.counts
        assert words[f"numbers.leaves.{one.id}"] == one.leaves_out
