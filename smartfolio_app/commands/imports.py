"""``smartfolio import``: a file into a user's sources, from the shell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartfolio_app.i18n import translate_or_text

if TYPE_CHECKING:
    from smartfolio_app.services.import_results import ImportOutcome, ImportPreview

SHOWN_REJECTIONS = 20


def import_files(  # noqa: PLR0917 - typer passes them by name
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True, dir_okay=False, readable=True, metavar="FILE...", help="CSV or XLSX exports."
        ),
    ],
    user: Annotated[str, typer.Option("--user", help="Whose portfolio it goes to.")],
    source: Annotated[
        str | None, typer.Option(help="The source's key; default: that of the detected format.")
    ] = None,
    format_id: Annotated[
        str | None, typer.Option("--format", help="The format, instead of detecting it.")
    ] = None,
    zone: Annotated[
        str, typer.Option("--timezone", help="The zone of times that tell none, such as Europe/Paris.")
    ] = "UTC",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen and store nothing.")
    ] = False,
) -> None:
    """Import files, one after the other; importing one again adds nothing."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.providers.csv import ReadOptions
    from smartfolio_app.services import imports
    from smartfolio_app.services.accounts import find_user

    with database() as db:
        user_id = find_user(db, user).id
        act = imports.preview if dry_run else imports.commit
        for file in files:
            if len(files) > 1:
                print(f"--- {file}")
            done = act(
                db,
                user_id,
                file.read_bytes(),
                file.name,
                source_key=source,
                format_id=format_id,
                options=ReadOptions(time_zone=zone),
            )
            _report(done)


def _report(outcome: ImportPreview | ImportOutcome) -> None:
    from rich.console import Console
    from rich.table import Table

    from smartfolio_app.services.import_results import ImportPreview

    verb = "would be added" if isinstance(outcome, ImportPreview) else "added"
    print(
        f"{outcome.format}: {outcome.rows} rows, {outcome.added} {verb}, {outcome.duplicates} already there"
    )
    for warning in outcome.warnings:
        print(f"  note: {translate_or_text('en', warning.code, **warning.params)}")
    for rejected in outcome.rejected[:SHOWN_REJECTIONS]:
        print(f"  row {rejected.row}: {translate_or_text('en', rejected.reason, **rejected.params)}")
    if len(outcome.rejected) > SHOWN_REJECTIONS:
        print(f"  and {len(outcome.rejected) - SHOWN_REJECTIONS} more rows that bring nothing")
    if outcome.effect:
        table = Table("Asset", "Before", "After", box=None, pad_edge=False)
        for row in outcome.effect:
            table.add_row(row.asset, f"{row.before:f}", f"{row.after:f}")
        Console().print(table)
    if isinstance(outcome, ImportPreview):
        new = " (new)" if outcome.source_is_new else ""
        print(f"Nothing is stored. It would go to the source {outcome.source_key}{new}.")
    else:
        print(f"Stored in the source {outcome.source_key} as import {outcome.batch_id}.")
