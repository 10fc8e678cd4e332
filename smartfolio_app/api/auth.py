"""Sign-in, sign-out and set-up as plain forms: the cookie is HttpOnly, so no script, and no websocket, can set it.

Every address answers with a redirect (303): to the page asked for, or back to the form with ``error=<code>`` (whose
sentence is ``error.<code>`` of the catalogue) and, where there is one, ``wait=<seconds>``.
"""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from smartfolio_app.api.dependencies import Caller, access_of, limits_of
from smartfolio_app.errors import InvalidInputError, NotAllowedError, SmartFolioError
from smartfolio_app.i18n import negotiate
from smartfolio_app.security import limits as rates
from smartfolio_app.security import sessions
from smartfolio_app.security.access import Access, cookie_is_secure
from smartfolio_app.security.devices import device_label
from smartfolio_app.security.origin import check_change
from smartfolio_app.security.recognise import viewer_of_proxy, viewer_of_session
from smartfolio_app.security.throttle import Counter, SignInThrottle
from smartfolio_app.services import accounts, audit, user_settings
from smartfolio_app.services import demo as samples
from smartfolio_app.storage.engine import current_settings, session_scope
from smartfolio_app.storage.tables import User

router = APIRouter(prefix="/auth", include_in_schema=False)

#: Browsers cap a cookie's life at 400 days; how long a session lasts is the server's business.
COOKIE_SECONDS = 400 * 24 * 3600

_counter = Counter()

Text = Annotated[str, Form(max_length=2048)]


@router.post("/login")
async def sign_in(
    request: Request,
    name: Text = "",
    password: Text = "",
    next: Text = "/",  # noqa: A002 - the field's name
    time_zone: Text = "",
) -> RedirectResponse:
    """Sign in with name and password."""
    access = access_of(request)
    throttle: SignInThrottle = request.app.state.throttle
    try:
        _from_our_page(request, access)
        await _take(request, rates.SIGN_IN, access)
        pause = await run_in_threadpool(throttle.enter, access.client.bucket, name)
        if pause:
            await asyncio.sleep(pause)
        cookie = await _counter.serve(_sign_in, access, name, password, time_zone)
    except SmartFolioError as error:
        return _back("/login", error, next=_safe(next))
    await run_in_threadpool(throttle.succeeded, access.client.bucket, name)
    return _signed_in(access, cookie, _safe(next))


@router.post("/setup")
async def set_up(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    token: Text = "",
    name: Text = "",
    password: Text = "",
    language: Text = "",
    currency: Text = "",
    time_zone: Text = "",
) -> RedirectResponse:
    """Create the first administrator with the one-time link, and sign them in."""
    access = access_of(request)
    chosen = language or negotiate(access.language)
    try:
        _from_our_page(request, access)
        await _take(request, rates.SET_UP, access)
        wishes = {"currency": currency or None, "language": chosen}
        cookie = await _counter.serve(_set_up, access, token, name, password, wishes, time_zone)
    except SmartFolioError as error:
        return _back("/setup", error, token=token)
    return _signed_in(access, cookie, "/")


@router.post("/demo")
async def demo(request: Request, language: Text = "") -> RedirectResponse:
    """Sign in as the sample user, in the visitor's language; its data is made anew when it is missing or old."""
    access = access_of(request)
    try:
        _from_our_page(request, access)
        await _take(request, rates.DEMO, access)
        cookie = await run_in_threadpool(_demo, access, language or negotiate(access.language))
    except SmartFolioError as error:
        return _back("/login", error)
    return _signed_in(access, cookie, "/")


@router.get("/proxy")
def sign_in_by_proxy(access: Caller, next: str = "/") -> RedirectResponse:  # noqa: A002 - the address's word
    """Open a session for the user whom a trusted proxy names. There is nothing in the request to be believed or forged
    besides: the header counts only from the proxies themselves.
    """
    viewer = viewer_of_proxy(access.proxy_user) if access.proxy_user else None
    if viewer is None:
        return _back("/login", NotAllowedError("auth.not_allowed"))
    with session_scope() as db:
        cookie = _new_session(db, accounts.find_user(db, viewer.user_id), access)
    return _signed_in(access, cookie, _safe(next))


