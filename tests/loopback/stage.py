"""What all stand-ins share: running on 127.0.0.1, and misbehaving on request."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass
class Trouble:
    """How the next ``times`` requests that ``path`` is part of go wrong.

    ``kind``: ``status`` (answer ``status`` with ``headers`` and ``body``), ``slow`` (``seconds`` before the answer),
    ``drip`` (a byte at a time), ``truncated``, ``dropped`` (connection closed), ``garbage`` (binary), ``html``,
    ``huge`` (more than any cap), ``redirect`` (to ``body``), ``body`` (200 with ``body`` instead).
    """

    kind: str
    path: str = ""
    times: int = 1_000_000
    status: int = 500
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


class Stage:
    """What a stand-in has been told to do."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.lock = threading.Lock()

    def trouble_for(self, path: str) -> Trouble | None:
        """Return how a request goes wrong, and count it."""
        with self.lock:
            for trouble in self.troubles:
                if trouble.path in path and trouble.times > 0:
                    trouble.times -= 1
                    return trouble
        return None


class Actor(BaseHTTPRequestHandler):
    """Base of what answers: it can send, and misbehave."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def misbehave(self, trouble: Trouble) -> bool:
        """Do what was asked for; return whether the right answer still follows."""
        kind = trouble.kind
        if kind in ("slow", "drip"):
            time.sleep(trouble.seconds)
            return True
        if kind == "dropped":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif kind == "truncated":
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", "5000")
            self.end_headers()
            self.wfile.write(b'{"success": 1, "bitcoin": {"usd": 96')
            self.close_connection = True
        elif kind == "huge":
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                for _ in range(4000):
                    self.wfile.write(b"[" * 65_536)
            except OSError:
                return False
        elif kind == "redirect":
            self.send(302, "text/plain", b"", {"location": trouble.body})
        elif kind == "garbage":
            self.send(200, "application/json", b"\x00\xff\xfe\x80 not json", {})
        elif kind == "html":
            self.send(200, "text/html", b"<!DOCTYPE html><html><body>Just a moment...</body></html>", {})
        elif kind == "body":
            self.send(200, "application/json", trouble.body.encode(), trouble.headers)
        else:
            self.send(trouble.status, "application/json", trouble.body.encode(), trouble.headers)
        return False

    def send(self, status: int, kind: str, body: bytes, headers: dict[str, str], drip: bool = False) -> None:
        """Answer, a byte at a time when it is to ``drip``."""
        self.send_response(status)
        if kind:
            self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            if not drip:
                self.wfile.write(body)
                return
            for index in range(len(body)):
                self.wfile.write(body[index : index + 1])
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True


class Running:
    """A stand-in in threads of this process. ``told`` are the attributes its handler reads."""

    def __init__(self, actor: type[Actor], stage: Stage, port: int = 0, **told: Any) -> None:
        self._stage = stage
        handler = type("Handler", (actor,), {"world": stage, **told})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"

    def trouble(self, kind: str, **details: Any) -> None:
        """Misbehave from now on; see ``Trouble``."""
        self._stage.troubles.append(Trouble(kind, **details))

    def behave(self) -> None:
        """Stop misbehaving."""
        self._stage.troubles.clear()

    def serve(self) -> None:
        """Serve until the process ends."""
        self._server.serve_forever(poll_interval=0.02)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
