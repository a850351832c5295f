# SPDX-License-Identifier: Apache-2.0
"""Check a receipt: the visitor's browser verifies it and says in words what was shared; nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sluicegate.web.frame import Site
from sluicegate.web.pages import words_of
from sluicegate.web.public import county_view, receipt_files
from sluicegate.web.public.numbers_ledger import verifier_keys

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "public/receipt.html": {
        "keys": "the bureau's public keys, newest first, each with its last moment",
        "words": "what the script says, by key",
        "script": "address of a verifier",
        "digests": "SHA-256 of each file to take away, by its name",
        "partner": "short name of the partner",
    }
}
"""What each template is given, besides `pages.COMMON`."""


def routes(site: Site) -> Sequence[BaseRoute]:
    """`/receipt`. It takes no form and no upload: a receipt never leaves the visitor."""

    def page(request: Request) -> Response:
        words = words_of(request)
        partner = county_view.role(site.source.rules().program, "partner")
        said = {k: v for k, v in words.words.items() if k.startswith("receipt.say.")}
        values = {
            "keys": verifier_keys(site.source.bureau),
            "words": {key: text.replace("{partner}", partner) for key, text in said.items()},
            "script": receipt_files.address,
            "digests": {
                name: receipt_files.read(name).digest for name in ("verify.py", "verify.html", "verify.js")
            },
            "partner": partner,
        }
        return site.pages.show(request, "public/receipt.html", values, section="receipt")

    return [Route("/receipt", page, methods=["GET"], name="receipt")]
