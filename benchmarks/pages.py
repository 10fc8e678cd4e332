"""What a person waits for, in a real browser on the real server: ``python -m benchmarks.pages``.

Starts the server again, opens the dashboard of a household with ten thousand and with a hundred thousand transactions
(warm server), changes its currency and its scope, corrects one transaction and waits until the chart is right, counts
what a first visit loads, and imports a hundred thousand rows. All that time the health check is asked a hundred times
a second, from a process of its own and in turns with a server that does nothing. Prints median, 99th percentile and
slowest of each; a median over its bound is a failure, and of the health check a 99th percentile. Everything runs on
this machine alone: what else runs on it shows in the figures, so ``--record`` (which writes docs/performance-pages.md)
is for a quiet one.
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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from sqlmodel import col

from benchmarks.health import asked_all_the_time
from benchmarks.served import Edit, another_quantity, back
from smartfolio_app.build import frontend
from smartfolio_app.commands.browser import find_chromium
from smartfolio_app.services.accounts import find_user
from smartfolio_app.settings import load_settings
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.repo_ledger import read_transactions
from smartfolio_app.storage.tables import TransactionRow
from tests.e2e.acts import sign_in
from tests.e2e.app import Person, RunningApp
from tests.e2e.traffic import measure
from tests.support.large import fill_user, write_cointracking_csv

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "performance-pages.md"
#: The browser yields to the server: on a desk somewhere else it would not share its processors.
BROWSER_NICE = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured, in its unit, and what its median (where ``late``: its 99th percentile) may be at most.

    Without a bound it is told for comparison alone.
    """

    what: str
    unit: str
    bound: float | None
    samples: tuple[float, ...]
    late: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def p99(self) -> float:
        return sorted(self.samples)[int(len(self.samples) * 0.99)]

    @property
    def holds(self) -> bool:
        return self.bound is None or (self.p99 if self.late else self.median) <= self.bound

    def cells(self) -> tuple[str, ...]:
        """Return the figure as the cells of a row, as in ``HEADINGS``."""
        shown = (f"{value:,.0f} {self.unit}" for value in (self.median, self.p99, max(self.samples)))
        judged = "p99" if self.late else "median"
        bound = "" if self.bound is None else f"{judged} {self.bound:,.0f} {self.unit}"
        return (self.what, *shown, str(len(self.samples)), bound)


HEADINGS = ("what", "median", "p99", "slowest", "runs", "bound")


