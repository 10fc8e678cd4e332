"""``smartfolio version``."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed_version

from smartfolio_app import __version__


def version() -> None:
    """Say which version this is."""
    print(
        f"SmartFolio {__version__} (Reflex {installed_version('reflex')}, Python {platform.python_version()})"
    )
