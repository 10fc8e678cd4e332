"""What a browser gets when the door refuses one of our plain forms: its page again, with the sentence, and no JSON.

The forms of signing in are sent by the browser itself (``api.auth``), so an answer of the door's own would replace the
page by raw text. The refused page keeps what its address said (a set-up token, where to go next).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.security.client_address import Client

Scope = Any  # an ASGI connection scope

#: The page each form stands on.
PAGES = {
    "/auth/login": "/login",
    "/auth/demo": "/login",
    "/auth/logout": "/login",
    "/auth/setup": "/setup",
    "/auth/password": "/settings",
}
_SAID_BEFORE = {"error", "wait", "notice"}


def page_of_form(scope: Scope) -> str:
    """Return the page whose form a browser has sent, or an empty text: a script wants its JSON."""
    accepts = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
    return PAGES.get(scope["path"], "") if accepts and scope["method"] == "POST" else ""


def page_again(scope: Scope, client: Client, page: str, error: SmartFolioError) -> str:
    """Return the address of ``page`` that says the error, keeping what its address said before."""
    referer = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"referer"), "")
    parts = urlsplit(referer)
    here = parts.path == page and parts.netloc.lower() == client.host
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in _SAID_BEFORE] if here else []
    said = [("error", error.code)]
    if "seconds" in error.params:
        said.append(("wait", str(error.params["seconds"])))
    return f"{page}?{urlencode([*kept, *said])}"
