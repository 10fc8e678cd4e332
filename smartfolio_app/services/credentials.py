"""The credentials of live sources: set, replaced, removed, never shown. They are kept by the vault and by nothing else.

What an owner may see is which fields are set, when, and the last four characters. Only a sync reads the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers import registry
from smartfolio_app.providers.declared import Provider
from smartfolio_app.services import audit
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.tables import SourceFile, SourceRow, SyncState
from smartfolio_app.storage.vault import open_vault

_LONGEST = 8_000


@dataclass(frozen=True, slots=True)
class CredentialView:
    """One credential field as its owner may see it. ``hint`` is its last four characters, empty for a short secret."""

    field: str
    label: str
    required: bool
    is_set: bool
    hint: str = ""
    set_at: datetime | None = None
    locked: bool = False


def describe(db: Session, source: SourceRow) -> list[CredentialView]:
    """Return the credential fields of a source, set or not."""
    provider = registry.provider(source.provider)
    if not provider.credential_fields:
        return []
    hints = {hint.field: hint for hint in open_vault(current_settings()).hints(db, source.id)}
    return [
        CredentialView(
            field=field.name,
            label=field.label,
            required=field.required,
            is_set=field.name in hints,
            hint=hints[field.name].hint if field.name in hints else "",
            set_at=hints[field.name].set_at if field.name in hints else None,
            locked=hints[field.name].locked if field.name in hints else False,
        )
        for field in provider.credential_fields
    ]


def are_there(db: Session, source: SourceRow) -> bool:
    """Tell whether every credential that the source's provider requires is in the vault."""
    return all(one.is_set for one in describe(db, source) if one.required)


def cleaned(provider: Provider, values: Mapping[str, str]) -> dict[str, str]:
    """Return the given credentials without the space around them.

    Raises:
        InvalidInputError: A field is unknown, missing, too long or holds what no key can hold.
    """
    known = {field.name: field for field in provider.credential_fields}
    unknown = next((name for name in values if name not in known), None)
    if unknown is not None or not known:
        raise InvalidInputError(
            "credential.unknown_field", field=str(unknown or "")[:40], provider=provider.label
        )
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    missing = next((name for name, field in known.items() if field.required and name not in given), None)
    if missing is not None:
        raise InvalidInputError("credential.missing", field=missing, provider=provider.label)
    for name, value in given.items():
        if len(value) > _LONGEST or not value.isascii() or "\x00" in value:
            raise InvalidInputError("credential.unusable", field=name, provider=provider.label)
    return given


def store(db: Session, source: SourceRow, values: Mapping[str, str]) -> None:
    """Put credentials into the vault, replacing what was there. Does not commit.

    Raises:
        VaultLockedError: What is there cannot be read with the keys in force, and so is not overwritten.
    """
    vault = open_vault(current_settings())
    present = {hint.field for hint in vault.hints(db, source.id)}
    for name, value in values.items():
        vault.set(db, source.id, name, value)
    for gone in present - values.keys():
        vault.remove(db, source.id, gone)
    audit.record(db, source.user_id, "credential.set", {"source": source.key, "fields": sorted(values)})


def save_refreshed(db: Session, source_id: str, values: Mapping[str, str]) -> None:
    """Put what a provider renewed into the vault, beside the other fields. Does not commit."""
    vault = open_vault(current_settings())
    for name, value in values.items():
        vault.set(db, source_id, name, value)


def secrets_of(db: Session, source_id: str) -> dict[str, str]:
    """Return what a sync needs; for ``services.sync`` alone.

    Raises:
        VaultLockedError: No key in force opens them.
    """
    vault, found = open_vault(current_settings()), {}
    for hint in vault.hints(db, source_id):
        secret = vault.get(db, source_id, hint.field)
        if secret is not None:
            found[hint.field] = secret
    return found


def forget(db: Session, source: SourceRow) -> int:
    """Remove all credentials of a source; return how many there were. Does not commit.

    What was synced stays. A source that is also filled from files goes on as one of files.
    """
    removed = open_vault(current_settings()).remove(db, source.id)
    state = db.get(SyncState, source.id)
    if state is not None:
        state.next_at = None
        state.checked_at = state.may_trade = state.may_withdraw = None
        state.error, state.error_params, state.failures = "", "{}", 0
        db.add(state)
    provider = registry.providers().get(source.provider)
    if provider is not None and provider.files_of:
        has_files = select(col(SourceFile.id)).where(col(SourceFile.source_id) == source.id).limit(1)
        if db.execute(has_files).first() is not None:
            source.provider = provider.files_of
            db.add(source)
    if removed:
        audit.record(db, source.user_id, "credential.remove", {"source": source.key, "fields": removed})
    return removed
