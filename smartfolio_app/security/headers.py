"""The headers every answer carries, whoever gave it: pages, static files, the API, errors, preflights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from smartfolio_app.security.content_policy import REPORT_GROUP, REPORT_PATH

Headers = list[tuple[bytes, bytes]]

#: What a page of ours never needs is switched off for it and for whatever might run in it.
_PERMISSIONS = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_TWO_YEARS = 63_072_000
_HASHED = re.compile(r"/assets/[^/]*-[A-Za-z0-9_-]{8}\.[a-z0-9]+(?:\.map)?")


@dataclass(frozen=True, slots=True)
class SecurityHeaders:
    """Computed once at the start; ``policy`` is the content security policy."""

    policy: str

    def apply(
        self, headers: Iterable[tuple[bytes, bytes]], *, path: str, status: int, secure: bool
    ) -> Headers:
        """Return an answer's headers with ours in place of any of the same name.

        Access-Control headers are taken out: no other origin may read an answer, whatever a framework offers.
        """
        ours = self._fixed(secure=secure)
        ours.append((b"cache-control", _caching(path, status)))
        replaced = {name for name, _ in ours} | {b"server"}
        kept = [
            (name, value)
            for name, value in headers
            if name.lower() not in replaced and not name.lower().startswith(b"access-control-")
        ]
        return kept + ours

    def _fixed(self, *, secure: bool) -> Headers:
        fixed = [
            ("content-security-policy", self.policy),
            ("reporting-endpoints", f'{REPORT_GROUP}="{REPORT_PATH}"'),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
            ("referrer-policy", "same-origin"),
            ("permissions-policy", ", ".join(f"{name}=()" for name in _PERMISSIONS)),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-permitted-cross-domain-policies", "none"),
        ]
        if secure:
            fixed.append(("strict-transport-security", f"max-age={_TWO_YEARS}"))
        return [(name.encode(), value.encode()) for name, value in fixed]


def _caching(path: str, status: int) -> bytes:
    """Answers about somebody's wealth are kept nowhere; files whose name changes with their content for ever."""
    if status >= 400 or path.startswith(("/api", "/auth", "/_upload", "/_event")):
        return b"no-store"
    if _HASHED.fullmatch(path):
        return b"public, max-age=31536000, immutable"
    return b"no-cache"  # pages and files with a fixed name: asked for again, by ETag
