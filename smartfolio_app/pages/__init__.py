"""One file a page: layout only. ``add_all`` puts those that exist on the app."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.pages import dashboard
from smartfolio_app.state.base import AppState


def add_all(app: rx.App) -> None:
    """Add every page. Each signed-in page is filled by the same one event."""
    app.add_page(dashboard.dashboard, route="/", title="SmartFolio", on_load=AppState.load)
