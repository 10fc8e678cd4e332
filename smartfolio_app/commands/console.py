"""What the commands share: sentences for errors, progress, the database, passwords."""

from __future__ import annotations

import getpass
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smartfolio_app.errors import InvalidInputError, SmartFolioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlmodel import Session


class CommandError(SmartFolioError):
    """A command cannot do its work; ``code`` names the sentence, as everywhere."""


def sentence(error: SmartFolioError) -> str:
    """The error as a person reads it in the shell. The shell speaks English, like the operator's documentation."""
    from smartfolio_app.i18n import error_text

    return error_text("en", error)


class Steps:
    """Says what is being done and how long it took: ``  compiling the pages ... 1.2 s``.

    Everything goes to standard error, so that a command's own output can be piped.
    """

    def __init__(self) -> None:
        self._started = 0.0
        self._open = False

    def __call__(self, text: str) -> None:
        """Begin a step, ending the one before."""
        self.done()
        self._started, self._open = time.monotonic(), True
        print(f"  {text} ...", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        """End the step under way, if any."""
        if self._open:
            print(f" {time.monotonic() - self._started:.1f} s", file=sys.stderr, flush=True)
            self._open = False


@contextmanager
def database() -> Iterator[Session]:
    """A session on the migrated database; commits at the end. Works while the server runs, too."""
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage.engine import session_scope
    from smartfolio_app.storage.migrate import upgrade

    settings = get_settings()
    upgrade(settings)
    with session_scope(settings) as db:
        yield db


def new_password(name: str) -> str:
    """The password for ``name``: asked twice on a terminal, else the first line of standard input.

    Never an argument: arguments show in the list of processes and in the shell's history.

    Raises:
        InvalidInputError: The two entries differ, or standard input is empty.
    """
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise InvalidInputError("command.no_password")
        return password
    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Again: ") != password:
        raise InvalidInputError("command.passwords_differ")
    return password
