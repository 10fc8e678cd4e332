"""Connecting an account: its credentials are tried, what they may do is told, and only then are they kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import ConflictError, InvalidInputError
from smartfolio_app.providers import registry
from smartfolio_app.providers.connectors import KeyCheck, connector
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.errors import ProviderError
from smartfolio_app.services import audit, credentials, sources
from smartfolio_app.services.source_labels import label_of
from smartfolio_app.services.sync import engine
from smartfolio_app.services.sync.access import open_access, told
from smartfolio_app.services.sync.reports import Connection, connection, live_source
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.repo_sync import open_run, state_of
from smartfolio_app.storage.tables import SourceRow, SyncState
from smartfolio_app.storage.vault import VaultLockedError


class DangerousKeyError(ConflictError):
    """The key could move something; it is kept only when its owner says so. ``check`` is what the provider told."""

    def __init__(self, provider: str, check: KeyCheck) -> None:
        super().__init__("credential.dangerous", provider=provider)
        self.check = check


@dataclass(frozen=True, slots=True)
class Connected:
    """A source whose credentials are kept. ``check`` is ``None`` when they could not be tried; ``problem`` says why."""

    connection: Connection
    check: KeyCheck | None
    problem: Message | None = None


def check(db: Session, user_id: str, source_key: str, values: Mapping[str, str] | None = None) -> KeyCheck:
    """Return what credentials may do: those given, which are not kept, or those in the vault.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source, or a field is missing or unusable.
        ConflictError: No credentials were given, and none are there; or those there cannot be read.
        ProviderError: The provider does not accept them, or cannot be asked now.
    """
    source = live_source(db, user_id, source_key)
    provider = registry.provider(source.provider)
    if values:
        given = credentials.cleaned(provider, values)
    else:
        if not credentials.are_there(db, source):
            raise ConflictError("sync.no_credentials", source=source_key)
        given = credentials.secrets_of(db, source.id)
    db.commit()  # nobody waits for us while we wait for the provider
    found = _try(source, given, keep=not values)
    if not values:
        _remember(db, source, found)
        db.commit()
    return found


def connect(
    db: Session,
    user_id: str,
    source_key: str,
    values: Mapping[str, str],
    *,
    accept_risks: bool = False,
    begin: bool = True,
) -> Connected:
    """Try credentials, keep them in the vault in place of earlier ones, and begin the first sync. Commits.

    A provider that cannot be asked now does not keep them from being stored; one that refuses them does.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source, or a field is missing or unusable.
        CredentialsRefusedError: The provider does not accept them; nothing was stored.
        ConflictError: Another source of the user has this very key: everything would count twice.
        DangerousKeyError: They could trade or withdraw, and ``accept_risks`` does not say that this is wanted.
        VaultLockedError: Earlier ones cannot be read with the keys in force, and so are not overwritten.
    """
    source = live_source(db, user_id, source_key)
    given = credentials.cleaned(registry.provider(source.provider), values)
    _refuse_same_key(db, source, given)
    db.commit()
    found, problem = _examined(source, given, accept_risks=accept_risks)
    return _keep(db, user_id, source_key, given, found, problem, begin=begin)


def connect_new(
    db: Session,
    user_id: str,
    provider_id: str,
    values: Mapping[str, str],
    *,
    label: str = "",
    config: Mapping[str, str] | None = None,
    separate: bool = False,
    accept_risks: bool = False,
    begin: bool = True,
) -> Connected:
    """Make a source of a provider together with its credentials; when they are refused nothing is made. Commits.

    Raises:
        NotFoundError: There is no such provider.
        InvalidInputError: It is none that is read over the network, or a field is missing or unusable.
        CredentialsRefusedError, DangerousKeyError, ConflictError: As ``connect``.
    """
    provider = registry.provider(provider_id)
    if provider.kind != "api":
        raise InvalidInputError("sync.not_live", source=provider_id)
    given = credentials.cleaned(provider, values)
    chosen = sources.config_text(provider, config or {})
    trial = SourceRow(
        user_id=user_id,
        key=provider_id,
        provider=provider_id,
        label="",
        category=provider.category,
        config=chosen,
    )
    _refuse_same_key(db, trial, given)
    db.commit()
    found, problem = _examined(trial, given, accept_risks=accept_risks)
    made = sources.add(db, user_id, provider_id, label, separate=separate, config=config)
    return _keep(db, user_id, made.key, given, found, problem, begin=begin)


def _refuse_same_key(db: Session, source: SourceRow, given: Mapping[str, str]) -> None:
    """Raise ``ConflictError`` when another source of the user is read with this very key."""
    name = registry.provider(source.provider).key_field
    wanted = select(SourceRow).where(
        col(SourceRow.user_id) == source.user_id,
        col(SourceRow.provider) == source.provider,
        col(SourceRow.id) != source.id,
    )
    for other in db.execute(wanted).scalars().all() if given.get(name) else ():
        try:
            same = credentials.secrets_of(db, other.id).get(name) == given[name]
        except VaultLockedError:
            continue
        if same:
            raise ConflictError("credential.same_key", source=label_of(other, "en"))


def _examined(
    source: SourceRow, given: Mapping[str, str], *, accept_risks: bool
) -> tuple[KeyCheck | None, Message | None]:
    """Return what the provider says of credentials, or why it cannot be asked now; raise when they must not be kept."""
    provider = registry.provider(source.provider)
    try:
        found = _try(source, given, keep=False)
    except ProviderError as error:
        if error.status == 422 or error.code in ("provider.refused", "provider.address"):
            raise
        return None, Message(*told(error, provider))
    if found.is_dangerous and not accept_risks:
        raise DangerousKeyError(provider.label, found)
    return found, None


def _keep(  # noqa: PLR0917 - what an examination found
    db: Session,
    user_id: str,
    source_key: str,
    given: Mapping[str, str],
    found: KeyCheck | None,
    problem: Message | None,
    *,
    begin: bool,
) -> Connected:
    """Keep credentials and begin the first sync."""
    bump_revision(db, user_id)  # the WealthBar offers it from now on
    source = live_source(db, user_id, source_key)
    credentials.store(db, source, given)
    state = state_of(db, source.id) or SyncState(source_id=source.id, user_id=user_id)
    state.error, state.error_params, state.failures = "", "{}", 0
    state.next_at = datetime.now(UTC) if state.every_minutes else None
    db.add(state)
    db.flush()
    if found is not None:
        _remember(db, source, found)
    db.commit()
    if begin and problem is None:
        engine.start(db, user_id, source_key, trigger="first")
    return Connected(connection(db, user_id, source_key), found, problem)


def disconnect(db: Session, user_id: str, source_key: str) -> int:
    """Remove a source's credentials from the vault; what was synced stays. Commits; returns how many there were.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is no live source.
    """
    source = live_source(db, user_id, source_key)
    if open_run(db, source.id) is not None:
        engine.cancel(db, user_id, source_key)
    bump_revision(db, user_id)
    source = live_source(db, user_id, source_key)
    removed = credentials.forget(db, source)
    db.commit()
    return removed


def _try(source: SourceRow, secrets: Mapping[str, str], *, keep: bool) -> KeyCheck:
    provider = registry.provider(source.provider)
    access = open_access(provider, source, secrets, keep=keep)
    try:
        return connector(provider.id).check(access)
    except VaultLockedError:
        raise
    except ProviderError as error:
        error.params["provider"] = provider.label
        raise


def _remember(db: Session, source: SourceRow, found: KeyCheck) -> None:
    state = state_of(db, source.id) or SyncState(source_id=source.id, user_id=source.user_id)
    state.may_trade, state.may_withdraw = found.may_trade, found.may_withdraw
    state.account, state.checked_at = found.account[:120], datetime.now(UTC)
    db.add(state)
    audit.record(db, source.user_id, "credential.check", {"source": source.key})
