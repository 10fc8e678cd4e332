"""An hour of simulated time in which every provider fails in every documented way, and the hour after it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from smartfolio_app.analytics.results import Portfolio
from smartfolio_app.providers import registry
from smartfolio_app.providers.exchanges import session
from smartfolio_app.providers.http import Gateway, Limits
from smartfolio_app.security.limits import Bucket
from smartfolio_app.services import credentials, market_data, price_books, sources, sync, wealth
from smartfolio_app.services.leadership import leadership
from smartfolio_app.services.scheduler import TASKS, Scheduler
from smartfolio_app.services.signals.fetch import forget_pauses
from smartfolio_app.services.signals.references import FEAR_GREED
from smartfolio_app.services.sync.access import client_of
from smartfolio_app.services.views import View
from smartfolio_app.settings import load_settings
from smartfolio_app.state.base import AppState
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import FxRate, MarketSignal, OutboundCallRow, SourceRow
from tests.api.conftest import token_of
from tests.faults.outside_world import READ_TIMEOUT, OutsideWorld, outside_world
from tests.services.papers import give_paper
from tests.state.tab import tab

#: A Wednesday afternoon; the ECB publishes at 15:10 at the latest.
BEGIN = datetime(2026, 3, 4, 14, 30, 7, tzinfo=UTC)
STEP = timedelta(minutes=3)
HOUR = timedelta(hours=1)
LIVE = (
    "cointracking_api",
    "kraken_api",
    "binance_api",
    "bitstamp_api",
    "kucoin_api",
    "coinbase_api",
    "saxo_sim_api",
)
#: What the scheduler does with providers; backups and tidying up have tests of their own.
DONE = {"prices", "sync", "sign_ins", "newcomers", "history", "signals", "snapshots"}
QUICK = Limits(connect=20.0, read=20.0, deadline=60.0, max_bytes=4_000_000, backoff=0.001, backoff_max=0.002)


@dataclass
class Clockwork:
    """The scheduler's tasks, each run when it is due by the simulated clock."""

    clock: Any
    scheduler: Scheduler = field(default_factory=Scheduler)
    due: dict[str, datetime] = field(default_factory=dict)

    def pass_time(self, span: timedelta, then: Any = lambda: None) -> None:
        """Let time go by in steps, doing what is due; ``then`` is called after each step."""
        end = datetime.now(UTC) + span
        while datetime.now(UTC) < end:
            for task in (one for one in TASKS if one.name in DONE):
                now = datetime.now(UTC)
                if self.due.get(task.name, now) <= now:
                    self.scheduler._run(task)
                    self.due[task.name] = now + task.every
            finish_syncs()
            then()
            self.clock.shift(STEP)


def finish_syncs() -> None:
    """Wait until nothing is under way. By the simulated clock that can take long in no time."""
    while not sync.wait(60):
        pass


def wait_for_answers(seconds: float) -> None:
    """Set how long the app waits for an answer."""
    market_data.market().gateway.http.timeout = httpx.Timeout(seconds, connect=QUICK.connect)


@pytest.fixture
def world(time_machine) -> Iterator[OutsideWorld]:
    time_machine.move_to(BEGIN)
    with outside_world() as running:
        yield running


@pytest.fixture
def clockwork(settings, world, time_machine, monkeypatch) -> Iterator[Clockwork]:
    """The app's own jobs over the world's servers. Whoever would wait lets simulated time go by instead."""

    def wait(_self: Any, seconds: float) -> bool:
        time_machine.shift(seconds)
        return True

    monkeypatch.setattr(Gateway, "wait", wait)
    monkeypatch.setattr(session.Session, "_sleep", wait)
    monkeypatch.setattr(session, "KEEP_PACE", False)
    forget_pauses()
    chosen = load_settings(data_dir=settings.data_dir, database_url=settings.database_url, offline=False)
    engine.configure(chosen.model_copy(update=world.addresses))
    market_data.market().gateway.limits = QUICK
    wait_for_answers(QUICK.read)
    yield Clockwork(time_machine)
    sync.stop()
    market_data.close()
    leadership.release()
    price_books.forget()
    engine.configure(settings)


@pytest.fixture
def household(db, world, clockwork, alice) -> str:
    """A user with an account at every service, all synced and priced once while everybody was well."""
    give_paper(db, alice, "AAPL", isin="US0378331005")
    for provider in LIVE:
        fields = {one.name for one in registry.provider(provider).config_fields}
        config = {"since": "2026-02-20"} if "since" in fields else {}
        key = sources.add(db, alice, provider, config=config).key
        if provider == "saxo_sim_api":
            source = sources.find(db, alice, key)
            client = client_of(registry.provider(provider), source.id, {})
            credentials.store(db, source, world.sign_in_at_saxo(client))
            db.commit()
            sync.start(db, alice, key)
        else:
            sync.connect(db, alice, key, world.secrets[provider])
    db.commit()
    finish_syncs()
    clockwork.pass_time(timedelta(minutes=25))
    assert {one.status for one in live_sources(alice)} == {"ok"}
    return alice


