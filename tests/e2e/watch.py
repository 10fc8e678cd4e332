"""Watches a browser context for everything that must not happen, and fails the test that let it happen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebSocket

# Runs in every document before the page's own scripts. A violation becomes a console error, which is watched.
REPORT_CSP_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', e => console.error(
  `[csp] ${e.effectiveDirective} blocked ${e.blockedURI || 'inline'} at ${e.sourceFile}:${e.lineNumber} ${e.sample}`));
"""
LOCAL_SCHEMES = {"data", "blob", "about"}


@dataclass
class Watch:
    """Collects console errors, CSP violations, requests to other origins, failed requests and error answers.

    Problems a test provokes on purpose are announced with ``expect``; an announced problem that never came is
    reported too, so that no allowance outlives its reason.
    """

    origin: str
    problems: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)
    resting: bool = False

    def attach(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_CSP_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._note(f"script error: {error.error}"))
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failed)
        context.on("response", self._on_response)
        context.on("page", self._on_page)

    def expect(self, pattern: str) -> None:
        """Allow problems that match the regular expression; at least one must come."""
        self.expected.append(re.compile(pattern))

    def rest(self) -> None:
        """Stop watching, because the test is about to take the server away."""
        self.resting = True

    def unexpected(self) -> list[str]:
        """Problems nobody announced, and announced ones that never came."""
        surprising = [
            text for text in self.problems if not any(allowed.search(text) for allowed in self.expected)
        ]
        missing = [
            f"announced, but it never came: {allowed.pattern}"
            for allowed in self.expected
            if not any(allowed.search(text) for text in self.problems)
        ]
        return surprising + missing

    def _note(self, text: str) -> None:
        if not self.resting:
            self.problems.append(text)

    def _on_page(self, page: Page) -> None:
        page.on("websocket", self._on_websocket)
        page.on("crash", lambda _: self._note("the page crashed"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        self._check_origin(request.url, "request")

    def _on_websocket(self, websocket: WebSocket) -> None:
        self._check_origin(websocket.url.replace("ws", "http", 1), "websocket")

    def _check_origin(self, url: str, what: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in LOCAL_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self._note(f"{what} to another origin: {url}")

    def _on_failed(self, request: Request) -> None:
        # Leaving a page cancels what it was still loading; that is the browser's choice, not a fault.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"request failed: {request.method} {request.url} ({request.failure})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"answer {response.status}: {response.request.method} {response.url}")


_WATCHES: dict[Page, Watch] = {}


def remember(page: Page, watch: Watch) -> None:
    _WATCHES[page] = watch


def forget(page: Page) -> None:
    _WATCHES.pop(page, None)


def watch_of(page: Page) -> Watch:
    """The watch on a page made by ``open_page``."""
    return _WATCHES[page]
