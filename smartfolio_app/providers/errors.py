"""What can go wrong outside, each with a name. All of it is expected: the last known value stays, marked stale."""

from __future__ import annotations

from datetime import datetime

from smartfolio_app.errors import SmartFolioError


class ProviderError(SmartFolioError):
    """A provider gave no usable answer. ``provider`` says which one, ``retry_at`` when asking again makes sense."""

    status = 502

    def __init__(
        self, code: str, /, provider: str, retry_at: datetime | None = None, **params: object
    ) -> None:
        self.provider = provider
        self.retry_at = retry_at
        super().__init__(code, provider=provider, **params)


class ProviderOfflineError(ProviderError):
    """Calling out is switched off (``SMARTFOLIO_OFFLINE``)."""

    status = 503


class ProviderAddressError(ProviderError):
    """The base address is neither https nor loopback, or the provider points to another host."""


class ProviderPausedError(ProviderError):
    """The provider asked for silence (429, 418) or failed too often; nothing is sent until ``retry_at``."""

    status = 503


class ProviderBudgetError(ProviderError):
    """Our own call budget for this provider and key is spent until ``retry_at``."""

    status = 503


class ProviderUnreachableError(ProviderError):
    """No connection, no answer in time, or a server error, also after the retries."""


class ProviderRefusedError(ProviderError):
    """The provider understood and refused (4xx): wrong key, unknown coin, a range the plan does not cover.

    ``http_status`` is its status, ``body`` the beginning of what it said, for the adapter to tell refusals apart.
    """

    def __init__(
        self, code: str, /, provider: str, http_status: int, body: bytes = b"", **params: object
    ) -> None:
        self.http_status = http_status
        self.body = body
        super().__init__(code, provider, None, http_status=http_status, **params)


class ProviderAnswerError(ProviderError):
    """An answer came but cannot be read: not the documented form, truncated, larger than allowed."""
