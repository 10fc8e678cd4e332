"""The Crypto Fear & Greed Index of alternative.me: one number from 0 (extreme fear) to 100 a day.

Whoever shows it has to name its source; ``ATTRIBUTION`` and ``LINK`` are for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.http import Gateway, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_object, moment

ID = "fear_greed"
ATTRIBUTION = "Crypto Fear & Greed Index, alternative.me"
LINK = "https://alternative.me/crypto/fear-and-greed-index/"

BUDGET = Budget(calls=10, seconds=60.0)
TTL_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Mood:
    """The index of a day: ``value`` from 0 to 100, and the provider's word for it."""

    at: datetime
    value: Decimal
    word: str


class FearGreed:
    """Reads the index through the gateway."""

    def __init__(self, gateway: Gateway, base_url: str) -> None:
        self.client: ProviderClient = gateway.provider(ID, base_url, budget=BUDGET)

    def days(self, count: int = 0, patience: float = 0.0) -> Answer[list[Mood]]:
        """Return the index of the last ``count`` days (0: of all), oldest first. Raises ``ProviderError``."""
        return self.client.get(
            "fng/", {"limit": count, "format": "json"}, read=_read, ttl=TTL_SECONDS, patience=patience
        )


def _read(body: bytes) -> list[Mood]:
    document = json_object(body)
    if (document.get("metadata") or {}).get("error"):
        raise ValueError("the index reports an error")
    found = []
    for row in document["data"]:
        value = int(str(row["value"]))
        if not 0 <= value <= 100:
            raise ValueError("not an index from 0 to 100")
        word = str(row.get("value_classification", ""))[:40]
        found.append(Mood(moment(int(str(row["timestamp"]))), Decimal(value), word))
    if not found:
        raise ValueError("no index in the answer")
    return sorted(found, key=lambda one: one.at)
