"""How a voice of the stand-in answers: status, content type, body, headers."""

from __future__ import annotations

import json
from typing import Any

Reply = tuple[int, str, bytes, dict[str, str]]


def as_json(status: int, document: Any, headers: dict[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return status, "application/json; charset=utf-8", json.dumps(document).encode(), headers or {}
