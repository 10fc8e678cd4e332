"""Changing the vault's keys is written down, and what was written down shows nothing of them."""

from __future__ import annotations

import json

from sqlalchemy import select

from smartfolio_app.services import accounts, audit, vault_keys
from smartfolio_app.services.sources import new_source
from smartfolio_app.storage import vault
from smartfolio_app.storage.tables import AuditEntry

SECRET = "a secret of a provider"


def test_a_rotation_and_a_forgetting_are_audited(db, settings):
    vault.check(settings)
    user = accounts.create_user(db, "anna", "four unrelated words")
    source = new_source(db, user.id, "kraken_api")
    vault.open_vault(settings).set(db, source.id, "secret", SECRET)
    db.commit()
    before = (settings.data_dir / "vault.key").read_text()

    assert vault_keys.rotate(settings).rotated == 1
    assert vault_keys.forget_old(settings) == 1
    after = (settings.data_dir / "vault.key").read_text()
    assert before.strip() not in after

    db.expire_all()
    entries = db.execute(select(AuditEntry).where(AuditEntry.action.startswith("vault."))).scalars().all()
    assert [(one.action, json.loads(one.detail)) for one in entries] == [
        ("vault.rotate", {"count": "1", "locked": "0"}),
        ("vault.forget", {"count": "1"}),
    ]
    assert audit.first_broken(db) is None
    assert vault.open_vault(settings).get(db, source.id, "secret") == SECRET
    assert not any(key in one.detail for one in entries for key in (before.strip(), after.strip(), SECRET))
