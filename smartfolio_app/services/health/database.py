"""Is the database whole, how large is it, and has it the schema that this program needs?"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from smartfolio_app.services.health.findings import Finding, Patient, written_size
from smartfolio_app.storage.migrate import latest_version


def check(patient: Patient) -> Iterator[Finding]:
    """Let the database check itself, then compare its schema."""
    try:
        problem, size = _examine(patient)
        found = MigrationContext.configure(patient.db.connection()).get_current_revision()
    except DatabaseError as error:
        yield Finding("database", "error", "database.broken", {"problem": type(error.orig).__name__})
        return
    if problem:
        yield Finding("database", "error", "database.broken", {"problem": problem})
    else:
        facts = (("bytes", str(size)), ("schema", found or "-"))
        yield Finding("database", "ok", "database.whole", {"size": written_size(size)}, facts)
    if found != latest_version():
        wanted = {"found": found or "-", "known": latest_version()}
        yield Finding("database", "error", "database.schema", wanted)


def _examine(patient: Patient) -> tuple[str, int]:
    """Return the first problem (empty: none) and the size in bytes."""
    if patient.db.get_bind().dialect.name != "sqlite":
        return "", int(patient.db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    first = str(patient.db.execute(text("PRAGMA quick_check(1)")).scalar_one())
    pages = int(patient.db.execute(text("PRAGMA page_count")).scalar_one())
    page = int(patient.db.execute(text("PRAGMA page_size")).scalar_one())
    return ("" if first == "ok" else first.replace("\n", " ")), pages * page
