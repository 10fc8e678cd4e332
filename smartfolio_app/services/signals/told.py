"""The shape of an explanation of a signal."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

from smartfolio_app.analytics.clock import day_of
from smartfolio_app.analytics.results import Explanation, Measure, Step

#: Providers as people read them: a name, or a message key.
_SOURCES = {
    "binance": "Binance",
    "binance_futures": "Binance Futures",
    "fear_greed": "alternative.me",
    "yahoo": "Yahoo",
    "coingecko": "CoinGecko",
    "own": "explain.provider.file",
}


def source_name(provider: str) -> str:
    """Return a provider's name, or the message key of it."""
    return _SOURCES.get(provider, provider)


def explained(
    name: str,
    amount: Decimal | None,
    measure: Measure,
    steps: tuple[Step, ...],
    params: dict[str, str] | None = None,
) -> Explanation:
    """Return an explanation; ``name`` is that of its title and its formula."""
    return Explanation(
        figure="",
        title=f"explain.signals.title.{name}",
        formula=f"explain.signals.formula.{name}",
        result="" if amount is None else str(amount),
        steps=steps,
        params=params or {},
        amount=amount,
        measure=measure,
    )


def end_of(day: int | None) -> datetime | None:
    """Return the last second of a day (number), which is when its close was known."""
    return None if day is None else datetime.combine(day_of(day), time(23, 59, 59), UTC)
