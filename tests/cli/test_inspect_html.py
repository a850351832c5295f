# SPDX-License-Identifier: Apache-2.0
"""The report of `inspect --html`: it stands alone, runs nothing, and shows nothing received as it came."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cli_world import FULL, draft, run
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL.PngImagePlugin import PngImageFile

from sluicegate.cli.images import thumbnail
from sluicegate.cli.inspect_document import Summary
from sluicegate.cli.inspect_look import Look
from sluicegate.cli.inspect_words import words_of
from sluicegate.cli.report_html import Report
from sluicegate.itl.model import Reading, Severity
from sluicegate.itl.reader import read
from sluicegate.itl.writer import FingerDraft, HeaderDraft, TaggedDraft, build

SCRIPT, MARKS = "<script>alert('x')</script>", "\u202eEOD\u200f"
HEADER = HeaderDraft(
    tot="CAR", dat="20101115", dai=SCRIPT, ori='"><img src=x>', tcn="T&amp;</title>", utf8=True
)


def hostile() -> bytes:
    """A transaction whose text is markup, marks that turn the direction of writing, and control codes."""
    text = TaggedDraft(2, 0, [(18, f"{SCRIPT}{MARKS}"), (47, [["20101114", "]]>&#0;<!--"]])])
    return build(HEADER, [text, FingerDraft(1, 0, (1,), 1, 16, 12, 0, bytes(192))])


def parsed(page: str) -> etree._Element:
    """The page as the well-formed XML that it is too."""
    return etree.fromstring(page.encode("ascii"), etree.XMLParser(resolve_entities=False, no_network=True))


def check(page: str) -> etree._Element:
    """What holds for every report: nothing from outside, nothing that runs, every link leads somewhere."""
    root = parsed(page)
    assert not set(page) - set("\n") - {chr(n) for n in range(0x20, 0x7F)}
    assert "http:" not in page
    assert "https:" not in page
    names = {one.tag for one in root.iter() if isinstance(one.tag, str)}
    assert not names & {"script", "iframe", "link", "object", "embed", "form", "base", "svg"}
    attributes = [(name, value) for one in root.iter() for name, value in one.attrib.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]
    assert all(value.startswith("data:image/png;base64,") for name, value in attributes if name == "src")
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for name, value in attributes if name == "href"} <= {f"#{one}" for one in ids}
    return root


def report(reading: Reading, *, personal: bool, path: Path = Path("card.an2")) -> str:
    """The page of one reading, without pixels."""
    seen = Look(path, 100, 0.0, "ebts", reading.transaction, reading.defects, ())
    made, summary = Report(), Summary()
    summary.add(seen)
    made.add(seen, words_of(reading.transaction, seen.tot, personal=personal), [])
    return made.page(summary)


@pytest.mark.slow
def test_a_report_stands_alone_and_shows_every_print(tmp_path: Path) -> None:
    """Ten fingers are ten pictures in the page, each with words for who cannot see it."""
    path, out = tmp_path / "card.an2", tmp_path / "report.html"
    path.write_bytes(draft(1, FULL, "TCN-CARD-0001"))
    assert run("inspect", path, "--html", out).code == 0
    root = check(out.read_text("ascii"))
    pictures = root.findall(".//img")
    assert [one.get("alt") for one in pictures][:2] == ["Right thumb", "Right index"]
    assert len(pictures) == 10
    first = base64.b64decode(pictures[0].get("src").partition(",")[2])
    assert PngImageFile(io.BytesIO(first)).size == (24, 24)
    assert out.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_what_was_received_is_text_and_nothing_else(tmp_path: Path) -> None:
    """Markup, direction marks and quotation marks in fields and file names are shown escaped."""
    path, out = tmp_path / "<b>'&amp;.an2", tmp_path / "report.html"
    path.write_bytes(hostile())
    assert run("inspect", path, "--html", out, "--personal").code == 3
    page = out.read_text("ascii")
    told = "".join(check(page).itertext())
    assert SCRIPT in told
    assert "\\u202eEOD\\u200f" in told
    assert "<script" not in page
    assert "]]>" not in page.partition("</style>")[2]


@pytest.mark.slow
def test_a_report_keeps_the_person_out_unless_asked(tmp_path: Path) -> None:
    """Without --personal no text of the person is in the page, and the page says so."""
    path, out = tmp_path / "bad.an2", tmp_path / "report.html"
    path.write_bytes(hostile())
    run("inspect", path, "--html", out)
    page = out.read_text("ascii")
    assert "EOD" not in page
    assert "What a file says about the person is left out." in page


@pytest.mark.slow
def test_many_files_are_one_report_with_a_way_to_each(tmp_path: Path) -> None:
    """Every file has a row that leads to its section, and an image that is refused says why."""
    folder, out = tmp_path / "in", tmp_path / "report.html"
    folder.mkdir()
    (folder / "a.an2").write_bytes(draft(1, FULL, "TCN-CARD-0001"))
    lie = FingerDraft(1, 0, (1,), 1, 16, 12, 1, b"not a WSQ image")
    (folder / "b.an2").write_bytes(build(HEADER, [TaggedDraft(2, 0, [(18, "X")]), lie]))
    (folder / "c.an2").write_bytes(b"nothing")
    assert run("inspect", folder, "--html", out).code == 3
    root = check(out.read_text("ascii"))
    assert len(root.findall(".//article")) == 3
    assert [one.get("href") for one in root.find(".//table").iter("a")] == ["#f0", "#f1", "#f2"]
    refused = ["".join(one.itertext()) for one in root.iter("div") if one.get("class") == "frame none"]
    assert refused == ["The image data is not WSQ, as its record says."]


def test_a_defect_leads_to_the_field_it_is_about() -> None:
    """The place of a defect is a link to the row of its field, which says that it is flawed."""
    data = hostile().replace(b"1.002:0400", b"1.002:9999")
    root = check(report(read(data), personal=False))
    links = [one for one in root.iter("a") if (one.text or "").startswith("Type-1 1.002")]
    row = root.find(f".//tr[@id='{links[0].get('href')[1:]}']")
    assert row.get("class") == "flawed"
    assert "1.002 VER ERROR" in "".join(row.itertext())


def test_the_page_forbids_itself_everything_but_its_own_style() -> None:
    """The policy names the digest of the one style sheet, and lets nothing be fetched or run."""
    page = report(read(hostile()), personal=False)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].split("; ")[:3] == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
    ]
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_tables_and_headings_can_be_walked_without_seeing_them() -> None:
    """Every table has a caption and heads with a scope, headings do not skip a level, one is the first."""
    root = check(report(read(hostile()), personal=False))
    for one in root.iter("table"):
        assert one.find("caption").text
        assert all(head.get("scope") == "col" for head in one.iter("th"))
    levels = [int(one.tag[1]) for one in root.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert root.get("lang") == "en"
    assert root.find(".//main").get("id") == "main"


@given(st.binary(max_size=200), st.text(max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_bytes_whatever_break_the_page(tail: bytes, name: str, personal: bool) -> None:
    """Whatever a file holds and is called, its report is well-formed, ASCII, and fetches nothing."""
    data = hostile()
    spoiled = data[:40] + tail + data[40:]
    for reading in (read(spoiled), read(tail), read(data + tail)):
        check(report(reading, personal=personal, path=Path(name.replace("\0", "") or "x")))


def test_a_picture_is_made_small_and_never_larger() -> None:
    """A thumbnail fits its square, keeps its shape, and a tiny image stays as it is."""
    for shape, size in (((1000, 500), (150, 300)), ((7, 9), (9, 7)), ((1, 4000), (300, 1))):
        made = thumbnail(np.zeros(shape, np.uint8), 300)
        assert PngImageFile(io.BytesIO(made)).size == size


def test_the_worst_severity_of_a_record_is_told_at_its_head() -> None:
    """A record that holds a flawed field says so where it is folded."""
    reading = read(hostile())
    worst = replace(read(hostile().replace(b"1.002:0400", b"1.002:9999")).defects[0], severity=Severity.ERROR)
    page = report(Reading(reading.transaction, (worst,)), personal=False)
    summary = check(page).find(".//details/summary")
    assert "ERROR" in "".join(summary.itertext())


@pytest.mark.slow
def test_a_report_is_never_written_over_a_file(tmp_path: Path) -> None:
    """A name that is taken is refused before anything is looked at."""
    path, out = tmp_path / "card.an2", tmp_path / "report.html"
    path.write_bytes(draft(1, FULL, "TCN-CARD-0001"))
    out.write_text("mine")
    ran = run("inspect", path, "--html", out)
    assert (ran.code, ran.out, out.read_text()) == (2, "", "mine")
