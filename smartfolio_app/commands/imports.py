"""``smartfolio import``: a file into a user's sources, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from smartfolio_app.i18n import translate_or_text


def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A CSV or XLSX export.")
    ],
    user: Annotated[str, typer.Option("--user", help="Whose portfolio it goes to.")],
    source: Annotated[
        str | None, typer.Option(help="The source's key; default: that of the detected format.")
    ] = None,
    format_id: Annotated[
        str | None, typer.Option("--format", help="The format, instead of detecting it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen and store nothing.")
    ] = False,
) -> None:
    """Import a file; importing it again adds nothing."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.services import imports
    from smartfolio_app.services.accounts import find_user

    data = file.read_bytes()
    with database() as db:
        act = imports.preview if dry_run else imports.commit
        outcome = act(db, find_user(db, user).id, data, file.name, source_key=source, format_id=format_id)
        _report(outcome, dry_run=dry_run)


def _report(outcome: Any, *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    verb = "would be added" if dry_run else "added"
    print(
        f"{outcome.format}: {outcome.rows} rows, {outcome.added} {verb}, {outcome.duplicates} already there"
    )
    for rejected in outcome.rejected:
        print(f"  row {rejected.row}: {translate_or_text('en', rejected.reason, **rejected.params)}")
    if outcome.effect:
        table = Table("Asset", "Before", "After", box=None, pad_edge=False)
        for row in outcome.effect:
            table.add_row(row.asset, f"{row.before:f}", f"{row.after:f}")
        Console().print(table)
    if not dry_run:
        print(f"Batch {outcome.batch_id} in source {outcome.source_key}.")
