"""The shape of an explanation of a signal."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial

from smartfolio_app.analytics import explain_steps
from smartfolio_app.analytics.clock import day_of

#: Providers as people read them: a name, or a message key.
_SOURCES = {
    "binance": "Binance",
    "binance_futures": "Binance Futures",
    "fear_greed": "alternative.me",
    "yahoo": "Yahoo",
    "coingecko": "CoinGecko",
    "own": "explain.provider.file",
}

#: An explanation of a signal: name, amount, measure, steps and params.
explained = partial(explain_steps.explained, "explain.signals.{what}.{name}")


def source_name(provider: str) -> str:
    """Return a provider's name, or the message key of it."""
    return _SOURCES.get(provider, provider)


def end_of(day: int | None) -> datetime | None:
    """Return the last second of a day (number), which is when its close was known."""
    return None if day is None else datetime.combine(day_of(day), time(23, 59, 59), UTC)
