"""Backups over REST: made, fetched, brought to another machine, put back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from smartfolio_app.security import sessions
from smartfolio_app.services import accounts, audit, backups
from smartfolio_app.storage.engine import session_scope
from tests.api.conftest import PASSWORD, cookie_of, token_of


def add(name: str) -> None:
    with session_scope() as db:
        accounts.create_user(db, name, PASSWORD)


def names() -> list[str]:
    with session_scope() as db:
        return [user.name for user in accounts.list_users(db)]


def actions() -> list[str]:
    with session_scope() as db:
        return list(db.execute(text("SELECT action FROM audit_entry ORDER BY id")).scalars())


async def test_a_backup_is_made_fetched_brought_back_and_restored(connect, alice, settings):
    cookie = cookie_of(alice)
    client = connect(cookie=cookie)
    made = (await client.post("/api/backups")).json()
    (one,) = made["backups"]
    assert one["proven"]
    assert (made["drill"]["error"], made["drill"]["users"]) == ("", 1)
    fetched = await client.get(f"/api/backups/{one['name']}")
    assert fetched.headers["content-disposition"] == f'attachment; filename="{one["name"]}"'
    assert b"alice" not in fetched.content

    add("bob")
    brought = await client.put("/api/backups", content=fetched.content)
    assert brought.status_code == 201, brought.text
    uploaded = next(kept for kept in brought.json()["backups"] if kept["uploaded"])
    assert names() == ["alice", "bob"], "bringing it here restores nothing"

    other = cookie_of(alice)
    done = await client.post(f"/api/backups/{uploaded['name']}/restore", json={})
    assert done.status_code == 200, done.text
    assert done.json()["users"] == 1
    assert (settings.data_dir / done.json()["kept"] / "smartfolio.sqlite").exists()
    assert names() == ["alice"]
    assert (await client.get("/api/users/me")).status_code == 200, "who asked stays signed in"
    assert (await connect(cookie=other).get("/api/users/me")).status_code == 401
    assert actions()[-1] == "backup.restore"
    with session_scope() as db:
        assert audit.first_broken(db) is None
        assert sessions.find(db, sessions.hash_of(cookie)) is not None


@pytest.mark.parametrize("content", [b"", b"hello", b"SMARTFOLIO-BACKUP 1\n{}\n"])
async def test_what_is_no_backup_is_refused_and_not_kept(connect, alice, settings, content):
    refused = await connect(token=token_of(alice)).put("/api/backups", content=content)
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] in ("backup.not_a_backup", "backup.damaged")
    assert backups.kept(settings) == []
    assert list(settings.data_dir.glob(".upload-*")) == []


@pytest.mark.parametrize(
    "name", ["drill.json", "..%2Fvault.key", "vault.key", "smartfolio-20260101T000000Z.sfbackup"]
)
async def test_nothing_but_backups_can_be_fetched(connect, alice, settings, name):
    backups.folder(settings).mkdir()
    (backups.folder(settings) / "drill.json").write_text("{}")
    (settings.data_dir / "vault.key").write_text("secret")
    client = connect(token=token_of(alice))
    assert (await client.get(f"/api/backups/{name}")).status_code == 404
    assert (await client.post(f"/api/backups/{name}/restore", json={})).status_code == 404


async def test_a_backup_of_another_key_needs_its_passphrase(connect, alice, settings, tmp_path):
    other = type(settings)(data_dir=settings.data_dir, backup_passphrase="a long enough passphrase")
    file = backups.make(other)
    client = connect(token=token_of(alice))
    refused = await client.post(f"/api/backups/{file.name}/restore", json={})
    assert refused.json()["error"]["code"] == "backup.wrong_key"
    done = await client.post(
        f"/api/backups/{file.name}/restore", json={"passphrase": "a long enough passphrase"}
    )
    assert done.status_code == 200, done.text
