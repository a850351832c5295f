# SPDX-License-Identifier: Apache-2.0
"""The page and the reference of the API say what its OpenAPI document says."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_world import TestClient

from sluicegate.web.catalog import LANGUAGES, own_words
from sluicegate.web.frame import Site
from sluicegate.web.public import api_docs as docs
from sluicegate.web.public.api_operations import MOST, PREFIX, application

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


@pytest.fixture(scope="module")
def operations(site: Site) -> tuple[docs.Operation, ...]:
    """What the document describes."""
    return docs.operations(application(site)[1])


def test_the_page_shows_every_operation_with_parameters_answer_and_example(
    client: TestClient, operations: tuple[docs.Operation, ...]
) -> None:
    """Each operation stands on the page, each parameter in its table, and its example."""
    page = client.get("/api").text
    assert len(re.findall(r"<pre ", page)) == len(operations)
    for one in operations:
        part = page[page.index(f'id="{one.id}"') :].split("</section>")[0]
        assert f"<code>{PREFIX}{one.path}</code>" in part
        assert all(f"<code>{row.name}</code>" in part for row in one.parameters)
        assert f'id="shape-{one.shape}"' in part


def test_examples_are_what_the_api_answers(client: TestClient) -> None:
    """Every example, asked again, gives what the page shows of it, cut as the page says."""
    page = client.get("/api").text
    found = re.findall(
        r'<a href="(/api/v1/[^"]*)"><code>[^<]*</code></a></p>\n<pre[^>]*>(.*?)</pre>', page, re.S
    )
    assert found
    for address, text in found:
        answer = client.get(unescape(address)).json()
        assert json.loads(unescape(text)) == docs.shortened(answer), address


def test_every_link_to_a_shape_leads_somewhere(client: TestClient) -> None:
    """Every shape that a type names is on the page, once, and so is the kind of every problem."""
    page = client.get("/api").text
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert {f"problem-{one}" for one in (400, 404, 405, 422, 500, 503)} <= set(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_and_in_both_languages(client: TestClient, language: str) -> None:
    """The page stays below a hundred thousand bytes, and says why no receipt is taken."""
    answer = client.get(f"/api?lang={language}")
    assert len(answer.content) < 100_000
    assert own_words(language)["api.receipts"] in unescape(answer.text)


def test_every_operation_and_parameter_is_named_in_both_languages(
    operations: tuple[docs.Operation, ...],
) -> None:
    """Each operation has a name and a text, each parameter its words, in English and in Spanish."""
    keys = {f"api.op.{one.id}.{part}" for one in operations for part in ("name", "text")}
    keys |= {f"api.param.{row.name}" for one in operations for row in one.parameters}
    for language in LANGUAGES:
        assert keys <= set(own_words(language))


def test_the_reference_lists_what_is_described(operations: tuple[docs.Operation, ...]) -> None:
    """The table of docs/reference/api.md is the list of operations with their parameters and shapes."""
    words = own_words("en")
    queries = [[f"`{row.name}`" for row in one.parameters if row.where == "query"] for one in operations]
    rows = [
        f"| `{one.path}` | {words[f'api.op.{one.id}.name']} | {', '.join(query) or 'none'} | {one.shape} |"
        for one, query in zip(operations, queries, strict=True)
    ]
    text = REFERENCE.read_text("utf-8")
    assert "\n".join(rows) in text, "write it anew:\n" + "\n".join(rows)
    assert f"{MOST} at most" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_an_example_is_never_longer_than_its_answer(value: object) -> None:
    """Whatever an answer holds, cutting it leaves JSON with lists of one entry at most and short texts."""

    def walk(one: object) -> None:
        assert not isinstance(one, str) or len(one) <= 91
        if isinstance(one, list):
            assert len(one) <= 1
        for inner in one if isinstance(one, list) else one.values() if isinstance(one, dict) else ():
            walk(inner)

    walk(json.loads(json.dumps(docs.shortened(value))))
