"""The one door to the outside: every call to a provider goes through a ``Gateway``.

What it holds to, for each provider and key: a call budget, one call for concurrent askers of the same thing, answers
kept for a while and revalidated, timeouts and a deadline, retries with full jitter for what is safe to repeat,
``Retry-After`` (429 and 418 silence the whole host until then), a circuit breaker, a cap on the size of an answer,
https unless on loopback, no redirect to another host, and a record of every call that was really made.

Synchronous, for worker threads. Nothing here waits on the event loop.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from threading import Event, Lock
from typing import Generic, TypeVar

import httpx
import tenacity

from smartfolio_app.providers.answers import Answer, AnswerCache, Kept, SingleFlight
from smartfolio_app.providers.errors import (
    ProviderAddressError,
    ProviderAnswerError,
    ProviderBudgetError,
    ProviderOfflineError,
    ProviderPausedError,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from smartfolio_app.providers.limits import LONGEST_PAUSE_SECONDS, Breaker, Budget, Pauses, Window

T = TypeVar("T")
Params = Mapping[str, str | int]

#: A pause nobody asked for by number.
DEFAULT_PAUSE_SECONDS = 60.0
MAX_REDIRECTS = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """One call as it happened. ``key_id`` is a digest of the key, ``path`` has no query: no secret can be in here.

    ``outcome`` is ``ok``, ``not_modified``, ``refused``, ``silenced`` (429, 418), ``failed`` (5xx), ``timeout``,
    ``no_connection``, ``too_large``, ``redirected`` or ``unreadable``.
    """

    at: datetime
    provider: str
    key_id: str
    host: str
    path: str
    outcome: str
    status: int | None
    ms: int
    size: int
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call about to be made, signed as it is: ``content`` goes out byte for byte.

    ``path`` is below the base address; one with a scheme stands for itself.
    """

    path: str = ""
    method: str = "GET"
    params: Params | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long we wait for an answer (seconds) and how large it may be (bytes)."""

    connect: float = 5.0
    read: float = 15.0
    deadline: float = 60.0
    max_bytes: int = 16 * 1024 * 1024
    attempts: int = 3
    backoff: float = 0.5
    backoff_max: float = 8.0


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """What is known about reaching one provider with one key."""

    provider: str
    key_id: str
    host: str
    budget: Budget
    left: int
    paused_until: datetime | None
    breaker_open: bool


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    url: httpx.URL
    key: tuple[str, str, str]
    read: Callable[[bytes], T]
    ttl: float
    patience: float


class Gateway:
    """Process-wide state of all outbound calls; hands out one ``ProviderClient`` a provider, address and key.

    ``recorder`` is told every call; ``history`` tells the recorded ones of a provider and key digest, by this or any
    other process.
    """

    def __init__(
        self,
        *,
        offline: bool = False,
        recorder: Callable[[OutboundCall], None] | None = None,
        history: Callable[[str, str], Iterable[OutboundCall]] | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.offline = offline
        self.limits = limits or Limits()
        self.clock = clock
        self.pauses = Pauses()
        self.cache = AnswerCache()
        self.flights = SingleFlight()
        self.closing = Event()
        self._recorder = recorder
        self._history = history
        self._clients: dict[tuple[str, str, str, str], ProviderClient] = {}
        self._shares: dict[tuple[str, str, str], _Share] = {}
        self._lock = Lock()
        self.http = httpx.Client(
            timeout=httpx.Timeout(self.limits.read, connect=self.limits.connect),
            headers={"user-agent": "SmartFolio"},
            # A proxy of the environment is for the outside, never for this machine.
            mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
        )

    def provider(
        self,
        provider: str,
        base_url: str,
        *,
        budget: Budget,
        key: str = "",
        headers: Mapping[str, str] | None = None,
        private: str = "",
    ) -> ProviderClient:
        """Return the client for ``provider`` at ``base_url`` with ``key`` (only its digest is kept here).

        Clients with the same key share its budget. ``private`` names whose answers these are: they are kept for nobody
        else, not even for somebody who holds the same key.

        Raises:
            ProviderAddressError: ``base_url`` is neither https nor http on loopback.
        """
        check_address(provider, base_url)
        owner = (provider, base_url, key_digest(key))
        with self._lock:
            client = self._clients.get((*owner, private))
            if client is not None:
                return client
            share = self._shares.get(owner)
        made = ProviderClient(
            self,
            provider,
            base_url,
            key_id=owner[2],
            share=share or _Share(budget),
            headers=headers or {},
            private=private,
        )
        if share is None:
            made.restore(self.history_of(made))
        with self._lock:
            made.share = self._shares.setdefault(owner, made.share)
            return self._clients.setdefault((*owner, private), made)

    def history_of(self, client: ProviderClient) -> list[OutboundCall]:
        """Return the recorded calls of a client's provider and key, by whichever process."""
        return list(self._history(client.provider, client.key_id)) if self._history is not None else []

    def record(self, call: OutboundCall) -> None:
        """Hand a call to the recorder."""
        if self._recorder is not None:
            self._recorder(call)

    def clients(self) -> list[ProviderClient]:
        """Return every client handed out so far."""
        with self._lock:
            return list(self._clients.values())

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when the gateway closes; tell whether the time was slept in full."""
        return not self.closing.wait(seconds)

    def close(self) -> None:
        """Wake every waiting call and close the connections."""
        self.closing.set()
        self.http.close()


class _Share:
    """What all clients of one provider and key have in common."""

    def __init__(self, budget: Budget) -> None:
        self.window = Window(budget)
        self.breaker = Breaker()
        self.turn = Lock()


class ProviderClient:
    """One provider, at one address, with one key."""

    def __init__(
        self,
        gateway: Gateway,
        provider: str,
        base_url: str,
        *,
        key_id: str,
        share: _Share,
        headers: Mapping[str, str],
        private: str,
    ) -> None:
        self.provider = provider
        self.key_id = key_id
        self.share = share
        self._gateway = gateway
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        self._headers = dict(headers)
        self._private = private

    @property
    def window(self) -> Window:
        """The budget, shared by all clients of this key."""
        return self.share.window

    @property
    def breaker(self) -> Breaker:
        """The breaker, shared by all clients of this key."""
        return self.share.breaker

    @property
    def host(self) -> str:
        """Host and port of the base address."""
        return _host(self._base)

    @property
    def base_url(self) -> str:
        """The base address, without a slash at its end."""
        return str(self._base).rstrip("/")

    def pause(self, until: datetime) -> None:
        """Send nothing to the host until then: it asked for silence in words of its own rather than by a status."""
        self._gateway.pauses.pause(self.host, until.timestamp())

    def is_below(self, path: str) -> bool:
        """Tell whether the base address ends in ``path``."""
        return self._base.path.rstrip("/").endswith(path)

    def restore(self, calls: Iterable[OutboundCall]) -> None:
        """Count the recorded calls of earlier processes towards the budget, and obey the pauses they met."""
        mine = [call for call in calls if (call.provider, call.key_id) == (self.provider, self.key_id)]
        self.window.restore(call.at.timestamp() for call in mine)
        for call in mine:
            if call.paused_until is not None:
                self._gateway.pauses.pause(call.host, call.paused_until.timestamp())

    def recount(self) -> None:
        """Take over what other processes spent of the budget. Waits for a call that ``ask`` has under way."""
        with self.share.turn:
            calls = self._gateway.history_of(self)
            self.window.recount(())
            self.restore(calls)

    def health(self) -> ProviderHealth:
        """Return budget, pause and breaker as they are now."""
        now = self._gateway.clock()
        until = self._gateway.pauses.until(self.host, now)
        return ProviderHealth(
            provider=self.provider,
            key_id=self.key_id,
            host=self.host,
            budget=self.window.budget,
            left=self.window.left(now),
            paused_until=None if until is None else _moment(until),
            breaker_open=self.breaker.is_open(now),
        )

    def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        read: Callable[[bytes], T],
        ttl: float = 0.0,
        patience: float = 0.0,
    ) -> Answer[T]:
        """Ask for ``path`` below the base address and return the answer as ``read`` understands it.

        ``ttl`` seconds long the same question is answered from memory, afterwards with a conditional request.
        ``patience`` is how many seconds a call may wait for the budget before it gives up.

        Raises:
            ProviderError: No usable answer; the subclass says why.
        """
        url = self._base.join(path.lstrip("/")).copy_merge_params(dict(params or {}))
        question = _Question(
            url, (self.provider, f"{self.key_id}:{self._private}", str(url)), read, ttl, patience
        )
        kept = self._gateway.cache.get(question.key)
        now = self._gateway.clock()  # before the answer itself came: the clock was set back
        if kept is not None and kept.answer.at.timestamp() - 1 <= now < kept.fresh_until:
            return replace(kept.answer, cached=True)
        return self._gateway.flights.run(question.key, lambda: self._ask(question))

    def ask(
        self,
        build: Callable[[], Outgoing],
        *,
        read: Callable[[bytes], T],
        patience: float = 0.0,
        safe: bool = True,
    ) -> Answer[T]:
        """Make a call of any method and return the answer as ``read`` understands it. Nothing of it is kept.

        ``build`` is called anew for each attempt, just before it is sent, and one call of this client follows the
        other: a signature's nonce or timestamp is fresh and in order. ``safe``: repeating it does no harm.

        Raises:
            ProviderError: No usable answer; the subclass says why.
        """
        return self._retrying(safe)(self._attempt_of, build, read, patience)

    def _attempt_of(
        self, build: Callable[[], Outgoing], read: Callable[[bytes], T], patience: float
    ) -> Answer[T]:
        with self.share.turn:
            outgoing = build()
            url = self._address(outgoing)
            if self._admit(patience, url):
                outgoing = build()  # what was signed before the wait may be too old by now
            try:
                response = self._follow(url, {**self._headers, **outgoing.headers}, patience, outgoing)
                answer = self._understand(response, None, read)
            except (ProviderUnreachableError, ProviderAnswerError):
                self.breaker.failed(self._gateway.clock())
                raise
            except ProviderRefusedError:
                self.breaker.succeeded()
                raise
            self.breaker.succeeded()
            return answer

    def _address(self, outgoing: Outgoing) -> httpx.URL:
        if "://" in outgoing.path:
            check_address(self.provider, outgoing.path)
            url = httpx.URL(outgoing.path)
        else:
            url = self._base.join(outgoing.path.lstrip("/")) if outgoing.path else self._base
        return url.copy_merge_params(dict(outgoing.params)) if outgoing.params else url

    def _retrying(self, safe: bool = True) -> tenacity.Retrying:
        limits = self._gateway.limits
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ProviderUnreachableError),
            stop=tenacity.stop_after_attempt(limits.attempts if safe else 1),
            wait=tenacity.wait_random_exponential(multiplier=limits.backoff, max=limits.backoff_max),
            sleep=tenacity.sleep_using_event(self._gateway.closing),
            reraise=True,
        )

    def _ask(self, question: _Question[T]) -> Answer[T]:
        return self._retrying()(self._attempt, question)

    def _attempt(self, question: _Question[T]) -> Answer[T]:
        self._admit(question.patience, question.url)
        kept = self._gateway.cache.get(question.key)
        headers = dict(self._headers)
        if kept is not None and kept.etag:
            headers["if-none-match"] = kept.etag
        elif kept is not None and kept.last_modified:
            headers["if-modified-since"] = kept.last_modified
        try:
            response = self._follow(question.url, headers, question.patience)
            answer = self._understand(response, kept, question.read)
        except (ProviderUnreachableError, ProviderAnswerError):
            self.breaker.failed(self._gateway.clock())
            raise
        except ProviderRefusedError:  # it is there and it understands: not what the breaker is for
            self.breaker.succeeded()
            raise
        self.breaker.succeeded()
        self._gateway.cache.put(
            question.key,
            Kept(
                answer=answer,
                fresh_until=self._gateway.clock() + question.ttl,
                etag=response.headers.get("etag", kept.etag if kept else ""),
                last_modified=response.headers.get("last-modified", kept.last_modified if kept else ""),
            ),
        )
        return answer

    def _understand(self, response: _Response, kept: Kept | None, read: Callable[[bytes], T]) -> Answer[T]:
        at = _moment(self._gateway.clock())
        if response.status == 304 and kept is not None:
            return replace(kept.answer, at=at, cached=False)
        try:
            return Answer(value=read(response.body), at=at)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            log.warning("%s: unreadable answer: %s", self.provider, type(error).__name__)
            raise ProviderAnswerError("provider.unreadable", provider=self.provider) from error

    # ------------------------------------------------------------------------------------------ permission

    def _admit(self, patience: float, url: httpx.URL) -> bool:
        """Return when a call may be made now, and whether that took a wait; raise the reason otherwise."""
        gateway = self._gateway
        if gateway.offline:
            raise ProviderOfflineError("provider.offline", provider=self.provider)
        if gateway.closing.is_set():
            raise ProviderOfflineError("provider.closing", provider=self.provider)
        give_up_at = gateway.clock() + patience
        waited = False
        while True:
            now = gateway.clock()
            paused = gateway.pauses.until(_host(url), now)
            if paused is not None:
                raise ProviderPausedError("provider.paused", provider=self.provider, retry_at=_moment(paused))
            opens = self.breaker.opens_at(now)
            if opens is not None:
                raise ProviderPausedError("provider.resting", provider=self.provider, retry_at=_moment(opens))
            delay = self.window.take(now)
            if not delay:
                return waited
            waited = True
            if now + delay > give_up_at or not gateway.wait(delay):
                raise ProviderBudgetError(
                    "provider.budget", provider=self.provider, retry_at=_moment(now + delay)
                )

    # ---------------------------------------------------------------------------------------------- sending

    def _follow(
        self, url: httpx.URL, headers: dict[str, str], patience: float, outgoing: Outgoing | None = None
    ) -> _Response:
        """Send, following redirects that stay on the host; each hop is a call of its own. Only a GET is redirected."""
        outgoing = outgoing or Outgoing()
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(outgoing.method, url, headers, outgoing.content)
            if response.status not in (301, 302, 303, 307, 308):
                return response
            target = url.join(response.headers.get("location", ""))
            if (target.scheme, target.netloc) != (url.scheme, url.netloc):
                raise ProviderAddressError("provider.redirected", provider=self.provider, host=target.host)
            if outgoing.method != "GET":
                break
            url = target
            self._admit(patience, url)
        raise ProviderAnswerError("provider.unreadable", provider=self.provider)

    def _send(self, method: str, url: httpx.URL, headers: dict[str, str], content: bytes) -> _Response:
        """Make one call, record it, and turn every kind of failure into its error."""
        started_at, started = self._gateway.clock(), time.perf_counter()
        status: int | None = None
        size = 0
        paused_until: float | None = None
        outcome = "ok"
        try:
            with self._gateway.http.stream(method, url, headers=headers, content=content or None) as answer:
                status = answer.status_code
                body = self._read(answer, started)
                size = len(body)
                response = _Response(status, answer.headers, body)
            paused_until = _pause_wanted(status, response.headers, self._gateway.clock())
            outcome = _outcome(status)
            self._raise_for(response, paused_until)
            return response
        except httpx.TimeoutException as error:
            outcome = "timeout"
            raise ProviderUnreachableError("provider.timeout", provider=self.provider) from error
        except httpx.DecodingError as error:
            outcome = "unreadable"
            raise ProviderAnswerError("provider.unreadable", provider=self.provider) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            outcome = "no_connection"
            raise ProviderUnreachableError("provider.no_connection", provider=self.provider) from error
        except ProviderAnswerError:
            outcome = "too_large"
            raise
        finally:
            if paused_until is not None:
                self._gateway.pauses.pause(_host(url), paused_until)
            self._gateway.record(
                OutboundCall(
                    at=_moment(started_at),
                    provider=self.provider,
                    key_id=self.key_id,
                    host=_host(url),
                    path=url.path,
                    outcome=outcome,
                    status=status,
                    ms=round((time.perf_counter() - started) * 1000),
                    size=size,
                    paused_until=None if paused_until is None else _moment(paused_until),
                )
            )

    def _read(self, answer: httpx.Response, started: float) -> bytes:
        """Read the body (decompressed) within the size cap and the deadline, however slowly it drips."""
        limits = self._gateway.limits
        body = bytearray()
        for chunk in answer.iter_bytes():  # as they come: a chunk size would wait until so much is there
            body += chunk
            if len(body) > limits.max_bytes:
                raise ProviderAnswerError("provider.too_large", provider=self.provider)
            if time.perf_counter() - started > limits.deadline:
                raise httpx.ReadTimeout("the answer drips too slowly", request=answer.request)
        return bytes(body)

    def _raise_for(self, response: _Response, paused_until: float | None) -> None:
        status = response.status
        if status in (418, 429):
            retry_at = None if paused_until is None else _moment(paused_until)
            raise ProviderPausedError("provider.paused", provider=self.provider, retry_at=retry_at)
        if status == 408 or status >= 500:
            raise ProviderUnreachableError("provider.server_error", provider=self.provider, status=status)
        if status >= 400:
            raise ProviderRefusedError(
                "provider.refused", provider=self.provider, http_status=status, body=response.body[:2000]
            )


def check_address(provider: str, url: str) -> None:
    """Raise ``ProviderAddressError`` unless ``url`` is https, or http on loopback."""
    parsed = httpx.URL(url)
    if parsed.host and (parsed.scheme == "https" or (parsed.scheme == "http" and _is_loopback(parsed.host))):
        return
    raise ProviderAddressError("provider.address", provider=provider, host=parsed.host)


def key_digest(key: str) -> str:
    """Return a short digest that tells keys apart and reveals none; empty for no key."""
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else ""


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _outcome(status: int) -> str:
    if status == 304:
        return "not_modified"
    if status in (418, 429):
        return "silenced"
    if status == 408 or status >= 500:
        return "failed"
    if status >= 400:
        return "refused"
    return "redirected" if status >= 300 else "ok"


def _pause_wanted(status: int, headers: httpx.Headers, now: float) -> float | None:
    """Return until when the host wants silence: always after 429 and 418, after 503 when it says how long."""
    wish = headers.get("retry-after", "").strip()
    if status not in (418, 429) and not (status == 503 and wish):
        return None
    seconds = DEFAULT_PAUSE_SECONDS
    if wish.isdecimal():
        seconds = float(wish)
    elif wish:
        try:
            seconds = parsedate_to_datetime(wish).timestamp() - now
        except ValueError:
            log.warning("unreadable Retry-After: %r", wish[:60])
    return now + min(max(seconds, 0.0), LONGEST_PAUSE_SECONDS)
