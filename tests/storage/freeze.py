"""Freezes a database: ``python -m tests.storage.freeze 0007`` writes ``frozen/0007.sql``, with rows in every table.

Run once for each migration, when it is made; the file is never made again, because its sense is that it stays as it
was. The tables are those that the migrations up to there create, the rows are made up by the columns' names and types.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from cryptography.fernet import Fernet
from sqlalchemy import Column, MetaData, Table
from sqlalchemy import types as sql

from smartfolio_app.security import passwords
from smartfolio_app.services import audit
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine, migrate, vault
from smartfolio_app.storage.tables import AuditEntry
from smartfolio_app.storage.types import ExactDecimal

FROZEN = Path(__file__).parent / "frozen"
ROWS = 2

#: Opens the credentials of every frozen database, and signs its people in.
VAULT_KEY = "ZnJvemVuLWZyb3plbi1mcm96ZW4tZnJvemVuLTAwMDE="
SECRET = "the secret of source {number}"
PASSWORD = "frozen battery staple {number}"

BEGUN = datetime(2024, 2, 29, 23, 59, 58, 123456)  # noqa: DTZ001 - as SQLite keeps it
DECIMALS = ("1234.567890123456789012", "0.000000000000000001")

#: What a column of a name must hold to make sense, for the first and the second row.
WORDS: dict[str, tuple[Any, ...]] = {
    "account": ("Main", ""),
    "action": ("login", "import.commit"),
    "address": ("192.0.2.1", "2001:db8::1"),
    "asset": ("crypto:BTC", "crypto:ETH"),
    "asset_class": ("crypto", "crypto"),
    "about": ("", ""),
    "base_currency": ("EUR", "USD"),
    "by": ("group", "asset"),
    "category": ("crypto", "crypto"),
    "cost_basis_method": ("fifo", "lifo"),
    "cost_basis_pooling": ("global", "source"),
    "cost_basis_years": ("", "2023=lifo"),
    "currency": ("EUR", "USD"),
    "cost_currency": ("EUR", None),
    "error": ("", "provider.unreachable"),
    "fee_asset": ("fiat:EUR", None),
    "format": ("kraken_ledger", "binance_trades"),
    "kind": ("trade", "deposit"),
    "language": ("en", "fr"),
    "long_term_rule": ("365d", "1y"),
    "lot_choice": ("hifo", "fifo"),
    "number_style": ("language", "1,234.56"),
    "outcome": ("ok", "failed"),
    "owner": ("", ""),
    "pnl_anchor": ("midnight", "snapshot"),
    "provider": ("kraken_csv", "binance_csv"),
    "quote_currency": ("", ""),
    "isin": ("", ""),
    "received_asset": ("crypto:BTC", "crypto:ETH"),
    "scope": ("read", "write"),
    "sent_asset": ("fiat:EUR", None),
    "sent_quantity": ("500", None),
    "state": ("done", "failed"),
    "symbol": ("BTC", "ETH"),
    "theme": ("dark", "light"),
    "time_zone": ("Europe/Paris", "UTC"),
    "trigger": ("manual", "due"),
    "value_asset": ("fiat:EUR", None),
    "verdict": ("fits", "doubted"),
}
#: ... and where only one table's column of that name does.
OF_TABLE: dict[tuple[str, str], tuple[Any, ...]] = {
    ("alert", "figures"): ("[]", "[]"),
    ("asset", "id"): ("crypto:BTC", "crypto:ETH"),
    ("snapshot", "scope"): ("all", "all"),
    ("source", "label"): ("", "My own name"),
    ("wealth_item", "kind"): ("real_estate", "mortgage"),
    ("sync_state", "owner"): ("", "host:1:abc"),
    ("market_signal", "provider"): ("fear_greed", "binance"),
    ("provider_state", "provider"): ("coingecko", "ecb"),
    ("process_report", "report"): tuple(
        json.dumps({"allowed": 1, "limited": 0, "top": [], "violations": [], "jobs": [], "skew": None})
        for _ in range(ROWS)
    ),
}
JSON = {"detail", "config", "mapping", "cursor", "begun_with", "effect", "error_params", "params", "content"}
SCOPES = {"scope_crypto", "scope_stocks", "scope_wealth"}


def revisions() -> list[str]:
    """Every schema version that was released, oldest first."""
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def freeze(revision: str) -> str:
    """Return the SQL text of a database of that version with rows in every table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder))
        migrate.upgrade(settings, revision)
        tables = MetaData()
        connectable = engine.engine_for(settings)
        tables.reflect(connectable)
        with connectable.begin() as connection:
            for table in tables.sorted_tables:
                if table.name != "alembic_version":
                    connection.execute(table.insert(), _rows(table))
        engine.dispose(settings)
        with closing(sqlite3.connect(settings.data_dir / "smartfolio.sqlite")) as database:
            return "\n".join(database.iterdump()) + "\n"


