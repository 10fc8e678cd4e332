"""What risk takes: ``python -m benchmarks.risk [--record]``.

The Risk page's answer for a household of 200 assets with five years of daily prices, from the service that page and
REST ask: cold (nothing of risk in memory; the price book is, as in a running server) and again. Monte Carlo: 10,000
futures of 365 days of 50 assets, by both methods. Then a real browser on the real server: the heat map of 100 assets,
while the window is changed, the page is resized, and the pointer wanders over it; the longest frame and task.

Of computing, processor time of this process is told, so that a busy machine does not count; of the browser, its own
clock. A median over its bound is a failure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Page
from sqlmodel import Session

from benchmarks.pages import Figure, chromium, new_page, running, table, write_report
from smartfolio_app.analytics.risk.simulation import METHODS, Plan, simulate
from smartfolio_app.build import frontend
from smartfolio_app.services import accounts, risk, wealth
from smartfolio_app.services.accounts import find_user
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate
from smartfolio_app.storage.engine import session_scope
from tests.e2e.acts import sign_in
from tests.support.wide import fill_wide

REPORT = Path(__file__).resolve().parent.parent / "docs" / "performance-risk.md"
HOW = (
    "Written by `python -m benchmarks.risk --record`. Of computing, processor time in one process; of the heat map, a "
    "real Chromium on the real server: the longest frame and the longest task while it is drawn."
)
ASSETS, YEARS, IN_MAP = 200, 5, 100
#: Watches every frame, and every task that holds the browser up for more than 50 ms.
WATCH = """() => {
  window.seen = { tasks: [], frames: [] };
  new PerformanceObserver((list) => list.getEntries().forEach((one) => seen.tasks.push(one.duration)))
    .observe({ type: "longtask" });
  let before = performance.now();
  const frame = (now) => { seen.frames.push(now - before); before = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""
SEEN = "() => { const told = window.seen; window.seen = { tasks: [], frames: [] }; return told; }"
#: A number that is another one whenever the picture is.
PICTURE = """(canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = canvas.width;
  for (let at = 0; at < pixels.length; at += 4) sum = (sum * 31 + pixels[at]) % 1000000007;
  return sum;
}"""


def main() -> int:
    """Measure, print, and say whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7, help="runs of each")
    parser.add_argument("--no-browser", action="store_true", help="leave the heat map out")
    parser.add_argument("--record", action="store_true", help=f"write docs/{REPORT.name}")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = [*dashboard(Path(folder) / "service", chosen.repeat), *futures(chosen.repeat)]
        if not chosen.no_browser:
            frontend.ensure(print)
            figures += heat_map(Path(folder) / "browser", chosen.repeat)
    lines = table(figures)
    print("\n".join(lines))
    if chosen.record:
        write_report(REPORT, "What risk takes", HOW, lines)
    failed = [figure.what for figure in figures if not figure.holds]
    for what in failed:
        print(f"FAILED  {what}")
    return 1 if failed else 0


def processor(ask: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that something takes."""
    started = time.process_time()
    ask()
    return (time.process_time() - started) * 1000


# ------------------------------------------------------------------------------------------------ the dashboard
def dashboard(folder: Path, repeat: int) -> Iterator[Figure]:
    """Yield what the service takes for a wide household."""
    settings = load_settings(data_dir=folder, offline=True)
    engine.configure(settings)
    migrate.upgrade(settings)
    with Session(engine.engine_for(settings), expire_on_commit=False) as db:
        user = accounts.create_user(db, "benchmark", "correct horse battery").id
        fill_wide(db, user, ASSETS, YEARS, datetime.now(UTC).date())
        view = wealth.view_of(db, user, currency="EUR")
        named = f"{ASSETS} assets, {YEARS} years"
        books = [processor(lambda: wealth.portfolio(db, view))]
        yield Figure(
            f"before that: ledger, prices and portfolio out of the database, {named}",
            "ms",
            3_000,
            tuple(books),
        )
        asked = risk.Asked("all")
        assert risk.dashboard(db, view, asked).report is not None
        cold, again, other = [], [], []
        for _ in range(repeat):
            risk.forget()
            cold.append(processor(lambda: risk.dashboard(db, view, asked)))
            again.append(processor(lambda: risk.dashboard(db, view, asked)))
            other.append(processor(lambda: risk.dashboard(db, view, risk.Asked("365"))))
        yield Figure(f"risk dashboard, {named}, cold", "ms", 500, tuple(cold))
        yield Figure("risk dashboard, again", "ms", 50, tuple(again))
        yield Figure("risk dashboard, another window", "ms", 500, tuple(other))
    engine.dispose(settings)
    engine.configure(None)


def futures(repeat: int) -> Iterator[Figure]:
    """Yield what the simulation takes."""
    past = np.random.default_rng(1).standard_normal((1826, 50)) * 0.02
    worth = np.full(50, 100.0)
    for method in METHODS:
        plan = Plan(12, method)
        times = [processor(lambda p=plan: simulate(past, worth, 365, p)) for _ in range(repeat)]
        yield Figure(f"10,000 futures, 365 days, 50 assets, {method}", "ms", 2000, tuple(times))


# ------------------------------------------------------------------------------------------------- the heat map
def heat_map(folder: Path, repeat: int) -> Iterator[Figure]:
    """Yield how smoothly the heat map of many assets is drawn."""
    with running(folder) as (app, person), chromium() as browser:
        app.stop()
        with session_scope(load_settings(data_dir=app.data_dir)) as db:
            fill_wide(db, find_user(db, person.name).id, IN_MAP, 2, datetime.now(UTC).date())
        app.log_path.unlink()  # its first start has said that it answers
        app.start()
        page = new_page(browser, app)
        sign_in(page, person)
        page.goto("/risk?currency=EUR")
        canvas = page.locator(".correlations canvas")
        canvas.wait_for(timeout=60_000)
        page.wait_for_load_state("networkidle")
        page.evaluate(WATCH)
        drawn = [_while(page, lambda w=width: _resized(page, w)) for width in (1000, 1440) * repeat]
        yield from _smooth(f"heat map of {IN_MAP} assets drawn", drawn, 50)
        windows = ("90 days", "1 year")
        changed = [_while(page, lambda w=window: _window(page, w)) for window in windows * repeat]
        yield from _smooth("whole page in another window", changed, 200)
        pointed = [_while(page, lambda: _pointed(page)) for _ in range(repeat)]
        yield from _smooth("pointer over the heat map", pointed, 50)
        nodes = page.locator(".correlations *").count()
        yield Figure("elements of the heat map in the page", "", 10, (nodes,))


def _while(page: Page, act: Callable[[], None]) -> tuple[float, float]:
    """Return the longest frame and the longest task while something is done."""
    page.evaluate(SEEN)
    act()
    told = page.evaluate(SEEN)
    return max(told["frames"], default=0.0), max(told["tasks"], default=0.0)


def _smooth(what: str, seen: list[tuple[float, float]], bound: float) -> Iterator[Figure]:
    frames, tasks = zip(*seen, strict=True)
    yield Figure(f"{what}: longest frame", "ms", bound, tuple(frames))
    yield Figure(f"{what}: longest task (0: none over 50 ms)", "ms", bound, tuple(tasks))


def _changes(page: Page, what: str, act: Callable[[], object]) -> None:
    """Do something and wait until the picture is another one."""
    canvas = page.locator(".correlations canvas")
    before = canvas.evaluate(PICTURE)
    act()
    deadline = time.monotonic() + 30
    while canvas.evaluate(PICTURE) == before:
        if time.monotonic() > deadline:
            raise SystemExit(f"the heat map was not drawn again: {what}")
        page.wait_for_timeout(100)


def _resized(page: Page, width: int) -> None:
    _changes(page, f"{width} wide", lambda: page.set_viewport_size({"width": width, "height": 900}))


def _window(page: Page, name: str) -> None:
    _changes(page, name, lambda: page.get_by_role("button", name=name, exact=True).click())


def _pointed(page: Page) -> None:
    box = page.locator(".correlations canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 90, box["y"] + 5)
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 90, steps=60)


if __name__ == "__main__":
    sys.exit(main())
