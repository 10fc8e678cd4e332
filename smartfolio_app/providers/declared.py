"""How a provider is declared: what it is, what it must be told, what it brings, how often it may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartfolio_app.providers.limits import Budget


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a provider must be told. A ``secret`` one is a credential and lives in the vault alone.

    ``label`` is a message key, or a proper name that is not translated. ``choices`` are the values it may have, where
    they are few; the first is the usual one.
    """

    name: str
    label: str
    secret: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    ``label`` is a message key or an institution's own name. ``category`` is ``crypto``, ``stocks`` or ``wealth``, and
    empty for a provider of prices, which is no source of wealth. ``kind`` is ``manual``, ``csv``, ``api`` or
    ``market``; ``yields`` says what it brings: ``transactions``, ``balances``, ``items``, ``prices``, ``rates``.
    ``base_url_setting`` names the field of ``Settings`` that overrides its address, ``base_url`` is the usual one.

    Of an ``api`` provider: ``files_of`` is the file provider whose exports tell of the same account, so that both fill
    one source; ``key_field`` is the credential by which the provider counts calls (empty: each source by itself);
    ``help_url`` is where its user makes a key; ``advice`` is the message key of what to tick there; ``sign_in`` is set
    when the credentials come from signing in at the provider rather than from typing them.
    """

    id: str
    label: str
    category: str
    kind: str
    yields: tuple[str, ...]
    credential_fields: tuple[Field, ...] = ()
    config_fields: tuple[Field, ...] = ()
    budget: Budget | None = None
    base_url_setting: str = ""
    formats: tuple[str, ...] = ()
    base_url: str = ""
    files_of: str = ""
    key_field: str = ""
    help_url: str = ""
    advice: str = ""
    sign_in: bool = False

    @property
    def is_source(self) -> bool:
        """Tell whether a user's wealth can come from it."""
        return bool(self.category)


def address_of(provider: Provider, settings: object) -> str:
    """Return the base address in force: what the operator set, else the usual one, ``""`` when there is neither.

    A setting may hold the addresses of many providers (those of the exchanges); it is then by their ids without ending.
    """
    chosen = getattr(settings, provider.base_url_setting) if provider.base_url_setting else ""
    if isinstance(chosen, Mapping):
        chosen = chosen.get(provider.id.removesuffix("_api"), "")
    return str(chosen or provider.base_url)
