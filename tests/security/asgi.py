"""Talking ASGI to an application, without a server: what the tests of the door need."""

from __future__ import annotations

import asyncio
from typing import Any

HOST = "localhost:8080"
ORIGIN = f"http://{HOST}"


def headers_of(given: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]


class Socket:
    """A websocket client of an ASGI application."""

    def __init__(
        self, app, *, query: str = "", path: str = "/_event", peer: str = "198.51.100.1", **headers: str
    ) -> None:
        named = {"host": HOST, "origin": ORIGIN} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers_of({name: value for name, value in named.items() if value}),
            "client": (peer, 40000),
            "server": ("127.0.0.1", 8080),
            "scheme": "ws",
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }
        self.to_app: asyncio.Queue = asyncio.Queue()
        self.from_app: asyncio.Queue = asyncio.Queue()
        self._app = app
        self._task: asyncio.Task | None = None

    async def __aenter__(self) -> Socket:
        self.to_app.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._app(self.scope, self.to_app.get, self.from_app.put))
        return self

    async def __aexit__(self, *_error) -> None:
        self.to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
        done, _ = await asyncio.wait({self._task}, timeout=30)
        if not done:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def answer(self, within: float = 30) -> dict[str, Any]:
        return await asyncio.wait_for(self.from_app.get(), within)

    async def is_refused(self) -> bool:
        return (await self.answer())["type"] == "websocket.close"

    def say(self, text: str) -> None:
        self.to_app.put_nowait({"type": "websocket.receive", "text": text})


class Echo:
    """An application that accepts every socket, repeats every frame, and remembers what it was shown."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.frames: list[str] = []
        self.answers: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [(b"access-control-allow-origin", b"*")],
                }
            )
            await send({"type": "http.response.body", "body": str(len(body)).encode()})
            return
        while True:
            message = await receive()
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept"})
                for answer in self.answers:
                    await send({"type": "websocket.send", "text": answer})
            elif message["type"] == "websocket.receive":
                self.frames.append(message["text"])
                await send({"type": "websocket.send", "text": message["text"]})
            else:
                return

    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.scopes[-1]["headers"]}
