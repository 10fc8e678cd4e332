"""Where things that are made on this machine are kept, outside the data folder and outside version control."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def work_dir() -> Path:
    """The folder of caches and built things: ``SMARTFOLIO_WORK_DIR``, or ``.smartfolio`` in the checkout."""
    return Path(os.environ.get("SMARTFOLIO_WORK_DIR") or ROOT / ".smartfolio").absolute()


def user_cache_is_writable() -> bool:
    """Whether tools may keep their downloads under HOME; services often run with a HOME they cannot write."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises when the account has none
    return home.is_dir() and os.access(home, os.W_OK)
