from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from smartfolio_app.security import client_address
from smartfolio_app.security.client_address import client_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("127.0.0.1/32"))


def scope(peer: str = "203.0.113.9", scheme: str = "http", **headers: str):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (peer, 5000), "scheme": scheme, "headers": pairs}


def test_nothing_else_in_the_program_reads_where_a_request_comes_from():
    elsewhere = re.compile(
        r"forwarded|remote_addr|get_remote_address|request\.client\b|real-ip", re.IGNORECASE
    )
    code = re.compile(r"(?m)^\s*#.*$|\"\"\"[\s\S]*?\"\"\"")
    root = Path(client_address.__file__).parents[1]
    found = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if elsewhere.search(code.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == ["security/client_address.py"]


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip", "true_client_ip"])
def test_forwarding_headers_of_a_stranger_change_nothing(header):
    spoofed = scope(
        x_forwarded_proto="https", x_forwarded_host="evil.example", host="own.example", **{header: "1.2.3.4"}
    )
    client = client_of(spoofed, PROXIES)
    assert (client.address, client.scheme, client.host) == ("203.0.113.9", "http", "own.example")
    assert not client.through_proxy


def test_a_header_sent_twice_is_one_list():
    twice = scope("10.0.0.1", x_forwarded_for="198.51.100.7")
    twice["headers"].append((b"x-forwarded-for", b"10.0.0.9"))  # of a second proxy, in a line of its own
    assert client_of(twice, PROXIES).address == "198.51.100.7"
    twice["headers"].insert(0, (b"x-forwarded-for", b"1.2.3.4"))  # of a liar, before it
    assert client_of(twice, PROXIES).address == "198.51.100.7"


def test_without_trusted_proxies_nobody_is_believed():
    assert client_of(scope("127.0.0.1", x_forwarded_for="1.2.3.4")).address == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded_for", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7"),  # the left one is the client's own invention
        ("1.1.1.1, 198.51.100.7, 10.1.1.1", "198.51.100.7"),  # through two of our proxies
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"),  # a client inside the trusted network
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, nonsense", "10.9.9.9"),  # what is left of nonsense cannot be believed
        ("unknown", "10.9.9.9"),
        ("", "10.9.9.9"),
        (",,,", "10.9.9.9"),
    ],
)
def test_client_is_the_rightmost_hop_that_is_not_trusted(forwarded_for, address):
    client = client_of(scope("10.9.9.9", x_forwarded_for=forwarded_for), PROXIES)
    assert client.address == address
    assert client.through_proxy


def test_repeated_headers_are_one_list():
    asked = scope("10.9.9.9")
    asked["headers"] = [(b"x-forwarded-for", b"1.1.1.1"), (b"X-Forwarded-For", b"198.51.100.7")]
    assert client_of(asked, PROXIES).address == "198.51.100.7"


def test_rfc_7239_is_read_where_it_is_the_only_one():
    value = 'for=1.1.1.1;proto=http, for="[2001:db8::1]:4711";proto=https;host=wealth.example'
    client = client_of(scope("10.9.9.9", forwarded=value), PROXIES)
    assert (client.address, client.scheme, client.host) == ("2001:db8::1", "https", "wealth.example")


def test_forwarded_that_a_client_slipped_past_an_ordinary_proxy_is_ignored():
    asked = scope("10.9.9.9", forwarded="for=9.9.9.9", x_forwarded_for="198.51.100.7")
    assert client_of(asked, PROXIES).address == "198.51.100.7"


def test_trusted_proxy_tells_scheme_and_host():
    asked = scope(
        "10.9.9.9",
        x_forwarded_for="1.2.3.4",
        x_forwarded_proto="https",
        x_forwarded_host="Wealth.Example:8443",
    )
    client = client_of(asked, PROXIES)
    assert (client.scheme, client.host) == ("https", "wealth.example:8443")


def test_host_that_is_none_is_not_taken_over():
    asked = scope("10.9.9.9", x_forwarded_for="1.2.3.4", x_forwarded_host="a b/c", host="own.example")
    assert client_of(asked, PROXIES).host == "own.example"


def test_limits_count_an_ipv6_household_as_one():
    one = client_of(scope("2001:db8:1:2:aaaa::1"))
    other = client_of(scope("2001:db8:1:2:bbbb::2"))
    neighbour = client_of(scope("2001:db8:1:3::1"))
    assert one.bucket == other.bucket == "2001:db8:1:2::/64"
    assert neighbour.bucket != one.bucket
    assert client_of(scope("::ffff:192.0.2.1")).bucket == client_of(scope("192.0.2.1")).bucket == "192.0.2.1"


@pytest.mark.parametrize("peer", [None, "", "unix:", "not an address"])
def test_connection_without_an_address_is_unknown_and_not_trusted(peer):
    asked = scope(x_forwarded_for="1.2.3.4")
    asked["client"] = (peer, 0) if peer is not None else None
    assert client_of(asked, PROXIES).address == "unknown"


def test_websockets_have_the_scheme_of_their_page():
    assert client_of(scope(scheme="wss")).scheme == "https"
    assert client_of(scope(scheme="ws")).scheme == "http"
