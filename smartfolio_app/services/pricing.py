"""Prices: asking for them, taking the user's word, and the book that everything is valued with.

Whose word counts: the newest observation, whoever made it (a market provider, a file); on a day for which the user set
a price by hand, theirs alone; the price of one's own trades only where nobody else quotes the asset, or has not for
days. Every price keeps its provider and its time, and ``UnitPrice.path`` shows them.

A page never waits for a provider: it reads what is stored, and the scheduler asks for more behind its back. What cannot
be had stays as it was and grows old visibly. Nothing is ever assumed.

This module is the door; what is behind it lives in ``price_refresh`` (asking), ``price_needs`` (what to ask for, and
which coin a ticker means), ``manual_prices`` and ``price_books``.
"""

from smartfolio_app.services.manual_prices import manual_prices, remove_manual_price, set_manual_price
from smartfolio_app.services.market_data import ProviderStatus, provider_statuses, recent_calls
from smartfolio_app.services.price_books import price_book, revision
from smartfolio_app.services.price_needs import NO_COIN, Unresolved, choose_coin, unresolved, word_on
from smartfolio_app.services.price_refresh import RefreshReport, backfill, refresh, tidy

__all__ = [
    "NO_COIN",
    "ProviderStatus",
    "RefreshReport",
    "Unresolved",
    "backfill",
    "choose_coin",
    "manual_prices",
    "price_book",
    "provider_statuses",
    "recent_calls",
    "refresh",
    "remove_manual_price",
    "revision",
    "set_manual_price",
    "tidy",
    "unresolved",
    "word_on",
]
