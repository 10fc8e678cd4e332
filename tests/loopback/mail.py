"""A mail server on loopback, on a port of the system's choice."""

from __future__ import annotations

import socket
from typing import Any

from aiosmtpd.controller import Controller


class Letters:
    """What a mail server got: (session, envelope); ``answer`` is what it says to a message."""

    def __init__(self) -> None:
        self.got: list[tuple[Any, Any]] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message, or refuse it."""
        if self.answer.startswith("250"):
            self.got.append((session, envelope))
        return self.answer


class MailServer(Controller):
    """``aiosmtpd`` in a thread; ``address`` is where it listens."""

    def __init__(self, letters: Letters, **options: Any) -> None:
        super().__init__(letters, hostname="127.0.0.1", port=0, ready_timeout=60, **options)

    def _trigger_server(self) -> None:
        """Connect once, as the controller wants it: to the port the system chose, and without a word of TLS."""
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", self.port), 30).close()
