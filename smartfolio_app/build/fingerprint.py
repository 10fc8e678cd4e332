"""Which sources the frontend is made from, as one digest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# The pages are compiled by importing the app, so any module may shape them (a list of formats becomes a menu).
# Only what the pages cannot reach is left out: the REST edge and the shell stand above or beside them.
NEVER_ON_A_PAGE = ("api", "commands", "cli.py", "storage/migrations", "py.typed")
BESIDE_THE_PACKAGE = ("rxconfig.py", "bunfig.toml", "requirements/runtime.txt", "reflex.lock", "assets")


def frontend_sources(root: Path) -> Iterator[Path]:
    """Every file that may change what the browser is given, in a stable order."""
    package = root / "smartfolio_app"
    left_out = tuple(package / name for name in NEVER_ON_A_PAGE)
    for path in _files(package):
        if path.suffix != ".pyc" and not any(path == other or other in path.parents for other in left_out):
            yield path
    for name in BESIDE_THE_PACKAGE:
        path = root / name
        if path.is_dir():
            # assets/external holds links that Reflex makes into installed packages at start.
            yield from (file for file in _files(path) if root / "assets" / "external" not in file.parents)
        elif path.exists():
            yield path


def source_fingerprint(root: Path) -> str:
    """SHA-256 (hex) over the names and contents of ``frontend_sources``."""
    return digest_of(frontend_sources(root), root)


def digest_of(paths: Iterable[Path], root: Path, *more: bytes) -> str:
    """SHA-256 (hex) over files (relative name and content of each, so a rename counts) and further contents."""
    total = hashlib.sha256()
    for content in more:
        total.update(hashlib.sha256(content).digest())
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
