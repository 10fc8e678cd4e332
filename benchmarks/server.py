"""The REST server that ``benchmarks.served`` asks: ``python -m benchmarks.server PORT``; its data: as set."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from smartfolio_app.api.app import create_api
from smartfolio_app.commands.server import SWITCH_SECONDS
from smartfolio_app.security.middleware import protect
from smartfolio_app.services import views
from smartfolio_app.settings import load_settings
from smartfolio_app.storage import engine

#: Answers are made anew when they are older than this: what half a minute changes nothing about is not waited for.
FRESH_SECONDS = 3.0


def main(port: int) -> None:
    """Serve until ended."""
    views.FRESH_SECONDS = FRESH_SECONDS
    settings = load_settings()
    engine.configure(settings)
    api = create_api()
    door = protect(api, settings, static_dir=Path(settings.data_dir) / "no-frontend", limits=api.state.limits)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvicorn.run(door, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