@router.post("/logout")
def sign_out(request: Request, access: Caller) -> RedirectResponse:
    """End this device's session and forget its cookie."""
    try:
        _from_our_page(request, access)
    except SmartFolioError as error:
        return _back("/login", error)
    viewer = viewer_of_session(access.session_hash)
    if viewer is not None:
        with session_scope() as db:
            sessions.revoke_hash(db, access.session_hash)
            audit.record(db, viewer.user_id, "session.logout", address=access.client.address)
    response = RedirectResponse("/login", status_code=303)
    secure = cookie_is_secure(access.client, current_settings())
    response.delete_cookie(
        sessions.cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="strict"
    )
    return response


@router.post("/password")
def change_password(
    request: Request, access: Caller, current: Text = "", new: Text = "", again: Text | None = None
) -> RedirectResponse:
    """Change the password; every other device is signed out. ``again``, where it is given, has to be ``new``."""
    viewer = viewer_of_session(access.session_hash)
    if viewer is None:
        return RedirectResponse("/login?next=/settings", status_code=303)
    throttle: SignInThrottle = request.app.state.throttle
    try:
        _from_our_page(request, access)
        _same_twice(new, again)
        throttle.enter(access.client.bucket, viewer.name)
        with session_scope() as db:
            accounts.change_password(db, viewer.user_id, current, new, keep=viewer.credential)
    except SmartFolioError as error:
        return _back("/settings", error)
    throttle.succeeded(access.client.bucket, viewer.name)
    return RedirectResponse("/settings?notice=auth.password_changed", status_code=303)


def _same_twice(password: str, again: str | None) -> None:
    if again is not None and again != password:
        raise InvalidInputError("auth.passwords_differ")


def _from_our_page(request: Request, access: Access) -> None:
    check_change(request.headers, access.client)


async def _take(request: Request, bucket: rates.Bucket, access: Access) -> None:
    decision = await limits_of(request).take(bucket, rates.address_key(access.client.bucket))
    if not decision.allowed:
        raise rates.RateLimitedError(decision, bucket)


def _sign_in(access: Access, name: str, password: str, zone: str) -> str:
    with session_scope() as db:
        user = accounts.authenticate(db, name, password)
        if user is None:
            # Its owner may read who tried to be them; a name that is nobody's is the administrator's to read.
            audit.record(
                db, accounts.id_of(db, name), "session.refused", {"name": name[:80]}, access.client.address
            )
            db.commit()
            raise SmartFolioError("auth.wrong_password")
        user_settings.adopt_zone(db, user.id, zone)
        return _new_session(db, user, access)


def _set_up(  # noqa: PLR0917 - handed on by position to a thread
    access: Access, token: str, name: str, password: str, wishes: dict[str, str | None], zone: str
) -> str:
    with session_scope() as db:
        user = accounts.use_setup_link(db, token, name, password, **wishes)
        user_settings.adopt_zone(db, user.id, zone)
        return _new_session(db, user, access)


def _demo(access: Access, language: str) -> str:
    with session_scope() as db:
        user = samples.demo_user(db)
        if user.disabled:  # the administrator wants no sample user here
            raise NotAllowedError("auth.not_allowed")
        user_settings.update(db, user.id, language=language)
        return _new_session(db, user, access)


def _new_session(db: Session, user: User, access: Access) -> str:
    """Open a session; whatever session the browser had before is over."""
    if access.session_hash:
        sessions.revoke_hash(db, access.session_hash)
    sessions.purge_expired(db)
    audit.record(
        db, user.id, "session.login", {"device": device_label(access.user_agent)}, access.client.address
    )
    return sessions.issue(
        db,
        user.id,
        device=device_label(access.user_agent),
        address=access.client.address,
        days=current_settings().session_days,
    )


def _signed_in(access: Access, cookie: str, target: str) -> RedirectResponse:
    response = RedirectResponse(target, status_code=303)
    secure = cookie_is_secure(access.client, current_settings())
    response.set_cookie(
        sessions.cookie_name(secure=secure),
        cookie,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return response


def _back(page: str, error: SmartFolioError, **kept: str) -> RedirectResponse:
    query = {name: value for name, value in kept.items() if value and value != "/"} | {"error": error.code}
    seconds = error.params.get("seconds")
    if seconds is not None:
        query["wait"] = str(seconds)
    return RedirectResponse(f"{page}?{urlencode(query)}", status_code=303)


def _safe(target: str) -> str:
    """Return an address of this site, or ``/``: a redirect must not lead anywhere else."""
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return (
        target if good and "\\" not in target and not target.startswith(("/auth", "/api", "/login")) else "/"
    )
