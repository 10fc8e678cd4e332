"""Files on their way in: uploaded, previewed, decided on, imported. They belong to their user, not to a page.

Whoever leaves the page, reloads it or opens a second one finds every waiting file as far as it has come: the bytes are
in ``services.staging``, the work in ``services.jobs``, and what was chosen for each is kept here, in memory. After a
restart the files are still there and are previewed anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlmodel import Session

from smartfolio_app.errors import ConflictError, NotFoundError
from smartfolio_app.providers.csv.base import ReadOptions, UnknownFormatError
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.services import imports, mappings, staging
from smartfolio_app.services.import_results import ImportOutcome, ImportPreview, Wanted
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.services.staging import StagedFile
from smartfolio_app.services.upload_grid import Grid, first_rows
from smartfolio_app.services.worker import worker

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
    """One file and how far it is. ``preview`` stays readable while and after it is imported."""

    file: StagedFile
    choices: Choices
    step: Step
    job: Job
    preview: ImportPreview | None = None

    @property
    def outcome(self) -> ImportOutcome | None:
        """What the import did, once it is done."""
        return self.job.result if self.step != "preview" and self.job.state == "done" else None

    @property
    def unknown_format(self) -> bool:
        """Tell whether its columns have to be assigned before it can be previewed."""
        return isinstance(self.job.error, UnknownFormatError)


_uploads: dict[str, dict[str, Upload]] = {}
_lock = threading.RLock()


def receive(user_id: str, name: str, data: bytes) -> Upload:
    """Take a file in and begin its preview; raises as ``staging.put``."""
    return _begin(user_id, staging.put(user_id, name, data), Choices(), "preview")


def listing(user_id: str) -> list[Upload]:
    """Return every file that waits or was imported and not yet put aside, oldest first."""
    waiting = {one.id: one for one in staging.listing(user_id)}
    with _lock:
        mine = _uploads.setdefault(user_id, {})
        for upload_id, upload in list(mine.items()):
            if (current := _refreshed(user_id, upload)) is None or (
                current.step == "preview" and upload_id not in waiting
            ):
                del mine[upload_id]
            else:
                mine[upload_id] = current
        for upload_id, file in waiting.items():
            if upload_id not in mine:
                _begin(user_id, file, Choices(), "preview")
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
        _uploads.get(user_id, {}).pop(upload_id, None)
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
        _uploads[user_id][upload_id] = undone
    return undone


def _begin(
    user_id: str, file: StagedFile, choices: Choices, step: Step, preview: ImportPreview | None = None
) -> Upload:
    data = staging.read(user_id, file.id)
    start = imports.start_commit if step == "import" else imports.start_preview
    job_id = start(user_id, data, file.name, **choices.arguments())
    upload = Upload(file, choices, step, jobs.status(user_id, job_id), preview)
    with _lock:
        old = _uploads.setdefault(user_id, {}).get(file.id)
        _uploads[user_id][file.id] = upload
    if old is not None and not old.job.finished:
        jobs.cancel(user_id, old.job.id)
    return upload


def _refreshed(user_id: str, upload: Upload) -> Upload | None:
    """Return an upload as its job stands now; ``None`` when the job is long over."""
    try:
        job = jobs.status(user_id, upload.job.id)
    except NotFoundError:
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
