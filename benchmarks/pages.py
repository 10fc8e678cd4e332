"""What a person waits for, in a real browser on the real server: ``python -m benchmarks.pages``.

Opens the dashboard of a household with ten thousand transactions (warm server), changes its currency and its scope,
counts what a first visit loads, and imports a hundred thousand rows while the health check is asked all the time.
Prints the median and the slowest of each; a median over its bound is a failure. Everything runs on this machine alone:
what else runs on it shows in the figures, so ``--record`` (which writes docs/performance-pages.md) is for a quiet one.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from smartfolio_app.build import frontend
from smartfolio_app.commands.browser import find_chromium
from smartfolio_app.services.accounts import find_user
from smartfolio_app.settings import load_settings
from smartfolio_app.storage.engine import session_scope
from tests.e2e.acts import sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.traffic import measure
from tests.support.large import fill_user, write_cointracking_csv

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "performance-pages.md"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, in its unit, and what it may be at most (median)."""

    what: str
    unit: str
    bound: float
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def holds(self) -> bool:
        return self.median <= self.bound

    def cells(self) -> tuple[str, ...]:
        """Return the figure as the cells of a row: what, median, slowest, runs, bound."""
        shown = (f"{value:,.0f} {self.unit}" for value in (self.median, max(self.samples)))
        return (self.what, *shown, str(len(self.samples)), f"{self.bound:,.0f} {self.unit}")


HEADINGS = ("what", "median", "slowest", "runs", "bound")


