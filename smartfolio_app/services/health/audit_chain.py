"""Does each entry of the audit log still seal those before it?"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from smartfolio_app.services import audit
from smartfolio_app.services.health.findings import Finding, Patient
from smartfolio_app.storage.tables import AuditEntry


def check(patient: Patient) -> Iterator[Finding]:
    """Verify the whole chain."""
    broken = audit.first_broken(patient.db)
    if broken is not None:
        yield Finding("audit", "error", "audit.broken", {"entry": broken})
        return
    count = patient.db.execute(select(func.count()).select_from(AuditEntry)).scalar_one()
    yield Finding("audit", "ok", "audit.whole", {"entries": count})
