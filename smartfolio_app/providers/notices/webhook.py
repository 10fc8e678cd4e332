"""A signed POST to an address of the user's.

The body is JSON. ``X-SmartFolio-Signature`` is ``v1=`` and the HMAC-SHA256 (hexadecimal) of the timestamp in
``X-SmartFolio-Timestamp``, a point, and the body as it was sent, under the shared secret. Whoever receives it compares
the two, and refuses what is older than five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.declared import Field
from smartfolio_app.providers.notices.base import Notice
from smartfolio_app.providers.notices.outside import check_address, post
from smartfolio_app.settings import Settings

SHORTEST_SECRET = 16


class Webhook:
    """A program of the user's own."""

    id = "webhook"
    fields = (
        Field("url", "channels.field.url", secret=True),
        Field("secret", "channels.field.secret", secret=True),
    )

    def check(self, given: Mapping[str, str], settings: Settings) -> None:
        """Refuse an address that may not be posted to, and a secret that can be guessed."""
        check_address(given["url"], private=settings.notify_private)
        if len(given["secret"]) < SHORTEST_SECRET:
            raise InvalidInputError("notice.secret_short", minimum=SHORTEST_SECRET)

    def shown(self, given: Mapping[str, str]) -> str:
        """Return the host: the rest of an address may be what opens it."""
        return check_address(given["url"], private=True)

    def send(self, given: Mapping[str, str], notice: Notice, settings: Settings) -> None:
        """Post the notice, signed now."""
        body = json.dumps(
            {
                "id": notice.id,
                "at": notice.at.isoformat(),
                "title": notice.title,
                "text": notice.text,
                "severity": notice.severity,
                **notice.data,
            },
            ensure_ascii=False,
        ).encode()
        timestamp = str(int(datetime.now(UTC).timestamp()))
        headers = {
            "x-smartfolio-timestamp": timestamp,
            "x-smartfolio-signature": sign(given["secret"], timestamp, body),
            "x-smartfolio-delivery": notice.id,
        }
        post(given["url"], body, headers, private=settings.notify_private)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body sent at a timestamp."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


CHANNEL = Webhook()
