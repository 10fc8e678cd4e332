"""Which door an address belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

SOCKET_PATH = "/_event"
UPLOAD_PATH = "/_upload"
#: Where a page sends who is signed in at a trusted proxy and not here yet.
PROXY_SIGN_IN = "/auth/proxy"

#: For the machinery around the app: always free, never about anybody's data.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

#: Addresses of Reflex's own that nobody needs here.
_HIDDEN = ("/ping", "/_health", "/_all_routes", "/auth-codespace")


class Door(StrEnum):
    """How a request is treated."""

    PROBE = "probe"
    API = "api"  # the REST API and the sign-in forms
    UPLOAD = "upload"  # Reflex's upload address
    STATIC = "static"  # pages and their files
    HIDDEN = "hidden"


def door_of(path: str, method: str) -> Door:
    """Return the door of an HTTP request."""
    if path in PROBES:
        return Door.PROBE
    if _under(path, "/api") or _under(path, "/auth"):
        return Door.API
    if path == UPLOAD_PATH and method == "POST":
        return Door.UPLOAD
    if any(_under(path, hidden) for hidden in (*_HIDDEN, UPLOAD_PATH, SOCKET_PATH)):
        return Door.HIDDEN
    return Door.STATIC


def route_of(scope: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """Return the template of a request's address, one of a few hundred whatever is asked for.

    ``inner`` is the scope as the app left it, with the route that it chose.
    """
    door = door_of(scope["path"], scope["method"])
    if door is Door.PROBE:
        return str(scope["path"])
    if door is Door.API:
        return str(getattr(inner.get("route"), "path", "unknown"))
    if door is Door.STATIC:
        return "asset" if "." in scope["path"].rpartition("/")[2] else "page"
    return door.value


def _under(path: str, root: str) -> bool:
    return path == root or path.startswith(root + "/")
