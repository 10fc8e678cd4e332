"""How much a request may carry: refused by its Content-Length, or counted while it streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from smartfolio_app.security.problems import RequestRefusedError
from smartfolio_app.settings import Settings

Receive = Callable[[], Awaitable[Any]]

KILOBYTE = 1024
MEGABYTE = 1024 * 1024
FORM_LIMIT = 64 * KILOBYTE
JSON_LIMIT = MEGABYTE
REPORT_LIMIT = 16 * KILOBYTE
BACKUP_LIMIT = 8 * 1024 * MEGABYTE
#: What multipart adds around a file.
ENVELOPE = 64 * KILOBYTE
#: Several files may be dropped at once.
FILES_AT_ONCE = 10


class BodyTooLargeError(RequestRefusedError):
    """More was sent than this address takes; ``limit`` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__("request.body_too_large", 413, limit=limit, limit_mb=round(limit / MEGABYTE, 2))


def body_limit(path: str, settings: Settings) -> int:
    """Return how many bytes a request to ``path`` may carry."""
    file = settings.max_upload_mb * MEGABYTE + ENVELOPE
    if path.startswith("/_upload"):
        return file * FILES_AT_ONCE
    if path.startswith("/api/sources/import"):
        return file
    if path == "/api/backups":
        return BACKUP_LIMIT  # streamed to the disk, once the caller is known to be an administrator
    if path.startswith("/api/security/"):
        return REPORT_LIMIT
    if path.startswith("/auth/"):
        return FORM_LIMIT
    return JSON_LIMIT


def check_declared(headers: list[tuple[bytes, bytes]], limit: int) -> None:
    """Raise when the declared length is over the limit, or no length at all."""
    for name, value in headers:
        if name == b"content-length":
            if not value.isdigit():
                raise RequestRefusedError("request.bad_length", 400)
            if int(value) > limit:
                raise BodyTooLargeError(limit)


class CountedBody:
    """Counts a body while it is read. ``exceeded`` says that reading was cut off."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        self.exceeded = False

    async def receive(self) -> Any:
        """Pass a message on; raise ``BodyTooLargeError`` once more than the limit has come."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self._limit:
                self.exceeded = True
                raise BodyTooLargeError(self._limit)
        return message
