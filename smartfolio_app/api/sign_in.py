"""Signing in at a broker: the way there, and the way back."""

from __future__ import annotations

from html import escape
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from smartfolio_app.api.dependencies import Caller, Database, SignedIn
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.security import recognise
from smartfolio_app.services import sign_in
from smartfolio_app.storage.engine import session_scope

router = APIRouter(prefix="/api", tags=["sources"])

_PAGE = "/sources"


class SignInIn(BaseModel):
    """What is needed to be sent to the broker."""

    app_key: str = Field(description="key of the app that you registered at the broker", max_length=100)


class SignInOut(BaseModel):
    """Where to go."""

    model_config = {"from_attributes": True}
    address: str = Field(description="open this in the same browser; it is good for ten minutes")
    redirect_uri: str = Field(description="the address the app must be registered with at the broker")


@router.post("/sources/{key}/sign-in", summary="Begin to sign in at a broker")
def begin_sign_in(viewer: SignedIn, access: Caller, db: Database, key: str, body: SignInIn) -> SignInOut:
    """Return where to sign in for a source whose provider hands out no keys (Saxo Bank)."""
    origin = f"{access.client.scheme}://{access.client.host}"
    way = sign_in.begin(
        db, viewer.user_id, key, device=viewer.credential, app_key=body.app_key, origin=origin
    )
    return SignInOut.model_validate(way)


@router.get("/sources/sign-in/callback", summary="Come back from a broker", response_class=HTMLResponse)
def end_sign_in(
    access: Caller,
    state: Annotated[str, Query(max_length=4_000)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    again: bool = False,
) -> Response:
    """Keep the tokens for the code and go on to the sources.

    A browser that is sent here by another site does not bring our cookie along; so the first answer is a page of ours
    that calls this address once more, and then it does.
    """
    viewer = recognise.viewer_of(access)
    if viewer is None and not again and state:
        here = (
            f"{sign_in.CALLBACK}?{urlencode({'state': state, 'code': code, 'error': error, 'again': 'true'})}"
        )
        return HTMLResponse(
            '<!doctype html><meta charset="utf-8"><title>SmartFolio</title>'
            f'<meta http-equiv="refresh" content="0;url={escape(here)}">',
            headers={"cache-control": "no-store"},
        )
    if viewer is None:
        return RedirectResponse("/login", status_code=303)
    if error or not code:
        return _to_page("saxo.declined")
    try:
        viewer.require_write()
        with session_scope() as db:
            sign_in.finish(db, viewer.user_id, device=viewer.credential, state=state, code=code)
    except SmartFolioError as refused:
        return _to_page(refused.code)
    return _to_page("")


def _to_page(problem: str) -> Response:
    page = f"{_PAGE}/sign-in?{urlencode({'problem': problem})}" if problem else _PAGE
    return RedirectResponse(page, status_code=303, headers={"cache-control": "no-store"})
