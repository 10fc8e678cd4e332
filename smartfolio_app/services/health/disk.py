"""Is there room for what comes?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from smartfolio_app.services.health.findings import Bytes, Finding, Patient, Severity

#: Below this, an import or a backup may fail.
TOO_LITTLE = 200_000_000
LITTLE = 1_000_000_000


def check(patient: Patient) -> Iterator[Finding]:
    """Measure the free space where the data lies."""
    free = shutil.disk_usage(patient.settings.data_dir).free
    severity: Severity = "error" if free < TOO_LITTLE else "warning" if free < LITTLE else "ok"
    code = "disk.enough" if severity == "ok" else "disk.little"
    yield Finding("disk", severity, code, {"size": Bytes(free)}, (("free_bytes", str(free)),))
