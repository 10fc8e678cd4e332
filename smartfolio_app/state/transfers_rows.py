"""Own transfers as a person reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartfolio_app.ledger.transactions import Transaction
from smartfolio_app.state.figures import Figures

if TYPE_CHECKING:
    from smartfolio_app.services.own_transfers import Loose, Pair, Transfers


@dataclass
class EndRow:
    """One end of a transfer, or a movement that has no other end."""

    id: str = ""
    when: str = ""
    place: str = ""
    amount: str = ""
    decided: bool = False
    offers: bool = False


@dataclass
class PairRow:
    """A withdrawal and the deposit it became."""

    id: str = ""
    symbol: str = ""
    amount: str = ""
    left: str = ""
    left_when: str = ""
    came: str = ""
    came_when: str = ""
    lost: str = ""
    figure: str = ""
    decided: bool = False


def pair_row(pair: Pair, found: Transfers, figures: Figures) -> PairRow:
    """Return a matched transfer's line."""
    side = pair.withdrawal.sent
    assert side is not None
    symbol = found.assets[side.asset].symbol
    return PairRow(
        id=pair.withdrawal.id,
        symbol=symbol,
        amount=f"{figures.quantity(side.quantity)} {symbol}",
        left=_place(pair.withdrawal, found),
        left_when=figures.moment(pair.withdrawal.at),
        came=_place(pair.deposit, found),
        came_when=figures.moment(pair.deposit.at),
        lost=figures.say("transfers.lost", quantity=f"{figures.quantity(pair.lost)} {symbol}")
        if pair.lost > 0
        else "",
        figure=f"transfer:{pair.withdrawal.id}",
        decided=pair.decided,
    )


def end_row(row: Transaction, found: Transfers, figures: Figures, loose: Loose | None = None) -> EndRow:
    """Return a movement's line."""
    side = row.sent or row.received
    assert side is not None
    return EndRow(
        id=row.id,
        when=figures.moment(row.at),
        place=_place(row, found),
        amount=f"{figures.quantity(side.quantity)} {found.assets[side.asset].symbol}",
        decided=loose is not None and loose.decided,
        offers=loose is not None and bool(loose.offered),
    )


def _place(row: Transaction, found: Transfers) -> str:
    label = found.sources.get(row.source, ("", row.source))[1]
    return " · ".join(part for part in (label, row.account if row.account != label else "") if part)
