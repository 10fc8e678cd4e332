"""Composition root: the app is its pages, its REST API and its security, put together here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from reflex.event import EventSpec
from reflex.utils.prerequisites import get_web_dir
from reflex_base.event.context import EventContext
from reflex_base.event.processor.base_state_processor import BaseStateEventProcessor
from reflex_base.event.processor.event_processor import EventQueueEntry
from reflex_base.registry import RegisteredEventHandler
from reflex_components_core.base.error_boundary import ErrorBoundary

from smartfolio_app import pages
from smartfolio_app.api.app import create_api
from smartfolio_app.components.shell import skeleton_page
from smartfolio_app.pages import missing
from smartfolio_app.security.limits import Limits
from smartfolio_app.security.middleware import Middleware, protect
from smartfolio_app.services import process_reports, scheduler
from smartfolio_app.state.guard import REFUSED
from smartfolio_app.state.notices import Notices, held_up_frame
from smartfolio_app.state.shared_states import leaving_no_lock
from smartfolio_app.storage.engine import current_settings
from smartfolio_app.storage.trouble import trouble_of
from smartfolio_app.telemetry import metrics, request_ids

PAGE_SHEETS = (
    "holdings",
    "transactions",
    "items",
    "sources",
    "uploads",
    "settings",
    "performance",
    "risk",
    "signals",
    "trust",
    "gains",
    "rebalancing",
    "alerts",
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
    event = request_ids.begin(EventContext.get().txid)  # whose task is over by now
    trouble = trouble_of(exception)
    if trouble is not None:
        log.error("an event could not be done: %s", trouble.code)
        return Notices.unexpected(trouble.code, event)
    log.error("an event handler failed", exc_info=exception)
    return Notices.unexpected("", event)


class EventProcessor(BaseStateEventProcessor):
    """Reflex's own, that gives each event's log lines its id and counts it by handler, outcome and duration."""

    async def _execute_event(
        self, *, entry: EventQueueEntry, registered_handler: RegisteredEventHandler
    ) -> None:
        name = registered_handler.handler.fn.__qualname__
        request_ids.begin(entry.ctx.txid, handler=name)
        REFUSED.set(False)
        started, outcome = time.perf_counter(), "failed"
        try:
            await super()._execute_event(entry=entry, registered_handler=registered_handler)
            outcome = "refused" if REFUSED.get() else "ok"
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            seconds = time.perf_counter() - started
            metrics.event(name, outcome, seconds)
            log.debug("event", extra={"outcome": outcome, "ms": round(seconds * 1000)})


class SmartFolio(rx.App):
    """Reflex's app with the REST API in front of it, and all of that behind the security door.

    The door has to be the outermost layer of all: Reflex puts its own around whatever an ``api_transformer`` returns.
    """

    def _setup_state(self) -> None:
        """Set up the state as the base class does; where it is in Redis, with a manager that leaves no lock behind."""
        super()._setup_state()
        self._state_manager = leaving_no_lock(self._state_manager)

    @asynccontextmanager
    async def _setup_event_processor(self) -> AsyncIterator[None]:
        """Start what processes events; as the base class does, with a processor of ours."""
        namespace = self.event_namespace
        if namespace is not None:
            namespace._token_manager._reset_instance_id()  # noqa: SLF001 - as the base class does
        self._event_processor = EventProcessor(
            middleware=self, backend_exception_handler=self.backend_exception_handler
        )
        async with self._event_processor.configure(
            state_manager=self.state_manager, event_namespace=namespace
        ):
            yield

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
