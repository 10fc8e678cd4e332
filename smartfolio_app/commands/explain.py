"""``smartfolio explain``: take a figure along with everything behind it, and check such a file without any database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Figures with everything behind them: export one, check one.", no_args_is_help=True)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")],
) -> None:
    """Compute the figure of a bundle anew from the bundle alone. Ends with 1 when it differs or was changed."""
    from smartfolio_app.analytics.bundles import document
    from smartfolio_app.analytics.bundles.records import BundleError

    if file.stat().st_size > document.LARGEST:
        raise BundleError("bundle.too_large")
    found = document.check(document.unpack(file.read_bytes()))
    unit = f" {found.unit}" if found.unit else ""
    print(f"{found.title} ({found.figure}), made by {found.made_by} at {found.made_at}")
    print(f"  as told:  {document.result(found.told) or 'not known'}{unit}")
    print(f"  computed: {document.result(found.computed) or 'not known'}{unit}")
    print("  the same figure" if found.same else "  NOT the same figure")
    print("  nothing was changed" if found.sealed else "  CHANGED since it was made")
    if not found.good:
        sys.exit(1)


@app.command("export")
def export(
    figure: Annotated[str, typer.Argument(metavar="FIGURE", help="Such as realised:2025 or net_worth.")],
    user: Annotated[str, typer.Option("--user", help="Whose figure.")],
    to: Annotated[Path, typer.Option("--to", help="A file or folder; default: this folder.")] = Path(),
) -> None:
    """Write the bundle of a figure, in the view that the user's settings ask for."""
    import os

    from smartfolio_app.commands.console import CommandError, database
    from smartfolio_app.services import bundles
    from smartfolio_app.services.accounts import find_user
    from smartfolio_app.services.views import view_of

    with database() as db:
        data = bundles.as_file(bundles.make(db, view_of(db, find_user(db, user).id), figure))
    target = to / bundles.file_name(figure) if to.is_dir() else to
    try:
        # Its owner's alone, and never over a file that is there.
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise CommandError("command.cannot_write", path=str(target), reason=error.strerror or "") from error
    print(target)
