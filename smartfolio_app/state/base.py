"""The state of every page: who looks, at what, in which currency; and the WealthBar's figures.

One event fills a page: ``AppState.load`` is the ``on_load`` of each, and a change in the WealthBar runs the same path
again for the page on screen. No page calls the REST API.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import reflex as rx

from smartfolio_app.analytics.scope import ALL, Category, Scope
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import LANGUAGES, error_text, translate, translate_or_text
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import pricing, sources, sync, user_settings, views, wealth
from smartfolio_app.services.alerts import inbox
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.user_settings import CURRENCIES, THEMES
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import for_everyone, signed_in
from smartfolio_app.state.locale import Locale
from smartfolio_app.state.notices import say
from smartfolio_app.state.seat import Seat, is_live, state_of_page

if TYPE_CHECKING:
    from sqlmodel import Session

    from smartfolio_app.analytics.results import Coverage, Portfolio

#: Offered first; the rest follows by code.
USUAL = ("EUR", "USD", "GBP", "CHF", "BTC")
CURRENCY_CODES = (*USUAL, *(code for code in CURRENCIES if code not in USUAL))


@dataclass
class Option:
    """One choice of a select."""

    value: str = ""
    label: str = ""


class AppState(rx.State):
    """What all pages share. Settings are read once a page load, and written through when changed here."""

    ready: bool = False
    user_name: str = ""
    is_demo: bool = False
    is_admin: bool = False

    theme: str = ""
    privacy: bool = False
    currency: str = ""
    crypto: str = ALL
    stocks: str = ALL
    wealth: str = ALL
    query: str = ""
    #: How many alerts want attention; empty for none.
    alerts: str = ""

    currencies: list[Option] = [
        Option(code, code) for code in (*USUAL, *(one for one in CURRENCIES if one not in USUAL))
    ]
    crypto_sources: list[Option] = []
    stocks_sources: list[Option] = []
    wealth_sources: list[Option] = []

    total: str = ""
    change: str = ""
    change_pct: str = ""
    change_direction: str = "none"
    coverage: str = ""
    attention: bool = False
    refreshing: bool = False
    #: What is about to change the figures, which follow a moment later. Empty for nothing.
    syncing: str = ""
    problem: str = ""
    choosing: bool = False

    _seen: str = ""
    _offered_at: str = ""
    _time_zone: str = "UTC"
    _style: str = "language"
    _anchor: str = "midnight"
    _method: str = "fifo"

    @rx.event
    @signed_in
    async def load(self, viewer: Viewer) -> AsyncIterator[None]:
        """Fill the page that has just been opened: first the bar, then the page itself."""
        (await self.get_state(ExplainState))._arrive()
        try:
            await self._read_settings(viewer)
            async for _ in self._show(viewer):
                yield
        except SmartFolioError as error:
            self.problem = error_text(await self._language(), error)
        self.ready = True

    @rx.event
    @signed_in
    async def choose_scope(self, viewer: Viewer, category: str, source_key: str) -> AsyncIterator[None]:
        """Look at one source of a category, or at all of them."""
        if category not in {one.value for one in Category}:
            return
        known = {option.value for option in getattr(self, f"{category}_sources")}
        setattr(self, category, source_key if source_key in known else ALL)
        kept = asyncio.create_task(self._keep(viewer, **{f"scope_{category}": getattr(self, category)}))
        async for _ in self._show_while(kept, viewer):
            yield

    @rx.event
    @signed_in
    async def choose_currency(self, viewer: Viewer, currency: str) -> AsyncIterator[None]:
        """See everything in another currency."""
        if currency not in CURRENCIES:
            return
        self.currency = currency
        await self._keep(viewer, base_currency=currency)
        async for _ in self._show(viewer):
            yield

    @rx.event
    @signed_in
    async def toggle_privacy(self, viewer: Viewer) -> AsyncIterator[None]:
        """Hide every amount, or show them again. Hidden amounts are not sent to the browser at all."""
        self.privacy = not self.privacy
        kept = asyncio.create_task(self._keep(viewer, privacy=self.privacy))
        async for _ in self._show_while(kept, viewer):
            yield

    @rx.event
    @signed_in
    async def choose_theme(self, viewer: Viewer, theme: str) -> None:
        """Choose dark, light or the device's own."""
        if theme in THEMES:
            self.theme = theme
            await self._keep(viewer, theme=theme)

    @rx.event
    @signed_in
    async def choose_language(self, viewer: Viewer, language: str) -> AsyncIterator[None]:
        """Speak another language, at once: texts switch in the browser, figures are written anew."""
        if language not in LANGUAGES:
            return
        locale = await self.get_state(Locale)
        locale.language = language
        await self._keep(viewer, language=language)
        async for _ in self._show(viewer):
            yield

    @rx.event
    @signed_in
    async def look(self, viewer: Viewer) -> AsyncIterator[None]:
        """Show what has changed since the page was filled: prices, a sync, another device's edit, a new day.

        The browser asks once a minute. Pages on which something may be being typed keep what they show; the bar, which
        is on all of them, does not.
        """
        views.be_patient(is_live(state_of_page(self.router.url.path)))
        seen, self.syncing = await off_loop(_present, viewer.user_id, self._time_zone, await self._language())
        if seen == self._seen:
            views.be_patient(False)
            return
        async for _ in self._show(viewer, anew=False):
            yield

    @rx.event(background=True)
    @signed_in
    async def refresh(self, viewer: Viewer) -> None:
        """Ask the price providers again, then show what changed; the page stays usable meanwhile.

        What a provider cannot tell stays as it was, and is marked as old.
        """
        async with self:
            if self.refreshing:
                return
            self.refreshing = True
        text, tone = await self._ask_providers(viewer)
        async with self:
            self.refreshing = False
            async for _ in self._show(viewer, patient=False):
                pass
            await say(self, text, tone)

    async def _ask_providers(self, viewer: Viewer) -> tuple[str, str]:
        """Return what to tell about a refresh, and in which tone."""
        async with self:
            language = await self._language()
        try:
            report = await off_loop(pricing.refresh, viewer.user_id)
        except SmartFolioError as error:
            return error_text(language, error), "bad"
        if report.offline:
            return translate(language, "bar.refresh_offline"), "good"
        if report.problems:
            names = ", ".join(
                sorted(translate_or_text(language, registry.label_of(one)) for one in report.problems)
            )
            return translate(language, "bar.refresh_failed", providers=names), "bad"
        return translate(language, "bar.refreshed"), "good"

    @rx.event
    @for_everyone
    def open_choices(self) -> None:
        """Open the sheet with the bar's choices (on a phone)."""
        self.choosing = True

    @rx.event
    @for_everyone
    def close_choices(self) -> None:
        """Close the sheet."""
        self.choosing = False

    async def _read_settings(self, viewer: Viewer) -> None:
        """Read who this is and how they like to see things; what the address says comes before what is stored."""

        kept = await off_loop(user_settings.get, viewer.user_id)
        address = dict(self.router.url.query_parameters)
        self.user_name, self.is_admin, self.is_demo = viewer.name, viewer.is_admin, viewer.is_demo
        self.theme, self.privacy = kept.theme, kept.privacy
        self._time_zone, self._style = kept.time_zone, kept.number_style
        self._anchor, self._method = kept.pnl_anchor, kept.policy
        wanted = address.get("currency", "").upper()
        self.currency = wanted if wanted in CURRENCIES else kept.base_currency
        for category in Category:
            stored = getattr(kept, f"scope_{category.value}")
            setattr(self, category.value, address.get(category.value, stored))
        (await self.get_state(Locale)).language = kept.language

    async def _show(self, viewer: Viewer, *, anew: bool = True, patient: bool = True) -> AsyncIterator[None]:
        """Fill the bar, then the page on screen; not ``anew``: only one that is filled by itself.

        Patiently (``services.views``) where the page is filled again by itself, unless the viewer has just asked for
        what is new.
        """
        views.be_patient(patient and is_live(state_of_page(self.router.url.path)))
        try:
            async for _ in self._fill(viewer, anew=anew):
                yield
        finally:
            views.be_patient(False)

    async def _show_while(self, kept: asyncio.Task[None], viewer: Viewer) -> AsyncIterator[None]:
        """Show what was chosen without waiting until the choice is ``kept``: somebody else may be writing."""
        try:
            async for _ in self._show(viewer):
                yield
        finally:
            await kept

    async def _fill(self, viewer: Viewer, *, anew: bool) -> AsyncIterator[None]:
        self._seen, self.syncing = await off_loop(
            _present, viewer.user_id, self._time_zone, await self._language()
        )
        await self._offer_sources(viewer)
        seat = await self._seat(viewer)
        self._fill_bar(await off_loop(wealth.portfolio, seat.view), seat.figures)
        waiting = await off_loop(inbox.waiting, viewer.user_id)
        self.alerts = str(waiting) if waiting else ""
        self._write_address()
        self.problem = ""
        yield
        page = state_of_page(self.router.url.path)
        if page is not None and (anew or is_live(page)):
            shown = await self.get_state(page)
            await shown._show(seat)
            yield
            await shown._later(seat)
            yield
        await (await self.get_state(ExplainState))._show(seat)

    async def _seat(self, viewer: Viewer) -> Seat:
        """Return the view as the bar is set now."""
        view = wealth.View(
            user_id=viewer.user_id,
            scope=Scope(crypto=self.crypto, stocks=self.stocks, wealth=self.wealth),
            currency=self.currency,
            time_zone=self._time_zone,
            anchor=self._anchor,
            method=self._method,
        )
        figures = Figures(
            language=await self._language(),
            style=self._style,
            currency=self.currency,
            time_zone=self._time_zone,
            privacy=self.privacy,
        )
        return Seat(viewer, view, figures)

    async def _offer_sources(self, viewer: Viewer) -> None:
        """Offer the sources of each category, found out again only when the user's revision has moved: it does with
        each source that comes, goes, is switched or gets a key.
        """
        mark = f"{self._seen.split()[1]} {await self._language()}"
        if mark != self._offered_at:
            self._fill_sources(await off_loop(sources.source_status, viewer.user_id))
            self._offered_at = mark

    def _fill_sources(self, status: sources.SourcesView) -> None:
        """Offer the sources of each category; one that is gone falls back to all."""
        for category in Category:
            options = [
                Option(source.key, source.label)
                for source in status.sources
                if source.category == category.value and source.visible
            ]
            setattr(self, f"{category.value}_sources", options)
            if getattr(self, category.value) not in {ALL, *(option.value for option in options)}:
                setattr(self, category.value, ALL)

    def _fill_bar(self, portfolio: Portfolio, figures: Figures) -> None:
        self.total = figures.money(portfolio.total)
        self.change = figures.money(portfolio.change.gain, sign=True)
        self.change_pct = figures.percent(portfolio.change.pct, sign=True, decimals=2)
        self.change_direction = figures.direction(portfolio.change.gain)
        self.coverage = coverage_text(portfolio.coverage, figures)
        covered = portfolio.coverage
        self.attention = covered.priced < covered.total or covered.stale > 0

    def _write_address(self) -> None:
        """Say the view in the query that links and the address bar carry."""
        chosen = {one.value: getattr(self, one.value) for one in Category}
        parts = {name: value for name, value in chosen.items() if value != ALL}
        self.query = "?" + urlencode({**parts, "currency": self.currency})

    async def _keep(self, viewer: Viewer, **changes: object) -> None:

        await off_loop(user_settings.update, viewer.user_id, **changes)

    async def _language(self) -> str:
        return (await self.get_state(Locale)).language or "en"


