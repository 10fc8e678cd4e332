"""The harness of the browser tests: the real app, a real Chromium, and eyes on everything that must not happen.

Helpers that are not fixtures are in ``acts`` (signing in, pictures), ``watch`` (``watch_of``), ``traffic`` and
``accessibility``.

A test takes ``app`` (the running server), ``person`` (a fresh account), ``visitor`` (a page without a session) or
``page`` (a page signed in as ``person``). ``open_page`` makes further ones: other people, other screens, light or
dark. Each page is watched; what the watch saw fails the test at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from smartfolio_app.build import frontend
from smartfolio_app.commands.browser import find_chromium
from smartfolio_app.commands.console import sentence
from smartfolio_app.errors import SmartFolioError
from tests.e2e.acts import DESKTOP, RESULTS, sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.watch import Watch, forget, remember

Theme = Literal["dark", "light"]
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's path. Without a browser these tests fail: a skipped browser test proves nothing."""
    try:
        found = find_chromium()
    except SmartFolioError as error:
        pytest.fail(sentence(error), pytrace=False)
    if found is None:
        pytest.fail(
            "the browser tests need Chromium or Chrome: install it, name it in SMARTFOLIO_CHROMIUM, "
            "or run `./smartfolio test`, which fetches one",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: Path) -> Iterator[Browser]:
    # No name but this machine's resolves: a page that asks another origin for something fails visibly, everywhere.
    rules = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"
    running = playwright.chromium.launch(executable_path=str(chromium), args=[rules])
    yield running
    running.close()


@pytest.fixture(scope="session")
def built_frontend() -> frontend.Frontend:
    """The pages, built now unless they fit the sources already."""
    try:
        return frontend.ensure(lambda _step: None)
    except SmartFolioError as error:
        pytest.fail(sentence(error), pytrace=False)


@pytest.fixture(scope="session")
def app(built_frontend: frontend.Frontend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One running app for all tests of a worker; each test brings its own people."""
    running = RunningApp(tmp_path_factory.mktemp("app") / "data")
    running.start()
    yield running
    status, _ = running.stop()
    assert status == 0, f"the app ended with status {status}:\n{running.log()[-4000:]}"
    assert "Traceback" not in running.log(), running.log()[-8000:]


@pytest.fixture
def new_app(built_frontend: frontend.Frontend, tmp_path: Path) -> Iterator[Callable[..., RunningApp]]:
    """A maker of apps of a test's own: fresh data, other settings; started, and stopped at the end."""
    started: list[RunningApp] = []

    def make(**settings: str) -> RunningApp:
        running = RunningApp(tmp_path / f"app-{len(started)}" / "data", settings)
        running.data_dir.parent.mkdir()
        running.start()
        started.append(running)
        return running

    yield make
    for running in started:
        running.stop()


@pytest.fixture
def person(app: RunningApp) -> Person:
    """A fresh account."""
    return app.add_person()


@dataclass(frozen=True)
class Opened:
    page: Page
    watch: Watch


@pytest.fixture
def open_page(
    browser: Browser, app: RunningApp, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """A maker of watched pages.

    ``open_page(person=None, theme="dark", size=DESKTOP, language="en-GB", base=None)``; ``base`` is another app's
    address. ``watch_of(page).expect(...)`` announces a problem that the test provokes.
    """
    opened: list[Opened] = []

    def make(
        person: Person | None = None,
        *,
        theme: Theme = "dark",
        size: tuple[int, int] = DESKTOP,
        language: str = "en-GB",
        base: str | None = None,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=base or app.url,
            color_scheme=theme,
            viewport={"width": size[0], "height": size[1]},
            has_touch=size[0] < 600,
            locale=language,
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
            **more,
        )
        watch = Watch(base or app.url)
        watch.attach(context)
        page = context.new_page()
        remember(page, watch)
        opened.append(Opened(page, watch))
        if person is not None:
            sign_in(page, person)
        return page

    yield make
    problems: list[str] = []
    failed = getattr(request.node, "failed_in_call", False)
    for number, one in enumerate(opened):
        if failed:
            _keep_evidence(one.page, f"{request.node.name}-{number}")
        one.page.context.close()
        problems += one.watch.unexpected()
        forget(one.page)
    assert not problems, "the browser reported:\n  " + "\n  ".join(problems)


@pytest.fixture
def visitor(open_page: Callable[..., Page]) -> Page:
    """A page of somebody who is not signed in."""
    return open_page()


@pytest.fixture
def page(open_page: Callable[..., Page], person: Person) -> Page:
    """A page signed in as ``person``."""
    return open_page(person)


@pytest.fixture(scope="session")
def sample_cookies(app: RunningApp) -> list[dict[str, Any]]:
    """The sample user's session, begun once: beginning it is limited, as it makes three years of data."""
    answer = httpx.post(f"{app.url}/auth/demo", headers={"Origin": app.url}, timeout=60)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    return [{"name": one.name, "value": one.value, "url": app.url} for one in answer.cookies.jar]


@pytest.fixture
def sample(open_page: Callable[..., Page], sample_cookies: list[dict[str, Any]]) -> Callable[..., Page]:
    """A maker of pages that show the sample user's dashboard."""

    def opened(**how: Any) -> Page:
        page = open_page(**how)
        page.context.add_cookies(sample_cookies)
        page.goto("/?currency=EUR&crypto=all")
        expect(page.locator(".legend li").first).to_be_visible(timeout=30_000)
        return page

    return opened


def _keep_evidence(page: Page, name: str) -> None:
    folder = RESULTS / "failures"
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", name)
    with suppress(PlaywrightError):  # the page may be what failed; the test's own failure matters more
        page.screenshot(path=folder / f"{stem}.png", full_page=True)
        (folder / f"{stem}.html").write_text(page.content(), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.failed_in_call = report.failed  # read by `open_page` when it closes the pages
    return report
