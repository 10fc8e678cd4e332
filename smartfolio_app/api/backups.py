"""Backups, for administrators: make, list, download, bring back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from smartfolio_app.api.dependencies import Admin, Caller, Database
from smartfolio_app.api.schemas import Answer, Body
from smartfolio_app.keys import ensure_data_dir
from smartfolio_app.security.recognise import close_ended_sockets
from smartfolio_app.services import audit, backups
from smartfolio_app.services.backup_stream import BackupError
from smartfolio_app.settings import Settings
from smartfolio_app.storage.engine import current_settings, session_scope

router = APIRouter(prefix="/api/backups", tags=["operation"])


class BackupOut(Answer):
    """A backup on the server."""

    name: str
    made_at: Annotated[datetime, Field(description="when it was made, or brought here")]
    size: int
    uploaded: bool
    proven: Annotated[bool, Field(description="it passed its restore drill")]


class DrillOut(Answer):
    """How the last restore drill went; ``error`` is a code, empty when all was the same."""

    at: datetime
    file: str
    error: str
    users: int
    rows: int


class BackupsOut(Answer):
    """The backups, newest first, and the last restore drill."""

    backups: list[BackupOut]
    drill: DrillOut | None


class RestoreIn(Body):
    """The passphrase the backup was made with, where it is not the one in force."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    passphrase: Annotated[str, Field(max_length=1024)] = ""


class RestoredOut(Answer):
    """What came back, and where on the server what was there before is kept."""

    made_at: str
    version: str
    users: int
    kept: str


@router.get("", summary="The backups on the server")
def list_backups(_viewer: Admin) -> BackupsOut:
    """Return them, newest first."""
    return _all(current_settings())


@router.post("", status_code=201, summary="Make a backup now")
def make_backup(viewer: Admin, access: Caller, db: Database) -> BackupsOut:
    """Make one while the server runs, and prove by a restore drill that it can be restored."""
    settings = current_settings()
    file = backups.make_and_prove(settings)
    audit.record(db, viewer.user_id, "backup.make", {"file": file.name}, access.client.address)
    return _all(settings)


@router.get("/{name}", summary="Download a backup", response_class=FileResponse)
def download_backup(viewer: Admin, access: Caller, db: Database, name: str) -> FileResponse:
    """Return the file. It is encrypted: without the vault's key or the passphrase it shows nothing."""
    path = backups.file_of(current_settings(), name)
    audit.record(db, viewer.user_id, "backup.download", {"file": name}, access.client.address)
    return FileResponse(path, media_type="application/octet-stream", filename=name)


@router.put("", status_code=201, summary="Bring a backup here")
async def upload_backup(request: Request, viewer: Admin, access: Caller) -> BackupsOut:
    """Take a file (the request's body), verify it, and keep it with the others. Nothing is restored by that."""
    settings = current_settings()
    declared = int(request.headers.get("content-length") or 0)
    with tempfile.TemporaryDirectory(prefix=".upload-", dir=ensure_data_dir(settings)) as folder:
        # Verifying unpacks it into a second copy, and the database in it into a third.
        if shutil.disk_usage(folder).free < 3 * declared:
            raise BackupError("backup.no_room")
        content = Path(folder) / "upload"
        await _store(request.stream(), content)
        file = await run_in_threadpool(backups.accept, settings, content)
    await run_in_threadpool(_note_upload, viewer.user_id, file.name, access.client.address)
    return await run_in_threadpool(_all, settings)


@router.post("/{name}/restore", summary="Put a backup in the place of everything")
def restore_backup(viewer: Admin, name: str, body: RestoreIn) -> RestoredOut:
    """Verify a backup and put it in the place of the database and the uploaded files, which are kept beside.

    Everybody else is signed out.
    """
    settings = current_settings()
    file = backups.file_of(settings, name)
    done = backups.restore(
        settings,
        file,
        passphrase=body.passphrase,
        by=viewer.user_id,
        keep_session=viewer.credential if viewer.via == "session" else "",
    )
    close_ended_sockets()
    return RestoredOut(
        made_at=done.manifest.created_at,
        version=done.manifest.version,
        users=len(done.manifest.users),
        kept=done.kept.name if done.kept else "",
    )


def _all(settings: Settings) -> BackupsOut:
    drill = backups.last_drill(settings)
    return BackupsOut(
        backups=[BackupOut.model_validate(one) for one in backups.kept(settings)],
        drill=None if drill is None else DrillOut.model_validate(drill),
    )


async def _store(stream: AsyncIterator[bytes], target: Path) -> None:
    with target.open("wb") as file:
        async for chunk in stream:
            await run_in_threadpool(file.write, chunk)


def _note_upload(user_id: str, name: str, address: str) -> None:
    with session_scope() as db:
        audit.record(db, user_id, "backup.upload", {"file": name}, address)
