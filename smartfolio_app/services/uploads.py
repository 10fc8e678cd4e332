"""Files on their way in: uploaded, previewed, decided on, imported. They belong to their user, not to a page.

Whoever leaves the page, reloads it or opens a second one finds every waiting file as far as it has come: the bytes are
in ``services.staging``, the work in ``services.jobs``, and what was chosen for each is kept here: in memory, or where
all processes see it when there are several. After a restart the files are still there and are previewed anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from sqlmodel import Session

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.providers.csv.base import ReadOptions, UnknownFormatError
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.services import imports, mappings, staging
from smartfolio_app.services.import_results import ImportOutcome, ImportPreview, Wanted
from smartfolio_app.services.jobs import Job, jobs, packed, unpacked
from smartfolio_app.services.staging import StagedFile
from smartfolio_app.services.upload_grid import Grid, first_rows
from smartfolio_app.services.worker import worker
from smartfolio_app.storage import shared
from smartfolio_app.storage.tables.base import new_id

Step = Literal["preview", "import", "undone"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user said about a file; what is empty is found out. ``name`` is that of a mapping to save."""

    source_key: str = ""
    format_id: str = ""
    options: ReadOptions | None = None
    mapping: Mapping | None = None
    name: str = ""
    skip_suspected: bool = False

    def arguments(self) -> Wanted:
        """Return the choices as ``services.imports`` takes them."""
        return {
            "source_key": self.source_key or None,
            "format_id": self.format_id or None,
            "options": self.options,
            "mapping": self.mapping,
            "skip_suspected": self.skip_suspected,
        }


@dataclass(frozen=True, slots=True)
class Upload:
    """One file and how far it is. ``preview`` stays readable while and after it is imported.

    ``revived``: the process that previewed it was lost. That is tried again once, lest a file takes one after another.
    """

    file: StagedFile
    choices: Choices
    step: Step
    job: Job
    preview: ImportPreview | None = None
    revived: bool = False

    @property
    def outcome(self) -> ImportOutcome | None:
        """What the import did, once it is done."""
        return self.job.result if self.step != "preview" and self.job.state == "done" else None

    @property
    def unknown_format(self) -> bool:
        """Tell whether its columns have to be assigned before it can be previewed."""
        return isinstance(self.job.error, UnknownFormatError)


#: For how long an import that was made is shown, and what was chosen for a file is remembered.
REMEMBERED = staging.KEPT_FOR + timedelta(hours=1)

_uploads: dict[str, dict[str, Upload]] = {}
_lock = threading.RLock()


