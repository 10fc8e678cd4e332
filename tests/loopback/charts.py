"""What the stand-in says in Yahoo's voice: charts with gaps, splits, dividends and pence, and a search."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from tests.loopback.replies import Reply, as_json

if TYPE_CHECKING:
    from tests.loopback.server import World


@dataclass
class Paper:
    """Something traded: ``price`` is today's, in ``units`` (``GBp``: pence). ``splits`` are days back and ratio."""

    symbol: str
    name: str
    units: str
    price: float
    isin: str = ""
    exchange: str = "XETRA"
    kind: str = "EQUITY"
    opens: time = time(8)
    hours: float = 8.5
    splits: list[tuple[int, int, int]] = field(default_factory=list)
    dividends: list[tuple[int, float]] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)


PAPERS = [
    Paper("AAPL", "Apple Inc.", "USD", 231.5, "US0378331005", "NASDAQ", opens=time(14, 30), hours=6.5),
    Paper("APC.DE", "Apple Inc.", "EUR", 207.2, "US0378331005"),
    Paper("APC.F", "Apple Inc.", "EUR", 207.0, "US0378331005", "Frankfurt"),
    Paper("VOD.L", "Vodafone Group plc", "GBp", 71.5, "GB00BH4HKS39", "LSE", dividends=[(30, 4.5)]),
    Paper("SXR8.DE", "iShares Core S&P 500", "EUR", 601.25, "IE00B5BMR087", kind="ETF", gaps={3, 10}),
    Paper("SPLT", "Split Corp", "USD", 50.0, "US0000000SP1", "NYSE", splits=[(40, 10, 1)]),
    Paper("DTE", "DTE Energy Company", "USD", 121.0, "US2333311072", "NYSE"),
    Paper("DTE.DE", "Deutsche Telekom AG", "EUR", 28.4, "DE0005557508"),
    Paper("DTE.F", "Deutsche Telekom AG", "EUR", 28.5, "DE0005557508", "Frankfurt"),
    Paper("MONO", "Monopoly Ltd", "USD", 10.0, "US00000MONO1", "NYSE"),
    Paper("EURRUB=X", "EUR/RUB", "RUB", 92.1, exchange="CCY", kind="CURRENCY", opens=time(0), hours=23.5),
    Paper("EURUSD=X", "EUR/USD", "USD", 1.1172, exchange="CCY", kind="CURRENCY", opens=time(0), hours=23.5),
    Paper("EURGBP=X", "EUR/GBP", "GBP", 0.8338, exchange="CCY", kind="CURRENCY", opens=time(0), hours=23.5),
]


class YahooApi:
    """``/v8/finance/chart`` and ``/v1/finance/search``, as they are known to answer."""

    def __init__(self, world: World) -> None:
        self.world = world

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        if "mozilla" not in headers.get("user-agent", "").lower():
            return 429, "text/html", b"Too Many Requests\r\n", {}
        if path == "/v1/finance/search":
            return self._search(query["q"])
        symbol = path.rpartition("/")[2]
        paper = next((one for one in self.world.papers if one.symbol == symbol), None)
        if paper is None:
            wrong = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return as_json(404, {"chart": {"result": None, "error": wrong}})
        return self._chart(paper, query)

    def _search(self, text: str) -> Reply:
        wanted = text.upper()
        found = [
            {
                "symbol": one.symbol,
                "shortname": one.name,
                "longname": one.name,
                "exchange": one.exchange[:3].upper(),
                "exchDisp": one.exchange,
                "quoteType": one.kind,
            }
            for one in self.world.papers
            if wanted in (one.isin, one.symbol) or one.symbol.partition(".")[0] == wanted
        ]
        return as_json(200, {"count": len(found), "quotes": found, "news": []})

    def value(self, paper: Paper, day: date) -> float:
        """What was paid that day in the paper's units, before any adjustment."""
        back = (self.world.today - day).days
        raw = paper.price * (1 + 0.1 * math.sin(back / 15)) / (1 + back / 3000)
        for ago, new, old in paper.splits:
            if back > ago:
                raw *= new / old
        return raw

    def present(self, symbol: str) -> float:
        """What the newest trade paid, in the paper's units."""
        paper = next(one for one in self.world.papers if one.symbol == symbol)
        now, day = datetime.now(UTC), self.world.today
        while day.weekday() >= 5 or datetime.combine(day, paper.opens, UTC) > now:
            day -= timedelta(days=1)
        return self.value(paper, day)

    def _chart(self, paper: Paper, query: dict[str, str]) -> Reply:
        now = datetime.now(UTC)
        first = datetime.fromtimestamp(int(query["period1"]), UTC).date()
        length = timedelta(hours=paper.hours)
        stamps, closes = [], []
        day = first
        last_trade, last_value = None, paper.price
        while day <= self.world.today:
            opened = datetime.combine(day, paper.opens, UTC)
            back = (self.world.today - day).days
            if day.weekday() < 5 and opened <= now:
                running = now < opened + length
                stamps.append(int((now if running else opened).timestamp()))
                later = math.prod(new / old for ago, new, old in paper.splits if back > ago)
                factor = self.world.slips.get(("yahoo", paper.symbol, day), 1.0)
                value = self.value(paper, day) / later * factor
                closes.append(None if back in paper.gaps else round(value, 6))
                last_trade = now if running else opened + length
                last_value = value
            day += timedelta(days=1)
        session = datetime.combine(self.world.today, paper.opens, UTC)
        splits = {
            str(ago): {"date": self._stamp(ago), "numerator": new, "denominator": old}
            for ago, new, old in paper.splits
        }
        dividends = {
            str(ago): {"date": self._stamp(ago), "amount": amount} for ago, amount in paper.dividends
        }
        meta = {
            "currency": paper.units,
            "symbol": paper.symbol,
            "exchangeName": paper.exchange[:3].upper(),
            "fullExchangeName": paper.exchange,
            "instrumentType": paper.kind,
            "gmtoffset": 0,
            "exchangeTimezoneName": "UTC",
            "regularMarketTime": int((last_trade or now).timestamp()),
            "regularMarketPrice": round(last_value, 6),
            "priceHint": 4 if paper.kind == "CURRENCY" else 2,
            "currentTradingPeriod": {
                "regular": {
                    "start": int(session.timestamp()),
                    "end": int((session + length).timestamp()),
                    "gmtoffset": 0,
                }
            },
            "dataGranularity": "1d",
        }
        events = {"splits": splits, "dividends": dividends}
        result = {
            "meta": meta,
            "timestamp": stamps,
            "events": {name: rows for name, rows in events.items() if rows},
            "indicators": {"quote": [{"close": closes}], "adjclose": [{"adjclose": closes}]},
        }
        return as_json(200, {"chart": {"result": [result], "error": None}})

    def _stamp(self, ago: int) -> int:
        day = self.world.today - timedelta(days=ago)
        return int(datetime.combine(day, time(8), UTC).timestamp())
