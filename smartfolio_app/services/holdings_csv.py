"""The holdings as a CSV file that opens in a spreadsheet and does nothing there but show numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.results import Holding
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import wealth
from smartfolio_app.services.views import View

#: A cell that begins like this is run as a formula by spreadsheets, whoever wrote it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

HEADINGS = (
    *("asset", "symbol", "name", "isin", "category", "group", "sources", "accounts", "quantity"),
    *("price", "price_currency", "price_at", "price_providers", "stale"),
    *("value", "value_currency", "share", "cost_basis", "unrealised", "not_priced_because"),
)


def export(db: Session, view: View) -> str:
    """Return every holding in the view, one line each; amounts are plain decimal numbers in the view's currency."""
    portfolio = wealth.portfolio(db, view)
    return write(portfolio.holdings, portfolio.currency)


def write(holdings: Iterable[Holding], currency: str) -> str:
    """Return holdings as CSV. Text is neutralised, numbers stay numbers, what is not known is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for holding in holdings:
        asset, price = holding.asset, holding.price
        writer.writerow(
            [
                *(text(one) for one in (asset.id, asset.symbol, asset.name, asset.isin)),
                *(text(one) for one in (holding.category.value, holding.group)),
                text(", ".join(sorted({one.source_key for one in holding.positions}))),
                text(", ".join(sorted({one.account for one in holding.positions} - {""}))),
                number(holding.quantity),
                number(price.value if price else None),
                price.currency if price else "",
                price.quoted_at.isoformat() if price else "",
                text(", ".join(dict.fromkeys(rate.provider for rate in price.path))) if price else "",
                "yes" if holding.stale else "no",
                number(holding.value),
                currency,
                *(number(one) for one in (holding.share, holding.cost_basis, holding.unrealised)),
                text(holding.reason),
            ]
        )
    return out.getvalue()


def text(cell: str) -> str:
    """Return a text cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def number(value: Decimal | None) -> str:
    """Return a number as a number, minus sign included, or nothing."""
    return "" if value is None else plain(value)
