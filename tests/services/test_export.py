"""Everything of one user, in full, and nothing of anybody else's or of any secret."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smartfolio_app.keys import check_keys
from smartfolio_app.security import sessions, tokens
from smartfolio_app.services import (
    accounts,
    audit,
    export,
    files,
    imports,
    items,
    manual_prices,
    sources,
    transactions,
)
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.migrate import metadata
from smartfolio_app.storage.tables import SourceFile
from smartfolio_app.storage.vault import open_vault

SECRET = "planted-Provider-Secret-9981"
CONTENT = b"an export of a broker"


def household(settings, name: str) -> str:
    """A user with a bit of everything, marked by their name."""
    with session_scope() as db:
        user = accounts.create_user(db, name, "correct horse battery").id
        source = sources.add(db, user, "file_crypto", f"{name}'s exchange")
        open_vault(settings).set(db, source.id, "secret", SECRET)
        draft = Draft(
            at=datetime(2026, 1, 1, tzinfo=UTC),
            kind="deposit",
            received=("2.000000000000000001", "crypto:BTC"),
            note=f"={name}()",
        )
        transactions.add(db, user, source.key, draft)
        items.add(
            db, user, kind="cash", name=f"{name}'s box", currency="EUR", value="12.5", day=date(2026, 1, 1)
        )
        sessions.issue(db, user, device=f"{name}'s phone")
        tokens.create(db, user, name=f"{name}'s script", scope="read")
        db.add(
            SourceFile(
                user_id=user,
                source_id=source.id,
                name=f"{name}/../it.csv",
                sha256=files.keep(user, CONTENT + name.encode()),
                format="x",
            )
        )
    return user


@pytest.fixture
def exported(settings) -> zipfile.ZipFile:
    check_keys(settings)
    household(settings, "zoe")
    anna = household(settings, "anna")
    target = io.BytesIO()
    with session_scope() as db:
        manual_prices.set_manual_price(db, anna, "crypto:BTC", Decimal(60000), "EUR", day=date(2026, 1, 5))
        export.write(db, anna, target)
        assert audit.entries(db, anna)[0].action == "account.export"
    return zipfile.ZipFile(target)


def table(archive: zipfile.ZipFile, name: str) -> tuple[list[dict], list[dict]]:
    rows = list(csv.DictReader(io.StringIO(archive.read(f"csv/{name}.csv").decode())))
    return rows, json.loads(archive.read(f"json/{name}.json"))


def test_every_table_of_the_user_is_there_twice(exported):
    counts = json.loads(exported.read("about.json"))["rows"]
    assert {"user", "source", "transaction", "wealth_item", "wealth_valuation", "api_token"} <= set(counts)
    for name, count in counts.items():
        as_csv, as_json = table(exported, name)
        assert len(as_csv) == len(as_json) == count, name
    assert counts["user"] == counts["transaction"] == counts["wealth_valuation"] == counts["price"] == 1


def test_amounts_are_exact_and_formulas_are_not_run(exported):
    (as_csv,), (as_json,) = table(exported, "transaction")
    assert as_csv["received_quantity"] == as_json["received_quantity"] == "2.000000000000000001"
    assert as_csv["note"] == "'=anna()"
    assert as_json["note"] == "=anna()"
    assert as_json["at"] == "2026-01-01T00:00:00+00:00"


def test_uploaded_files_are_there_under_their_names(exported):
    names = [name for name in exported.namelist() if name.startswith("files/")]
    assert names == ["files/anna_.._it.csv"]
    assert exported.read(names[0]) == CONTENT + b"anna"


def test_nothing_of_anybody_else_and_no_secret(exported, settings):
    everything = b"\n".join(exported.read(name) for name in exported.namelist())
    assert b"anna's phone" in everything
    assert b"zoe" not in everything
    with session_scope() as db:
        hashes = [user.password_hash for user in accounts.list_users(db)]
        hashes += db.connection().exec_driver_sql("SELECT token_hash FROM session").scalars().all()
        hashes += db.connection().exec_driver_sql("SELECT token_hash FROM api_token").scalars().all()
        hashes += db.connection().exec_driver_sql("SELECT ciphertext FROM credential").scalars().all()
    for secret in (SECRET, *hashes):
        assert secret.encode() not in everything


def test_no_column_with_a_secret_is_forgotten():
    """A new column whose name sounds like a secret has to be left out, or be known as harmless here."""
    harmless = {"column_mapping.headers_hash"}
    sounding = {
        f"{one.name}.{column.name}"
        for one in metadata().sorted_tables
        if one.name not in export.SECRET_TABLES
        for column in export.columns_of(one)
        if re.search("hash|secret|cipher|password|token|key_", column.name)
    }
    digests = {
        "outbound_call.key_id",
        "nonce.key_id",
    }  # of keys: they open nothing, and the rows are nobody's
    assert sounding - harmless <= digests


def test_a_user_who_is_not_there_has_nothing(settings):
    with session_scope() as db, pytest.raises(Exception, match="no_such_user"):
        export.write(db, "0" * 32, io.BytesIO())


def test_an_import_of_many_rows_is_exported_whole(settings):
    lines = ['"Type";"Buy";"Cur.";"Sell";"Cur.";"Fee";"Cur.";"Exchange";"Group";"Comment";"Date"']
    lines += [f'"Trade";"1";"BTC";"{n}";"EUR";"";"";"K";"";"";"2024-01-02 03:04:05"' for n in range(1, 4001)]
    with session_scope() as db:
        user = accounts.create_user(db, "many", "correct horse battery").id
        imports.commit(db, user, "\n".join(lines).encode(), "t.csv")
        target = io.BytesIO()
        export.write(db, user, target)
    assert len(table(zipfile.ZipFile(target), "transaction")[1]) == 4000
