"""``smartfolio verify``: a second opinion on realised gains, by another engine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from smartfolio_app.services.second_opinion.work import Opinion


def verify(
    user: Annotated[str | None, typer.Option("--user", help="Whose gains; default: everybody's.")] = None,
    method: Annotated[
        str, typer.Option(help="fifo, lifo, hifo or lofo; default: as each user has set it.")
    ] = "",
    year: Annotated[int | None, typer.Option(help="Only what was realised in that year.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Give up after so many seconds.")] = 3600,
) -> None:
    """Recompute realised gains with rp2 in a process of its own: equal to the cent, or the first difference.

    Ends with 1 when anything differs. rp2 is an optional extra: without it, how to add it is told.
    """
    from smartfolio_app.commands.console import database
    from smartfolio_app.services import accounts
    from smartfolio_app.services.second_opinion import engine
    from smartfolio_app.services.second_opinion.work import Wanted, ask_now
    from smartfolio_app.services.views import view_of
    from smartfolio_app.services.worker import worker
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage.engine import configure

    engine.version()
    configure(get_settings())
    with database() as db:
        who = [accounts.find_user(db, user)] if user else accounts.list_users(db)
        views = [(one.name, view_of(db, one.id)) for one in who]
    differing = False
    try:
        for name, view in views:
            found = ask_now(view, Wanted(method.strip().lower(), year), _Progress(name), timeout)
            _report(name, found)
            differing = differing or not found.equal
    finally:
        worker("aside").stop()
    if differing:
        sys.exit(1)


class _Progress:
    """Says on standard error what is being done: in steps of a tenth, so that a log stays readable."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said = ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        share = f" {100 * done // total // 10 * 10} %" if total else ""
        line = f"{self._name}: {phase}{share}"
        if line != self._said:
            self._said = line
            print(line, file=sys.stderr, flush=True)


def _report(name: str, found: Opinion) -> None:
    from smartfolio_app.services.second_opinion import sentences

    words = sentences.PlainWords()
    print(f"{name}: {sentences.verdict(found, words)}")
    first = sentences.difference(found, words)
    if first:
        print(f"  {first}")
        if found.first is not None:
            print(f"  transaction {found.first.disposal_id or '?'}, lot {found.first.lot_id or '?'}")
    for line in sentences.compared(found, words):
        print(f"  {line}")
    for line in sentences.left_out(found, words):
        print(f"  - {line}")
    print(f"  {found.seconds:.1f} s")