def live_sources(user: str) -> list[Any]:
    with session_scope() as db:
        return [one for one in sources.source_status(db, user).sources if one.provider in LIVE]


def portfolio_of(user: str) -> Portfolio:
    with session_scope() as db:
        return wealth.portfolio(db, View(user, currency="EUR"))


async def look(api: Any, connect: Any, token: str, user: str) -> dict[str, Any]:
    """Look at everything there is to look at, as scripts and as the page do; nothing may be an internal error."""
    api.state.limits.general = Bucket("default", 1000.0, 1000)  # more at once than a person looks at
    lists = [
        path
        for path, does in api.openapi()["paths"].items()
        if "get" in does and "{" not in path and path.startswith("/api")
    ]
    lists += ["/api/prices/crypto:BTC", *(f"/api/sources/{one.key}/status" for one in live_sources(user))]
    found = {}
    async with connect(token=token) as client:
        for address in lists:
            answer = await client.get(address)
            assert answer.status_code < 500, (address, answer.text)
            assert answer.status_code != 429, address
            found[address] = answer
    page = await tab(AppState, user, "/")
    assert page.problem == ""
    return {
        address: one.json()
        for address, one in found.items()
        if one.status_code == 200 and "json" in one.headers["content-type"]
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_total_stands_no_budget_breaks_and_all_is_fresh_again_within_one_schedule(
    household, world, clockwork, api, connect, caplog
) -> None:
    token = token_of(household)
    before = portfolio_of(household)
    assert (before.total, before.coverage.stale) > (Decimal(0), -1)
    assert before.coverage.priced == before.coverage.total

    def total_stands() -> None:
        now = portfolio_of(household)
        assert now.coverage.priced == before.coverage.priced
        assert abs(now.total - before.total) < before.total / 100

    with session_scope() as db:  # the day's fixing and the day's mood are still to come
        db.execute(delete(FxRate).where(col(FxRate.day) >= BEGIN.date()))
        db.execute(delete(MarketSignal).where(col(MarketSignal.signal) == FEAR_GREED))
    caplog.set_level(logging.WARNING)
    world.break_everything()
    wait_for_answers(READ_TIMEOUT)
    clockwork.pass_time(HOUR, total_stands)
    during = portfolio_of(household)
    assert during.coverage.stale > 0
    assert during.coverage.oldest <= datetime.now(UTC) - HOUR
    seen = asyncio.run(look(api, connect, token, household))
    assert seen["/api/wealth/global/summary"]["coverage"]["stale"] > 0
    assert {one.status for one in live_sources(household)} == {"stale"}
    assert all(len(one.reason) > 10 and one.visible for one in live_sources(household))
    for name, mood in world.moods.items():
        assert len(set(mood.met)) >= 2, f"{name} failed in too few ways: {mood.met}"
    met = {way for mood in world.moods.values() for way in mood.met}
    assert len(met) >= 11, met

    world.mend_everything()
    wait_for_answers(QUICK.read)
    clockwork.pass_time(HOUR + 2 * STEP, total_stands)
    after = portfolio_of(household)
    assert after.coverage.oldest is not None
    assert {one.status for one in live_sources(household)} == {"ok"}
    assert after.coverage.stale <= before.coverage.stale
    asyncio.run(look(api, connect, token, household))
    with session_scope() as db:
        assert {one.error for one in market_data.provider_statuses(db)} == {""}

    no_budget_was_exceeded(world)
    unforeseen = [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR or one.exc_info]
    assert unforeseen == []
    assert {one.error for one in clockwork.scheduler.jobs()} == {""}


def no_budget_was_exceeded(world: OutsideWorld) -> None:
    """Every call that a server saw is on record, and in no window of time there were more than allowed."""
    with session_scope() as db:
        rows = list(db.execute(select(OutboundCallRow).order_by(col(OutboundCallRow.at))).scalars())
        providers = {row.id: row.provider for row in db.execute(select(SourceRow)).scalars()}
    recorded: dict[str, int] = defaultdict(int)
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        recorded[row.host] += 1
        times[row.provider, row.key_id].append(row.at.timestamp())
    for name, mood in world.moods.items():
        assert recorded[world.host_of(name)] >= mood.calls > 0, name
    budgets = {
        (one.provider, one.key_id): one.window.budget for one in market_data.market().gateway.clients()
    }
    assert set(times) <= set(budgets)
    assert set(LIVE) <= {provider for provider, _ in times}, providers
    for who, made in times.items():
        budget = budgets[who]
        for first, last in zip(made, made[budget.calls :], strict=False):
            assert last - first >= budget.seconds - 0.001, (who, budget)
