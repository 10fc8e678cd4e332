"""Composition root: the app is its pages, its REST API and its security, put together here and nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from reflex.utils.prerequisites import get_web_dir
from reflex_components_core.base.error_boundary import ErrorBoundary

from smartfolio_app import pages
from smartfolio_app.api.app import create_api
from smartfolio_app.security.limits import Limits
from smartfolio_app.security.middleware import Middleware, protect
from smartfolio_app.state.notices import Notices
from smartfolio_app.storage.engine import current_settings

STYLESHEETS = ("tokens", "base", "shell", "controls", "data", "explain", "dashboard", "entrance")

log = logging.getLogger(__name__)


def _tell(exception: Exception) -> EventSpec:
    """Log what nobody foresaw and say so on the page, without showing its insides."""
    log.error("an event handler failed", exc_info=exception)
    return Notices.unexpected()


def _behind_the_door(pages_and_socket: Any) -> Middleware:
    """Put the REST API in front of Reflex, and everything behind the security door. Runs when the server starts."""
    settings = current_settings()
    limits = Limits(settings)
    api = create_api(limits)
    api.mount("", pages_and_socket)
    return protect(api, settings, static_dir=get_web_dir() / "build" / "client", limits=limits)


app = rx.App(
    stylesheets=[f"/css/{name}.css" for name in STYLESHEETS],
    head_components=[
        rx.el.script(src="/boot.js"),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="theme-color", content="#12110f", media="(prefers-color-scheme: dark)"),
        rx.el.meta(name="theme-color", content="#f8f5ee", media="(prefers-color-scheme: light)"),
    ],
    app_wraps={(55, "ErrorBoundary"): lambda _: ErrorBoundary.create()},
    toaster=None,
    backend_exception_handler=_tell,
    api_transformer=_behind_the_door,
)
pages.add_all(app)
