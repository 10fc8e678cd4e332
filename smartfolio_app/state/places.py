"""Every page one can go to, once: the rail, the dock on a phone and the command palette read this list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A page: its address, the message key of its name, its icon.

    The rail keeps the pages of a ``section`` together. ``phone``: it stands in the dock itself (under the key
    ``nav.short_…``), not behind its last button. ``admin``: only administrators see it.
    """

    address: str
    key: str
    icon: str
    section: str
    phone: bool = False
    admin: bool = False


PLACES = (
    Place("/", "nav.dashboard", "chart-no-axes-combined", "see", phone=True),
    Place("/holdings", "nav.holdings", "layers", "see", phone=True),
    Place("/performance", "nav.performance", "trending-up", "see"),
    Place("/gains", "nav.gains", "receipt-text", "see"),
    Place("/risk", "nav.risk", "shield-half", "see"),
    Place("/signals", "nav.signals", "radar", "see"),
    Place("/rebalancing", "nav.rebalancing", "scale", "see"),
    Place("/brief", "brief.title", "coffee", "see"),
    Place("/alerts", "alerts.title", "bell", "see"),
    Place("/transactions", "nav.transactions", "arrow-left-right", "keep", phone=True),
    Place("/transfers", "transfers.title", "arrow-right-left", "keep"),
    Place("/sources", "nav.sources", "plug", "keep", phone=True),
    Place("/items", "nav.items", "house", "keep"),
    Place("/trust", "nav.trust", "shield-check", "house", admin=True),
    Place("/settings", "nav.settings", "settings-2", "house"),
)
