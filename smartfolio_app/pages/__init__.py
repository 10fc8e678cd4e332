"""One file a page: layout only. ``add_all`` puts those that exist on the app."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.i18n import t
from smartfolio_app.pages import (
    alerts,
    assets,
    brief,
    dashboard,
    entrance,
    gains,
    holdings,
    items,
    missing,
    performance,
    rebalancing,
    risk,
    settings,
    sign_in,
    signals,
    sources,
    transactions,
    transfers,
    trust,
)
from smartfolio_app.state.base import AppState
from smartfolio_app.state.entrance import EntranceState


def add_all(app: rx.App) -> None:
    """Add every page. Each signed-in page is filled by the same one event."""
    app.add_page(dashboard.dashboard, route="/", title=t("common.app"), on_load=AppState.load)
    app.add_page(
        transactions.transactions, route="/transactions", title=t("nav.transactions"), on_load=AppState.load
    )
    app.add_page(holdings.holdings, route="/holdings", title=t("nav.holdings"), on_load=AppState.load)
    app.add_page(
        performance.performance, route="/performance", title=t("nav.performance"), on_load=AppState.load
    )
    app.add_page(signals.signals, route="/signals", title=t("nav.signals"), on_load=AppState.load)
    app.add_page(risk.risk, route="/risk", title=t("nav.risk"), on_load=AppState.load)
    app.add_page(
        rebalancing.rebalancing, route="/rebalancing", title=t("nav.rebalancing"), on_load=AppState.load
    )
    app.add_page(brief.brief, route="/brief", title=t("brief.title"), on_load=AppState.load)
    app.add_page(alerts.alerts, route="/alerts", title=t("alerts.title"), on_load=AppState.load)
    app.add_page(gains.gains, route="/gains", title=t("nav.gains"), on_load=AppState.load)
    app.add_page(assets.asset, route="/assets/[asset_code]", title=t("assets.title"), on_load=AppState.load)
    app.add_page(transfers.transfers, route="/transfers", title=t("transfers.title"), on_load=AppState.load)
    app.add_page(sources.sources, route="/sources", title=t("nav.sources"), on_load=AppState.load)
    app.add_page(sign_in.sign_in, route="/sources/sign-in", title=t("saxo.title"), on_load=AppState.load)
    app.add_page(items.items, route="/items", title=t("nav.items"), on_load=AppState.load)
    app.add_page(settings.settings, route="/settings", title=t("nav.settings"), on_load=AppState.load)
    app.add_page(trust.trust, route="/trust", title=t("nav.trust"), on_load=AppState.load)
    app.add_page(entrance.login, route="/login", title=t("common.app"), on_load=EntranceState.enter)
    app.add_page(entrance.setup, route="/setup", title=t("common.app"), on_load=EntranceState.open_setup)
    app.add_page(missing.missing, route="404", title=t("missing.title"))
