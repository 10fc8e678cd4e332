"""A push message through an ntfy server: the public one, or the user's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.declared import Field
from smartfolio_app.providers.notices.base import Notice
from smartfolio_app.providers.notices.outside import check_address, post
from smartfolio_app.settings import Settings

USUAL_SERVER = "https://ntfy.sh"
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PRIORITY = {"info": 3, "warning": 4, "error": 5}
#: ntfy keeps 4,096 bytes of a message; the rest becomes an attachment.
_LONGEST = 3500


class Ntfy:
    """One topic. Whoever knows its name can read it, so it is kept as a secret."""

    id = "ntfy"
    fields = (
        Field("server", "channels.field.server", required=False),
        Field("topic", "channels.field.topic", secret=True),
        Field("token", "channels.field.token", secret=True, required=False),
    )

    def check(self, given: Mapping[str, str], settings: Settings) -> None:
        """Refuse a server that may not be posted to, and what is no topic."""
        check_address(given.get("server") or USUAL_SERVER, private=settings.notify_private)
        if not _TOPIC.fullmatch(given["topic"]):
            raise InvalidInputError("notice.topic")
        token = given.get("token", "")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InvalidInputError("notice.token")

    def shown(self, given: Mapping[str, str]) -> str:
        """Return the server."""
        return check_address(given.get("server") or USUAL_SERVER, private=True)

    def send(self, given: Mapping[str, str], notice: Notice, settings: Settings) -> None:
        """Publish the notice."""
        message = {
            "topic": given["topic"],
            "title": notice.title,
            "message": notice.text.encode()[:_LONGEST].decode(errors="ignore"),
            "priority": _PRIORITY.get(notice.severity, 3),
        }
        token = given.get("token", "")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        server = (given.get("server") or USUAL_SERVER).rstrip("/") + "/"
        post(server, json.dumps(message).encode(), headers, private=settings.notify_private)


CHANNEL = Ntfy()
