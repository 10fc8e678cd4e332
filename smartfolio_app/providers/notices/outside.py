"""Posting to an address that a user named: it must not become a way into the network this server stands in.

https alone (http on loopback); no redirect is followed; the name is resolved here, every address it has must be a
public one (unless the operator allows private ones), and the connection goes to the very address that was looked at.
Nothing of the answer but its status is read, and the whole of it takes ``DEADLINE`` seconds at most.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore

from smartfolio_app import __version__
from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.notices.base import NoticeError

DEADLINE = 20.0
_LONGEST_ADDRESS = 2000


def check_address(address: str, *, private: bool) -> str:
    """Return the host of an address that may be posted to.

    Raises:
        InvalidInputError: It is no address of the web, not https, holds a password, or is private and may not be.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInputError("notice.address") from error
    plain = address.isascii() and address.isprintable() and " " not in address
    if not host or not plain or len(address) > _LONGEST_ADDRESS or parts.username or parts.fragment:
        raise InvalidInputError("notice.address")
    literal = _literal(host)
    loopback = host == "localhost" or (literal is not None and literal.is_loopback)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise InvalidInputError("notice.not_https")
    if not private and (loopback or (literal is not None and not _is_public(literal))):
        raise InvalidInputError("notice.private", host=host)
    return host


def post(address: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> None:
    """Post a body; return when the other side answered with a success.

    Raises:
        NoticeError: It did not, or may not be asked.
    """
    try:
        host = check_address(address, private=private)
    except InvalidInputError as error:
        raise NoticeError(error.code, lasting=True, **error.params) from error
    ends = time.monotonic() + DEADLINE
    told = {
        "content-type": "application/json",
        "user-agent": f"SmartFolio/{__version__}",
        "connection": "close",
        **headers,
    }
    pool = httpcore.ConnectionPool(network_backend=_Guarded(private=private, ends=ends), retries=0)
    try:
        with (
            pool,
            pool.stream(
                "POST",
                address,
                headers=list(told.items()),
                content=body,
                extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), DEADLINE)},
            ) as answer,
        ):
            status = int(answer.status)
    except httpcore.TimeoutException as error:
        raise NoticeError("notice.timeout", host=host) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
        raise NoticeError("notice.no_connection", host=host) from error
    if 300 <= status < 400:
        raise NoticeError("notice.redirected", lasting=True, host=host)
    if not 200 <= status < 300:
        # What is refused for good is not asked again; too much at once and trouble over there are.
        lasting = 400 <= status < 500 and status not in (408, 425, 429)
        raise NoticeError("notice.refused", lasting=lasting, host=host, http_status=status)


class _Guarded(httpcore.SyncBackend):
    """Connects to public addresses alone, to the one that was looked at."""

    def __init__(self, *, private: bool, ends: float) -> None:
        super().__init__()
        self._private, self._ends = private, ends

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if not self._private:
            for one in addresses:
                literal = _literal(one)
                if literal is None or not _is_public(literal):
                    raise NoticeError("notice.private", lasting=True, host=host)
        last: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for one in addresses:
            try:
                stream = super().connect_tcp(
                    one, port, _left(self._ends, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
                continue
            return _Hurried(stream, self._ends)
        raise last or httpcore.ConnectError(host)


class _Hurried(httpcore.NetworkStream):
    """A connection that is over at an instant, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self._inner, self._ends = inner, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._ends, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._ends, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, _left(self._ends, timeout))
        return _Hurried(secured, self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(ends: float, timeout: float | None) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("too slow")
    return left if timeout is None else min(timeout, left)


def _literal(host: str) -> Any:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: Any) -> bool:
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None and not _is_public(inner):
        return False
    return bool(address.is_global) and not address.is_multicast
