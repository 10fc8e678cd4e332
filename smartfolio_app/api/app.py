"""The REST application: routers, the error shape, the documentation. Mounted in front of Reflex by the root."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from starlette.routing import Match

from smartfolio_app import __version__
from smartfolio_app.api import (
    admin,
    alerts,
    assets,
    auth,
    backups,
    connections,
    description,
    docs,
    errors,
    explain,
    files,
    gains,
    health,
    history,
    holdings,
    imports,
    items,
    metrics,
    performance,
    prices,
    providers,
    rebalancing,
    reports,
    risk,
    second_opinion,
    settings,
    sign_in,
    signals,
    snapshots,
    sources,
    transactions,
    transfers,
    trust,
    users,
    wealth,
)
from smartfolio_app.api.schemas import ErrorAnswer
from smartfolio_app.security.limits import Limits
from smartfolio_app.security.problems import RequestRefusedError
from smartfolio_app.services import past_sign_ins
from smartfolio_app.storage.engine import current_settings

_ROUTERS: tuple[APIRouter, ...] = (
    auth.router,
    health.router,
    metrics.router,
    description.router,
    docs.router,
    users.router,
    admin.router,
    files.router,
    sign_in.router,
    connections.router,
    sources.router,
    items.router,
    wealth.router,
    transactions.router,
    snapshots.router,
    holdings.router,
    gains.router,
    second_opinion.router,
    assets.router,
    transfers.router,
    history.router,
    performance.router,
    explain.router,
    rebalancing.router,
    alerts.router,
    risk.router,
    signals.router,
    prices.router,
    providers.router,
    settings.router,
    reports.router,
    trust.router,
    backups.router,
)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def routers(limits: Limits) -> tuple[APIRouter, ...]:
    """Return every router of the API, in the order in which they are asked. A route that is in none does not exist."""
    # Imports and files before sources: /sources/files is no source called "files".
    return (imports.make_router(limits), *_ROUTERS)


def create_api(limits: Limits | None = None) -> FastAPI:
    """Make the REST application.

    Args:
        limits: The buckets to draw from; shared with the outermost door by the root. Made here when left out, and
            found under ``app.state.limits`` either way.
    """
    app = FastAPI(
        title="SmartFolio",
        version=__version__,
        summary="What a household owns, what it is worth, and why.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # description.py serves it
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        responses={"4XX": {"model": ErrorAnswer, "description": "It was refused, and why"}},
    )
    app.openapi = lambda: description.describe(app)  # type: ignore[method-assign]
    app.state.limits = limits or Limits(current_settings())
    app.state.limiter = app.state.limits.limiter
    app.state.throttle = past_sign_ins.throttle(app.state.limits.settings)
    errors.install(app)
    for router in routers(app.state.limits):
        app.include_router(router)
    for root in ("/api", "/auth"):
        app.add_api_route(root, _nothing_here, methods=_METHODS, include_in_schema=False)
        app.add_api_route(f"{root}/{{rest:path}}", _nothing_here, methods=_METHODS, include_in_schema=False)
    return app


async def _nothing_here(request: Request) -> None:
    """Answer for an unknown address of the API, which must not fall through to the pages."""
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is Match.PARTIAL:
            raise RequestRefusedError("request.method_not_allowed", 405)
    raise RequestRefusedError("request.not_found", 404)
