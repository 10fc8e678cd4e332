"""When was the last backup made, and did its restore drill pass?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from smartfolio_app.services import backups
from smartfolio_app.services.health.findings import Finding, Patient, Severity

OLD = timedelta(days=2)
#: What became of pg_dump's part of a backup; that it could not be had or tried takes nothing away from our own copy.
_SEVERITY_OF_DUMP: dict[str, Severity] = {"proven": "ok", "failed": "warning"}


def check(patient: Patient) -> Iterator[Finding]:
    """Look at the files and the drill's record."""
    files = backups.listed(patient.settings)
    if not files:
        yield Finding("backups", "warning", "backups.none")
        return
    made = files[0][0]
    params: dict[str, object] = {"at": made, "count": len(files)}
    if patient.now - made > OLD:
        yield Finding("backups", "warning", "backups.old", params)
    else:
        yield Finding("backups", "ok", "backups.fresh", params)
    drill = backups.last_drill(patient.settings)
    if drill is None:
        yield Finding("backups", "warning", "backups.no_drill")
    elif drill.error:
        yield Finding("backups", "error", "backups.drill_failed", {"file": drill.file, "reason": drill.error})
    else:
        params = {"at": drill.at, "users": drill.users, "rows": drill.rows}
        yield Finding("backups", "ok", "backups.drill_passed", params, (("file", drill.file),))
    if drill is not None and drill.dump:
        severity: Severity = _SEVERITY_OF_DUMP.get(drill.dump, "info")
        yield Finding("backups", severity, f"backups.dump_{drill.dump}", {"file": drill.file})
