# SPDX-License-Identifier: Apache-2.0
"""How a page is made: a template, its own values, and what every page has; nothing else reaches a template.

`Pages.show` is the one way from values to HTML. Values are escaped, unknown names are errors, and the values
that every page has are listed in `COMMON`, which a test holds against what templates are given.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sluicegate.web import assets
from sluicegate.web.catalog import LANGUAGES, Catalog, catalog, chosen

LANGUAGE_COOKIE = "language"
_YEAR_S = 365 * 24 * 3600
COMMON: Mapping[str, str] = {
    "t": "words of the page's language: t('key', place=value), escaped by the template",
    "n": "words for a number: n('key', number)",
    "language": "code of the page's language",
    "languages": "every language, code to name",
    "other_language": "address of the same page in another language, by code",
    "here": "path of the page, without its query",
    "permalink": "path and query of the page",
    "section": "which entry of the menu the page belongs to",
    "asset": "address of a file of the site by its name",
    "drill": "what a visitor must know where the exchange is a drill, or empty",
    "person": "who is signed in, or None",
    "csrf": "token that a form of a signed-in person carries, or empty",
}
"""What every template may use, and what it is."""


class Clock(Protocol):
    """Tells the time, always in UTC."""

    def __call__(self) -> datetime: ...


class Person(Protocol):
    """Who is signed in, as a page shows them."""

    @property
    def name(self) -> str: ...

    @property
    def roles(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes pages from templates. `drill` is shown on every page where the exchange is not the real one."""

    environment: jinja2.Environment
    drill: str = ""

    def show(
        self,
        request: Request,
        template: str,
        values: Mapping[str, object],
        *,
        section: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page.

        Args:
            request: what is answered; its language is that of the page.
            template: name below `templates/`.
            values: what this template is given, besides `COMMON`.
            section: entry of the menu.
            status: HTTP status.
            headers: further headers; `Cache-Control` is no-store unless given.
        """
        words = words_of(request)
        common = {**self._common(request, words, section), **values}
        body = self.environment.get_template(template).render(common)
        sent = {"Cache-Control": "no-store", "Content-Language": words.language, **(headers or {})}
        answer = HTMLResponse(body, status, headers=sent)
        _remember(request, answer)
        return answer

    def _common(self, request: Request, words: Catalog, section: str) -> dict[str, object]:
        query = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
        path = request.url.path
        return {
            "t": words.text,
            "n": words.count,
            "language": words.language,
            "languages": LANGUAGES,
            "other_language": {code: f"{path}?{urlencode([*query, ('lang', code)])}" for code in LANGUAGES},
            "here": path,
            "permalink": f"{path}?{urlencode(query)}" if query else path,
            "section": section,
            "asset": assets.address,
            "drill": self.drill,
            "person": getattr(request.state, "person", None),
            "csrf": getattr(request.state, "csrf", ""),
        }


def _remember(request: Request, answer: Response) -> None:
    """Keep the language that an address asks for, so that the next link is in it too."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES and asked != request.cookies.get(LANGUAGE_COOKIE):
        answer.set_cookie(LANGUAGE_COOKIE, asked, _YEAR_S, httponly=True, samesite="lax")
        answer.headers["Cache-Control"] = "no-store"


def words_of(request: Request) -> Catalog:
    """The words of a request's language: its address, then its cookie, then what its browser accepts."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return catalog(chosen(asked, request.headers.get("accept-language", "")))


def environment() -> jinja2.Environment:
    """Templates of the package: everything escaped, an unknown name an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("sluicegate.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["thousands"] = lambda number: f"{number:,}"
    made.filters["json"] = embedded
    return made


def embedded(value: object) -> Markup:
    """JSON for `<script type="application/json">`: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> Response:
    """A CSV file (RFC 4180). A cell that a spreadsheet would run as a formula gets a quote before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return "" if value is None else value
