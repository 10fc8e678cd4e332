"""Credentials are kept as ciphertext alone; a wrong key locks them and destroys nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

import smartfolio_app
from smartfolio_app.storage.tables import SourceRow, User
from smartfolio_app.storage.vault import Vault, VaultLockedError, open_vault

SECRET = "planted-credential-7f3a9c"


@pytest.fixture
def source(db):
    user = User(name="ann", password_hash="x")
    db.add(user)
    db.flush()
    row = SourceRow(user_id=user.id, key="k", provider="kraken_csv", label="", category="crypto")
    db.add(row)
    db.commit()
    return row.id


@pytest.fixture
def old_key():
    return Fernet.generate_key()


def test_a_secret_comes_back_and_only_its_hint_shows(db, settings, source):
    vault = open_vault(settings)
    vault.set(db, source, "api_key", SECRET)
    db.commit()
    assert vault.get(db, source, "api_key") == SECRET
    assert vault.get(db, source, "api_secret") is None
    (hint,) = vault.hints(db, source)
    assert (hint.field, hint.hint, hint.locked) == ("api_key", "3a9c"[-4:], False)


def test_a_short_secret_shows_no_hint(db, settings, source):
    vault = open_vault(settings)
    vault.set(db, source, "pin", "1234")
    assert vault.hints(db, source)[0].hint == ""


def test_the_secret_is_nowhere_in_the_data_folder(db, settings, source):
    open_vault(settings).set(db, source, "api_key", SECRET)
    db.commit()
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


def test_replacing_and_removing(db, settings, source):
    vault = open_vault(settings)
    vault.set(db, source, "api_key", SECRET)
    vault.set(db, source, "api_key", "another-secret-value")
    vault.set(db, source, "api_secret", SECRET)
    assert vault.get(db, source, "api_key") == "another-secret-value"
    assert vault.remove(db, source, "api_key") == 1
    assert vault.get(db, source, "api_key") is None
    assert vault.remove(db, source) == 1
    assert vault.state(db) == "empty"


def test_a_wrong_key_locks_and_overwrites_nothing(db, source, old_key):
    Vault([old_key]).set(db, source, "api_key", SECRET)
    db.commit()
    for wrong in (Vault([Fernet.generate_key()]), Vault([])):
        assert wrong.state(db) == "locked"
        assert wrong.hints(db, source)[0].locked
        with pytest.raises(VaultLockedError):
            wrong.get(db, source, "api_key")
        with pytest.raises(VaultLockedError):
            wrong.set(db, source, "api_key", "overwritten")
        with pytest.raises(VaultLockedError):
            wrong.set(db, source, "api_secret", "half of a pair")
    assert Vault([old_key]).get(db, source, "api_key") == SECRET


def test_rotation_moves_everything_to_the_newest_key(db, source, old_key):
    Vault([old_key]).set(db, source, "api_key", SECRET)
    new_key = Fernet.generate_key()
    both = Vault([new_key, old_key])
    assert both.get(db, source, "api_key") == SECRET
    rotation = both.rotate(db)
    assert (rotation.rotated, rotation.current, rotation.locked) == (1, 0, 0)
    assert Vault([new_key]).get(db, source, "api_key") == SECRET
    assert both.rotate(db).rotated == 0


def test_rotation_leaves_alone_what_no_key_opens(db, source, old_key):
    Vault([old_key]).set(db, source, "api_key", SECRET)
    assert Vault([Fernet.generate_key()]).rotate(db).locked == 1
    assert Vault([old_key]).get(db, source, "api_key") == SECRET


def test_credentials_go_with_their_source(db, settings, source):
    vault = open_vault(settings)
    vault.set(db, source, "api_key", SECRET)
    db.delete(db.get(SourceRow, source))
    db.commit()
    assert vault.state(db) == "empty"


def test_only_the_vault_knows_the_credential_table():
    root = Path(smartfolio_app.__file__).parent
    importers = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any("credential_table" in name for name in names):
                importers.add(path.relative_to(root).as_posix())
    assert importers == {"storage/vault.py"}
