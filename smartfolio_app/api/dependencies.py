"""What routes ask for: a database session, the viewer, the view they look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlmodel import Session

from smartfolio_app.errors import NotSignedInError
from smartfolio_app.i18n import negotiate
from smartfolio_app.security import recognise
from smartfolio_app.security.access import Access, read_access
from smartfolio_app.security.identity import Viewer
from smartfolio_app.security.limits import Limits
from smartfolio_app.security.origin import SAFE_METHODS, check_change
from smartfolio_app.services import user_settings
from smartfolio_app.storage.engine import current_settings, session_scope


def access_of(request: Request) -> Access:
    """Return what the request brought with it (read by the outermost door, or here when there is none in front)."""
    return read_access(request.scope, current_settings())


def limits_of(request: Request) -> Limits:
    """Return the limits the app was made with."""
    return cast("Limits", request.app.state.limits)


def viewer_of(request: Request, access: Annotated[Access, Depends(access_of)]) -> Viewer:
    """Return who is calling, looked up anew.

    A request that changes something and is authorised by the cookie must come from one of our own pages. A read-only
    token may not change anything.

    Raises:
        NotSignedInError: No credential, or one that opens nothing (any longer).
        NotAllowedError: From a foreign page, or with a token that may only read.
    """
    viewer = recognise.viewer_of(access)
    if viewer is None:
        raise NotSignedInError("auth.not_signed_in")
    if request.method not in SAFE_METHODS:
        if viewer.via != "token":
            check_change(request.headers, access.client)
        viewer.require_write()
    return viewer


def admin_of(viewer: Annotated[Viewer, Depends(viewer_of)]) -> Viewer:
    """Return the viewer when they administer the server; raise ``NotAllowedError`` otherwise."""
    viewer.require_admin()
    return viewer


def language_of(access: Access, db: Session, user_id: str) -> str:
    """Return the language to answer in: the request's own wish, else the user's setting."""
    return negotiate(access.language) if access.language else user_settings.get(db, user_id).language


def database() -> Iterator[Session]:
    """Give a session for one request; commit when the route returns, roll back when it raises."""
    with session_scope() as db:
        yield db


Caller = Annotated[Access, Depends(access_of)]
SignedIn = Annotated[Viewer, Depends(viewer_of)]
Admin = Annotated[Viewer, Depends(admin_of)]
Database = Annotated[Session, Depends(database, scope="function")]
