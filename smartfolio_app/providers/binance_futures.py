"""Binance USD-M futures: what the holders of perpetual contracts pay each other. A signal of the mood, no price.

A positive rate is paid by those who bet on rising prices. It is settled every eight hours as a rule (every four or one
for some contracts), so a rate is one of its interval, not of a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.ledger.money import exact
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.http import Gateway, Params, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_array, json_object, moment

ID = "binance_futures"

#: The history of funding shares 500 calls in five minutes and address; this stays far below.
BUDGET = Budget(calls=100, seconds=300.0)
RATES_PER_CALL = 1000
TTL_SECONDS = 240.0
#: No contract's interval rate has come near this; beyond is a broken answer.
_LARGEST_RATE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding rate: as a fraction of the position, for the interval that was settled (or is to be) at ``at``."""

    symbol: str
    rate: Decimal
    at: datetime


class BinanceFutures:
    """Reads funding rates through the gateway."""

    def __init__(self, gateway: Gateway, base_url: str) -> None:
        self.client: ProviderClient = gateway.provider(ID, base_url, budget=BUDGET)

    def present(self, symbol: str, patience: float = 0.0) -> Answer[Funding | None]:
        """Return the rate as it stands now (``at``: when Binance said so), ``None`` for a contract that has none.

        Raises ``ProviderError``.
        """
        return self.client.get(
            "fapi/v1/premiumIndex", {"symbol": symbol}, read=_read_present, ttl=TTL_SECONDS, patience=patience
        )

    def settled(self, symbol: str, since: datetime, patience: float = 0.0) -> Answer[list[Funding]]:
        """Return the settled rates after ``since``, oldest first, at most a thousand. Raises ``ProviderError``."""
        params: Params = {
            "symbol": symbol,
            "startTime": int(since.timestamp() * 1000) + 1,
            "limit": RATES_PER_CALL,
        }
        return self.client.get(
            "fapi/v1/fundingRate", params, read=_read_settled, ttl=TTL_SECONDS, patience=patience
        )


def _read_present(body: bytes) -> Funding | None:
    row = json_object(body)
    if not str(row["lastFundingRate"]).strip():  # a dated contract
        return None
    return _funding(row, "lastFundingRate", "time")


def _read_settled(body: bytes) -> list[Funding]:
    rows = [_funding(row, "fundingRate", "fundingTime") for row in json_array(body)]
    return sorted(rows, key=lambda one: one.at)


def _funding(row: dict[str, Any], rate: str, at: str) -> Funding:
    value = exact(str(row[rate]).strip())
    if abs(value) > _LARGEST_RATE:
        raise ValueError(f"not a funding rate: {str(value)[:20]}")
    return Funding(str(row["symbol"]), value, moment(int(row[at]) / 1000))
