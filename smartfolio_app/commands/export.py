"""``smartfolio export``: everything of one user, to take elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    to: Annotated[Path, typer.Option("--to", help="A file or folder; default: this folder.")] = Path(),
) -> None:
    """Write a zip file with every table of a user as CSV and JSON, and the files they uploaded."""
    import os

    from smartfolio_app.commands.console import CommandError, database
    from smartfolio_app.services import export
    from smartfolio_app.services.accounts import find_user
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage import engine

    engine.configure(get_settings())
    with database() as db:
        user = find_user(db, name)
        target = to / export.name_for(user.name) if to.is_dir() else to
        try:
            # Its owner's alone, and never over a file that is there.
            with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
                export.write(db, user.id, file, address="shell")
        except OSError as error:
            raise CommandError(
                "command.cannot_write", path=str(target), reason=error.strerror or ""
            ) from error
    print(target)
