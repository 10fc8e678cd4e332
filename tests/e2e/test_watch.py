"""The watch itself: a harness that sees nothing would make every browser test pass."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.accessibility import accessibility_faults
from tests.e2e.acts import comes_true
from tests.e2e.traffic import measure
from tests.e2e.watch import Watch

STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
PAGE = b"""<!doctype html><html lang="en"><head><title>Known faults</title><link rel="icon" href="/icon.svg"></head>
<body><main><h1>Known faults</h1><button></button></main></body></html>"""
ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


class KnownPages(BaseHTTPRequestHandler):
    """One page under a strict policy, its icon, and nothing else."""

    def do_GET(self) -> None:
        body, kind = {"/": (PAGE, "text/html"), "/icon.svg": (ICON, "image/svg+xml")}.get(
            self.path, (b"", "")
        )
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", STRICT)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), KnownPages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def watched(browser: Browser, origin: str) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context()
    watch = Watch(origin)
    watch.attach(context)
    page = context.new_page()
    page.goto(origin)
    yield page, watch
    context.close()


FAULTS = {
    "a script from elsewhere": (
        "() => { document.head.appendChild(document.createElement('script')).src = 'http://elsewhere.test/x.js' }",
        ["[csp] script-src-elem", "request to another origin: http://elsewhere.test/x.js"],
    ),
    "an inline style": ("() => document.body.setAttribute('style', 'color: red')", ["[csp] style-src-attr"]),
    "an inline script": (
        "() => { const s = document.createElement('script'); s.textContent = '1'; document.head.append(s) }",
        ["[csp] script-src-elem blocked inline"],
    ),
    "a request to another origin": (
        "() => fetch('http://127.0.0.1:1/').catch(() => 0)",
        ["[csp] connect-src"],
    ),
    "a websocket to another origin": (
        "() => { try { new WebSocket('ws://127.0.0.1:1/') } catch { } }",
        ["[csp] connect-src"],
    ),
    "an error answer": ("() => fetch('/missing')", ["answer 404: GET", "console: Failed to load resource"]),
    "a script error": ("() => { setTimeout(() => { throw Error('broken') }) }", ["script error: broken"]),
    "a console error": ("() => console.error('that was wrong')", ["console: that was wrong"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_kind_of_fault_is_seen(watched: tuple[Page, Watch], fault: str) -> None:
    page, watch = watched
    assert watch.problems == [], "the page itself is clean"
    script, signs = FAULTS[fault]
    page.evaluate(script)
    assert comes_true(page, lambda: all(sign in "\n".join(watch.unexpected()) for sign in signs)), (
        watch.unexpected()
    )


def test_an_announced_problem_is_allowed_and_must_come(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    watch.expect(r"answer 404: GET .*/missing")
    watch.expect(r"Failed to load resource")
    assert len(watch.unexpected()) == 2, "announced, but nothing came yet"
    page.evaluate("() => fetch('/missing')")
    assert comes_true(page, lambda: watch.unexpected() == []), watch.unexpected()


def test_accessibility_faults_are_seen_under_a_strict_policy(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    faults = accessibility_faults(page, patience_seconds=0)
    assert [fault.split(" ")[0] for fault in faults] == ["button-name"]
    assert watch.unexpected() == [], "looking for faults must not make any"


def test_the_traffic_of_a_load_is_counted(watched: tuple[Page, Watch], origin: str) -> None:
    page, _ = watched
    traffic = measure(page)
    page.goto(origin)
    assert comes_true(page, lambda: len(PAGE) < traffic.kilobytes * 1000)
    assert traffic.requests >= 1
    assert traffic.kilobytes * 1000 < len(PAGE) + 2000
