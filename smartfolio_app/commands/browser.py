"""A real Chromium for the browser tests: the system's, else installed, else a clear failure. Never a skip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smartfolio_app.build.places import work_dir
from smartfolio_app.commands.console import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge")
FIXED_PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> Path | None:
    """The browser to use: ``SMARTFOLIO_CHROMIUM``, else one of the system, else one Playwright fetched before.

    Raises:
        CommandError: ``command.chromium_named_but_missing``: the variable names no file.
    """
    named = os.environ.get("SMARTFOLIO_CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise CommandError("command.chromium_named_but_missing", path=named)
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    for place in (*map(Path, FIXED_PLACES), *_fetched_by_playwright()):
        if place.is_file():
            return place
    return None


def ensure_chromium(say: Callable[[str], None]) -> Path:
    """The browser, installed when there is none; ``say`` is told what is being tried.

    Raises:
        CommandError: ``command.no_chromium``, with what was tried.
    """
    if found := find_chromium():
        return found
    tried = ["no Chromium or Chrome on PATH"]
    if _may_use_apt():
        say("installing Chromium with apt")
        tried.append(
            _run(["apt-get", "update"]) or _run(APT_INSTALL) or "apt installed it, yet it is not on PATH"
        )
        if found := find_chromium():
            return found
    say("fetching Chromium with Playwright")
    environment = dict(os.environ, PLAYWRIGHT_BROWSERS_PATH=str(_playwright_folder()))
    problem = _run([sys.executable, "-m", "playwright", "install", "chromium"], environment)
    tried.append(problem or "Playwright fetched it, yet it is not in its folder")
    if found := find_chromium():
        return found
    raise CommandError("command.no_chromium", tried="; ".join(tried))


APT_INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]


def _may_use_apt() -> bool:
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    """Run it quietly; an empty text when it worked, else one line about why not."""
    environment = dict(environment or os.environ, DEBIAN_FRONTEND="noninteractive")
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    if done.returncode == 0:
        return ""
    lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
    return f"{' '.join(command[:3])}: {lines[-1].strip()}"


def _playwright_folder() -> Path:
    return Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or work_dir() / "cache" / "playwright")


def _fetched_by_playwright() -> list[Path]:
    inside = ("chrome-linux*/chrome", "chrome-mac*/*.app/Contents/MacOS/*", "chrome-win*/chrome.exe")
    return sorted(path for name in inside for path in _playwright_folder().glob(f"chromium-*/{name}"))
