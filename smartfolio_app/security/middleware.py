"""The outermost door: every request and every websocket passes here before Reflex or the API sees it.

What it does, in this order: reads cookie, token and client address once (``access``); refuses what is too much
(``limits``), too large (``bodies``) or from a foreign page (``origin``); binds a tab to its session (``handshake``);
and puts the security headers on every answer, errors and preflights included.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool

from smartfolio_app.errors import NotSignedInError, SmartFolioError
from smartfolio_app.keys import session_key
from smartfolio_app.security import limits as rates
from smartfolio_app.security.access import Access, read_access, without_secrets
from smartfolio_app.security.bodies import BodyTooLargeError, CountedBody, body_limit, check_declared
from smartfolio_app.security.content_policy import content_policy, read_build
from smartfolio_app.security.forms import page_again, page_of_form
from smartfolio_app.security.handshake import bound_token
from smartfolio_app.security.headers import SecurityHeaders
from smartfolio_app.security.limits import Limits, RateLimitedError
from smartfolio_app.security.origin import check_change
from smartfolio_app.security.pace import HeldUpFrame
from smartfolio_app.security.problems import RequestRefusedError, problem_bytes
from smartfolio_app.security.recognise import live_session, viewer_of, viewer_of_proxy
from smartfolio_app.security.routing import PROXY_SIGN_IN, Door, door_of, route_of
from smartfolio_app.security.socket import SocketDoor
from smartfolio_app.settings import Settings
from smartfolio_app.telemetry import metrics, request_ids

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_STATIC_METHODS = frozenset({"GET", "HEAD"})
#: How long a caller's *limit key* may be remembered. Never used to let anybody in.
_KEY_SECONDS = 5.0


def protect(
    app: App,
    settings: Settings,
    *,
    static_dir: Path,
    limits: Limits | None = None,
    known_event: Callable[[str], bool] = lambda _name: True,
    held_up_frame: HeldUpFrame | None = None,
) -> Middleware:
    """Put ``app`` behind the door.

    Args:
        app: The whole ASGI application: pages, API and websocket.
        settings: Those in force.
        static_dir: The built frontend, from which the content policy is computed.
        limits: The buckets, when the caller shares them with others (slowapi's decorators).
        known_event: Tells whether there is an event handler of a name; sockets that ask for another are closed.
        held_up_frame: Makes the frame that tells a page that its events wait, or no longer do.

    Raises:
        PolicyRefusedError: A ``SECURITY_CSP_*`` setting would undo the policy.
        KeyRefusedError: The session key may not be used.
    """
    needs = read_build(static_dir)
    for problem in needs.problems:
        _log.warning("the content policy will block part of the built frontend: %s", problem)
    headers = SecurityHeaders(content_policy(needs, settings))
    return Middleware(
        app,
        settings,
        headers=headers,
        limits=limits or Limits(settings),
        key=session_key(settings),
        known_event=known_event,
        held_up_frame=held_up_frame,
    )


class Middleware:
    """The door itself; see ``protect``."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        *,
        headers: SecurityHeaders,
        limits: Limits,
        key: bytes,
        known_event: Callable[[str], bool] = lambda _name: True,
        held_up_frame: HeldUpFrame | None = None,
    ) -> None:
        self.app = app
        self.settings = settings
        self.headers = headers
        self.limits = limits
        self._key = key
        self._callers = _CallerKeys()
        self._sockets = SocketDoor(
            app,
            limits=limits,
            key=key,
            known_event=known_event,
            headers=headers,
            held_up_frame=held_up_frame,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._sockets.serve(scope, read_access(scope, self.settings), receive, send)
        else:  # lifespan
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        access = read_access(scope, self.settings)
        answer = _Answer(send, self.headers, path=scope["path"], secure=access.secure)
        answer.request_id = request_ids.begin(access.request_id)
        try:
            await self._serve(scope, access, receive, answer)
        except SmartFolioError as error:
            if answer.started:
                raise
            page = page_of_form(scope)
            if page:
                answer.body = None
                where = page_again(scope, access.client, page, error)
                await answer.empty(303, [(b"location", where.encode())])
            else:
                await answer.problem(error, access.language)
        finally:
            route, seconds = route_of(scope, answer.inner), time.perf_counter() - started
            metrics.request(scope["method"], route, answer.status, seconds)
            about = {"method": scope["method"], "route": route, "status": answer.status}
            _log.debug("request", extra={**about, "ms": round(seconds * 1000)})

    async def _serve(self, scope: Scope, access: Access, receive: Receive, answer: _Answer) -> None:
        path, method = scope["path"], scope["method"]
        door = door_of(path, method)
        if method == "OPTIONS":
            # No other origin is ever allowed: a preflight learns nothing and permits nothing.
            await answer.empty(204, [(b"allow", b"GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS")])
            return
        if door is Door.HIDDEN:
            raise RequestRefusedError("request.not_found", 404)
        if door in (Door.STATIC, Door.PROBE):
            if method not in _STATIC_METHODS:
                raise RequestRefusedError("request.method_not_allowed", 405)
            if door is Door.STATIC and await self._must_sign_in_by_proxy(scope, access):
                where = quote(
                    scope["path"]
                    + ("?" + query if (query := scope["query_string"].decode("latin-1")) else "")
                )
                await answer.empty(303, [(b"location", f"{PROXY_SIGN_IN}?next={where}".encode())])
                return
            answer.inner = without_secrets(scope, access, live_hash="")
            await self.app(answer.inner, receive, answer.send)
            return

        key = await self._caller(access)
        decision = await self.limits.take(self.limits.general, key)
        answer.extra = [
            (b"ratelimit", decision.field(self.limits.general).encode()),
            (b"ratelimit-policy", self.limits.general.policy_field.encode()),
        ]
        if not decision.allowed:
            raise RateLimitedError(decision, self.limits.general)
        limit = body_limit(path, self.settings)
        check_declared(scope["headers"], limit)
        inner = without_secrets(scope, access, live_hash="")
        inner[rates.SCOPE_KEY] = key
        if door is Door.UPLOAD:
            inner = await self._upload(inner, access, key)
        body = CountedBody(receive, limit)
        answer.body, answer.inner = body, inner
        try:
            await self.app(inner, body.receive, answer.send)
        finally:
            # The app may have made its own sense of a body that was cut off; ours is what counts.
            if body.exceeded and not answer.started:
                raise BodyTooLargeError(limit)

    async def _must_sign_in_by_proxy(self, scope: Scope, access: Access) -> bool:
        """Tell whether a page is opened by somebody whom a trusted proxy names and who has no session here yet."""
        if not access.proxy_user or not _wants_page(scope):
            return False
        if await run_in_threadpool(live_session, access) is not None:
            return False
        if await run_in_threadpool(viewer_of_proxy, access.proxy_user) is None:
            return False
        # A browser that keeps no cookies would go round in circles.
        return (await self.limits.take(rates.SIGN_IN, rates.address_key(access.client.bucket))).allowed

    async def _caller(self, access: Access) -> str:
        """Return whose bucket a request draws from; raise when an address has tried too many wrong tokens."""
        key = await self._callers.key_of(access)
        if key is not None:
            return key
        address = rates.address_key(access.client.bucket)
        if access.token:
            decision = await self.limits.take(rates.TOKEN_FAILURES, address)
            if not decision.allowed:
                raise RateLimitedError(decision, rates.TOKEN_FAILURES)
        return address

    async def _upload(self, scope: Scope, access: Access, key: str) -> Scope:
        """Bind an upload to the session as the websocket is bound."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        check_change(headers, access.client)
        if await run_in_threadpool(live_session, access) is None:
            raise NotSignedInError("auth.not_signed_in")
        decision = await self.limits.take(rates.IMPORTS, key)
        if not decision.allowed:
            raise RateLimitedError(decision, rates.IMPORTS)
        bound = bound_token(access.session_hash, headers.get("reflex-client-token", ""), self._key)
        if bound is None:
            raise RequestRefusedError("request.bad_tab_token", 400)
        kept = [(name, value) for name, value in scope["headers"] if name != b"reflex-client-token"]
        return {**scope, "headers": [*kept, (b"reflex-client-token", bound.encode())]}


def _wants_page(scope: Scope) -> bool:
    """Tell a page that is opened from a script, a style sheet or a picture that it asks for."""
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


class _CallerKeys:
    """Whose bucket a request draws from; remembered for a moment, so that a busy caller costs one look-up."""

    _CAPACITY = 10_000

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def key_of(self, access: Access) -> str | None:
        """Return the user's key when the caller is signed in, else ``None``."""
        credential = access.token or f"{access.session_hash} {access.proxy_user}".strip()
        if not credential:
            return None
        now = time.monotonic()
        with self._lock:
            known = self._known.get(credential)
        if known is not None and now < known[0]:
            return known[1]
        viewer = await run_in_threadpool(viewer_of, access)
        if viewer is None:
            return None
        key = rates.user_key(viewer.user_id)
        with self._lock:
            self._known[credential] = (now + _KEY_SECONDS, key)
            while len(self._known) > self._CAPACITY:
                self._known.popitem(last=False)
        return key


class _Answer:
    """Sends an answer with the security headers on it."""

    def __init__(self, send: Send, headers: SecurityHeaders, *, path: str, secure: bool) -> None:
        self._send = send
        self._headers = headers
        self._path = path
        self._secure = secure
        self.body: CountedBody | None = None
        self.extra: list[tuple[bytes, bytes]] = []
        self.inner: Scope = {}  # what the app made of the request's scope
        self.request_id = ""
        self.started = False
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass a message of the app on."""
        if self.body is not None and self.body.exceeded and not self.started:
            return  # 413 is on its way instead
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
            headers = self._headers.apply(
                [*message.get("headers", ()), *self.extra, (b"x-request-id", self.request_id.encode())],
                path=self._path,
                status=message["status"],
                secure=self._secure,
            )
            message = {**message, "headers": headers}
        await self._send(message)

    async def empty(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Answer without a body."""
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b""})

    async def problem(self, error: SmartFolioError, language: str) -> None:
        """Answer with an error in the common shape."""
        self.body = None
        body = problem_bytes(error, language)
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        if isinstance(error, RateLimitedError):
            self.extra = []
            headers += [(name.lower().encode(), value.encode()) for name, value in error.headers().items()]
        elif error.status == 503 and "seconds" in error.params:
            headers.append((b"retry-after", str(error.params["seconds"]).encode()))
        if error.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await self.send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
