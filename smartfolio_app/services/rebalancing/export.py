"""A plan as a CSV file: one line a trade, to work through at the venues."""

from __future__ import annotations

import csv
import io

from smartfolio_app.services.holdings_csv import number, text
from smartfolio_app.services.rebalancing.plan import Proposal

HEADINGS = (
    *("side", "target", "asset", "symbol", "venue", "quantity", "amount", "fee", "currency"),
    *("gain", "long_term", "short_term", "tax", "lots"),
)


def as_csv(proposal: Proposal) -> str:
    """Return one line a trade; texts are neutralised, numbers are plain, what is not known is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for one in proposal.trades:
        trade, sale = one.trade, one.trade.side == "sell"
        lots = ", ".join(f"{lot + 1}: {number(quantity)}" for lot, quantity in trade.picked)
        known = (
            [one.gain, one.long_term, one.short_term, one.tax]
            if sale and one.gain is not None
            else [None] * 4
        )
        writer.writerow(
            [
                trade.side,
                text(trade.key),
                text(trade.asset),
                text(one.asset.symbol if one.asset else ""),
                text(proposal.sources.get(trade.venue, trade.venue)),
                number(trade.quantity),
                number(trade.amount),
                number(trade.fee),
                proposal.currency,
                *(number(figure) for figure in known),
                text(lots),
            ]
        )
    return out.getvalue()
