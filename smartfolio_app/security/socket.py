"""The websocket's door: opened only from our own pages, bound to its session, paced like everything else.

A frame that is over the budget waits instead of being dropped: the server stops reading that socket until there is a
token again, so a flood slows down its sender alone and a person's click is late at worst, never lost. The page is told
when that takes long enough to be noticed (``pace``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool

from smartfolio_app.security import limits as rates
from smartfolio_app.security.access import Access, without_secrets
from smartfolio_app.security.connections import LIVE, Connection
from smartfolio_app.security.frames import is_ours
from smartfolio_app.security.handshake import bound_query, seal_new_token
from smartfolio_app.security.headers import SecurityHeaders
from smartfolio_app.security.limits import Limits, RateLimitedError
from smartfolio_app.security.origin import check_socket
from smartfolio_app.security.pace import HeldUpFrame, Pace
from smartfolio_app.security.recognise import live_session, viewer_of_session
from smartfolio_app.security.routing import SOCKET_PATH
from smartfolio_app.telemetry import request_ids

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FRAME_LIMIT = 256 * 1024  # characters; the largest event of a page is some KB
#: A session is looked up again with the first frame after so many seconds.
RECHECK_SECONDS = 10.0
#: engine.io's own ping and pong; anything longer is no ping.
_PING_LENGTH = 8
#: How socket.io answers that a page's namespace is connected.
_JOINED = f"40{SOCKET_PATH},"

POLICY_VIOLATION = 1008
TOO_BIG = 1009
UNSUPPORTED = 1003


class SocketDoor:
    """Serves the websockets of one application."""

    def __init__(
        self,
        app: Any,
        *,
        limits: Limits,
        key: bytes,
        known_event: Callable[[str], bool] = lambda _name: True,
        headers: SecurityHeaders | None = None,
        held_up_frame: HeldUpFrame | None = None,
    ) -> None:
        self._app = app
        self._headers = headers
        self.held_up_frame = held_up_frame
        self.limits = limits
        self.key = key
        self.known_event = known_event

    async def serve(
        self, scope: MutableMapping[str, Any], access: Access, receive: Receive, send: Send
    ) -> None:
        """Serve one websocket, or refuse it before it opens."""
        request_id = request_ids.begin(access.request_id)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"].rstrip("/") != SOCKET_PATH or not check_socket(headers, access.client):
            await self._refuse(scope, access, receive, send)
            return
        address = rates.address_key(access.client.bucket)
        viewer = await run_in_threadpool(live_session, access)
        key = rates.user_key(viewer.user_id) if viewer is not None else address
        live_hash = access.session_hash if viewer is not None else ""
        query = bound_query(live_hash, scope.get("query_string", b""), self.key)
        if query is None:
            await self._refuse(scope, access, receive, send)
            return
        decision = await self.limits.take(self.limits.general, key)
        if not decision.allowed:
            limited = RateLimitedError(decision, self.limits.general)
            await self._refuse(scope, access, receive, send, 429, limited.headers())
            return
        inner = {**without_secrets(scope, access, live_hash=live_hash), "query_string": query}
        dress = partial(self._dressed, status=101, access=access, request_id=request_id)
        pump = _Pump(live_hash, key, receive, send, door=self, dress=dress)
        LIVE.add(pump.connection)
        try:
            await self._app(inner, pump.receive, pump.send)
        finally:
            LIVE.remove(pump.connection)
            pump.stop()

    async def _refuse(  # noqa: PLR0917 - one refusal, all told
        self,
        scope: MutableMapping[str, Any],
        access: Access,
        receive: Receive,
        send: Send,
        status: int = 403,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the handshake instead of opening the socket: with the headers of every answer, and no reason."""
        await receive()  # websocket.connect
        if self._headers is None or "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        given = [(name.lower().encode(), value.encode()) for name, value in (more or {}).items()]
        given.append((b"content-length", b"0"))
        headers = self._dressed(given, status=status, access=access, request_id=request_ids.current())
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b""})

    def _dressed(
        self, given: Iterable[tuple[bytes, bytes]], *, status: int, access: Access, request_id: str
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer to a handshake: those of every answer, and the id of the request."""
        headers = [*given, (b"x-request-id", request_id.encode())]
        if self._headers is None:
            return headers
        return self._headers.apply(headers, path=SOCKET_PATH, status=status, secure=access.secure)


class _Pump:
    """Passes the frames of one open socket."""

    def __init__(
        self,
        live_hash: str,
        key: str,
        receive: Receive,
        send: Send,
        *,
        door: SocketDoor,
        dress: Callable[[Iterable[tuple[bytes, bytes]]], list[tuple[bytes, bytes]]],
    ) -> None:
        self.connection = Connection(live_hash)
        self._hash = live_hash
        self._key = key
        self._receive = receive
        self._send = send
        self._dress = dress
        self._limits = door.limits
        self._seal_key = door.key
        self._known_event = door.known_event
        self._checked = time.monotonic()
        self._closed = asyncio.ensure_future(self.connection.closing.wait())
        self._over = False
        self._pace = Pace(self._tell, door.held_up_frame)

    def stop(self) -> None:
        """Let go of the waiting tasks."""
        self._closed.cancel()
        self._pace.stop()

    async def receive(self) -> Message:
        """Return the next frame that may pass."""
        if self._over:
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        coming = asyncio.ensure_future(self._receive())
        await asyncio.wait({coming, self._closed}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            return await self._end(POLICY_VIOLATION)
        message = coming.result()
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text")
        if text is None:
            return await self._end(UNSUPPORTED)
        if len(text) > FRAME_LIMIT:
            return await self._end(TOO_BIG)
        if text[:1] in ("2", "3") and len(text) <= _PING_LENGTH:
            return message
        if not is_ours(text, self._known_event):
            return await self._end(UNSUPPORTED)
        if not await self._has_its_turn() or not await self._is_still_signed_in():
            return await self._end(POLICY_VIOLATION)
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on; a token that Reflex deals out leaves sealed to the session."""
        if self._over:
            return
        if message["type"] == "websocket.accept":
            message = {**message, "headers": self._dress(message.get("headers", ()))}
        elif message["type"] == "websocket.send" and message.get("text"):
            message = {**message, "text": seal_new_token(self._hash, message["text"], self._seal_key)}
            self._pace.joined = self._pace.joined or message["text"].startswith(_JOINED)
        await self._send(message)

    async def _tell(self, frame: str) -> None:
        """Say something to the page that the app knows nothing of."""
        if not self._over and not self._closed.done():
            await self._send({"type": "websocket.send", "text": frame})

    async def _has_its_turn(self) -> bool:
        """Wait for a token; return ``False`` when the socket is to close meanwhile."""
        at_once = True
        while True:
            decision = await self._limits.take(self._limits.general, self._key)
            if decision.allowed:
                self._pace.goes_on(at_once=at_once)
                return True
            at_once = False
            look_again = await self._pace.waits(decision.retry_after)
            await asyncio.wait({self._closed}, timeout=max(0.01, look_again))
            if self._closed.done():
                return False

    async def _is_still_signed_in(self) -> bool:
        """Look the session up again now and then: it may have been revoked by another process."""
        now = time.monotonic()
        if not self._hash or now - self._checked < RECHECK_SECONDS:
            return True
        self._checked = now
        return await run_in_threadpool(viewer_of_session, self._hash) is not None

    async def _end(self, code: int) -> Message:
        self._over = True
        await self._send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}
