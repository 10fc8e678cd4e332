"""Live sources kept up to date: connected, tested, synced in the background, taken back, reconciled."""

from smartfolio_app.services.sync.connecting import Connected, check, connect, disconnect
from smartfolio_app.services.sync.engine import cancel, start, stop, tick, wait
from smartfolio_app.services.sync.reconciling import assets_of, close_gap
from smartfolio_app.services.sync.reconciling import report as reconciliation
from smartfolio_app.services.sync.reports import (
    Connection,
    SyncView,
    connection,
    connections,
    history,
    set_schedule,
)
from smartfolio_app.services.sync.taking_back import undo

__all__ = [
    "Connected",
    "Connection",
    "SyncView",
    "assets_of",
    "cancel",
    "check",
    "close_gap",
    "connect",
    "connection",
    "connections",
    "disconnect",
    "history",
    "reconciliation",
    "set_schedule",
    "start",
    "stop",
    "tick",
    "undo",
    "wait",
]
