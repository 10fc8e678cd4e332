"""Can every stored credential be read with the keys in force, and how old is the key?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from smartfolio_app.keys import KeyRefusedError, vault_keys
from smartfolio_app.services.health.findings import Finding, Patient, Severity
from smartfolio_app.storage.vault import Vault

OLD_DAYS = 2 * 365


def check(patient: Patient) -> Iterator[Finding]:
    """Tell the state of the vault. Never makes a key: a fresh one would hide that the right one is missing."""
    try:
        keys = vault_keys(patient.settings, create=False)
    except KeyRefusedError as error:
        yield Finding("vault", "error", "vault.key_refused", {"reason": error.code})
        return
    vault = Vault(keys)
    state = vault.state(patient.db)
    severity: Severity = "error" if state == "locked" else "ok"
    yield Finding("vault", severity, f"vault.{state}", {}, (("keys", str(len(keys))),))
    older = vault.not_newest(patient.db)
    if older and state == "open":
        yield Finding("vault", "warning", "vault.rotation_unfinished", {"count": older})
    if keys:
        yield _age(patient)


def _age(patient: Patient) -> Finding:
    path = patient.settings.data_dir / "vault.key"
    if patient.settings.vault_key is not None:
        return Finding("vault", "info", "vault.key_of_environment")
    days = (patient.now - datetime.fromtimestamp(path.stat().st_mtime, UTC)).days
    code = "vault.key_old" if days > OLD_DAYS else "vault.key_age"
    return Finding("vault", "warning" if days > OLD_DAYS else "info", code, {"days": max(0, days)})
