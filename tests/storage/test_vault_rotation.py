"""The vault's key rotates while the server runs and after a kill; a bad key stops nothing but the credentials."""

from __future__ import annotations

import stat

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from smartfolio_app import keys
from smartfolio_app.errors import ConflictError
from smartfolio_app.keys import KeyRefusedError
from smartfolio_app.storage import vault
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import AlertChannel, SourceRow, User
from smartfolio_app.storage.vault import Vault, VaultLockedError, open_vault


@pytest.fixture
def sources(settings) -> list[str]:
    """Nine sources with a credential each, under the key of the key file."""
    made = []
    with session_scope() as db:
        user = User(name="ann", password_hash="x")
        db.add(user)
        db.flush()
        for number in range(9):
            row = SourceRow(user_id=user.id, key=f"k{number}", provider="x", label="", category="crypto")
            db.add(row)
            db.flush()
            made.append(row.id)
            open_vault(settings).set(db, row.id, "key", f"secret number {number}")
    return made


def secrets(settings, sources) -> list[str]:
    with session_scope() as db:
        return [open_vault(settings).get(db, source, "key") for source in sources]


EXPECTED = [f"secret number {number}" for number in range(9)]


def key_ids() -> set[str]:
    with session_scope() as db:
        return set(db.connection().exec_driver_sql("SELECT key_id FROM credential").scalars())


def test_a_new_key_is_made_and_closes_everything(settings, sources):
    before = keys.vault_keys(settings)
    done = vault.rotate(settings, step=2)
    after = keys.vault_keys(settings)
    assert (done.rotated, done.current, done.locked) == (9, 0, 0)
    assert after[1:] == before, "backups of that time need the older key"
    assert key_ids() == {vault.key_id(after[0])}
    assert stat.S_IMODE((settings.data_dir / "vault.key").stat().st_mode) == 0o600
    assert secrets(settings, sources) == EXPECTED


def test_secrets_of_alert_channels_are_moved_to_the_new_key_as_well(settings, sources):
    with session_scope() as db:
        owner = db.get(SourceRow, sources[0]).user_id
        channel = AlertChannel(user_id=owner, kind="webhook", label="hook")
        db.add(channel)
        db.flush()
        open_vault(settings).set(db, channel.id, "url", "https://hooks.example/abc", drawer="channel")
        name = channel.id
    before = vault.key_id(keys.vault_keys(settings)[0])
    assert vault.rotate(settings, step=2).rotated == 10
    with session_scope() as db:
        assert open_vault(settings).get(db, name, "url", drawer="channel") == "https://hooks.example/abc"
        used = db.connection().exec_driver_sql("SELECT key_id FROM channel_secret").scalars().all()
    assert used == [vault.key_id(keys.vault_keys(settings)[0])] != [before]


def test_after_a_kill_it_goes_on_and_makes_no_further_key(settings, sources, monkeypatch):
    rotate_some, calls = Vault.rotate, []

    def killed(self, db, **how):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return rotate_some(self, db, **how)

    monkeypatch.setattr(Vault, "rotate", killed)
    with pytest.raises(KeyboardInterrupt):
        vault.rotate(settings, step=2)
    assert len(keys.vault_keys(settings)) == len(key_ids()) == 2
    assert secrets(settings, sources) == EXPECTED, "everything is readable half-way"
    monkeypatch.undo()
    assert vault.rotate(settings).rotated == 5
    assert len(keys.vault_keys(settings)) == 2
    assert len(key_ids()) == 1
    assert secrets(settings, sources) == EXPECTED


