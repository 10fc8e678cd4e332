"""What administrators are shown of the server's health, with what this process counted until now."""

from __future__ import annotations

from sqlmodel import Session

from smartfolio_app.services import health, process_reports, scheduler
from smartfolio_app.storage.engine import current_settings


def look(db: Session) -> list[health.Finding]:
    """Write down what this process has to tell, then run every check. Commits."""
    process_reports.write(db, scheduler.jobs())
    db.commit()
    return health.examine(current_settings())
