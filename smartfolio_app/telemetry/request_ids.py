"""One id for everything that happens for one request or one event of a page: on its log lines, errors and answers."""

from __future__ import annotations

import re
from uuid import uuid4

from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

HEADER = "X-Request-Id"
_USABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def begin(given: str = "", **about: str) -> str:
    """Begin with a request or event and return its id: ``given`` where it can be used, else a new one.

    ``about`` stands on the log lines besides. What belongs to another request is forgotten.
    """
    chosen = given if _USABLE.fullmatch(given) else uuid4().hex
    clear_contextvars()
    bind_contextvars(request_id=chosen, **about)
    return chosen


def end() -> None:
    """Forget what was begun: later lines of the same thread belong to something else."""
    clear_contextvars()


def current() -> str:
    """Return the id of what is being done now, empty outside of any request."""
    return str(get_contextvars().get("request_id", ""))
