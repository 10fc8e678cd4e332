from __future__ import annotations

import pytest

from smartfolio_app.security.headers import SecurityHeaders

HEADERS = SecurityHeaders("default-src 'none'")


def applied(path: str = "/", status: int = 200, secure: bool = False, given=()):
    pairs = HEADERS.apply(list(given), path=path, status=status, secure=secure)
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    return {name.decode(): value.decode() for name, value in pairs}


@pytest.mark.parametrize(
    "path", ["/", "/holdings", "/api/settings", "/auth/login", "/assets/x-12345678.js", "/nowhere"]
)
@pytest.mark.parametrize("status", [200, 204, 303, 404, 500])
def test_every_answer_carries_them(path, status):
    headers = applied(path, status)
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["reporting-endpoints"] == 'csp="/api/security/csp-report"'


def test_hsts_only_where_https_is():
    assert "strict-transport-security" not in applied()
    assert applied(secure=True)["strict-transport-security"].startswith("max-age=63072000")


def test_framework_cannot_open_the_answer_to_other_origins():
    given = [
        (b"Access-Control-Allow-Origin", b"*"),
        (b"access-control-allow-credentials", b"true"),
        (b"Content-Security-Policy", b"default-src *"),
        (b"Server", b"uvicorn"),
        (b"etag", b"x"),
    ]
    headers = applied(given=given)
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert headers["content-security-policy"] == "default-src 'none'"
    assert "Server" not in headers
    assert headers["etag"] == "x"


@pytest.mark.parametrize(
    ("path", "status", "caching"),
    [
        ("/assets/root-HNSmGg7s.js", 200, "public, max-age=31536000, immutable"),
        ("/assets/manifest-81c830c7.js", 200, "public, max-age=31536000, immutable"),
        ("/assets/root-HNSmGg7s.js", 404, "no-store"),
        ("/boot.js", 200, "no-cache"),
        ("/holdings", 200, "no-cache"),
        ("/api/settings", 200, "no-store"),
        ("/auth/login", 303, "no-store"),
        ("/api/assets/x-12345678.js", 200, "no-store"),
    ],
)
def test_caching_fits_what_it_is(path, status, caching):
    given = [(b"cache-control", b"public, max-age=60")]
    assert applied(path, status, given=given)["cache-control"] == caching
