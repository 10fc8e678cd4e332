"""The gains report as a file: CSV, one line a lot match, or a workbook with totals and what is not known besides."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from smartfolio_app.ledger.gains import GainRow, GainTotal
from smartfolio_app.services.gains import Gains
from smartfolio_app.services.holdings_csv import number, text

HEADINGS = (
    *("asset", "symbol", "name", "kind", "quantity", "acquired", "disposed", "realised", "holding_days"),
    *("term", "proceeds", "cost", "fees", "gain", "currency", "known", "method", "source", "account"),
    *("disposal_id", "acquisition_id"),
)
_TOTALS = (
    *("proceeds", "cost", "fees", "gain", "long_term", "short_term", "income"),
    *("count", "unknown", "unknown_proceeds", "unknown_income"),
)
_TERM = {True: "long", False: "short", None: ""}


def as_csv(gains: Gains, time_zone: str) -> str:
    """Return one line a lot match; texts are neutralised, numbers are plain, what is not known is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for row in _rows(gains, time_zone):
        writer.writerow([number(one) if isinstance(one, Decimal) else _cell(one) for one in row])
    return out.getvalue()


def as_xlsx(gains: Gains, time_zone: str) -> bytes:
    """Return a workbook: lot matches, totals by year, asset and source, and what is not known."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    matches = book.create_sheet("Matches")
    matches.append(list(HEADINGS))
    for row in _rows(gains, time_zone):
        matches.append([one if isinstance(one, Decimal | int) else _cell(one) for one in row])
    totals = book.create_sheet("Totals")
    totals.append(["by", "key", "label", "currency", *_TOTALS])
    for by, key, label, total in _totals(gains):
        figures = [getattr(total, name) for name in _TOTALS]
        totals.append([by, text(key), text(label), gains.report.currency, *figures])
    unknown = book.create_sheet("Not known")
    unknown.append(["reason", "asset", "symbol", "quantity", "at", "source", "transaction_id"])
    for one in gains.unknown:
        at = "" if one.at is None else one.at.astimezone(ZoneInfo(time_zone)).isoformat()
        symbol, source = gains.assets[one.asset].symbol, _label(gains, one.source)
        unknown.append(
            [one.code, text(one.asset), text(symbol), one.quantity, at, text(source), one.transaction]
        )
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _rows(gains: Gains, time_zone: str) -> Iterator[list[Any]]:
    zone = ZoneInfo(time_zone)
    for row in gains.report.rows:
        yield [*_match(gains, row, zone)]


def _match(gains: Gains, row: GainRow, zone: ZoneInfo) -> Iterable[Any]:
    asset = gains.assets[row.asset]
    acquired = "" if row.acquired is None else row.acquired.astimezone(zone).isoformat()
    realised = row.realised.astimezone(zone)
    return (
        *(row.asset, asset.symbol, asset.name, row.kind.value, row.quantity, acquired),
        *(row.disposed.astimezone(zone).isoformat(), realised.isoformat()),
        "" if row.holding_days is None else row.holding_days,
        _TERM[row.long_term],
        *("" if one is None else one for one in (row.proceeds, row.cost, row.fees, row.gain)),
        gains.report.currency,
        "no" if row.gain is None else "yes",
        gains.policy.method_of(row.realised.year).value,
        *(_label(gains, row.source), row.account, row.transaction, row.lot),
    )


def _totals(gains: Gains) -> Iterator[tuple[str, str, str, GainTotal]]:
    made = gains.report
    yield "all", "", "", made.total
    for year, total in made.by_year.items():
        yield "year", str(year), str(year), total
    for asset, total in made.by_asset.items():
        yield "asset", asset, gains.assets[asset].symbol, total
    for source, total in made.by_source.items():
        yield "source", gains.sources.get(source, (source, source))[0], _label(gains, source), total


def _label(gains: Gains, source: str) -> str:
    sources: Mapping[str, tuple[str, str]] = gains.sources
    return sources.get(source, ("", source))[1]


def _cell(value: Any) -> Any:
    return text(value) if isinstance(value, str) else value
