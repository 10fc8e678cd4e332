"""``smartfolio backup`` and ``smartfolio restore``."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer


def backup(
    to: Annotated[
        Path | None, typer.Option("--to", help="A file or folder; default: backups/ in the data folder.")
    ] = None,
) -> None:
    """Make an encrypted backup (also while the server runs) and prove by a restore drill that it can be restored."""
    from smartfolio_app.services import backups
    from smartfolio_app.services.backup_stream import BackupError
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage import engine

    settings = get_settings()
    engine.configure(settings)
    if to is None:
        print(backups.make_and_prove(settings))
        return
    file = backups.make(settings, to)
    done = backups.drill(settings, file)
    if done.error:
        raise BackupError(done.error)
    print(file)


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    check: Annotated[bool, typer.Option("--check", help="Only the drill: nothing is replaced.")] = False,
    extract: Annotated[
        Path | None,
        typer.Option(
            "--extract", help="Only decrypt and verify it, into this new folder; nothing is replaced."
        ),
    ] = None,
) -> None:
    """Put a backup in place after verifying it; what was there is kept. Stop the server first."""
    from smartfolio_app.commands.console import CommandError
    from smartfolio_app.services import backups
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage import engine

    settings = get_settings()
    engine.configure(settings)
    if extract is not None:
        manifest = backups.extract(settings, file, extract)
        print(f"In {extract}: what the backup made {manifest.created_at} holds, not encrypted.")
        return
    if check:
        manifest = backups.verify(settings, file)
        print(f"It can be restored: made {manifest.created_at}, {len(manifest.users)} users.")
        return
    with socket.socket() as probe:
        probe.settimeout(1)
        local = {"0.0.0.0": "127.0.0.1"}.get(settings.host, settings.host)  # noqa: S104
        if probe.connect_ex((local, settings.port)) == 0:
            raise CommandError("command.still_running", port=settings.port)
    done = backups.restore(settings, file)
    print(f"Restored the backup made {done.manifest.created_at}.")
    if done.kept is not None:
        print(f"What was there before is kept in {done.kept}")
