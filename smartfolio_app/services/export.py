"""Everything of one user in one zip file: each table as CSV and as JSON, and the files they uploaded.

What is in it is found by the tables' own references, so a new table is exported without being named here. Left out is
what is secret and opens something: password, sessions' and tokens' hashes, credentials.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import Column, ColumnElement, Select, String, Table, select
from sqlmodel import Session

from smartfolio_app import __version__
from smartfolio_app.errors import NotFoundError
from smartfolio_app.i18n import translate
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import audit, files, user_settings
from smartfolio_app.services.holdings_csv import text
from smartfolio_app.storage.migrate import metadata
from smartfolio_app.storage.tables import User
from smartfolio_app.storage.tables.base import utc_now

SECRET_TABLES = frozenset({"credential", "channel_secret", "setup_link"})
SECRET_COLUMNS = frozenset({"password_hash", "token_hash"})
_STEP = 2000


def name_for(user_name: str) -> str:
    """Return what to call the file."""
    plain_name = "".join(one if one.isalnum() else "-" for one in user_name.lower()).strip("-")
    return f"smartfolio-{plain_name or 'export'}-{utc_now():%Y-%m-%d}.zip"


def write(db: Session, user_id: str, target: BinaryIO, *, address: str = "") -> None:
    """Write the zip file into ``target`` and note it in the audit log. Commits.

    Raises:
        NotFoundError: There is no such user.
    """
    user = db.get(User, user_id)
    if user is None:
        raise NotFoundError("account.no_such_user")
    language = user_settings.get(db, user_id).language
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        counts = {}
        for table in metadata().sorted_tables:
            mine = _mine(table, user_id)
            if mine is not None and table.name not in SECRET_TABLES:
                counts[table.name] = _write_table(db, archive, table, mine)
        _write_files(db, archive, user_id)
        about = {
            "version": __version__,
            "user": user.name,
            "exported_at": utc_now().isoformat(),
            "rows": counts,
        }
        archive.writestr("about.json", json.dumps(about, indent=2))
        archive.writestr("README.txt", translate(language, "export.readme", name=user.name) + "\n")
    audit.record(db, user_id, "account.export", {"rows": sum(counts.values())}, address)
    db.commit()


def columns_of(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that are exported."""
    return [column for column in table.columns if column.name not in SECRET_COLUMNS]


def _mine(table: Table, user_id: str) -> ColumnElement[bool] | None:
    """Return the condition under which a row of a table is the user's; ``None`` where rows are nobody's."""
    if table.name == "user":
        return table.c.id == user_id
    for name in ("user_id", "owner"):
        if name in table.c:
            return table.c[name] == user_id
    for column in table.columns:
        for key in column.foreign_keys:
            theirs = _mine(key.column.table, user_id)
            if theirs is not None:
                return column.in_(select(key.column).where(theirs))
    return None


def _write_table(db: Session, archive: zipfile.ZipFile, table: Table, mine: ColumnElement[bool]) -> int:
    columns = columns_of(table)
    wanted = select(*columns).where(mine).order_by(*table.primary_key)
    count = 0
    with io.TextIOWrapper(archive.open(f"csv/{table.name}.csv", "w"), "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in columns])
        for row in _rows(db, wanted):
            writer.writerow([_cell(column, value) for column, value in zip(columns, row, strict=True)])
            count += 1
    with io.TextIOWrapper(archive.open(f"json/{table.name}.json", "w"), "utf-8") as file:
        file.write("[")
        names = [column.name for column in columns]
        for number, row in enumerate(_rows(db, wanted)):
            values = {name: _value(value) for name, value in zip(names, row, strict=True)}
            file.write(",\n" if number else "\n")
            file.write(json.dumps(values, ensure_ascii=False))
        file.write("\n]\n")
    return count


def _rows(db: Session, wanted: Select[Any]) -> Iterator[tuple[Any, ...]]:
    for row in db.connection().execute(wanted, execution_options={"yield_per": _STEP}):
        yield tuple(row)


def _write_files(db: Session, archive: zipfile.ZipFile, user_id: str) -> None:
    taken: set[str] = set()
    for kept in files.list_files(db, user_id):
        try:
            _, data = files.download(db, user_id, kept.id)
        except NotFoundError:  # its content is gone from the disk; its row is in source_file
            continue
        clean = (
            "".join(one if one.isalnum() or one in "._- " else "_" for one in kept.name).strip(". ") or "file"
        )
        name = clean if clean not in taken else f"{kept.id[:8]}-{clean}"
        taken.add(name)
        archive.writestr(f"files/{name}", data)


def _cell(column: Column[Any], value: Any) -> Any:
    if value is None:
        return ""
    shown = _value(value)
    return text(shown) if isinstance(column.type, String) and isinstance(shown, str) else shown


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime | date) else value
