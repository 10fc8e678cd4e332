"""Live sources kept up to date: connected, tested, synced in the background, taken back, reconciled."""

from smartfolio_app.services.sync.connecting import (
    Connected,
    DangerousKeyError,
    check,
    connect,
    connect_new,
    disconnect,
)
from smartfolio_app.services.sync.engine import cancel, start, stop, tick, wait
from smartfolio_app.services.sync.reconciling import assets_of, books_of, close_gap
from smartfolio_app.services.sync.reconciling import report as reconciliation
from smartfolio_app.services.sync.reports import (
    MOST_OFTEN,
    MOST_SELDOM,
    SCHEDULES,
    Connection,
    Glance,
    SyncView,
    connection,
    connections,
    glances,
    history,
    one_of,
    set_schedule,
    under_way,
)
from smartfolio_app.services.sync.taking_back import undo

__all__ = [
    "MOST_OFTEN",
    "MOST_SELDOM",
    "SCHEDULES",
    "Connected",
    "Connection",
    "DangerousKeyError",
    "Glance",
    "SyncView",
    "assets_of",
    "books_of",
    "cancel",
    "check",
    "close_gap",
    "connect",
    "connect_new",
    "connection",
    "connections",
    "disconnect",
    "glances",
    "history",
    "one_of",
    "reconciliation",
    "set_schedule",
    "start",
    "stop",
    "tick",
    "under_way",
    "undo",
    "wait",
]
