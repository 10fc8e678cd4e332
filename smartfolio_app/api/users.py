"""The caller: who they are, their signed-in devices, their API tokens, their password, what they did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from smartfolio_app.api.dependencies import Caller, Database, SignedIn
from smartfolio_app.api.schemas import (
    LARGEST_ID,
    AuditOut,
    DeviceOut,
    Done,
    MeOut,
    NewTokenOut,
    PasswordIn,
    TokenIn,
    TokenOut,
)
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import accounts, audit

router = APIRouter(prefix="/api/users/me", tags=["account"])


@router.get("", summary="Who am I?")
def get_me(viewer: SignedIn) -> MeOut:
    """Return who is calling, and whether they came with a session or a token."""
    return MeOut.model_validate(viewer)


@router.get("/devices", summary="Signed-in devices")
def list_devices(viewer: SignedIn, db: Database) -> list[DeviceOut]:
    """Return the live sessions, most recently used first."""
    found = sessions.devices(db, viewer.user_id, current=_session_of(viewer))
    return [DeviceOut.model_validate(one) for one in found]


@router.delete("/devices/{device_id}", summary="Sign a device out")
def revoke_device(viewer: SignedIn, access: Caller, db: Database, device_id: str) -> Done:
    """End one session at once, with whatever page it has open."""
    sessions.revoke(db, viewer.user_id, device_id)
    audit.record(db, viewer.user_id, "session.revoke", {"device": device_id}, access.client.address)
    db.commit()
    return Done()


@router.delete("/devices", summary="Sign every other device out")
def revoke_other_devices(viewer: SignedIn, access: Caller, db: Database) -> dict[str, int]:
    """End every session but this one; called with a token, every session. Return how many."""
    count = sessions.revoke_others(db, viewer.user_id, keep=_session_of(viewer))
    audit.record(db, viewer.user_id, "session.revoke_others", {"count": count}, access.client.address)
    db.commit()
    return {"revoked": count}


@router.get("/tokens", summary="API tokens")
def list_tokens(viewer: SignedIn, db: Database) -> list[TokenOut]:
    """Return what is kept of your tokens, newest first."""
    return [TokenOut.model_validate(one) for one in tokens.listed(db, viewer.user_id)]


@router.post("/tokens", status_code=201, summary="Make an API token")
def create_token(viewer: SignedIn, access: Caller, db: Database, body: TokenIn) -> NewTokenOut:
    """Make a token. It is in the answer, and nowhere else afterwards."""
    info, token = tokens.create(db, viewer.user_id, name=body.name, scope=body.scope)
    audit.record(
        db, viewer.user_id, "token.create", {"token": info.id, "scope": info.scope}, access.client.address
    )
    db.commit()
    return NewTokenOut(**TokenOut.model_validate(info).model_dump(), token=token)


@router.delete("/tokens/{token_id}", summary="Revoke an API token")
def revoke_token(viewer: SignedIn, access: Caller, db: Database, token_id: str) -> Done:
    """End a token at once."""
    tokens.revoke(db, viewer.user_id, token_id)
    audit.record(db, viewer.user_id, "token.revoke", {"token": token_id}, access.client.address)
    db.commit()
    return Done()


@router.post("/password", summary="Change your password")
def change_password(
    request: Request, viewer: SignedIn, access: Caller, db: Database, body: PasswordIn
) -> Done:
    """Change the password; every other device is signed out. Guessing the current one is slowed down."""
    throttle = request.app.state.throttle
    throttle.enter(access.client.bucket, viewer.name)
    accounts.change_password(db, viewer.user_id, body.current, body.new, keep=_session_of(viewer))
    throttle.succeeded(access.client.bucket, viewer.name)
    return Done()


@router.get("/audit", summary="What was done in your name")
def list_audit(
    viewer: SignedIn, db: Database, before: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None
) -> list[AuditOut]:
    """Return your newest 100 audit entries; ``before`` (an id) turns the page."""
    return [AuditOut.model_validate(one) for one in audit.entries(db, viewer.user_id, before=before)]


def _session_of(viewer: Viewer) -> str:
    """Return the public id of the session that is calling; empty for a token."""
    return viewer.credential if viewer.via == "session" else ""
