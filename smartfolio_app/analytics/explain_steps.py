"""The lines that explanations are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from decimal import Decimal

    from smartfolio_app.analytics.results import Holding, Position, Rate
    from smartfolio_app.ledger.assets import AssetId

#: How many lines of one kind are listed before the rest is summed up in one.
LISTED = 12

#: Providers by the name a reader knows; any other is shown as it calls itself.
_PROVIDERS = {
    "coingecko": "CoinGecko",
    "ecb": "explain.provider.ecb",
    "file": "explain.provider.file",
    "manual": "explain.provider.manual",
    "trade": "explain.provider.trade",
    "demo": "explain.provider.demo",
}


def line(label: str, amount: Decimal | None, measure: Measure, unit: str = "", **more: object) -> Step:
    """Return a line with an amount."""
    step = Step(label, "" if amount is None else plain(amount), amount=amount, measure=measure, unit=unit)
    return replaced(step, more) if more else step


def money(label: str, amount: Decimal | None, currency: str, **more: object) -> Step:
    """Return a line with an amount of money."""
    return line(label, amount, Measure.MONEY, currency, **more)


def explained(  # noqa: PLR0917 - what an explanation is made of
    titled: str,
    name: str,
    amount: Decimal | None,
    measure: Measure,
    steps: tuple[Step, ...],
    params: Mapping[str, str] | None = None,
    *,
    unit: str = "",
    notes: tuple[str, ...] = (),
) -> Explanation:
    """Return the explanation of a figure called ``name``; ``titled`` is the message key of its title and its formula,
    with ``{what}`` (``title``, ``formula``) and ``{name}`` in it.
    """
    return Explanation(
        figure="",
        title=titled.format(what="title", name=name),
        formula=titled.format(what="formula", name=name),
        result="" if amount is None else plain(amount),
        steps=steps,
        notes=notes,
        params=dict(params or {}),
        amount=amount,
        measure=measure,
        unit=unit,
    )


def replaced(step: Step, fields: Mapping[str, object]) -> Step:
    """Return the step with other fields."""
    from dataclasses import replace

    return replace(step, **fields)  # type: ignore[arg-type]


def transactions_of(asset: AssetId) -> str:
    """Return the address of an asset's transactions."""
    return f"/transactions?asset={asset}"


def transactions_on(day: date) -> str:
    """Return the address of a day's transactions."""
    return f"/transactions?first={day.isoformat()}&last={day.isoformat()}"


def holding_line(holding: Holding, currency: str) -> Step:
    """Return a holding as one line: its worth, and the age of its price."""
    source = holding.reason
    if holding.price is not None and holding.price.path:
        source = provider_name(holding.price.path[0].provider)
    return money(
        holding.asset.name or holding.asset.symbol,
        holding.value,
        currency,
        source=source,
        at=None if holding.price is None else holding.price.at,
        link=transactions_of(holding.asset.id),
    )


def holding_lines(holdings: Iterable[Holding], currency: str) -> tuple[Step, ...]:
    """Return the largest holdings line by line, and what is left in one."""
    ordered = list(holdings)
    shown, rest = ordered[:LISTED], ordered[LISTED:]
    lines = [holding_line(holding, currency) for holding in shown]
    values = [holding.value for holding in rest if holding.value is not None]
    if rest:
        total = sum(values[1:], values[0]) if values else None
        lines.append(money("explain.rest", total, currency, params={"count": str(len(rest))}))
    return tuple(lines)


def position_line(position: Position, labels: Mapping[str, str]) -> Step:
    """Return how much lies in one place, and how that is known."""
    place = labels.get(position.source_key, position.source_key)
    return line(
        f"{place} · {position.account}" if position.account else place,
        position.quantity,
        Measure.QUANTITY,
        position.asset.symbol,
        source=f"explain.origin.{position.origin}",
        at=position.as_of,
        link=transactions_of(position.asset.id) if position.origin == "ledger" else "",
    )


def rate_line(rate: Rate) -> Step:
    """Return one observed price or exchange rate."""
    base = symbol_of(rate.base) or rate.base
    return line(
        "explain.rate",
        rate.value,
        Measure.PRICE,
        rate.quote,
        source=provider_name(rate.provider),
        at=rate.at,
        params={"base": base, "quote": rate.quote},
    )


def provider_name(provider: str) -> str:
    """Return a provider's name, as a message key or plain text."""
    return _PROVIDERS.get(provider, provider)
