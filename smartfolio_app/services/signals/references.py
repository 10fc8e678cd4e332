"""Of what signals are kept, the same for everybody: nobody's holdings can be read from what the server asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from smartfolio_app.providers import binance, yahoo

#: Names of the signals in the database; ``storage.tables.MarketSignal`` says what each is.
CLOSE = "close"
FEAR_GREED = "fear_greed"
FUNDING = "funding"
FUNDING_NOW = "funding_now"
DOMINANCE = "btc_dominance"

#: The subject of what is about the market as a whole.
MARKET = "market"
BITCOIN = "BTC"
ETHER = "ETH"
INDEX = "S&P 500"


@dataclass(frozen=True, slots=True)
class Reference:
    """Something whose daily closes are kept: where from, under which symbol, in which currency, and since when."""

    subject: str
    provider: str
    symbol: str
    currency: str
    first: date

    @property
    def is_coin(self) -> bool:
        """Tell a coin, which trades every day, from an index."""
        return self.provider == binance.ID


#: The day on which Binance's first candles are.
_FIRST_CANDLE = date(2017, 8, 17)
#: Coins that were among the largest for years. A list made today knows which coins lived on: see docs/signals.md.
COINS = ("BTC", "ETH", "BNB", "XRP", "SOL", "ADA", "DOGE", "AVAX", "LINK", "LTC", "TRX", "DOT")
REFERENCES: tuple[Reference, ...] = (
    *(Reference(one, binance.ID, f"{one}USDT", "USDT", _FIRST_CANDLE) for one in COINS),
    Reference(INDEX, yahoo.ID, "^GSPC", "USD", date(2000, 1, 3)),
)
#: Perpetual contracts whose funding rates are kept, and the day of the first one.
CONTRACTS: tuple[str, ...] = tuple(f"{one}USDT" for one in COINS)
FIRST_FUNDING = date(2019, 9, 8)


def contract_of(symbol: str) -> str:
    """Return the contract of a coin, empty when none is kept."""
    name = f"{symbol}USDT"
    return name if name in CONTRACTS else ""


def reference(subject: str) -> Reference | None:
    """Return the reference of a name."""
    return next((one for one in REFERENCES if one.subject == subject), None)
