"""The caller: who they are, their signed-in devices, their API tokens, their password, what they did."""

from __future__ import annotations

import tempfile
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

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
from smartfolio_app.keys import ensure_data_dir
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import access as owned
from smartfolio_app.services import accounts, audit, export
from smartfolio_app.storage.engine import current_settings

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
    owned.sign_out(db, viewer, device_id, access.client.address)
    return Done()


@router.delete("/devices", summary="Sign every other device out")
def revoke_other_devices(viewer: SignedIn, access: Caller, db: Database) -> dict[str, int]:
    """End every session but this one; called with a token, every session. Return how many."""
    return {"revoked": owned.sign_out_others(db, viewer, access.client.address)}


@router.get("/tokens", summary="API tokens")
def list_tokens(viewer: SignedIn, db: Database) -> list[TokenOut]:
    """Return what is kept of your tokens, newest first."""
    return [TokenOut.model_validate(one) for one in tokens.listed(db, viewer.user_id)]


@router.post("/tokens", status_code=201, summary="Make an API token")
def create_token(viewer: SignedIn, access: Caller, db: Database, body: TokenIn) -> NewTokenOut:
    """Make a token. It is in the answer, and nowhere else afterwards."""
    info, token = owned.create_token(
        db, viewer, name=body.name, scope=body.scope, address=access.client.address
    )
    return NewTokenOut(**TokenOut.model_validate(info).model_dump(), token=token)


@router.delete("/tokens/{token_id}", summary="Revoke an API token")
def revoke_token(viewer: SignedIn, access: Caller, db: Database, token_id: str) -> Done:
    """End a token at once."""
    owned.revoke_token(db, viewer, token_id, access.client.address)
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


@router.get("/export", summary="Everything of yours in one zip file", response_class=StreamingResponse)
def export_everything(viewer: SignedIn, access: Caller, db: Database) -> StreamingResponse:
    """Return every table of yours as CSV and JSON, and the files you uploaded. No password, token or credential."""
    folder = ensure_data_dir(current_settings())
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed once it is sent; it has no name
    try:
        export.write(db, viewer.user_id, file, address=access.client.address)
        size = file.seek(0, 2)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return StreamingResponse(
        iter(lambda: file.read(1 << 16), b""),
        media_type="application/zip",
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{export.name_for(viewer.name)}"',
        },
        background=BackgroundTask(file.close),
    )


def _session_of(viewer: Viewer) -> str:
    """Return the public id of the session that is calling; empty for a token."""
    return viewer.credential if viewer.via == "session" else ""
