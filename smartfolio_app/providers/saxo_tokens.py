"""Signing in at Saxo: OAuth 2 by authorization code with PKCE (S256), and tokens that are renewed by turns.

An access token lasts some twenty minutes. With it comes a refresh token that can be used once: renewing gives both
anew, and the old one is refused from then on. So what comes back is saved before it is used.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from smartfolio_app.providers.connectors.base import Access, CredentialsRefusedError
from smartfolio_app.providers.errors import ProviderRefusedError
from smartfolio_app.providers.http import Outgoing, ProviderClient
from smartfolio_app.providers.reading import json_object

#: A token that ends sooner than this is renewed first.
_MARGIN = timedelta(seconds=90)
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Proof:
    """What ties a code to whoever asked for it: the verifier stays here, its digest goes along."""

    verifier: str

    @classmethod
    def fresh(cls) -> Proof:
        """Return a new one (RFC 7636: 43 to 128 characters)."""
        return cls(secrets.token_urlsafe(64))

    @property
    def challenge(self) -> str:
        """The verifier's SHA-256, as the sign-in is told it."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two tokens and when they end, as kept in the vault; ``login_url`` and ``verifier`` serve to renew them."""

    app_key: str
    login_url: str
    redirect_uri: str
    verifier: str
    access_token: str
    refresh_token: str
    expires_at: datetime

    @classmethod
    def kept(cls, credentials: dict[str, str]) -> Tokens:
        """Read them from the vault's fields; raise ``KeyError`` or ``ValueError`` when they are not there."""
        return cls(
            **{name: credentials[name] for name in cls.__slots__ if name != "expires_at"},
            expires_at=datetime.fromisoformat(credentials["expires_at"]),
        )

    def as_fields(self) -> dict[str, str]:
        """Return them as the vault's fields."""
        fields = {name: str(getattr(self, name)) for name in self.__slots__}
        return {**fields, "expires_at": self.expires_at.isoformat()}


def sign_in_address(login_url: str, app_key: str, redirect_uri: str, state: str, proof: Proof) -> str:
    """Return where the user's browser goes to sign in."""
    asked = {
        "response_type": "code",
        "client_id": app_key,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": proof.challenge,
        "code_challenge_method": "S256",
    }
    return f"{login_url}/authorize?{urlencode(asked)}"


def exchange(
    client: ProviderClient, code: str, *, app_key: str, login_url: str, redirect_uri: str, verifier: str
) -> Tokens:
    """Return the tokens for a code, which can be used once.

    Raises:
        CredentialsRefusedError: The code is not (or no longer) good.
        ProviderError: Saxo cannot be asked now.
    """
    blank = Tokens(app_key, login_url, redirect_uri, verifier, "", "", datetime.min.replace(tzinfo=UTC))
    asked = {"grant_type": "authorization_code", "code": code}
    return _asked(client, blank, asked, "saxo.code_refused")


def renew(client: ProviderClient, tokens: Tokens) -> Tokens:
    """Return fresh tokens for the refresh token, which is spent by it.

    Raises:
        CredentialsRefusedError: It was used before, or has ended: the user has to sign in again.
        ProviderError: Saxo cannot be asked now.
    """
    asked = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return _asked(client, tokens, asked, "saxo.signed_out")


def _asked(client: ProviderClient, tokens: Tokens, asked: dict[str, str], refused: str) -> Tokens:
    form = {
        **asked,
        "client_id": tokens.app_key,
        "redirect_uri": tokens.redirect_uri,
        "code_verifier": tokens.verifier,
    }
    outgoing = Outgoing(
        path=f"{tokens.login_url}/token", method="POST", headers=_FORM, content=urlencode(form).encode()
    )
    try:
        answer = client.ask(lambda: outgoing, read=_read, safe=False)
    except ProviderRefusedError as error:
        raise CredentialsRefusedError(refused, provider="Saxo Bank") from error
    access, refresh, seconds = answer.value
    return replace(
        tokens,
        access_token=access,
        refresh_token=refresh,
        expires_at=answer.at + timedelta(seconds=seconds),
    )


def _read(body: bytes) -> tuple[str, str, int]:
    told: dict[str, Any] = json_object(body)
    access, refresh, seconds = told["access_token"], told["refresh_token"], told["expires_in"]
    if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(seconds, int)):
        raise TypeError("not tokens")
    return access, refresh, seconds


class Holder:
    """The tokens of one account while it is read: renewed when they are about to end, and saved at once.

    Two readings of one account (a sync, and a test of the connection) share what the process renewed last: the refresh
    token of the other one would be refused.
    """

    _newest: dict[str, Tokens] = {}  # noqa: RUF012 - shared on purpose, by client
    _lock = Lock()

    def __init__(self, access: Access) -> None:
        self._access = access
        try:
            self._tokens = Tokens.kept(dict(access.credentials))
        except (KeyError, ValueError) as error:
            raise CredentialsRefusedError("saxo.signed_out", provider="Saxo Bank") from error

    def bearer(self, *, spent: str = "") -> str:
        """Return an access token that is good for a while; ``spent`` is one that was refused before its time.

        Raises:
            CredentialsRefusedError: The user has to sign in again.
            ProviderError: It would have to be renewed, and Saxo cannot be asked now.
        """
        with self._lock:
            known = self._newest.get(self._access.client.key_id)
            if known is not None and known.expires_at > self._tokens.expires_at:
                self._tokens = known
            ending = self._tokens.expires_at - self._access.now() < _MARGIN
            if ending or self._tokens.access_token == spent:
                self._tokens = renew(self._access.client, self._tokens)
                self._access.save(self._tokens.as_fields())
                self._newest[self._access.client.key_id] = self._tokens
            return self._tokens.access_token
