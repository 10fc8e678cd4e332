"""Links inside the app: no reload, and the view (scope, currency) travels in the address."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var
from reflex_components_core.react_router.dom import ReactRouterLink

from smartfolio_app.state.base import AppState


def route_link(*children: Any, to: str | Var, keep_view: bool = True, **props: Any) -> rx.Component:
    """Return a client-side link. ``keep_view=False`` for an address that already has a query."""
    target = Var.create(to).to(str) + AppState.query if keep_view else to
    return ReactRouterLink.create(*children, to=target, **props)
