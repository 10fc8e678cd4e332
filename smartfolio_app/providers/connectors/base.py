"""What a live source declares and yields. Declarations alone: whoever runs a connector does the storing.

A connector is synchronous and called in a worker thread, never on the event loop. It gives what it found in pages; each
page is stored together with its cursor, so that a sync that was killed goes on after the last page that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from smartfolio_app.ledger.assets import Asset, AssetId
from smartfolio_app.ledger.transactions import PriceQuote, Statement, Transaction
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.declared import Provider
from smartfolio_app.providers.errors import ProviderError
from smartfolio_app.providers.http import ProviderClient

#: Where a sync stands, as JSON: texts, numbers, booleans, lists and objects. Never a secret.
Cursor = Mapping[str, Any]


class CredentialsRefusedError(ProviderError):
    """The provider does not accept the credentials, or they may not read: only their owner can mend that."""

    status = 422


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a provider says of credentials.

    ``account`` is its name for the account where it tells one. ``may_trade`` and ``may_withdraw`` are ``None`` when the
    provider does not tell. ``warnings`` are remarks for the owner.
    """

    ok: bool
    account: str = ""
    may_read: bool = True
    may_trade: bool | None = None
    may_withdraw: bool | None = None
    warnings: tuple[Message, ...] = ()

    @property
    def is_dangerous(self) -> bool:
        """Tell whether whoever holds these credentials could move something."""
        return bool(self.may_trade or self.may_withdraw)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's worth, stored with ``cursor`` in one database transaction.

    ``label`` is the message key of what is being fetched, ``progress`` what is done of how much where that is known.
    With ``done`` the sync is complete, and ``cursor`` is what the next sync begins with.
    """

    cursor: Cursor
    done: bool = False
    transactions: tuple[Transaction, ...] = ()
    statement: Statement | None = None
    assets: Mapping[AssetId, Asset] = field(default_factory=dict)
    prices: tuple[PriceQuote, ...] = ()
    progress: tuple[int, int] | None = None
    label: str = ""
    warnings: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What a connector is given to do its work.

    ``client`` is bound to the provider and a digest of the key: budget, pauses, breaker and the outbound ledger hold
    for every call made with it. ``nonce`` returns a number larger than any returned before for this key, by anybody.
    ``save`` stores refreshed credentials in the vault at once. ``cancelled`` tells whether to stop.
    """

    credentials: Mapping[str, str]
    config: Mapping[str, str]
    client: ProviderClient
    save: Callable[[Mapping[str, str]], None]
    nonce: Callable[[], int]
    now: Callable[[], datetime]
    cancelled: Callable[[], bool] = lambda: False


class Connector(Protocol):
    """One live source. Its errors are ``ProviderError``s; refused credentials a ``CredentialsRefusedError``."""

    provider: Provider

    def check(self, access: Access) -> KeyCheck:
        """Return what the credentials may do; raise ``ProviderError`` when that cannot be found out now."""
        ...

    def pull(self, access: Access, cursor: Cursor) -> Iterator[Page]:
        """Yield what is new since ``cursor`` (empty: everything); the last page is ``done``."""
        ...
