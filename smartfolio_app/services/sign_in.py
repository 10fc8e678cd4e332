"""Signing in at a broker that hands out no keys: the user is sent there, and comes back with a code for tokens.

What ties the two ways together is the ``state``: it names the user, the browser session and the source, holds the
proof that only this server has, is sealed with the server's own key, and is good for ten minutes. Nothing of it is
stored here, so any process may take the user back in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError, NotAllowedError, SmartFolioError
from smartfolio_app.keys import session_key
from smartfolio_app.locks import only_one
from smartfolio_app.providers import registry, saxo_tokens
from smartfolio_app.providers.saxo_tokens import Holder, Proof
from smartfolio_app.services import credentials, sources
from smartfolio_app.services.sync import connecting
from smartfolio_app.services.sync.access import client_of, open_access
from smartfolio_app.services.sync.connecting import Connected
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.tables import SourceRow

log = logging.getLogger(__name__)

#: Where the broker sends the user back to; to be given there when the app is registered.
CALLBACK = "/api/sources/sign-in/callback"
SECONDS = 600
_LOGIN_SETTING = {"saxo_api": "saxo_login_url", "saxo_sim_api": "saxo_sim_login_url"}
#: The providers one signs in to.
PROVIDERS = tuple(_LOGIN_SETTING)
_LONGEST_APP_KEY = 100


@dataclass(frozen=True, slots=True)
class Way:
    """Where to send the user, and where they will come back (which the broker must know as the app's address)."""

    address: str
    redirect_uri: str


def callback_address(origin: str) -> str:
    """Return the address to register at the broker for a server that browsers know as ``origin``."""
    return f"{origin.rstrip('/')}{CALLBACK}"


def begin(db: Session, user_id: str, source_key: str, *, device: str, app_key: str, origin: str) -> Way:
    """Return the way to the broker for a source of the user. ``device`` names the browser session it begins in.

    Raises:
        NotFoundError: The user has no such source.
        InvalidInputError: It is not signed in to this way, or the app's key or our own address is unusable.
    """
    source = sources.find(db, user_id, source_key)
    login_url = _login_url(source.provider)
    app_key = check_app_key(app_key)
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise InvalidInputError("saxo.origin")
    proof, back = Proof.fresh(), callback_address(origin)
    told = {
        "user": user_id,
        "device": device,
        "source": source.key,
        "app": app_key,
        "back": back,
        "proof": proof.verifier,
    }
    state = _seal(current_settings()).encrypt(json.dumps(told).encode()).decode()
    return Way(saxo_tokens.sign_in_address(login_url, app_key, back, state, proof), back)


def is_signed_in(db: Session, user_id: str, provider_id: str) -> bool:
    """Tell whether the user has signed in to an account of the provider."""
    return any(credentials.are_there(db, one) for one in _sources_of(db, user_id, provider_id))


def source_for(db: Session, user_id: str, provider_id: str, *, separate: bool) -> str:
    """Return the key of the source to sign in to, made when there is none; ``separate``: not one that is signed in.

    Raises:
        NotFoundError: There is no such provider.
    """
    mine = _sources_of(db, user_id, provider_id)
    free = [one for one in mine if not (separate and credentials.are_there(db, one))]
    return free[0].key if free else sources.add(db, user_id, provider_id, separate=separate).key


def _sources_of(db: Session, user_id: str, provider_id: str) -> Sequence[SourceRow]:
    wanted = select(SourceRow).where(
        col(SourceRow.user_id) == user_id, col(SourceRow.provider) == provider_id
    )
    return db.execute(wanted.order_by(col(SourceRow.created_at), col(SourceRow.key))).scalars().all()


def check_app_key(text: str) -> str:
    """Return the key of an app without the space around it; raise ``InvalidInputError`` when it can be none."""
    key = text.strip()
    if not key or len(key) > _LONGEST_APP_KEY or not key.isascii() or not key.isprintable():
        raise InvalidInputError("saxo.app_key")
    return key


def finish(db: Session, user_id: str, *, device: str, state: str, code: str) -> Connected:
    """Take the user back in: exchange the code for tokens, keep them, begin the first sync. Commits.

    Raises:
        NotAllowedError: The state is none of ours, too old, of another user or of another browser session.
        NotFoundError: The source is gone.
        CredentialsRefusedError: The broker does not accept the code.
        ProviderError: The broker cannot be asked now.
    """
    try:
        told = json.loads(_seal(current_settings()).decrypt(state.encode(), ttl=SECONDS))
    except (InvalidToken, ValueError) as error:
        raise NotAllowedError("saxo.state") from error
    if (told["user"], told["device"]) != (user_id, device):
        raise NotAllowedError("saxo.state")
    source = sources.find(db, user_id, told["source"])
    provider = registry.provider(source.provider)
    login_url = _login_url(source.provider)
    client = client_of(provider, source.id, {})
    db.commit()  # nobody waits for us while we wait for the broker
    tokens = saxo_tokens.exchange(
        client,
        code,
        app_key=told["app"],
        login_url=login_url,
        redirect_uri=told["back"],
        verifier=told["proof"],
    )
    # What a sign-in may do is not told, and the app is the user's own: there is nothing to be asked about.
    return connecting.connect(db, user_id, told["source"], tokens.as_fields(), accept_risks=True)


def keep_alive(db: Session) -> int:
    """Renew the tokens that are about to end, so that no sign-in ends between two syncs; return how many there are.

    A sign-in that has ended is left as it is: the next sync says so.
    """
    wanted = select(SourceRow).where(col(SourceRow.provider).in_(_LOGIN_SETTING))
    signed_in = list(db.execute(wanted).scalars())
    if not signed_in:
        return 0
    with only_one(current_settings().data_dir / "sign-ins.lock") as alone:
        for source in signed_in if alone else ():
            try:
                held = credentials.secrets_of(db, source.id)
                db.commit()
                if held:
                    Holder(open_access(registry.provider(source.provider), source, held)).bearer()
            except SmartFolioError as error:
                log.info("the sign-in of source %s was not renewed: %s", source.key, error.code)
    return len(signed_in)


def _login_url(provider_id: str) -> str:
    setting = _LOGIN_SETTING.get(provider_id)
    if setting is None:
        raise InvalidInputError("saxo.no_sign_in", provider=provider_id)
    return str(getattr(current_settings(), setting))


def _seal(settings: Settings) -> Fernet:
    key = hashlib.sha256(b"sign-in at a broker\x00" + session_key(settings)).digest()
    return Fernet(base64.urlsafe_b64encode(key))
