# SPDX-License-Identifier: Apache-2.0
"""Templates are given what every page has (`pages.COMMON`) and what their module declares, and nothing else.

THE RULE for a module of pages: it holds one table of its templates and their values, each with what it is,

    TEMPLATES: Mapping[str, Mapping[str, str]] = {
        "public/nation.html": {"rows": "a line for each jurisdiction", "on": "the day shown"},
    }

and gives `pages.show(request, "public/nation.html", {...})` exactly these names, every time. Templates that
are only extended or included belong into `templates/parts/` and need no row. The fixture `site` fails when a
page is given anything else; here the templates themselves are read: what is used is declared, what is
declared is used, and every word that is asked for is in the catalogue, with the same places.
"""

from __future__ import annotations

from string import Formatter

import pytest
from declared import declarations, spoken, templates, used

from sluicegate.web.catalog import own_words

PAGES = sorted(
    one for one in templates().list_templates(["html"]) if not one.startswith("parts/") and one != "base.html"
)


def places(sentence: str) -> set[str]:
    """The named places of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_template_of_a_page_is_declared_and_every_declared_one_is_there() -> None:
    """The tables of the page modules name exactly the templates that there are."""
    assert sorted(declarations()) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_template_uses_exactly_what_its_module_declares(name: str) -> None:
    """No template reaches for a value that nobody declared, and none is handed what it does not use."""
    assert used(name) == set(declarations().get(name, {}))


@pytest.mark.parametrize("name", templates().list_templates(["html"]))
def test_every_word_that_a_template_asks_for_is_in_the_catalogue(name: str) -> None:
    """Each key exists, with one and many where it counts, and its places are the ones that are filled."""
    words = own_words("en")
    for how, key, given, whole in spoken(name):
        if not whole:
            assert any(one.startswith(key) for one in words), f"no word begins with {key}"
            continue
        keys = [key] if how == "t" else [f"{key}.one", f"{key}.many"]
        for one in keys:
            assert one in words, f"there is no word {one}"
            assert places(words[one]) <= {*given, *(["number"] if how == "n" else [])}, one
