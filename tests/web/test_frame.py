# SPDX-License-Identifier: Apache-2.0
"""What every page of the site carries, whatever is on it: headers, hosts, files, languages."""

from __future__ import annotations

from importlib.resources import files
from string import Formatter

import pytest
from web_world import TestClient, client_of, site_of

from sluicegate.web import assets
from sluicegate.web.catalog import LANGUAGES, catalog, chosen, own_words
from sluicegate.web.guard import HEADERS
from sluicegate.web.operator.table import DESK
from sluicegate.web.pages import as_csv, embedded

FOLDER = files("sluicegate.web").joinpath("catalog")
OF_DESKS = {"desk", *(page.name for page in DESK)}
"""Catalogues of operator pages, each by the name of its page; their first table has that name too."""


def names(language: str) -> set[str]:
    """Files of words that the public reads; those of operator pages are in English only."""
    found = {one.name for one in FOLDER.joinpath(language).iterdir() if one.name.endswith(".toml")}
    return {one for one in found if one.removesuffix(".toml") not in OF_DESKS}


def places(sentence: str) -> list[str]:
    """The named places of a sentence, sorted."""
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name)


@pytest.mark.parametrize("path", ["/", "/no-such-page", "/static/site.css", "/static/none"])
def test_every_answer_carries_every_header(client: TestClient, path: str) -> None:
    """Pages, files and troubles alike forbid inline code, framing, sniffing and every other origin."""
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_request_for_another_host_is_refused(client: TestClient) -> None:
    """A name that somebody points here gets no page, so that no page can be read through it."""
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        assert client.get("/", headers={"host": host}).status_code == 421
    assert client.get("/", headers={"host": "[::1]:8080"}).status_code == 200


def test_an_unknown_address_is_answered_in_words(client: TestClient) -> None:
    """A page that is not there says so, and what to do next, without repeating the address."""
    answer = client.get("/no-such-page-<b>")
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert "no-such-page-<b>" not in answer.text


def test_files_are_kept_for_ever_under_the_name_of_their_content(client: TestClient) -> None:
    """A file asked for by its digest may be kept for ever, under any other name for minutes."""
    named = client.get(assets.address("site.css"))
    assert "immutable" in named.headers["cache-control"]
    assert "immutable" not in client.get("/static/site.css?v=0").headers["cache-control"]
    again = client.get("/static/site.css", headers={"if-none-match": named.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_file_outside_the_list_is_served(client: TestClient) -> None:
    """An address names a file of the list or nothing: no way leads out of the folder."""
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/"):
        assert client.get(path).status_code == 404


def test_public_words_are_in_both_languages() -> None:
    """Every file of words that the public reads is there in Spanish, key by key, with the same places."""
    for language in LANGUAGES:
        assert names(language) == names("en")
    english, spanish = own_words("en"), own_words("es")
    public = {key for key in english if key.split(".")[0] not in OF_DESKS}
    assert set(spanish) == public
    assert {key: places(spanish[key]) for key in public} == {key: places(english[key]) for key in public}


def test_the_language_of_a_page_is_chosen_by_address_then_cookie_then_browser(client: TestClient) -> None:
    """Who asks for Spanish gets it, and whoever wants nothing that we have gets English."""
    spanish = {"accept-language": "es-MX,es;q=0.9,en;q=0.5"}
    assert '<html lang="es">' in client.get("/", headers=spanish).text
    assert '<html lang="en">' in client.get("/?lang=en", headers=spanish).text
    assert '<html lang="en">' in client.get("/", headers={"accept-language": "fr"}).text
    assert chosen("xx", "de;q=nonsense, es;q=0") == "en"


def test_a_page_links_to_itself_in_the_other_language(client: TestClient) -> None:
    """The way to the other language keeps what the page was asked for."""
    assert 'href="/?q=1&amp;lang=es"' in client.get("/?q=1&lang=en").text


def test_a_drill_says_so_on_every_page(client: TestClient, site: object, public_home: object) -> None:
    """Where nothing is real, every page says that before anything else."""
    drilled = client_of(site_of(public_home, drill="A drill: nothing here is real."))  # type: ignore[arg-type]
    assert "A drill: nothing here is real." in drilled.get("/no-such-page").text
    assert "A drill" not in client.get("/").text


def test_what_is_embedded_cannot_end_its_element() -> None:
    """JSON in a page holds no character that HTML could take for its own."""
    assert not set("<>&") & set(embedded({"a": "</script><!--&"}))


def test_a_cell_that_a_spreadsheet_would_run_is_text() -> None:
    """In a CSV file nothing begins as a formula does."""
    lines = bytes(as_csv(["a"], [["=1+1"], ["@x"], ["plain"]], "x").body).decode().splitlines()
    assert lines == ["a", "'=1+1", "'@x", "plain"]


def test_numbers_have_one_and_many() -> None:
    """A count is said with its separators, and one is not many."""
    words = catalog("en")
    assert words.language == "en"
    assert catalog("xx") is words


def test_a_chosen_language_stays(client: TestClient) -> None:
    """Once an address has asked for a language, the next page is in it without being asked again."""
    first = client.get("/words?lang=es")
    assert first.headers["cache-control"] == "no-store"
    assert 'lang="es"' in client.get("/words").text
    assert 'lang="en"' in client.get("/words?lang=en").text
    assert "set-cookie" not in client.get("/words?lang=xx").headers
