"""Can every stored credential be read with the keys in force, and how old is the key?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from smartfolio_app.keys import KeyRefusedError, vault_keys
from smartfolio_app.services.health.findings import Finding, Patient, Severity
from smartfolio_app.storage.vault import Vault


def check(patient: Patient) -> Iterator[Finding]:
    """Tell the state of the vault. Never makes a key: a fresh one would hide that the right one is missing."""
    try:
        keys = vault_keys(patient.settings, create=False)
    except KeyRefusedError as error:
        yield Finding("vault", "error", "vault.key_refused", {"reason": error.code})
        return
    state = Vault(keys).state(patient.db)
    facts = (("keys", str(len(keys))), *_age(patient))
    severity: Severity = "error" if state == "locked" else "ok"
    yield Finding("vault", severity, f"vault.{state}", {}, facts)


def _age(patient: Patient) -> tuple[tuple[str, str], ...]:
    path = patient.settings.data_dir / "vault.key"
    if patient.settings.vault_key is not None or not path.exists():
        return ()
    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (("key_days", str((patient.now - made).days)),)
