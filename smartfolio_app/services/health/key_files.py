"""Are the keys, the database and their folder readable by their owner alone?"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from smartfolio_app.services.health.findings import Finding, Patient

PRIVATE = ("session.key", "vault.key", "smartfolio.sqlite")


def check(patient: Patient) -> Iterator[Finding]:
    """Look at the permissions of each file that is there."""
    folder = patient.settings.data_dir
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("keys", "error", "keys.folder_unusable", {"path": str(folder)})
        return
    there = [folder / name for name in PRIVATE if (folder / name).exists()]
    open_ones = [path for path in there if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_ones:
        yield Finding("keys", "error", "keys.readable", {"path": str(path)})
    if not open_ones:
        yield Finding("keys", "ok", "keys.private", {"count": len(there)})
