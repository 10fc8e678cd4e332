"""What a connector is given: credentials, a client with the key's own budget, a nonce, a place for renewed secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.providers.connectors import Access
from smartfolio_app.providers.declared import Provider, address_of
from smartfolio_app.providers.errors import ProviderAddressError, ProviderError
from smartfolio_app.providers.http import ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.services import credentials, market_data
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.repo_sync import next_nonce
from smartfolio_app.storage.tables import SourceRow

#: For a provider that declares no budget: one call every two seconds.
USUAL_BUDGET = Budget(calls=30, seconds=60)


def client_of(provider: Provider, source_id: str, secrets: Mapping[str, str]) -> ProviderClient:
    """Return the client of a source. Its budget is the key's, its answers are kept for this source alone.

    Raises:
        ProviderAddressError: The provider's address is neither https nor on loopback.
    """
    address = address_of(provider, current_settings())
    if not address:
        raise ProviderAddressError("provider.address", provider=provider.id, host="")
    return market_data.market().gateway.provider(
        provider.id,
        address,
        budget=provider.budget or USUAL_BUDGET,
        key=secrets.get(provider.key_field, "") or f"source {source_id}",
        private=source_id,
    )


def open_access(
    provider: Provider,
    source: SourceRow,
    secrets: Mapping[str, str],
    *,
    cancelled: Callable[[], bool] = lambda: False,
    keep: bool = True,
) -> Access:
    """Return what a connector works with. With ``keep`` what the provider renews goes to the vault."""
    client = client_of(provider, source.id, secrets)
    client.recount()  # other processes call with the same key too
    source_id = source.id

    def save(values: Mapping[str, str]) -> None:
        if keep:
            with session_scope() as db:
                credentials.save_refreshed(db, source_id, values)

    return Access(
        credentials=dict(secrets),
        config=config_of(source),
        client=client,
        save=save,
        nonce=lambda: next_nonce(provider.id, client.key_id),
        now=lambda: datetime.now(UTC),
        cancelled=cancelled,
    )


def config_of(source: SourceRow) -> dict[str, str]:
    """Return what its user chose for a source, which is no secret."""
    try:
        read = json.loads(source.config or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in read.items()} if isinstance(read, dict) else {}


def told(error: SmartFolioError, provider: Provider) -> tuple[str, dict[str, object]]:
    """Return an error's code and the values of its sentence, with the provider by its name."""
    params = dict(error.params)
    if isinstance(error, ProviderError):
        params["provider"] = provider.label
    return error.code, params
