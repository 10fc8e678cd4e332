"""What a channel is told to say, what it must be told itself, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.providers.declared import Field
from smartfolio_app.settings import Settings


class NoticeError(SmartFolioError):
    """A notice could not be delivered. ``lasting``: trying again as it is would fail again."""

    status = 502

    def __init__(self, code: str, /, *, lasting: bool = False, **params: object) -> None:
        super().__init__(code, **params)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. ``id`` is the same each time it is tried; ``data`` is for programs (a webhook's body).

    ``severity`` is ``info``, ``warning`` or ``error``.
    """

    id: str
    at: datetime
    title: str
    text: str
    severity: str = "info"
    data: Mapping[str, Any] = field(default_factory=dict)


class Channel(Protocol):
    """One kind of channel. Every field is kept in the vault, whether it is secret or not."""

    id: str
    fields: tuple[Field, ...]

    def check(self, given: Mapping[str, str], settings: Settings) -> None:
        """Raise ``InvalidInputError`` when the fields cannot be used."""
        ...

    def shown(self, given: Mapping[str, str]) -> str:
        """Return what its owner recognises it by; nothing that opens anything."""
        ...

    def send(self, given: Mapping[str, str], notice: Notice, settings: Settings) -> None:
        """Deliver one notice; raise ``NoticeError`` when that cannot be done."""
        ...
