"""The exchanges that can be connected: a list made from ccxt and kept in ``catalogue.json``.

Reading the list imports nothing of ccxt, which costs half a second and fifty megabytes. A test compares the list with
the installed ccxt; ``python -m smartfolio_app.providers.exchanges.catalogue`` writes it anew after an update.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from smartfolio_app.providers.limits import Budget

FILE = Path(__file__).with_name("catalogue.json")

#: Which of an exchange's addresses is the one its private questions go to, most telling first.
_ADDRESSES = ("private", "v1Private", "spotPrivate", "rest", "spot", "v1", "v2", "public", "web", "api")
#: What ccxt calls "no limit" is a very long time; windows longer than this are none.
_LONGEST_WINDOW_DAYS = 1_000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange. ``credentials`` are ccxt's names of what it needs, in the order in which they are asked for.

    ``base_url`` is its usual address, ``pause_ms`` the time between two calls. ``page`` is how many trades come at
    once (0: not known), ``window_days`` the longest span one question for trades may cover (0: any), ``days_back`` how
    far into the past it answers (0: to the beginning), ``by_market`` whether trades are told
    for one market at a time only.
    """

    id: str
    name: str
    credentials: tuple[str, ...]
    base_url: str
    pause_ms: float
    deposits: bool
    withdrawals: bool
    transfers: bool
    page: int
    window_days: int
    days_back: int
    by_market: bool

    @property
    def budget(self) -> Budget:
        """What the exchange allows, by the pace ccxt keeps: over ten seconds, or over a minute when it is slow."""
        seconds = 10.0 if self.pause_ms <= 2_000 else 60.0
        return Budget(max(int(seconds * 1_000 / max(self.pause_ms, 20.0)), 1), seconds)


@cache
def exchanges() -> Mapping[str, Exchange]:
    """Return every exchange by ccxt's id, by name."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    found = [Exchange(**{**row, "credentials": tuple(row["credentials"])}) for row in rows]
    return MappingProxyType({one.id: one for one in sorted(found, key=lambda one: one.name.casefold())})


def from_ccxt() -> list[Exchange]:
    """Return what the installed ccxt says: every exchange that it marks with balances and trades."""
    from smartfolio_app.providers.exchanges.loading import exchange_class, exchange_ids

    found = []
    for name in exchange_ids():
        one = exchange_class(name)()
        if one.has.get("fetchBalance") and one.has.get("fetchMyTrades") and not one.alias:
            found.append(_entry(one))
    return found


def _entry(one: Any) -> Exchange:
    features = (one.features or {}).get("spot") or {}
    trades = features.get("fetchMyTrades") or {}
    return Exchange(
        id=one.id,
        name=one.name,
        credentials=tuple(name for name, needed in one.requiredCredentials.items() if needed),
        base_url=_address(one),
        pause_ms=round(float(one.rateLimit), 3),
        deposits=bool(one.has.get("fetchDeposits")),
        withdrawals=bool(one.has.get("fetchWithdrawals")),
        transfers=one.has.get("fetchDepositsWithdrawals") is True,
        page=int(trades.get("limit") or 0),
        window_days=_days(trades.get("untilDays")),
        days_back=_days(trades.get("daysBack")),
        by_market=bool(trades.get("symbolRequired")),
    )


def _days(told: float | None) -> int:
    return int(told) if told and told < _LONGEST_WINDOW_DAYS else 0


def _address(one: Any) -> str:
    addresses = dict(flat_addresses(one.urls["api"]))
    named = [addresses[name] for name in _ADDRESSES if name in addresses]
    url = (named or [*addresses.values(), ""])[0].replace("{hostname}", one.hostname or "")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def flat_addresses(urls: Any, name: str = "") -> list[tuple[str, str]]:
    """Return ccxt's addresses, nested by kind of account, as pairs of name and address."""
    if isinstance(urls, str):
        return [(name, urls)]
    return [pair for key, value in (urls or {}).items() for pair in flat_addresses(value, key)]


def main() -> None:
    """Write the list anew."""
    rows = [asdict(one) for one in sorted(from_ccxt(), key=lambda one: one.id)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
