"""Where a request comes from: the one function that decides, used for limits, logs, origins and cookies alike.

Forwarding headers count only when the connection itself comes from a trusted proxy (``SECURITY_TRUSTED_PROXIES``), and
then only as far as the chain of trusted proxies reaches: the client is the right-most hop that is not trusted, because
everything to the left of it was written by that client. ``X-Forwarded-For`` wins over ``Forwarded``: the common proxies
write the first and pass the second on as the client sent it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Literal

from smartfolio_app.settings import Network

Scope = Any  # an ASGI connection scope

_FORWARDED_PAIR = re.compile(r'(for|proto|host)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]+)', re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Client:
    """The other end, as far as it can be believed.

    ``address`` is its IP address ("unknown" without one), ``scheme`` and ``host`` what its browser shows (``host`` with
    the port, lower case). ``through_proxy`` tells that the connection itself comes from a trusted proxy.
    """

    address: str
    scheme: Literal["http", "https"]
    host: str
    through_proxy: bool = False

    @property
    def bucket(self) -> str:
        """What limits count: an IPv4 address, or the /64 an IPv6 address lies in (one household has a whole one)."""
        parsed = _parse(self.address)
        if isinstance(parsed, IPv6Address):
            return f"{IPv6Network((parsed, 64), strict=False)}"
        return self.address


def client_of(scope: Scope, trusted: Sequence[Network] = ()) -> Client:
    """Return the client of an ASGI scope, believing only the ``trusted`` networks."""
    headers = _headers(scope)
    peer_text = (scope.get("client") or ("",))[0]
    peer = _parse(peer_text)
    secure = scope.get("scheme") in ("https", "wss")
    host = headers.get("host", "").lower()
    if peer is None or not _is_trusted(peer, trusted):
        address = str(peer) if peer is not None else "unknown"
        return Client(address, "https" if secure else "http", host)

    if "x-forwarded-for" in headers:
        hops = [hop.strip() for hop in headers["x-forwarded-for"].split(",")]
        proto = _last(headers.get("x-forwarded-proto", ""))
        forwarded_host = _last(headers.get("x-forwarded-host", ""))
    else:
        hops, proto, forwarded_host = _read_forwarded(headers.get("forwarded", ""))
        proto = proto or _last(headers.get("x-forwarded-proto", ""))
        forwarded_host = forwarded_host or _last(headers.get("x-forwarded-host", ""))
    if proto.lower() in ("http", "https", "ws", "wss"):
        secure = proto.lower() in ("https", "wss")
    if _HOST.fullmatch(forwarded_host):
        host = forwarded_host.lower()
    return Client(
        str(_rightmost_untrusted(peer, hops, trusted)),
        "https" if secure else "http",
        host,
        through_proxy=True,
    )


def _rightmost_untrusted(
    peer: IPv4Address | IPv6Address, hops: list[str], trusted: Sequence[Network]
) -> IPv4Address | IPv6Address:
    nearest = peer
    for hop in reversed(hops):
        parsed = _parse(_without_port(hop))
        if parsed is None:  # "unknown", an obfuscated name or nonsense: nothing left of it can be believed
            return nearest
        nearest = parsed
        if not _is_trusted(parsed, trusted):
            return parsed
    return nearest


def _read_forwarded(header: str) -> tuple[list[str], str, str]:
    """Read RFC 7239: the ``for`` of each element, and the right-most ``proto`` and ``host``."""
    hops: list[str] = []
    proto = host = ""
    for name, raw in _FORWARDED_PAIR.findall(header):
        value = raw.strip('"')
        match name.lower():
            case "for":
                hops.append(value)
            case "proto":
                proto = value
            case _:
                host = value
    return hops, proto, host


def _without_port(hop: str) -> str:
    text = hop.strip().strip('"')
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def _last(header: str) -> str:
    return header.rpartition(",")[2].strip()


def _headers(scope: Scope) -> dict[str, str]:
    """Read the headers; a repeated one is joined by commas, as HTTP defines it."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", ()):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
