"""Which program this is, and what it runs on."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator

from smartfolio_app import __version__
from smartfolio_app.services.health.findings import Finding, Patient


def check(_patient: Patient) -> Iterator[Finding]:
    """Tell the versions."""
    facts = (
        ("python", platform.python_version()),
        ("sqlite", sqlite3.sqlite_version),
        ("system", platform.platform(terse=True)),
    )
    yield Finding("version", "info", "version", {"version": __version__}, facts)
