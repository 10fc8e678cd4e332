"""Alembic's entry point; the connection is handed over by ``storage.migrate``, never read from a file."""

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from smartfolio_app.storage.migrate import metadata
from smartfolio_app.storage.types import ExactDecimal, UtcDateTime


def _render(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our column types by their short names into a new migration."""
    if kind == "type" and isinstance(item, ExactDecimal | UtcDateTime):
        name = type(item).__name__
        autogen_context.imports.add(f"from smartfolio_app.storage.types import {name}")
        return f"{name}()"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length})" if item.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata(),
    render_item=_render,
    render_as_batch=context.config.attributes.get("as_batch", True),
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
