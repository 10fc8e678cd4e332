"""``smartfolio run``: one process, one port, answering within seconds."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from smartfolio_app.commands.build import ensure_frontend

if TYPE_CHECKING:
    from smartfolio_app.settings import Settings


log = logging.getLogger(__name__)


def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on (SMARTFOLIO_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (SMARTFOLIO_PORT).")] = None,
) -> None:
    """Start SmartFolio and print its address when it answers."""
    if host is not None:
        os.environ["SMARTFOLIO_HOST"] = host
    if port is not None:
        os.environ["SMARTFOLIO_PORT"] = str(port)
    from smartfolio_app.settings import get_settings
    from smartfolio_app.telemetry import logs

    settings = get_settings()
    logs.configure(settings.log_level, settings.log_format)
    warn_of_unknown_settings()
    start(settings)


def warn_of_unknown_settings() -> None:
    """Name every variable that looks like a setting and is none: a setting that is not in force must be visible."""
    from smartfolio_app.settings import unknown_variables

    for name, nearest in unknown_variables():
        hint = f"; did you mean {nearest}?" if nearest else ""
        print(f"warning: {name} is not a setting of SmartFolio and has no effect{hint}", file=sys.stderr)


def start(settings: Settings) -> None:
    """Check, migrate, build when needed, then serve until stopped.

    Raises:
        SmartFolioError: The port is taken, a key is refused, the frontend cannot be built...
    """
    from smartfolio_app.storage.collecting import set_aside

    # Some hundred thousand objects are made that all stay: looking for garbage among them is a fifth of the start.
    with ExitStack() as starting:
        starting.enter_context(set_aside())

        def answering(address: str) -> None:
            starting.close()
            announce(address)

        _start(settings, answering)


def _start(settings: Settings, answering: Callable[[str], None]) -> None:
    from smartfolio_app.build.environment import run_environment
    from smartfolio_app.build.frontend import open_for_serving
    from smartfolio_app.build.places import ROOT
    from smartfolio_app.commands.server import bind, leave, serve
    from smartfolio_app.i18n import translate
    from smartfolio_app.keys import session_key
    from smartfolio_app.storage import vault
    from smartfolio_app.storage.migrate import upgrade

    # The port first: it is the cheapest thing to find out, and holding it keeps a second start out of the migration.
    socket = bind(settings.host, settings.port)
    session_key(settings)
    upgrade(settings)
    if vault.check(settings) == "locked":
        print(f"warning: {translate('en', 'health.vault.locked.what')}", file=sys.stderr)
        print(f"         {translate('en', 'health.vault.locked.mend')}", file=sys.stderr)
    frontend = ensure_frontend()
    web_dir = open_for_serving(frontend, settings.data_dir / "run" / f"web-{settings.port}")
    os.environ.update(run_environment(web_dir, settings.redis_url))
    # Reflex serves this folder under /_upload; uploads are never written there, so it stays empty.
    os.environ["REFLEX_UPLOADED_FILES_DIR"] = str(settings.data_dir / "run" / "uploads")
    if os.environ.get("SMARTFOLIO_DATA_DIR"):
        os.environ["SMARTFOLIO_DATA_DIR"] = str(
            settings.data_dir
        )  # absolute: worker processes start elsewhere
    os.chdir(ROOT)  # where Reflex looks for rxconfig.py
    serve(socket, settings, answering)
    leave()


def announce(address: str) -> None:
    """Say where SmartFolio is and, as long as it has no account, how to make the first one."""
    from smartfolio_app.settings import get_settings

    as_json = get_settings().log_format == "json"
    if as_json:
        log.info("SmartFolio answers", extra={"address": address})
    else:
        print(f"SmartFolio answers at {address} (Ctrl+C stops it)", flush=True)
    from smartfolio_app.services.accounts import make_setup_link
    from smartfolio_app.storage.engine import session_scope

    with session_scope() as db:
        link = make_setup_link(db)
    if link is not None and as_json:
        log.warning("create the first account", extra={"setup_link": f"{address}{link}"})
    elif link is not None:
        print(f"Create the first account: {address}{link}", flush=True)
