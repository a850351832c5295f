# SPDX-License-Identifier: Apache-2.0
"""How it works: what happens to a booking, the gates and modes, each promise with its test and its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.policy.model import Effect
from sluicegate.policy.program import Program
from sluicegate.terms import Gate
from sluicegate.web.frame import Site
from sluicegate.web.pages import words_of
from sluicegate.web.public import county_view

PROMISES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "filter-never-shares": (
            "promises/test_gates.py",
            "promises/test_filter.py",
            "web/test_examiner.py",
            "web/test_sessions.py",
        ),
        "choice-at-booking": (
            "promises/test_choice.py",
            "exchange/test_correcting.py",
        ),
        "silence-is-total": (
            "promises/test_silence.py",
            "exchange/test_correcting.py",
        ),
        "no-back-dating": (
            "promises/test_no_back_dating.py",
            "store/test_registry_crash.py",
            "policy/test_policy_history.py",
            "web/test_registrar.py",
        ),
        "decision-before-egress": ("promises/test_egress.py",),
        "doubt-denies": (
            "promises/test_doubt.py",
            "shards/test_shards.py",
            "web/test_sign_in.py",
            "web/test_sessions.py",
        ),
        "everyone-is-answered": (
            "exchange/test_crash.py",
            "exchange/test_kill.py",
            "exchange/test_correcting.py",
            "exchange/test_challenging.py",
            "exchange/test_opinions.py",
        ),
        "a-person-decides": (
            "promises/test_gates.py",
            "exchange/test_story.py",
            "ebts/test_responses.py",
            "exchange/test_opinions.py",
            "web/test_examiner.py",
            "web/test_officer.py",
            "exchange/test_correcting.py",
        ),
    }
)
"""The promises by name, and the tests that show each, below `tests/`."""

STEPS = ("booked", "checked", "decided", "searched", "answered", "shared", "person", "relayed", "receipt")
LIMITS = ("entered", "otherwise", "both", "witnesses", "clock", "lawful")
RIGHTS = ("person", "not", "little", "correct", "erase")

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/how.html": {
        "steps": "what happens to a booking, in order, by key",
        "modes": "each mode: its name, its words, and what it does to each gate",
        "gates": "the gates",
        "promises": "each promise with the tests that show it",
        "limits": "what the proofs do not prove, by key",
        "rights": "what a person may count on, by key",
        "partner": "short name of the partner",
    },
}
"""What each template is given, besides `pages.COMMON`."""

HEADERS = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/how`."""

    def how(request: Request) -> Response:
        program = site.source.rules().program
        words = words_of(request)
        values = {
            "steps": STEPS,
            "modes": modes(program, county_view.mode_words(program, words)),
            "gates": tuple(Gate),
            "promises": PROMISES,
            "limits": LIMITS,
            "rights": RIGHTS,
            "partner": county_view.role(program, "partner"),
        }
        return site.pages.show(request, "public/how.html", values, section="how", headers=HEADERS)

    return [Route("/how", how, methods=["GET"], name="how")]


def modes(program: Program, said: Callable[[str], str]) -> list[dict[str, object]]:
    """Every mode that the program has, in its order: its name, its words, and its effect on each gate."""
    return [
        {
            "name": name,
            "words": said(name),
            "effects": {gate: _effect(program, gate, mode.effects.get(gate)).value for gate in Gate},
        }
        for name, mode in program.modes.items()
    ]


def _effect(program: Program, gate: Gate, given: Effect | None) -> Effect:
    return program.settings.gates[gate].declared or given or Effect.CLOSED