def test_what_is_set_meanwhile_is_not_lost(settings, sources, monkeypatch):
    """Somebody sets a credential after the rotation has read it and before it writes it."""
    if settings.database_url:
        pytest.skip("the row's lock would keep the other writer waiting in one thread")
    opened = Vault._open

    def and_somebody_sets_it(self, row):
        found = opened(self, row)
        if row.source_id == sources[4] and found == EXPECTED[4]:
            monkeypatch.undo()
            with session_scope() as other:
                open_vault(settings).set(other, sources[4], "key", "set meanwhile")
        return found

    monkeypatch.setattr(Vault, "_open", and_somebody_sets_it)
    newest = Fernet.generate_key()
    keys.write_private(settings.data_dir / "vault.key", b"\n".join([newest, *keys.vault_keys(settings)]))
    vault.rotate(settings, step=1)
    assert secrets(settings, sources)[4] == "set meanwhile"
    assert secrets(settings, sources)[5:] == EXPECTED[5:]


def test_two_at_once_are_one(settings, sources):
    with vault._alone(settings), pytest.raises(ConflictError) as caught:
        vault.rotate(settings)
    assert caught.value.code == "vault.rotating"


def test_a_key_of_the_environment_is_moved_to_when_there_is_a_newer_one(settings, sources):
    (old,) = keys.vault_keys(settings)
    alone = settings.model_copy(update={"vault_key": SecretStr(old.decode())})
    with pytest.raises(ConflictError) as caught:
        vault.rotate(alone)
    assert caught.value.code == "vault.rotate_environment"
    newest = Fernet.generate_key().decode()
    both = settings.model_copy(update={"vault_key": SecretStr(f"{newest},{old.decode()}")})
    assert vault.rotate(both).rotated == 9
    assert secrets(both, sources) == EXPECTED


def test_older_keys_are_forgotten_only_when_nothing_needs_them(settings, sources):
    (old,) = keys.vault_keys(settings)
    keys.write_private(settings.data_dir / "vault.key", Fernet.generate_key() + b"\n" + old + b"\n")
    with pytest.raises(ConflictError) as caught:
        vault.forget_old_keys(settings)
    assert caught.value.code == "vault.keys_in_use"
    vault.rotate(settings)
    assert vault.forget_old_keys(settings) == 1
    assert secrets(settings, sources) == EXPECTED


# ------------------------------------------------------------------------------------------- missing, wrong, broken
@pytest.mark.parametrize("content", [None, "", "cut off", "q8Zt" * 12, "another key"])
def test_a_missing_or_wrong_key_locks_and_is_not_overwritten(settings, sources, content):
    path = settings.data_dir / "vault.key"
    right = path.read_bytes()
    if content == "another key":  # made here: names of cases must be the same in every process
        content = Fernet.generate_key().decode()
    path.unlink()
    if content is not None:
        keys.write_private(path, content.encode())
    assert vault.check(settings) == "locked", "the start goes on"
    held = open_vault(settings)
    with session_scope() as db:
        assert all(hint.locked for source in sources for hint in held.hints(db, source))
        with pytest.raises(VaultLockedError):
            held.get(db, sources[0], "key")
        with pytest.raises(VaultLockedError):
            held.set(db, sources[0], "key", "overwritten")
    assert (path.read_text() if path.exists() else None) == content
    path.unlink(missing_ok=True)
    keys.write_private(path, right)
    assert secrets(settings, sources) == EXPECTED, "the right key, brought back, opens everything"


def test_an_unusable_key_stops_the_start_while_there_is_nothing_to_lose(settings):
    keys.write_private(settings.data_dir / "vault.key", b"cut off")
    with pytest.raises(KeyRefusedError):
        vault.check(settings)


def test_a_fresh_installation_gets_its_key(settings):
    assert vault.check(settings) == "empty"
    assert (settings.data_dir / "vault.key").exists()


@pytest.mark.parametrize("harm", ["public", "from an example"])
def test_a_public_key_stops_the_start_even_so(settings, sources, harm):
    path = settings.data_dir / "vault.key"
    if harm == "public":
        path.chmod(0o644)
    else:
        keys.write_private(path, b"please-changeme-please-changeme-please-0")
    with pytest.raises(KeyRefusedError):
        vault.check(settings)
