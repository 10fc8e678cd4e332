"""Who sent the browser here: only our own pages may open the socket or change anything with a cookie.

``SameSite=Strict`` already keeps the cookie at home; this is the second lock, and it also covers other ports of the
same host, which browsers count as the same site.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from smartfolio_app.errors import NotAllowedError
from smartfolio_app.security.client_address import Client

#: Methods that change nothing.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_same_origin(origin: str, client: Client) -> bool:
    """Tell whether an ``Origin`` header names the very host and port the request was sent to.

    An https page is never reached from an http one. The other way round is accepted: a proxy that is not listed as
    trusted may have taken the https off.
    """
    parts = urlsplit(origin)
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc or parts.path or parts.query or parts.fragment:
        return False
    if client.scheme == "https" and parts.scheme != "https":
        return False
    return bool(client.host) and _bare(parts.netloc.lower()) == _bare(client.host)


def check_socket(headers: Mapping[str, str], client: Client) -> bool:
    """Tell whether a websocket may be opened: it must name its origin, and that must be ours."""
    return is_same_origin(headers.get("origin", ""), client)


def check_change(headers: Mapping[str, str], client: Client) -> None:
    """Raise ``NotAllowedError`` unless a state-changing request comes from one of our own pages.

    A browser that sends no ``Origin`` may prove it by ``Sec-Fetch-Site``, which scripts cannot set.
    """
    site = headers.get("sec-fetch-site", "")
    origin = headers.get("origin")
    if site not in ("", "same-origin"):
        raise NotAllowedError("auth.foreign_origin")
    if origin is None and site == "same-origin":
        return
    if origin is None or not is_same_origin(origin, client):
        raise NotAllowedError("auth.foreign_origin")


def _bare(authority: str) -> str:
    """Drop a default port: ``example.org:443`` and ``example.org`` are the same place."""
    for port in _DEFAULT_PORTS.values():
        if authority.endswith(port):
            return authority.removesuffix(port)
    return authority
