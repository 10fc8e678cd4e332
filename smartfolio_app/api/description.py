"""The OpenAPI description of the REST API."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse

from smartfolio_app.security.sessions import PLAIN_COOKIE

router = APIRouter(prefix="/api", include_in_schema=False)


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """Give the description. In a thread, unlike FastAPI's own route: the first time takes more than a second."""
    return JSONResponse(request.app.openapi())


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description, made once, with the two ways of saying who one is."""
    if app.openapi_schema is None:
        spec = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        spec["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "an API token"},
            "session": {"type": "apiKey", "in": "cookie", "name": PLAIN_COOKIE},
        }
        spec["security"] = [{"token": []}, {"session": []}]
        app.openapi_schema = spec
    return app.openapi_schema
