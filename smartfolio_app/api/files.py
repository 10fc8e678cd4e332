"""The files that were uploaded, as they came."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.api.schemas import Done, FileOut
from smartfolio_app.services import files

router = APIRouter(prefix="/api/sources", tags=["sources"])


@router.get("/files", summary="Every uploaded file")
def list_files(viewer: SignedIn, db: Database, source: str | None = None) -> list[FileOut]:
    """Return the kept files, newest first; those of one source where ``source`` names it."""
    return [FileOut.model_validate(one) for one in files.list_files(db, viewer.user_id, source)]


@router.get("/files/{file_id}", summary="Download a file as it was uploaded", response_class=Response)
def download_file(viewer: SignedIn, db: Database, file_id: str) -> Response:
    """Return the bytes. They are somebody's upload: always saved, never shown by the browser."""
    kept, data = files.download(db, viewer.user_id, file_id)
    return attachment(data, kept.name)


@router.delete("/files/{file_id}", summary="Forget a file")
def delete_file(viewer: SignedIn, db: Database, file_id: str) -> Done:
    """Remove the kept file; what was imported from it stays."""
    files.delete_file(db, viewer.user_id, file_id)
    return Done()


def attachment(data: bytes, name: str, media_type: str = "application/octet-stream") -> Response:
    """Return bytes that a browser saves under ``name``."""
    plain_name = "".join(one if one.isascii() and (one.isalnum() or one in "._- ") else "_" for one in name)
    disposition = f"attachment; filename=\"{plain_name or 'file'}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})
