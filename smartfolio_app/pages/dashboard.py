"""The dashboard: what it is worth, what changed, how it is spread."""

from __future__ import annotations

import reflex as rx

from smartfolio_app.components.shell import page


def dashboard() -> rx.Component:
    """Return the dashboard."""
    return page("nav.dashboard", heading=False)
