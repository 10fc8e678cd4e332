"""Trades that an exchange tells for one market at a time: which markets to ask for, and one after the other.

No exchange says in which of its thousands of markets an account has traded. The likely ones are asked first: those
between coins that the account holds, moved or traded, and those its user names. Where a question is cheap, all others
follow once in a while, so that a coin that was bought and sold out of again is found too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from smartfolio_app.providers.exchanges.desk import Desk, State, Step, Stream, ms

#: How long a look at every market holds.
THOROUGH_FOR = timedelta(days=30)
#: What is traded against nearly everything: likely on the other side though nothing of it may be left.
COMMON_QUOTES = frozenset({"USDT", "USDC", "BUSD", "FDUSD", "BTC", "ETH", "EUR", "USD", "BNB", "KCS"})


@dataclass(frozen=True, slots=True)
class Market:
    """One market: how the exchange calls it, and its two coins."""

    id: str
    base: str
    quote: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one question about one market brought: the market's own state, and whether it has more now."""

    state: State
    more: bool


Read = Callable[[Desk, Market, State], Awaitable[Part]]
List = Callable[[Desk], Awaitable[Iterable[Market]]]


def likely(desk: Desk, markets: Iterable[Market]) -> list[Market]:
    """Return the markets in which this account may have traded."""
    coins = set(desk.memory.get("coins", ()))
    named = {_plain(name) for name in (*desk.markets, *desk.memory.get("markets", ()))}
    return [
        market
        for market in markets
        if (market.base in coins and market.quote in coins | COMMON_QUOTES) or _plain(market.id) in named
    ]


def by_market(name: str, every: List, read: Read, *, thorough: bool) -> Stream:
    """Return a stream that reads market after market; ``thorough``: in the end every single one, once in a while."""

    async def step(desk: Desk, state: State) -> Step:
        if "left" not in state:
            state = await _begun(desk, state)
        left: list[list[str]] = state["left"]
        if not left:
            return Step(
                {key: value for key, value in state.items() if key in {"read", "thorough"}}, more=False
            )
        market = Market(*left[0])
        part = await read(desk, market, state["read"].get(market.id, {}))
        reading = {**state["read"], market.id: part.state} if part.state else state["read"]
        left = left if part.more else left[1:]
        return Step(
            {**state, "read": reading, "left": left},
            more=True,
            progress=(state["count"] - len(left), state["count"]),
        )

    async def _begun(desk: Desk, state: State) -> State:
        known = list(await every(desk))
        first = likely(desk, known)
        looked = int(state.get("thorough", 0))
        now = ms(desk.until)
        if thorough and now - looked > THOROUGH_FOR.total_seconds() * 1000:
            chosen = {market.id for market in first}
            first += [market for market in known if market.id not in chosen]
            looked = now
        return {
            "read": state.get("read", {}),
            "thorough": looked,
            "left": [[market.id, market.base, market.quote] for market in first],
            "count": len(first),
        }

    return Stream(name, step)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())


def coins_of(record: dict[str, Any], *names: str) -> tuple[str, ...]:
    """Return the coins a record names in these fields."""
    return tuple(str(record[name]).upper() for name in names if record.get(name))
