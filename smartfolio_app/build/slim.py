"""What the image leaves out of the installed packages: their own tests, other servers, languages nobody can choose.

Run in the image's build alone: ``python -m smartfolio_app.build.slim SITE_PACKAGES``. Every entry must match
something, so that the list cannot rot; a test imports the whole app and proves that nothing of it is needed.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LeftOut:
    """``paths`` are patterns below site-packages; what a ``keep`` matches by its name stays."""

    paths: tuple[str, ...]
    why: str
    keep: str = ""


LEFT_OUT = (
    LeftOut(("numpy/**/tests",), "its own tests"),
    LeftOut(("scipy/**/tests",), "its own tests"),
    LeftOut(("sklearn/**/tests",), "its own tests"),
    LeftOut(("joblib/test",), "its own tests"),
    LeftOut(("ccxt/test",), "its own tests"),
    LeftOut(
        ("ccxt/pro", "ccxt/prediction"),
        "exchanges are asked over HTTP, not over websockets; nobody imports from prediction markets",
    ),
    LeftOut(("ccxt/[a-z]*.py",), "every exchange a second time, for callers that wait on the spot"),
    LeftOut(("sqlalchemy/testing",), "its own tests' tools"),
    LeftOut(("granian",), "a second web server; uvicorn serves"),
    LeftOut(("babel/locale-data/*.dat",), "languages that cannot be chosen", keep=r"(en|fr)(_\w+)?|root"),
    LeftOut(("**/*.pyx",), "sources of what is compiled"),
)


class NothingToLeaveOutError(Exception):
    """An entry matches nothing: the package has changed, and so must the list."""


def chosen(site_packages: Path, entry: LeftOut) -> Iterator[Path]:
    """Return what an entry takes away: folders and files, none of which lies in another."""
    taken: set[Path] = set()
    for path in sorted(path for pattern in entry.paths for path in site_packages.glob(pattern)):
        if taken.isdisjoint(path.parents) and not (entry.keep and re.fullmatch(entry.keep, path.stem)):
            taken.add(path)
            yield path


def slim(site_packages: Path) -> int:
    """Take everything out; return how many bytes that was.

    Raises:
        NothingToLeaveOutError: An entry matches nothing.
    """
    saved = 0
    for entry in LEFT_OUT:
        found = list(chosen(site_packages, entry))
        if not found:
            raise NothingToLeaveOutError(entry.paths[0])
        for path in found:
            files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
            saved += sum(one.stat().st_size for one in files)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return saved


if __name__ == "__main__":
    print(f"left out: {slim(Path(sys.argv[1])) / 1024 / 1024:.0f} MB")
