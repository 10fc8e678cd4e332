"""Binding a tab to its session before Reflex sees it.

Reflex keys the state of a tab by a token that the browser chooses and sends in the websocket's address. Whoever knows
that token would get the state. So the token that Reflex sees is a UUIDv5 over (session hash, the browser's token): the
same token under another session, or under none, leads to another, empty state, and a state does not outlive a logout.

When a tab is duplicated, Reflex itself deals out a new token and tells the browser. That one is the key as it
stands, so on its way out it is sealed to the session, and unsealed when the browser comes back with it (reconnect,
upload).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f6f9b1e-7c55-5d0e-9d6b-0d9c1f0c7a11")
_CLIENT_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_SEALED = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{64})")
_NEW_TOKEN = re.compile(r'^(42(?:/[^,]*,)?\d*\["new_token",")([0-9a-f-]{36})("\])$')


def bound_token(session_hash: str, client_token: str, key: bytes) -> str | None:
    """Return the token Reflex is to see, or ``None`` for a token that no browser of ours would send."""
    if _CLIENT_TOKEN.fullmatch(client_token) is None:
        return None
    sealed = _SEALED.fullmatch(client_token)
    if sealed is not None:
        token, seal = sealed.groups()
        if hmac.compare_digest(seal, _seal(session_hash, token, key)):
            return token
    return str(uuid5(_NAMESPACE, f"{session_hash or 'nobody'}:{client_token}"))


def bound_query(session_hash: str, query: bytes, key: bytes) -> bytes | None:
    """Return a websocket's query string with its token bound, or ``None`` when it has no single good token."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    tokens = [value for name, value in pairs if name == "token"]
    if len(tokens) != 1:
        return None
    bound = bound_token(session_hash, tokens[0], key)
    if bound is None:
        return None
    return urlencode([(name, bound if name == "token" else value) for name, value in pairs]).encode()


def seal_new_token(session_hash: str, frame: str, key: bytes) -> str:
    """Seal the token in an outgoing ``new_token`` message; any other frame is returned as it is."""
    if not frame.startswith("42") or '"new_token"' not in frame[:64]:
        return frame
    found = _NEW_TOKEN.match(frame)
    if found is None:
        return frame
    before, token, after = found.groups()
    return f"{before}{token}.{_seal(session_hash, token, key)}{after}"


def _seal(session_hash: str, token: str, key: bytes) -> str:
    return hmac.new(key, f"tab:{session_hash}:{token}".encode(), hashlib.sha256).hexdigest()
