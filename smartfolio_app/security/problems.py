"""The one shape of every error that leaves the server: ``{"error": {"code", "message", "detail", "request_id"}}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text, negotiate
from smartfolio_app.telemetry import request_ids


class RequestRefusedError(SmartFolioError):
    """The request itself cannot be served: too large, wrong method, unknown address."""

    def __init__(self, code: str, status: int, /, **params: object) -> None:
        super().__init__(code, **params)
        self.status = status


def problem_body(error: SmartFolioError, accept_language: str = "") -> dict[str, Any]:
    """Return the JSON object for an error; ``message`` is a sentence in the caller's language."""
    return {
        "error": {
            "code": error.code,
            "message": error_text(negotiate(accept_language), error),
            "detail": {name: _plain(value) for name, value in error.params.items()},
            "request_id": request_ids.current(),
        }
    }


def problem_bytes(error: SmartFolioError, accept_language: str = "") -> bytes:
    """Return the same as UTF-8 JSON."""
    return json.dumps(problem_body(error, accept_language), ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part) for part in value]
    return str(value)