def main() -> int:
    """Measure, print, and say whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=10_000, help="in the household of the dashboard")
    parser.add_argument("--rows", type=int, default=100_000, help="in the imported file; 0: no import")
    parser.add_argument("--repeat", type=int, default=9, help="runs of each")
    parser.add_argument("--record", action="store_true", help=f"write docs/{REPORT.name}")
    chosen = parser.parse_args()
    frontend.ensure(print)
    with tempfile.TemporaryDirectory() as folder:
        figures = list(dashboard(Path(folder), chosen.transactions, chosen.repeat))
        if chosen.rows:
            figures += large_import(Path(folder), chosen.rows)
    lines = table(figures)
    print("\n".join(lines))
    if chosen.record:
        write_report(lines)
    failed = [figure.what for figure in figures if not figure.holds]
    for what in failed:
        print(f"FAILED  {what}")
    return 1 if failed else 0


# ------------------------------------------------------------------------------------------------- the dashboard
def dashboard(folder: Path, transactions: int, repeat: int) -> Iterator[Figure]:
    """Yield what opening and changing the dashboard of a large household takes."""
    with running(folder / "dashboard") as (app, person), chromium() as browser:
        fill(app, person, transactions)
        yield from first_visit(browser, app, person)
        page = new_page(browser, app)
        sign_in(page, person)
        page.locator(".legend li").first.wait_for(timeout=30_000)
        figure = page.locator(".hero-figure")

        def shows(pattern: str) -> Callable[[], None]:
            return lambda: figure.filter(has_text=re.compile(pattern)).wait_for()

        opened = [waited(lambda: page.goto("/?currency=EUR"), shows("€")) for _ in range(repeat)]
        yield Figure("dashboard opened", "ms", 1500, tuple(opened))
        currency = page.locator(".wealth-bar .tools select")
        turns = [("USD", r"\$"), ("EUR", "€")] * repeat
        changed = [waited(lambda c=code: currency.select_option(c), shows(sign)) for code, sign in turns]
        yield Figure("currency changed", "ms", 300, tuple(changed))
        crypto = page.get_by_role("combobox", name="Crypto")
        scopes = []
        for index in (2, 0) * repeat:
            before = figure.inner_text()
            scopes.append(
                waited(
                    lambda i=index: crypto.select_option(index=i),
                    lambda b=before: figure.filter(has_not_text=b).wait_for(),
                )
            )
        yield Figure("scope changed", "ms", 300, tuple(scopes))


def first_visit(browser: Browser, app: RunningApp, person: Person) -> Iterator[Figure]:
    """Yield what a browser that has nothing yet loads until the dashboard is shown."""
    page = new_page(browser, app)
    sign_in(page, person)
    cookies = page.context.cookies()
    page.context.close()
    page = new_page(browser, app)
    page.context.add_cookies(cookies)
    traffic = measure(page)
    page.goto("/")
    page.locator(".legend li").first.wait_for(timeout=30_000)
    page.wait_for_load_state("networkidle")
    yield Figure("first visit, compressed", "kB", 500, (traffic.kilobytes,))
    yield Figure("first visit, requests", "", 30, (traffic.requests,))
    page.context.close()


def waited(act: Callable[[], object], until: Callable[[], object]) -> float:
    """Return the milliseconds from an act until what it should show is shown."""
    started = time.perf_counter()
    act()
    until()
    return (time.perf_counter() - started) * 1000


# ------------------------------------------------------------------------------------------------- the import
def large_import(folder: Path, rows: int) -> Iterator[Figure]:
    """Yield what importing a large file takes until the total is new, and how the health check answers meanwhile."""
    with running(folder / "import") as (app, person):
        token = app.token(person, "write")
        file = write_cointracking_csv(folder / "large.csv", rows)

        def bring() -> float:
            headers = {"authorization": f"Bearer {token}"}
            with (
                httpx.Client(base_url=app.url, headers=headers, timeout=300) as client,
                file.open("rb") as data,
            ):
                started = time.perf_counter()
                client.post("/api/sources/import", files={"file": (file.name, data)}).raise_for_status()
                client.get("/api/wealth/global/summary").raise_for_status()
                return (time.perf_counter() - started) * 1000

        waits = []
        with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=app.url) as client:
            job = pool.submit(bring)
            while not job.done():
                waits.append(waited(lambda: client.get("/healthz").raise_for_status(), lambda: None))
                time.sleep(0.02)
        waits.sort()
        yield Figure(f"{rows:,} rows imported, new total shown", "ms", 15_000, (job.result(),))
        yield Figure("health check meanwhile, 99th percentile", "ms", 50, (waits[int(len(waits) * 0.99)],))


# ------------------------------------------------------------------------------------------------- what they need
@contextmanager
def running(folder: Path) -> Iterator[tuple[RunningApp, Person]]:
    """Run the app on data of its own, with one person."""
    folder.mkdir(parents=True)
    app = RunningApp(folder / "data")
    app.start()
    try:
        yield app, app.add_person()
    finally:
        app.stop()


def fill(app: RunningApp, person: Person, transactions: int) -> None:
    """Give a person a large ledger; the server is started anew, as on the morning after."""
    app.stop()
    with session_scope(load_settings(data_dir=app.data_dir)) as db:
        fill_user(db, find_user(db, person.name).id, transactions, datetime.now(UTC).date())
    app.log_path.unlink()
    app.start()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser without a window."""
    path = find_chromium()
    if path is None:
        raise SystemExit("Chromium is needed; `./smartfolio test` fetches one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path))
        yield browser
        browser.close()


def new_page(browser: Browser, app: RunningApp) -> Page:
    """Return a page of somebody whose browser has never been here."""
    size = {"width": 1440, "height": 900}
    return browser.new_context(
        base_url=app.url, viewport=size, locale="en-GB", reduced_motion="reduce"
    ).new_page()


# ------------------------------------------------------------------------------------------------- what is told
def table(figures: list[Figure]) -> list[str]:
    """Return the figures as the lines of a Markdown table."""
    rows = [HEADINGS, tuple("---" for _ in HEADINGS), *(figure.cells() for figure in figures)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def write_report(lines: list[str]) -> None:
    """Write what was measured, when, where and by which command."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    REPORT.write_text(
        "# What a person waits for\n\n"
        "Written by `python -m benchmarks.pages --record`: the real server and a real Chromium on one machine.\n\n"
        + "\n".join(lines)
        + f"\n\n{datetime.now(UTC):%Y-%m-%d}, {machine}; load averages at the end {load}.\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
