"""``smartfolio demo``: a user with sample data, and the server to look at it with."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Start the server afterwards.")] = True,
) -> None:
    """Make (or reset) the user with sample data, then start SmartFolio; sign in with "Try with sample data"."""
    from smartfolio_app.commands.console import database
    from smartfolio_app.commands.run import start, warn_of_unknown_settings
    from smartfolio_app.services import demo as service
    from smartfolio_app.settings import get_settings

    with database() as db:
        service.reset_demo(db)
    print('The sample data is ready: choose "Try with sample data" on the sign-in page.', flush=True)
    if serve:
        warn_of_unknown_settings()
        start(get_settings())
