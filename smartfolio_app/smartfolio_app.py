"""Composition root: the app is its pages, its REST API and its security, put together here and nowhere else."""

from __future__ import annotations

import logging

import reflex as rx
from reflex.event import EventSpec
from reflex.utils.prerequisites import get_web_dir
from reflex_components_core.base.error_boundary import ErrorBoundary

from smartfolio_app import pages
from smartfolio_app.api.app import create_api
from smartfolio_app.components.shell import skeleton_page
from smartfolio_app.pages import missing
from smartfolio_app.security.limits import Limits
from smartfolio_app.security.middleware import Middleware, protect
from smartfolio_app.services import process_reports, scheduler
from smartfolio_app.state.notices import Notices, held_up_frame
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.trouble import trouble_of

PAGE_SHEETS = (
    "holdings",
    "transactions",
    "items",
    "sources",
    "uploads",
    "settings",
    "performance",
    "risk",
    "trust",
    "gains",
    "rebalancing",
)
STYLESHEETS = (
    "tokens",
    "base",
    "shell",
    "controls",
    "data",
    "explain",
    "dashboard",
    "entrance",
    *PAGE_SHEETS,
)

log = logging.getLogger(__name__)


def _tell(exception: Exception) -> EventSpec:
    """Log what nobody foresaw and say so on the page, without showing its insides."""
    trouble = trouble_of(exception)
    if trouble is not None:
        log.error("an event could not be done: %s", trouble.code)
        return Notices.unexpected(trouble.code)
    log.error("an event handler failed", exc_info=exception)
    return Notices.unexpected("")


class SmartFolio(rx.App):
    """Reflex's app with the REST API in front of it, and all of that behind the security door.

    The door has to be the outermost layer of all: Reflex puts its own around whatever an ``api_transformer`` returns.
    """

    def __call__(self) -> Middleware:
        """Make the application a server serves; runs when the server starts."""
        settings = current_settings()
        limits = Limits(settings)
        limits.announce()
        process_reports.count_limits(limits)
        self.api_transformer = create_api(limits)
        static_dir = get_web_dir() / "build" / "client"
        pages_and_api = super().__call__()
        known_event = self._registration_context.event_handlers.__contains__
        return protect(
            pages_and_api,
            settings,
            static_dir=static_dir,
            limits=limits,
            known_event=known_event,
            held_up_frame=held_up_frame,
        )


app = SmartFolio(
    stylesheets=[f"/css/{name}.css" for name in STYLESHEETS],
    head_components=[
        rx.el.script(src="/boot.js"),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="theme-color", content="#12110f", media="(prefers-color-scheme: dark)"),
        rx.el.meta(name="theme-color", content="#f8f5ee", media="(prefers-color-scheme: light)"),
    ],
    app_wraps={(55, "ErrorBoundary"): lambda _: ErrorBoundary.create(fallback_render=missing.broken())},
    hydrate_fallback=skeleton_page,
    toaster=None,
    backend_exception_handler=_tell,
)
app.register_lifespan_task(scheduler.lifespan)
pages.add_all(app)
