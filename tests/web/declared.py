# SPDX-License-Identifier: Apache-2.0
"""What page modules declare that their templates are given, and what templates use, read from source."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2
from jinja2 import meta, nodes
from starlette.requests import Request
from starlette.responses import Response

from sluicegate.web import operator, public
from sluicegate.web.pages import COMMON, Pages, environment

OF_THE_FRAME: Mapping[str, Mapping[str, str]] = {"trouble.html": {"trouble": "which trouble it is"}}
"""What the frame itself shows."""


@cache
def declarations() -> Mapping[str, Mapping[str, str]]:
    """Every page's template with the values that its module declares for it."""
    found: dict[str, Mapping[str, str]] = dict(OF_THE_FRAME)
    for package in (public, operator):
        for one in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            held = getattr(importlib.import_module(one.name), "TEMPLATES", {})
            assert not set(held) & set(found), f"{one.name} declares a template of another module again"
            found |= held
    return found


@cache
def templates() -> jinja2.Environment:
    """The templates of the site."""
    return environment()


@cache
def tree(name: str) -> nodes.Template:
    """A template, parsed."""
    loader = templates().loader
    assert loader is not None
    return templates().parse(loader.get_source(templates(), name)[0])


def _made(name: str) -> Iterator[str]:
    """Names that a template sets, imports or defines itself."""
    yield from (one.name for one in tree(name).find_all(nodes.Macro))
    for one in tree(name).find_all((nodes.Assign, nodes.AssignBlock, nodes.With, nodes.Import)):
        fields = [getattr(one, field, None) for field in ("target", "targets")]
        for field in fields:
            parts = field if isinstance(field, list) else [field]
            yield from (str(getattr(part, "name", part)) for part in parts if part)
    for one in tree(name).find_all(nodes.FromImport):
        yield from (part[-1] if isinstance(part, tuple) else part for part in one.names)


def taken(name: str) -> set[str]:
    """Names that a template, or what it extends or includes, takes from outside.

    What is included sees also what the including template sets itself.
    """
    own = {one.name for one in tree(name).find_all(nodes.Name) if one.ctx != "load"}
    found = meta.find_undeclared_variables(tree(name)) - set(_made(name))
    for one in tree(name).find_all((nodes.Extends, nodes.Include)):
        target = one.template  # type: ignore[attr-defined]
        if isinstance(target, nodes.Const):
            found |= taken(str(target.value)) - own
    return found


def used(name: str) -> set[str]:
    """Names that a page's template takes from outside, but for `COMMON`."""
    return taken(name) - set(COMMON) - set(templates().globals)


def spoken(name: str) -> Iterator[tuple[str, str, Sequence[str], bool]]:
    """Words that a template asks for: t or n, the key (or how it begins), the places, whether it is whole."""
    for call in tree(name).find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in {"t", "n"} or not call.args:
            continue
        places = [one.key for one in call.kwargs]
        first = call.args[0]
        if isinstance(first, nodes.Const):
            yield call.node.name, str(first.value), places, True
        elif isinstance(first, nodes.Concat) and isinstance(first.nodes[0], nodes.Const):
            yield call.node.name, str(first.nodes[0].value), places, False


@dataclass(frozen=True)
class StrictPages(Pages):
    """Pages that give a template exactly what its module declares, or fail."""

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
        """As `Pages.show`."""
        assert set(values) == set(declarations()[template]), f"{template} is given other values"
        return Pages.show(self, request, template, values, section=section, status=status, headers=headers)
