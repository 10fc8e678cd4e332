from __future__ import annotations

import pytest

from smartfolio_app.errors import NotAllowedError
from smartfolio_app.security.client_address import Client
from smartfolio_app.security.origin import check_change, check_socket, is_same_origin

HERE = Client("192.0.2.1", "http", "wealth.example:8080")
SECURE = Client("192.0.2.1", "https", "wealth.example")


@pytest.mark.parametrize(
    ("origin", "client"),
    [
        ("http://wealth.example:8080", HERE),
        ("HTTP://Wealth.Example:8080", HERE),
        ("https://wealth.example:8080", HERE),  # a proxy that is not listed took the https off
        ("https://wealth.example", SECURE),
        ("https://wealth.example:443", SECURE),
        ("https://wealth.example", Client("192.0.2.1", "https", "wealth.example:443")),
    ],
)
def test_own_origin_is_recognised(origin, client):
    assert is_same_origin(origin, client)


@pytest.mark.parametrize(
    ("origin", "client"),
    [
        ("", HERE),
        ("null", HERE),
        ("http://wealth.example", HERE),
        ("http://wealth.example:8081", HERE),
        ("http://evil.example:8080", HERE),
        ("http://wealth.example:8080.evil.example", HERE),
        ("http://evil.example/wealth.example:8080", HERE),
        ("http://wealth.example:8080@evil.example", HERE),
        ("file://", HERE),
        ("chrome-extension://wealth.example:8080", HERE),
        ("http://wealth.example", SECURE),  # no plain page reaches into a secure one
        ("http://", Client("192.0.2.1", "http", "")),
    ],
)
def test_any_other_origin_is_foreign(origin, client):
    assert not is_same_origin(origin, client)
    assert not check_socket({"origin": origin} if origin else {}, client)
    with pytest.raises(NotAllowedError):
        check_change({"origin": origin}, client)


def test_change_without_origin_needs_the_browsers_own_word():
    with pytest.raises(NotAllowedError):
        check_change({}, HERE)
    check_change({"sec-fetch-site": "same-origin"}, HERE)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_browsers_word_against_a_forged_origin_wins(site):
    with pytest.raises(NotAllowedError):
        check_change({"origin": "http://wealth.example:8080", "sec-fetch-site": site}, HERE)
