# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there: tests, words of the glossary, and the pages that links lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from reference_text import DOCS

from sluicegate.web.public import how

ROOT = DOCS.parent
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]
NAMES = [str(one.relative_to(ROOT)) for one in PAGES]
PROMISES = (DOCS / "explanation" / "promises.md").read_text("utf-8")
_TEST = re.compile(r"`(?:tests/)?(?P<file>(?:[a-z_]+/)+test_[a-z0-9_]+\.py)(?:::(?P<name>test_\w+))?`")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<to>[^)#\s]+)(?:#[^)]*)?\)")
_ROW = re.compile(r"^\| (?P<words>[A-Z][^|]+) \| [^|]+ \| [^|]*\|$", re.MULTILINE)


def missing(page: str) -> list[str]:
    """Tests that a page names and that are not there."""
    return [found[0] for found in _TEST.finditer(page) if not _is_there(found["file"], found["name"])]


def _is_there(file: str, name: str | None) -> bool:
    path = ROOT / "tests" / file
    return path.is_file() and (name is None or f"def {name}(" in _text(path))


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def _sources() -> str:
    kinds = ("*.py", "*.toml", "*.sql")
    found = [path for kind in kinds for path in sorted((ROOT / "src" / "sluicegate").rglob(kind))]
    return "\n".join(_text(path) for path in found).lower()


def _bound() -> Iterator[str]:
    """Every word on the left of a table of words, one by one, without what stands in brackets."""
    for section in re.split(r"^## ", (DOCS / "glossary.md").read_text("utf-8"), flags=re.MULTILINE):
        if section.startswith("Words of "):
            for row in _ROW.finditer(section):
                yield from (re.sub(r" \(.*\)", "", one.strip()) for one in row["words"].split(","))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    """Whoever looks for the test that is said to show something finds it under that name."""
    assert missing(page.read_text("utf-8")) == []


def test_a_test_that_does_not_exist_is_caught() -> None:
    """The check above sees a file that is not there and a name that its file does not have."""
    wrong = ["`docs/test_nothing.py`", "`tests/docs/test_named.py::test_nothing`"]
    right = ["`docs/test_named.py`", "`docs/test_named.py::test_a_test_that_does_not_exist_is_caught`"]
    assert missing(" ".join([*wrong, *right])) == wrong


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    """A page that another one points to is there."""
    to = [found["to"] for found in _LINK.finditer(page.read_text("utf-8"))]
    assert [one for one in to if not (page.parent / one).exists()] == []


@pytest.mark.parametrize("name", how.PROMISES)
def test_the_site_names_the_tests_of_a_promise_and_no_others(name: str) -> None:
    """What shows a promise is the same list on the public page and in the explanation."""
    section = PROMISES.split(f"## `{name}`")[1].split("\n## ")[0]
    assert {found["file"] for found in _TEST.finditer(section)} == set(how.PROMISES[name])


def test_the_code_uses_the_words_that_the_glossary_binds() -> None:
    """No word is bound that the program does not know."""
    words = list(_bound())
    assert len(words) > 60
    assert [one for one in words if not re.search(rf"\b{re.escape(one.lower())}", _sources())] == []
