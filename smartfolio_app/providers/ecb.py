"""The euro reference rates of the European Central Bank: 1 EUR = ``rate`` currency, once a working day.

The base address is the folder of the ``eurofxref`` files (the default), or the data portal (``.../service/data``); a
bare host is tried as one and as the other. There is no fixing on weekends and TARGET holidays: whoever values such a
day carries the last one forward, with its date.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from smartfolio_app.providers.addresses import Addresses
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.http import Gateway, ProviderClient
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import price_text, xml_elements

ID = "ecb"
BUDGET = Budget(calls=20, seconds=60.0)

#: Fixings appear about 16:00 CET; asking again within the hour brings nothing (and costs one conditional request).
TTL_SECONDS = 3600.0

#: The 90-day file is sure to reach back this many days.
RECENT_DAYS = 85

Fixings = list["Fixing"]


@dataclass(frozen=True, slots=True)
class Fixing:
    """1 EUR = ``rate`` ``currency`` on ``day``."""

    currency: str
    day: date
    rate: Decimal


class Ecb:
    """Reads the reference rates through the gateway."""

    def __init__(self, gateway: Gateway, base_url: str) -> None:
        self._addresses = Addresses(
            [gateway.provider(ID, url, budget=BUDGET) for url in _addresses(base_url)]
        )

    @property
    def client(self) -> ProviderClient:
        """The client of the address that works (or is tried first)."""
        return self._addresses.client

    def latest(self) -> Answer[Fixings]:
        """Return the fixings of the last working day. Raises ``ProviderError``."""
        return self._get("eurofxref-daily.xml", "lastNObservations=1")

    def since(self, first: date, today: date) -> Answer[Fixings]:
        """Return the fixings from ``first`` on, by the smallest file that holds them. Raises ``ProviderError``."""
        name = "eurofxref-hist-90d.xml" if (today - first).days <= RECENT_DAYS else "eurofxref-hist.xml"
        answer = self._get(name, f"startPeriod={first.isoformat()}")
        wanted = [fixing for fixing in answer.value if fixing.day >= first]
        return Answer(value=wanted, at=answer.at, cached=answer.cached)

    def _get(self, file: str, query: str) -> Answer[Fixings]:
        return self._addresses.ask(partial(self._ask, file=file, query=query))

    def _ask(self, client: ProviderClient, file: str, query: str) -> Answer[Fixings]:
        if client.is_below("/service/data"):
            name, _, value = query.partition("=")
            return client.get(
                "EXR/D..EUR.SP00.A", {"format": "csvdata", name: value}, read=read_fixings, ttl=TTL_SECONDS
            )
        return client.get(file, read=read_fixings, ttl=TTL_SECONDS)


def _addresses(base_url: str) -> list[str]:
    scheme, _, rest = base_url.rstrip("/").partition("://")
    if "/" in rest:
        return [base_url]
    return [f"{scheme}://{rest}{path}" for path in ("/stats/eurofxref", "", "/service/data")]


def read_fixings(body: bytes) -> Fixings:
    """Return the fixings in an ``eurofxref`` XML file or a data portal CSV, told apart by content.

    A rate that is absent (``N/A``, empty: a suspended currency) is left out; one that is nonsense makes the whole
    answer unusable, since its neighbours then cannot be trusted either. Raises ``ValueError``.
    """
    text = body.lstrip(b"\xef\xbb\xbf \r\n\t")
    fixings = list(_from_xml(body) if text.startswith(b"<") else _from_csv(body.decode("utf-8-sig")))
    if not fixings:
        raise ValueError("no rates in the answer")
    return fixings


def _from_xml(body: bytes) -> Iterator[Fixing]:
    pending: list[tuple[str, Decimal]] = []
    for element in xml_elements(body):
        if not element.tag.endswith("}Cube"):
            continue
        currency, rate, day = element.get("currency"), element.get("rate"), element.get("time")
        if currency is not None and rate is not None:
            if not _absent(rate):
                pending.append((_currency(currency), price_text(rate)))
        elif day is not None:  # the day's element ends after those of its rates
            when = date.fromisoformat(day)
            yield from (Fixing(code, when, value) for code, value in pending)
            pending.clear()
            element.clear()


def _from_csv(text: str) -> Iterator[Fixing]:
    rows = csv.DictReader(io.StringIO(text))
    if not {"CURRENCY", "TIME_PERIOD", "OBS_VALUE"} <= set(rows.fieldnames or ()):
        raise ValueError("not a table of exchange rates")
    for row in rows:
        if not _absent(row["OBS_VALUE"]):
            yield Fixing(
                _currency(row["CURRENCY"]),
                date.fromisoformat(row["TIME_PERIOD"]),
                price_text(row["OBS_VALUE"]),
            )


def _absent(value: str | None) -> bool:
    return value is None or value.strip() in ("", "N/A", "NaN", "-")


def _currency(code: str) -> str:
    cleaned = code.strip().upper()
    if len(cleaned) != 3 or not cleaned.isascii() or not cleaned.isalpha():
        raise ValueError(f"not a currency: {code[:10]!r}")
    return cleaned


def last_fixing_day(day: date) -> date:
    """Return the newest day up to ``day`` that can have a fixing (weekends never do; holidays are not known here)."""
    return day - timedelta(days=max(day.weekday() - 4, 0))
