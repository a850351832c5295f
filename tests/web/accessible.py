# SPDX-License-Identifier: Apache-2.0
"""Holds a page against WCAG 2.2 AA as far as axe-core can, at desktop and phone, light and dark."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_RUN = """async tags => {
  const only = {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']};
  const found = (await axe.run(document, only)).violations;
  const where = one => one.nodes.map(node => node.target.join(' ')).slice(0, 4).join(', ');
  return found.map(one => one.id + ': ' + where(one));
}"""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Everything axe-core finds wrong with the page as it stands, one line for each rule."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())  # by the debugger's door, which no content policy guards
    found: list[str] = page.evaluate(_RUN, list(TAGS))
    return found


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window; people then scroll sideways to read."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def assert_accessible(page: Page) -> None:
    """No violation and no sideways scrolling, in any of the four."""
    wrong = []
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            wrong += [f"{size}, {scheme}: {one}" for one in violations(page)]
        if (wide := overflow(page)) > 0:
            wrong.append(f"{size}: {wide} pixels too wide")
    assert wrong == []
