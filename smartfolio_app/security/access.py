"""What a request brought with it, read once at the outermost door and carried in the ASGI scope.

After the door nobody sees the raw cookie or token any more: the session's hash takes the cookie's place, and the
``Authorization`` header is gone. What leaks from a log, an error page or a pickled state then opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from smartfolio_app.security import sessions
from smartfolio_app.security.client_address import Client, client_of
from smartfolio_app.settings import Settings

Scope = Any  # an ASGI connection scope

_KEY = "smartfolio.access"
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Access:
    """``session_hash`` and ``token`` are empty when there is none. Neither has been looked up yet.

    ``proxy_user`` is who a trusted proxy says is signed in (``trusted_header``), empty when none says so.
    """

    client: Client
    session_hash: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    proxy_user: str = ""
    trusted_header: str = ""
    user_agent: str = ""
    language: str = ""  # the Accept-Language header
    request_id: str = ""  # as a trusted proxy gave it

    @property
    def secure(self) -> bool:
        """Tell whether the browser sees https."""
        return self.client.scheme == "https"


def read_access(scope: Scope, settings: Settings) -> Access:
    """Read cookie, token and client from a scope as it came in, and keep the result in the scope."""
    known = scope.get(_KEY)
    if isinstance(known, Access):
        return known
    client = client_of(scope, settings.trusted_proxies)
    cookies: list[str] = []
    authorization = user_agent = language = request_id = ""
    named: list[str] = []
    believed = settings.trusted_header.lower().encode() if client.through_proxy else b""
    for name, raw in scope.get("headers", ()):
        value = raw.decode("latin-1")
        match name:
            case b"cookie":
                cookies.append(value)
            case b"authorization":
                authorization = value
            case b"user-agent":
                user_agent = value
            case b"accept-language":
                language = value
            case b"x-request-id" if client.through_proxy:
                request_id = value
            case _ if believed and name == believed:
                named.append(value.strip())
    name = sessions.cookie_name(secure=cookie_is_secure(client, settings))
    value = sessions.read_cookie("; ".join(cookies), name)
    access = Access(
        client=client,
        session_hash=sessions.hash_of(value) if sessions.is_cookie_value(value) else "",
        token=authorization[len(_BEARER) :].strip() if authorization.lower().startswith(_BEARER) else "",
        # A proxy says it once; twice means that one of the two is somebody else's.
        proxy_user=named[0][:200] if len(named) == 1 else "",
        trusted_header=settings.trusted_header.lower(),
        user_agent=user_agent[:400],
        language=language[:200],
        request_id=request_id,
    )
    scope[_KEY] = access
    return access


def cookie_is_secure(client: Client, settings: Settings) -> bool:
    """Tell whether the session cookie is a ``Secure`` one for this client."""
    if settings.secure_cookies == "auto":
        return client.scheme == "https"
    return settings.secure_cookies == "on"


def without_secrets(scope: Scope, access: Access, *, live_hash: str) -> Scope:
    """Return the scope the rest of the app may see.

    The only cookie left is the session's hash (``live_hash``: empty when the session is not live any more), the
    ``Authorization`` header is gone, and client and scheme are the believed ones.
    """
    hidden = {b"cookie", b"authorization", b"proxy-authorization", access.trusted_header.encode()}
    headers = [(name, value) for name, value in scope.get("headers", ()) if name not in hidden]
    if live_hash:
        headers.append((b"cookie", f"{sessions.PLAIN_COOKIE}={live_hash}".encode()))
    socket = scope["type"] == "websocket"
    scheme = {"http": "ws", "https": "wss"}[access.client.scheme] if socket else access.client.scheme
    port = (scope.get("client") or ("", 0))[1]
    return {**scope, "headers": headers, "client": (access.client.address, port), "scheme": scheme}
