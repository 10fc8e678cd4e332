"""ccxt at work on one account, with every call going out through our own client.

ccxt signs, paces and understands errors; it runs on an event loop of its own, in the worker thread of the sync. What it
would send itself goes through ``Access.client`` instead, so that budget, pauses, breaker, size cap, address rules and
the outbound ledger hold for it as for every provider.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from smartfolio_app.providers.connectors.base import Access, CredentialsRefusedError
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderBudgetError,
    ProviderError,
    ProviderPausedError,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from smartfolio_app.providers.exchanges import loading
from smartfolio_app.providers.exchanges.catalogue import Exchange
from smartfolio_app.providers.http import Outgoing

T = TypeVar("T")

#: How often a question is asked again when the exchange cannot be reached, and the first wait between (seconds).
ATTEMPTS = 3
BACKOFF = 0.5
#: A budget that is spent for longer than this ends the sync; it goes on where it was when there is some again.
LONGEST_WAIT = 300.0
#: What an exchange that says "too many" without saying for how long is left alone for.
PAUSE = timedelta(seconds=60)
#: Whether ccxt keeps each exchange's pace. Switched off only against a server on this machine.
KEEP_PACE = True
_SLICE = 0.2
#: Options that keep ccxt from asking for more than it was asked for.
_OPTIONS = {
    "adjustForTimeDifference": False,
    "warnOnFetchCurrenciesWithoutAuthorization": False,
    "fetchCurrencies": False,
    "fetchMarkets": {"types": ["spot"]},
    "defaultType": "spot",
    "uta": False,
}

log = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - not an error: the user, or the end of the process, wants it to stop
    """The sync was cancelled while it waited."""


class Session:
    """One exchange, opened with one account's credentials. A context manager."""

    def __init__(self, exchange: Exchange, access: Access, *, own_nonce: bool = False) -> None:
        self.exchange = exchange
        self.access = access
        self._errors = loading.errors()
        self._own_nonce = own_nonce
        self._loop = asyncio.new_event_loop()
        self.api = _connected(exchange, self, own_nonce=own_nonce)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.session = None
        with contextlib.suppress(RuntimeError):
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def run(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Run one question, again from its beginning (and signed anew) when that may help.

        Raises:
            ProviderError: No usable answer; the subclass says why.
            Stopped: ``Access.cancelled`` came true while waiting.
        """
        attempt = 1
        while True:
            try:
                return self._once(ask)
            except ProviderBudgetError as error:
                self._wait_for(error)
            except ProviderUnreachableError as error:
                if attempt >= ATTEMPTS:
                    raise
                if error.code == "exchange.nonce" and not self._own_nonce and self.api.has.get("fetchTime"):
                    self._once(self.api.load_time_difference)
                self._sleep(random.uniform(0, BACKOFF * 2**attempt))
                attempt += 1

    def _once(self, ask: Callable[[], Awaitable[T]]) -> T:
        if self.access.cancelled():
            raise Stopped
        try:
            return self._loop.run_until_complete(_awaited(ask))
        except ProviderError:
            raise
        except self._errors.BaseError as error:
            raise self.translated(error) from error
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
            log.warning("%s: unreadable answer: %s", self.exchange.id, type(error).__name__)
            raise self._unreadable() from error

    def _wait_for(self, error: ProviderBudgetError) -> None:
        assert error.retry_at is not None, "a spent budget says when there is some again"
        seconds = (error.retry_at - self.access.now()).total_seconds()
        if seconds > LONGEST_WAIT:
            raise error
        self._sleep(max(seconds, 0.01))

    def _sleep(self, seconds: float) -> None:
        """Wait in slices, so that a cancelled sync ends at once."""
        while seconds > 0:
            if self.access.cancelled():
                raise Stopped
            self._loop.run_until_complete(asyncio.sleep(min(seconds, _SLICE)))
            seconds -= _SLICE

    # ------------------------------------------------------------------------------------------------ the wire
    def fetch(self, url: str, method: str, headers: dict[str, str], body: str | bytes | None) -> Any:
        """Send what ccxt signed and return the JSON of the answer; numbers stay the text they were written as."""
        content = body.encode() if isinstance(body, str) else body or b""
        outgoing = Outgoing(path=url, method=method, headers=headers, content=content)
        try:
            document, answer = self.access.client.ask(lambda: outgoing, read=_document, safe=False).value
        except ProviderRefusedError as error:
            self._refused(error, url, method, headers, body)
            raise
        text = answer.decode("utf-8", "replace").strip()
        self.api.handle_errors(200, "OK", url, method, {}, text, document, headers, body)
        return document

    def _refused(
        self,
        error: ProviderRefusedError,
        url: str,
        method: str,
        headers: dict[str, str],
        body: str | bytes | None,
    ) -> None:
        """Let ccxt read a refusal: it knows what each exchange's words mean. Raises its error, or nothing."""
        text = error.body.decode("utf-8", "replace").strip()
        try:
            document, _ = _document(error.body)
        except ValueError:
            document = None
        self.api.handle_errors(error.http_status, "", url, method, {}, text, document, headers, body)
        self.api.handle_http_status_code(error.http_status, "", url, method, text)

    # ------------------------------------------------------------------------------------------------- errors
    def translated(self, error: Exception) -> ProviderError:
        """Return our error for one of ccxt's."""
        known, name = self._errors, self.exchange.name
        log.info("%s: %s", self.exchange.id, type(error).__name__)
        if isinstance(error, known.InvalidNonce):
            return ProviderUnreachableError("exchange.nonce", provider=name)
        if isinstance(error, known.RateLimitExceeded | known.DDoSProtection):
            until = self.access.now() + PAUSE
            self.access.client.pause(until)
            return ProviderPausedError("provider.paused", provider=name, retry_at=until)
        if isinstance(error, known.PermissionDenied | known.AccountNotEnabled):
            return CredentialsRefusedError("exchange.permission", provider=name)
        if isinstance(error, known.AccountSuspended):
            return CredentialsRefusedError("exchange.suspended", provider=name)
        # Not every exchange's words for it are known to ccxt.
        if isinstance(error, known.AuthenticationError) or "signature" in str(error).casefold():
            return CredentialsRefusedError("exchange.key_refused", provider=name)
        if isinstance(error, known.BadResponse):
            return self._unreadable()
        if isinstance(error, known.OperationFailed):
            return ProviderUnreachableError("exchange.unavailable", provider=name)
        return ProviderRefusedError("exchange.refused", provider=name, http_status=400)

    def _unreadable(self) -> ProviderAnswerError:
        return ProviderAnswerError("provider.unreadable", provider=self.exchange.name)


async def _awaited(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def _document(body: bytes) -> tuple[Any, bytes]:
    """Return the document and its text; fractions stay text, exactly as they came. No JSON is a ``ValueError``."""
    document = json.loads(body, parse_float=str)
    if not isinstance(document, dict | list):
        raise ValueError("neither an object nor an array")  # noqa: TRY004 - a wrong answer, not a wrong call
    return document, body


def _connected(exchange: Exchange, session: Session, *, own_nonce: bool) -> Any:
    """Return ccxt's exchange with its network taken out and ours put in."""
    base = loading.exchange_class(exchange.id)

    async def fetch(
        self: Any,
        url: str,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> Any:
        sent = {**(self.headers or {}), **(headers or {})}
        return session.fetch(url, method, {name: str(value) for name, value in sent.items()}, body)

    overrides: dict[str, Any] = {"fetch": fetch, "__del__": lambda _: None}
    if own_nonce:
        overrides["nonce"] = lambda _: session.access.nonce()
    one = type(f"Gated{base.__name__}", (base,), overrides)(
        {
            **{name: session.access.credentials.get(name, "") for name in exchange.credentials},
            "enableRateLimit": KEEP_PACE,
            "asyncio_loop": session._loop,  # noqa: SLF001 - the session's own other half
            "options": _OPTIONS,
        }
    )
    one.number = str
    if session.access.client.base_url != exchange.base_url:
        one.urls["api"] = _moved(one.urls["api"], session.access.client.base_url)
    one.secret = _unfolded(one.secret)
    return one


def _moved(urls: Any, base: str) -> Any:
    """Return the addresses of an exchange at the host the operator named: they are part of what is signed."""
    if isinstance(urls, str):
        there = urlsplit(base)
        return urlunsplit(urlsplit(urls)._replace(scheme=there.scheme, netloc=there.netloc))
    return {name: _moved(value, base) for name, value in urls.items()}


_PEM = re.compile(r"(?P<begin>-----BEGIN [A-Z ]+-----)(?P<body>.*)(?P<end>-----END [A-Z ]+-----)")


def _unfolded(secret: str) -> str:
    r"""Return a PEM key with its line breaks back: keys are often copied out of JSON, where they are ``\n``."""
    if not secret or "BEGIN" not in secret:
        return secret
    whole = secret.replace("\\n", "\n")
    found = _PEM.fullmatch(whole.strip())
    if found is None or "\n" in whole.strip():
        return whole
    return (
        f"{found['begin']}\n{''.join(found['body'].split())}\n{found['end']}\n"  # a one-line field ate them
    )
