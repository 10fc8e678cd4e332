"""Is the database whole, how large is it, and has it the schema that this program needs?"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from smartfolio_app.services.health.findings import Bytes, Finding, Patient
from smartfolio_app.storage.migrate import latest_version, metadata


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
        yield Finding("database", "ok", "database.whole", {"size": Bytes(size)}, facts)
    if found != latest_version():
        wanted = {"found": found or "-", "known": latest_version()}
        yield Finding("database", "error", "database.schema", wanted)


def _examine(patient: Patient) -> tuple[str, int]:
    """Return the first problem (empty: none) and the size in bytes."""
    if patient.db.get_bind().dialect.name != "sqlite":
        size = patient.db.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return _problem_of_postgresql(patient), int(size)
    first = str(patient.db.execute(text("PRAGMA quick_check(1)")).scalar_one())
    pages = int(patient.db.execute(text("PRAGMA page_count")).scalar_one())
    page = int(patient.db.execute(text("PRAGMA page_size")).scalar_one())
    return ("" if first == "ok" else first.replace("\n", " ")), pages * page


#: What PostgreSQL itself knows to be wrong with a database.
_KNOWN = {
    "index": "SELECT min(indexrelid::regclass::text) FROM pg_index WHERE NOT indisvalid",
    "constraint": "SELECT min(conname::text) FROM pg_constraint WHERE NOT convalidated",
    "checksums": (
        "SELECT checksum_failures FROM pg_stat_database"
        " WHERE datname = current_database() AND checksum_failures > 0"
    ),
}


def _problem_of_postgresql(patient: Patient) -> str:
    """Return what PostgreSQL knows to be wrong; then every row is read, which raises where a page is damaged."""
    for what, question in _KNOWN.items():
        found = patient.db.execute(text(question)).scalar_one_or_none()
        if found:
            return f"{what} {found}"
    there = patient.db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
    for name in sorted(metadata().tables.keys() & set(there.scalars())):
        patient.db.execute(text(f'SELECT count(one.*) FROM "{name}" AS one'))  # noqa: S608 - our own names
    return ""