class _Desk:
    """One user's uploads: in this process's memory, or on the board of all processes."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        self._table = f"uploads:{user_id}"
        self._board = shared.board()

    def all(self) -> dict[str, Upload]:
        """Return the uploads by id."""
        if self._board is None:
            return dict(_uploads.get(self._user_id, {}))
        return {name: _unpacked(sent) for name, sent in self._board.all(self._table).items()}

    def find(self, upload_id: str) -> Upload | None:
        """Return one upload as it was kept."""
        if self._board is None:
            return _uploads.get(self._user_id, {}).get(upload_id)
        sent = self._board.get(self._table, upload_id)
        return None if sent is None else _unpacked(sent)

    def put(self, upload: Upload) -> None:
        """Keep an upload."""
        if self._board is None:
            _uploads.setdefault(self._user_id, {})[upload.file.id] = upload
        else:  # what a job came to is told by ``services.jobs``
            job = packed(replace(upload.job, result=None))
            parts = {name: getattr(upload, name) for name in Upload.__dataclass_fields__ if name != "job"}
            self._board.put(self._table, upload.file.id, (parts, job), REMEMBERED)

    def drop(self, upload_id: str) -> None:
        """Forget one."""
        if self._board is None:
            _uploads.get(self._user_id, {}).pop(upload_id, None)
        else:
            self._board.drop(self._table, upload_id)

    def begins(self, upload_id: str) -> bool:
        """Tell whether nobody else is beginning with a file at this moment."""
        return self._board is None or self._board.mark(f"begin:{upload_id}", timedelta(seconds=60))


def _unpacked(sent: tuple[dict[str, Any], Any]) -> Upload:
    parts, job = sent
    return Upload(**parts, job=unpacked(job))


def receive(user_id: str, name: str, data: bytes) -> Upload:
    """Take a file in and begin its preview; raises as ``staging.put``."""
    upload_id = new_id()
    _Desk(user_id).begins(upload_id)  # before anybody else can see it: they would begin with it, too
    return _begin(user_id, staging.put(user_id, name, data, upload_id), Choices(), "preview")


def listing(user_id: str) -> list[Upload]:
    """Return every file that waits or was imported and not yet put aside, oldest first."""
    waiting = {one.id: one for one in staging.listing(user_id)}
    with _lock:
        desk = _Desk(user_id)
        mine = desk.all()
        for upload_id, upload in list(mine.items()):
            current = _refreshed(user_id, upload)
            if current is None and upload.step == "preview" and upload_id in waiting:
                # Its preview is long over, or ended with the process that made it.
                mine[upload_id] = _begin(
                    user_id, upload.file, upload.choices, "preview", upload.preview, revived=True
                )
            elif current is None or (current.step == "preview" and upload_id not in waiting):
                desk.drop(upload_id)
                del mine[upload_id]
            else:
                mine[upload_id] = current
                if current.preview is not upload.preview:
                    desk.put(current)
        for upload_id, file in waiting.items():
            if upload_id not in mine and desk.begins(upload_id):
                mine[upload_id] = _begin(user_id, file, Choices(), "preview")
        return sorted(mine.values(), key=lambda one: (one.file.at, one.file.id))


def find(user_id: str, upload_id: str) -> Upload:
    """Return one file; raise ``NotFoundError`` when the user has none of that id."""
    for upload in listing(user_id):
        if upload.file.id == upload_id:
            return upload
    raise NotFoundError("import.staged_gone")


def choose(user_id: str, upload_id: str, **changes: Any) -> Upload:
    """Change choices (fields of ``Choices``) and preview the file anew.

    Raises:
        NotFoundError: The user has no such file.
        ConflictError: It is being imported.
    """
    upload = _undecided(user_id, upload_id)
    return _begin(user_id, upload.file, replace(upload.choices, **changes), "preview", upload.preview)


def confirm(db: Session, user_id: str, upload_id: str) -> Upload:
    """Import a file as previewed, and save its mapping under the name chosen for it.

    Raises:
        NotFoundError: The user has no such file.
        ConflictError: It is being imported already, or its preview is not there (yet).
    """
    upload = _undecided(user_id, upload_id)
    if upload.job.state != "done" or upload.preview is None:
        raise ConflictError("import.not_previewed", name=upload.file.name)
    if upload.choices.mapping is not None and upload.choices.name:
        headers = grid(user_id, upload_id).headers
        mappings.save(db, user_id, upload.choices.name, upload.choices.mapping, headers)
    return _begin(user_id, upload.file, upload.choices, "import", upload.preview)


def grid(user_id: str, upload_id: str, options: ReadOptions | None = None) -> Grid:
    """Return the beginning of a file as a table, read as ``options`` say (default: as was chosen for it).

    Raises:
        NotFoundError: The user has no such file.
        UnreadableFileError: It is no table that can be read (in this way).
    """
    upload = find(user_id, upload_id)
    data = staging.read(user_id, upload_id)
    if options is None and upload.choices.mapping is not None:
        options = upload.choices.mapping.read_options(ReadOptions())
    if imports.is_heavy(data):
        return worker().run(first_rows, data, upload.file.name, options)
    return first_rows(data, upload.file.name, options)


def discard(user_id: str, upload_id: str) -> None:
    """Forget a file, or put one aside that was imported.

    Raises:
        NotFoundError: The user has no such file.
        ConflictError: It is being imported.
    """
    upload = find(user_id, upload_id)
    if upload.step == "import" and not upload.job.finished:
        raise ConflictError("import.under_way", name=upload.file.name)
    with _lock:
        _Desk(user_id).drop(upload_id)
    if not upload.job.finished:
        jobs.cancel(user_id, upload.job.id)
    staging.discard(user_id, upload_id)


def undo(db: Session, user_id: str, upload_id: str) -> Upload:
    """Take the import of a file back; raises as ``imports.undo``, and ``NotFoundError`` when it was not imported."""
    upload = find(user_id, upload_id)
    if upload.outcome is None:
        raise NotFoundError("import.no_such_batch")
    imports.undo(db, user_id, upload.outcome.batch_id)
    undone = replace(upload, step="undone")
    with _lock:
        _Desk(user_id).put(undone)
    return undone


def _begin(
    user_id: str,
    file: StagedFile,
    choices: Choices,
    step: Step,
    preview: ImportPreview | None = None,
    *,
    revived: bool = False,
) -> Upload:
    data = staging.read(user_id, file.id)
    start = imports.start_commit if step == "import" else imports.start_preview
    job_id = start(user_id, data, file.name, **choices.arguments())
    upload = Upload(file, choices, step, jobs.status(user_id, job_id), preview, revived)
    with _lock:
        desk = _Desk(user_id)
        old = desk.find(file.id)
        desk.put(upload)
    if old is not None and not old.job.finished:
        jobs.cancel(user_id, old.job.id)
    return upload


def _refreshed(user_id: str, upload: Upload) -> Upload | None:
    """Return an upload as its job stands now; ``None`` when the job is long over, or its preview died half-way."""
    try:
        job = jobs.status(user_id, upload.job.id)
    except NotFoundError:
        return None
    if job.lost and upload.step == "preview" and not upload.revived:
        return None
    current = replace(upload, job=job)
    if job.state == "done" and upload.step == "preview":
        return replace(current, preview=job.result)
    if job.state == "done":
        staging.discard(user_id, upload.file.id)  # imported: the source keeps its own copy
    return current


def _undecided(user_id: str, upload_id: str) -> Upload:
    upload = find(user_id, upload_id)
    if upload.step != "preview" and upload.job.state not in ("failed", "cancelled"):
        raise ConflictError("import.under_way", name=upload.file.name)
    return upload