def main() -> int:
    """Measure, print, and say whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--transactions",
        type=int,
        nargs="*",
        default=[10_000, 100_000],
        help="in the households of the dashboard",
    )
    parser.add_argument("--rows", type=int, default=100_000, help="in the imported file; 0: no import")
    parser.add_argument("--repeat", type=int, default=9, help="runs of each")
    parser.add_argument("--record", action="store_true", help=f"write docs/{REPORT.name}")
    chosen = parser.parse_args()
    frontend.ensure(print)
    with tempfile.TemporaryDirectory() as folder:
        figures = list(starts(Path(folder), chosen.repeat))
        for count in chosen.transactions:
            figures += dashboard(Path(folder), count, chosen.repeat)
        if chosen.rows:
            figures += large_import(Path(folder), chosen.rows)
    lines = table(figures)
    print("\n".join(lines))
    if chosen.record:
        how = (
            "Written by `python -m benchmarks.pages --record`: the real server and a real Chromium on one machine, "
            f"the browser with less of a right to its processors (nice {BROWSER_NICE}). *Idle server*: one that does "
            "nothing, asked in turns with the health check; what it takes is the machine's own doing."
        )
        write_report(REPORT, "What a person waits for", how, lines)
    failed = [figure.what for figure in figures if not figure.holds]
    for what in failed:
        print(f"FAILED  {what}")
    return 1 if failed else 0


# ------------------------------------------------------------------------------------------------- the start
def starts(folder: Path, repeat: int) -> Iterator[Figure]:
    """Yield what a start takes until the server answers, when its pages and its database are there already."""
    with running(folder / "start") as (app, _):
        yield Figure("started again", "ms", 3000, tuple(app.restart() * 1000 for _ in range(repeat)))


# ------------------------------------------------------------------------------------------------- the dashboard
def dashboard(folder: Path, transactions: int, repeat: int) -> Iterator[Figure]:
    """Yield what opening and changing the dashboard of a large household takes."""
    of = f" of {transactions:,} transactions"
    with running(folder / f"dashboard-{transactions}") as (app, person), chromium() as browser:
        edit = fill(app, person, transactions)
        yield from first_visit(browser, app, person)
        page = new_page(browser, app)
        sign_in(page, person)
        page.locator(".legend li").first.wait_for(timeout=60_000)
        figure = page.locator(".hero-figure")

        def shows(pattern: str) -> Callable[[], None]:
            return lambda: figure.filter(has_text=re.compile(pattern)).wait_for()

        currency = page.locator(".wealth-bar .tools select")
        crypto = page.get_by_role("combobox", name="Crypto")

        def opened() -> list[float]:
            return [waited(lambda: page.goto("/?currency=EUR"), shows("€")) for _ in range(repeat)]

        def in_other_currencies() -> list[float]:
            turns = [("USD", r"\$"), ("EUR", "€")] * repeat
            return [waited(lambda c=code: currency.select_option(c), shows(sign)) for code, sign in turns]

        def in_other_scopes() -> list[float]:
            found = []
            for index in (2, 0) * repeat:
                before = figure.inner_text()
                found.append(
                    waited(
                        lambda i=index: crypto.select_option(index=i),
                        lambda b=before: figure.filter(has_not_text=b).wait_for(),
                    )
                )
            return found

        yield from stage(app, "dashboard opened" + of, 1500, opened)
        yield from stage(app, "currency changed" + of, 300, in_other_currencies)
        yield from stage(app, "scope changed" + of, 300, in_other_scopes)
        chart = EditedChart(app, page, app.token(person, "write"), edit)
        yield from stage(app, "chart right after an edit" + of, 300, lambda: chart.timed(repeat))


def stage(app: RunningApp, what: str, bound: float, act: Callable[[], list[float]]) -> Iterator[Figure]:
    """Yield how many milliseconds something took each time, and how the health check answered meanwhile."""
    with asked_all_the_time(app.url) as waits:
        samples = act()
    yield Figure(what, "ms", bound, tuple(samples))
    yield Figure(f"health check: {what}", "ms", 50, tuple(wait * 1000 for wait in waits.server), late=True)
    # What a server that does nothing took meanwhile: so much of it is the machine's.
    yield Figure(f"idle server: {what}", "ms", None, tuple(wait * 1000 for wait in waits.idle), late=True)


class EditedChart:
    """The dashboard's chart while somebody corrects one transaction, there and back, from another device.

    What it has to say after each is learnt first, without a clock.
    """

    def __init__(self, app: RunningApp, page: Page, token: str, edit: Edit) -> None:
        self._page = page
        self._edits = (edit, back(edit))
        self._http = httpx.Client(base_url=app.url, timeout=60, headers={"authorization": f"Bearer {token}"})
        self._expected = [self._learnt(one, key) for one, key in zip(self._edits, RANGES_SHOWN, strict=True)]

    def timed(self, repeat: int) -> list[float]:
        """Return the milliseconds from sending a correction until the chart that was asked for says what it should."""
        return [
            waited(
                lambda e=edit, k=key: self._edit(e, k),
                lambda x=expected: self._page.get_by_role("img", name=x, exact=True).wait_for(),
            )
            for _ in range(repeat)
            for edit, key, expected in zip(self._edits, RANGES_SHOWN, self._expected, strict=True)
        ]

    def _edit(self, edit: Edit, key: str) -> None:
        number, change = edit
        self._http.patch(f"/api/portfolio/transactions/{number}", json=change).raise_for_status()
        self._page.locator(".hero .segmented button").get_by_text(key, exact=True).click()

    def _learnt(self, edit: Edit, key: str) -> str:
        self._edit(edit, key)
        self._page.wait_for_timeout(5_000)
        return self._page.locator(".hero-chart").get_attribute("aria-label") or ""


#: The ranges of the chart that is looked at after each edit, by what their buttons say.
RANGES_SHOWN = ("All", "1Y")


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

        yield from stage(app, f"{rows:,} rows imported, new total shown", 15_000, lambda: [bring()])


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


def fill(app: RunningApp, person: Person, transactions: int) -> Edit:
    """Give a person a large ledger, and return a correction of one purchase in the middle of it; the server is started
    anew, as on the morning after.
    """
    app.stop()
    with session_scope(load_settings(data_dir=app.data_dir)) as db:
        user = find_user(db, person.name).id
        fill_user(db, user, transactions, datetime.now(UTC).date())
        rows = read_transactions(db, col(TransactionRow.user_id) == user)
    app.log_path.unlink()
    app.start()
    return another_quantity(next(row for row in rows[transactions // 2 :] if row.fee is not None))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser without a window."""
    path = find_chromium()
    if path is None:
        raise SystemExit("Chromium is needed; `./smartfolio test` fetches one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path))
        for process in psutil.Process().children(recursive=True):
            if "chrom" in process.name():  # what it starts later inherits it
                process.nice(BROWSER_NICE)
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


def write_report(path: Path, title: str, how: str, lines: list[str]) -> None:
    """Write what was measured, when, where and by which command."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    end = f"{datetime.now(UTC):%Y-%m-%d}, {machine}; load averages at the end {load}."
    path.write_text(f"# {title}\n\n{how}\n\n" + "\n".join(lines) + f"\n\n{end}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
