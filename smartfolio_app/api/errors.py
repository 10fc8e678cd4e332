"""Every error of the API in one shape, in the caller's language."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from slowapi.errors import RateLimitExceeded
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from smartfolio_app.api.dependencies import limits_of
from smartfolio_app.errors import InvalidInputError, SmartFolioError
from smartfolio_app.providers.csv.base import UnknownFormatError
from smartfolio_app.security.bodies import BodyTooLargeError
from smartfolio_app.security.limits import IMPORTS, RateLimitedError, limit_key_of
from smartfolio_app.security.problems import RequestRefusedError, problem_body
from smartfolio_app.storage.trouble import trouble_of

_log = logging.getLogger(__name__)

_HTTP_CODES = {
    400: "request.malformed",
    401: "auth.not_signed_in",
    403: "auth.not_allowed",
    404: "request.not_found",
    405: "request.method_not_allowed",
    413: "request.body_too_large",
    415: "request.unsupported_media_type",
}


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(UnknownFormatError, _unknown_format)  # type: ignore[arg-type]
    app.add_exception_handler(SmartFolioError, _expected)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(RateLimitExceeded, _limited)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


def respond(request: Request, error: SmartFolioError) -> JSONResponse:
    """Return the answer for an expected error."""
    headers = error.headers() if isinstance(error, RateLimitedError) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in (429, 503) and "seconds" in error.params and "Retry-After" not in headers:
        headers["Retry-After"] = str(error.params.get("seconds", 1))
    body = problem_body(error, request.headers.get("accept-language", ""))
    return JSONResponse(body, status_code=error.status, headers=headers)


async def _expected(request: Request, error: SmartFolioError) -> JSONResponse:
    return respond(request, error)


async def _unknown_format(request: Request, error: UnknownFormatError) -> JSONResponse:
    """Give the headings that were found and the best mapping that could be made of them, to be completed."""
    body = problem_body(error, request.headers.get("accept-language", ""))
    body["error"]["detail"]["headers"] = list(error.headers)
    body["error"]["detail"]["suggestion"] = None if error.suggestion is None else asdict(error.suggestion)
    return JSONResponse(body, status_code=error.status)


async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Name the first field that cannot be used, and list them all in ``detail``; values are not repeated."""
    problems: list[dict[str, Any]] = [
        {"field": ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]), "rule": one["msg"]}
        for one in error.errors()
    ]
    first = problems[0] if problems else {"field": "", "rule": ""}
    return respond(
        request,
        InvalidInputError("request.invalid", field=first["field"], rule=first["rule"], problems=problems),
    )


async def _limited(request: Request, _error: RateLimitExceeded) -> JSONResponse:
    """slowapi refused: say by how much, from the same bucket."""
    decision = limits_of(request).peek(IMPORTS, limit_key_of(request))
    return respond(request, RateLimitedError(decision, IMPORTS))


async def _http(request: Request, error: HTTPException) -> JSONResponse:
    code = _HTTP_CODES.get(error.status_code, "request.refused")
    return respond(request, RequestRefusedError(code, error.status_code))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """A bug: the log has the traceback, the caller a sentence without any of it."""
    trouble = trouble_of(error)
    if trouble is not None:
        _log.error("%s at %s %s", trouble.code, request.method, request.url.path)
        return respond(request, trouble)
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, BodyTooLargeError):  # an upload that was cut off under the hands of its reader
            return respond(request, behind)
        behind = behind.__cause__ or behind.__context__
    _log.exception("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return respond(request, RequestRefusedError("internal", 500))