def _rows(table: Table) -> list[dict[str, Any]]:
    rows = [
        {column.name: _value(table, column, number) for column in table.columns} for number in range(ROWS)
    ]
    return SPECIAL.get(table.name, lambda made: made)(rows)


def _value(table: Table, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        if number and column.nullable:
            return None
        return _value(key.column.table, key.column, number)
    for words in (OF_TABLE.get((table.name, column.name)), WORDS.get(column.name)):
        if words is not None:
            return words[number]
    if number and column.nullable:
        return None
    if column.name in SCOPES:
        return "all"
    return _by_type(table, column, number)


def _by_type(table: Table, column: Column[Any], number: int) -> Any:
    declared = migrate.metadata().tables.get(table.name)
    today = None if declared is None else declared.columns.get(column.name)
    kind, name = column.type, f"{table.name}.{column.name} {number}"
    if today is not None and isinstance(today.type, ExactDecimal):
        return DECIMALS[number]
    if isinstance(kind, sql.Boolean):
        return bool(number)
    if isinstance(kind, sql.Integer):
        return number + 1
    if isinstance(kind, sql.DateTime):
        return BEGUN + timedelta(days=number)
    if isinstance(kind, sql.Date):
        return date(2024, 2, 28 + number)
    length = getattr(kind, "length", None)
    if column.name in JSON:
        return json.dumps({"number": number})
    if column.name == "warnings":
        return "[]"
    if length in (16, 32, 64) and column.name.endswith(("id", "hash", "digest", "fingerprint", "sha256")):
        return sha256(name.encode()).hexdigest()[:length]
    return f"{name}: «œ» 'quoted' \"twice\" ;--"[:length]


def _users(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for number, row in enumerate(rows):
        row |= {
            "name": f"person-{number}",
            "password_hash": passwords.hash_password(PASSWORD.format(number=number)),
        }
        row |= {"is_demo": False, "disabled": False, "is_admin": number == 0}
    return rows


def _credentials(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for number, row in enumerate(rows):
        secret = SECRET.format(number=number)
        row |= {
            "field": "api_key",
            "ciphertext": Fernet(VAULT_KEY).encrypt(secret.encode()).decode(),
            "key_id": vault.key_id(VAULT_KEY.encode()),
            "hint": secret[-4:],
        }
    return rows


def _audit(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = ""
    for row in rows:
        entry = AuditEntry(**{**row, "at": row["at"].replace(tzinfo=UTC)})
        row["digest"] = before = audit._digest(before, entry)
    return rows


SPECIAL: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "user": _users,
    "credential": _credentials,
    "channel_secret": _credentials,
    "audit_entry": _audit,
}


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        target = FROZEN / f"{wanted}.sql"
        if target.exists():
            sys.exit(f"{target} exists: what is frozen stays as it is")
        target.write_text(freeze(wanted), encoding="utf-8")
        print(target)