def _present(db: Session, user_id: str, time_zone: str, language: str) -> tuple[str, str]:
    """Name what a user's figures are made of (their possessions, the prices, their day), and say what is about to
    change them: syncs, or what these brought being worked in; nothing, mostly.
    """
    at = views.revision(db, user_id)
    running = sum(one.state in ("queued", "running") for one in sync.under_way(db, user_id))
    coming = ""
    if running:
        coming = translate(language, "bar.syncing", count=running)
    elif views.is_behind(db, user_id):
        coming = translate(language, "bar.catching_up")
    return f"{at.public} {at.own} {datetime.now(ZoneInfo(time_zone)).date()}", coming


def coverage_text(coverage: Coverage, figures: Figures) -> str:
    """Say how much of a total is known, and how old it is: "98.4 % priced · 2 stale since 14:05"."""
    if coverage.share is None:
        return figures.say("bar.nothing_to_price")
    words = [figures.say("bar.priced", share=figures.percent(coverage.share))]
    if coverage.stale:
        since = figures.clock_or_day(coverage.oldest)
        words.append(figures.say("bar.stale", count=coverage.stale, since=since))
    elif coverage.oldest is not None:
        words.append(figures.say("bar.as_of", time=figures.clock_or_day(coverage.oldest)))
    return " · ".join(words)
