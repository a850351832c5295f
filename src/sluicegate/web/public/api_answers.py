# SPDX-License-Identifier: Apache-2.0
"""How the API answers: checked JSON with a tag, or a problem in words (RFC 9457). Nothing sent comes back."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sluicegate.errors import Missing, ProgramError, SluicegateError
from sluicegate.web.pages import words_of
from sluicegate.web.public.api_models import Problem, Wrong

log = logging.getLogger("sluicegate.web")

OPEN = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""Any site may read what is public; `Access-Control-Allow-Origin` is added around the whole API."""

FRESH = {**OPEN, "Cache-Control": "public, max-age=60"}
JSON, PROBLEM = "application/json", "application/problem+json"
_KNOWN = (400, 404, 405, 422, 500, 503)


class Refused(HTTPException):
    """A request that is understood and cannot be answered; `key` names the words that say why."""

    def __init__(self, status: int, key: str, **given: object) -> None:
        super().__init__(status)
        self.key, self.given = key, given


def answer(request: Request, shape: type[BaseModel], document: Mapping[str, object]) -> Response:
    """A document of that shape as JSON, or 304 where the asker has it. A stray field is a fault (500)."""
    told = shape.model_validate(document)
    return tagged(request, told.model_dump_json(by_alias=True).encode(), JSON)


def tagged(request: Request, data: bytes, kind: str) -> Response:
    """Bytes with a tag of their content, so that who has them need not take them again (RFC 9110, 8.8.3)."""
    tag = f'W/"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {**FRESH, "ETag": tag}
    held = [one.strip() for one in request.headers.get("if-none-match", "")[:2000].split(",")]
    if tag in held or "*" in held:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


def opened(response: Response) -> dict[str, object]:
    """The document of a page's JSON twin."""
    read = json.loads(bytes(response.body))
    if not isinstance(read, dict):
        raise SluicegateError
    return read


Handler = Callable[[Request, Exception], Response]


def handlers(origin: str) -> dict[int | type[Exception], Handler]:
    """What is said for each sort of error; `origin` begins the address of the words on it."""

    def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        detail = ""
        if isinstance(error, Refused):
            detail = words_of(request).text(error.key, **error.given)
        return problem(request, origin, status, detail)

    def invalid(request: Request, error: Exception) -> Response:
        return problem(request, origin, 422, wrong=_wrong(error))

    def fault(request: Request, error: Exception) -> Response:
        if isinstance(error, Missing):
            return problem(request, origin, 404)
        route = getattr(request.scope.get("route"), "path", "none")
        log.error("api-failed page=%s kind=%s", route, type(error).__name__)
        return problem(request, origin, 503 if isinstance(error, ProgramError) else 500)

    return {
        HTTPException: http,
        RequestValidationError: invalid,
        SluicegateError: fault,
        Exception: fault,
    }


def problem(
    request: Request, origin: str, status: int, detail: str = "", wrong: Sequence[Wrong] = ()
) -> Response:
    """A problem document in the words of the request's language."""
    known = status if status in _KNOWN else 500
    words = words_of(request)
    told = Problem(
        type=f"{origin}/api#problem-{known}",
        title=words.text(f"{_words(known)}.title"),
        status=known,
        detail=detail or words.text(f"{_words(known)}.text"),
        wrong=list(wrong),
    )
    headers = {**OPEN, "Cache-Control": "no-store", "Content-Language": words.language}
    if known == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
    return Response(told.model_dump_json(), known, headers=headers, media_type=PROBLEM)


def _words(status: int) -> str:
    """Where the words of a status stand: those of every page, but for what only the API says."""
    return f"api.problem.{status}" if status in {400, 404, 405, 422} else f"trouble.{status}"


def _wrong(error: Exception) -> list[Wrong]:
    """The parameters that are wrong, by their declared names; what was sent is left out."""
    if not isinstance(error, RequestValidationError):
        return []
    return [Wrong(parameter=str(one["loc"][-1]), why=str(one["msg"])) for one in error.errors()]
