"""Work for the worker process: it finds these functions by their names."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User
from smartfolio_app.storage.vault import VaultLockedError


def double(number, progress):
    progress("counting", number, 2 * number)
    return 2 * number


def process_id(progress):
    return os.getpid()


def user_names(progress):
    with session_scope() as db:
        return list(db.execute(select(col(User.name))).scalars())


def refuse(progress):
    raise InvalidInputError("import.not_a_table", row=3)


def refuse_with_an_odd_constructor(progress):
    raise VaultLockedError("kraken", "api_key")


def stumble(progress):
    return 1 / 0


def die(progress):
    os._exit(1)


def take_long(progress):
    progress("sleeping", 0, 1)
    time.sleep(60)


def finish(path, progress):
    """Work that tells when it is past the point of no return, and then takes its time."""
    progress("finishing", 1, 1)
    Path(path).write_text("started to last")
    time.sleep(1)
    return "lasting"


def nap(progress):
    progress("napping", 0, 1)
    time.sleep(0.5)
    return "rested"
