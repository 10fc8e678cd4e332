"""One security, one name: what a broker tells by symbol and its own file by ISIN becomes the asset known already.

A symbol alone proves nothing: the name must be the same too, or a trade that both tell, and the currencies must not
differ. What is known keeps its id, whichever side told it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from smartfolio_app.ledger.assets import Asset, AssetId, symbol_of
from smartfolio_app.ledger.retold import retold
from smartfolio_app.ledger.transactions import Amount, PriceQuote, Statement, Transaction
from smartfolio_app.storage.repo_ledger import read_assets, read_transactions
from smartfolio_app.storage.tables import StatementLineRow, StatementRow, TransactionRow

Renames = Mapping[AssetId, AssetId]


def renames(
    db: Session, source_id: str, assets: Mapping[AssetId, Asset], transactions: Sequence[Transaction]
) -> dict[AssetId, AssetId]:
    """Return which of the incoming securities the source knows by another name, and by which."""
    incoming = {name: one for name, one in assets.items() if name.startswith("stock:")}
    if not incoming:
        return {}
    ids = _known(db, source_id)
    known = {name: one for name, one in read_assets(db, ids).items() if name.startswith("stock:")}
    by_symbol: dict[str, list[AssetId]] = {}
    for name, one in known.items():
        by_symbol.setdefault(one.symbol.upper(), []).append(name)
    found: dict[AssetId, AssetId] = {}
    for name, one in incoming.items():
        if name in known or not one.symbol:
            continue
        fitting = [
            other
            for other in by_symbol.get(one.symbol.upper(), ())
            if _one_has_an_isin(one, known[other]) and _one_currency(one, known[other])
        ]
        if len(fitting) != 1:
            continue
        (other,) = fitting
        if _plain(one.name) == _plain(known[other].name) != "" or _share_a_trade(
            db, source_id, other, [move for move in transactions if _moves(move, name)], name
        ):
            found[name] = other
    return found


def renamed(transactions: Iterable[Transaction], names: Renames) -> list[Transaction]:
    """Return the transactions with the assets by their other names."""
    return [
        replace(
            one,
            received=_amount(one.received, names),
            sent=_amount(one.sent, names),
            fee=_amount(one.fee, names),
            value=_amount(one.value, names),
            about=names.get(one.about, one.about),
        )
        for one in transactions
    ]


def renamed_statement(statement: Statement, names: Renames) -> Statement:
    """Return a statement with the assets by their other names."""
    lines = tuple(replace(line, asset=names.get(line.asset, line.asset)) for line in statement.lines)
    return replace(statement, lines=lines)


def renamed_prices(prices: Iterable[PriceQuote], names: Renames) -> list[PriceQuote]:
    """Return prices of the assets by their other names."""
    return [replace(one, asset=names.get(one.asset, one.asset)) for one in prices]


def renamed_assets(assets: Mapping[AssetId, Asset], names: Renames) -> dict[AssetId, Asset]:
    """Return the assets by their other names; an ISIN that is learned stays with the one that is known."""
    return {
        names.get(name, name): replace(one, id=names.get(name, name)) if name in names else one
        for name, one in assets.items()
    }


def _known(db: Session, source_id: str) -> set[AssetId]:
    """Return the assets a source has ever told of."""
    found: set[AssetId] = set()
    for side in (col(TransactionRow.received_asset), col(TransactionRow.sent_asset)):
        wanted = select(side).where(col(TransactionRow.source_id) == source_id, side.is_not(None)).distinct()
        found.update(db.execute(wanted).scalars())
    lines = (
        select(col(StatementLineRow.asset))
        .join(StatementRow, col(StatementRow.id) == col(StatementLineRow.statement_id))
        .where(col(StatementRow.source_id) == source_id)
        .distinct()
    )
    found.update(db.execute(lines).scalars())
    return found


def _one_currency(one: Asset, other: Asset) -> bool:
    """Tell whether both are quoted in the same currency, as far as that is told."""
    return not one.quote_currency or not other.quote_currency or one.quote_currency == other.quote_currency


def _one_has_an_isin(one: Asset, other: Asset) -> bool:
    """Tell whether exactly one side goes by an ISIN: two that do not match are two things."""
    return (symbol_of(one.id) == one.isin != "") is not (symbol_of(other.id) == other.isin != "")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _moves(one: Transaction, asset: AssetId) -> bool:
    return any(moved == asset for moved, _ in one.movements())


def _share_a_trade(
    db: Session, source_id: str, known: AssetId, moves: list[Transaction], name: AssetId
) -> bool:
    if not moves:
        return False
    here = (col(TransactionRow.received_asset) == known) | (col(TransactionRow.sent_asset) == known)
    day = timedelta(days=1)
    stored = read_transactions(
        db,
        col(TransactionRow.source_id) == source_id,
        here,
        col(TransactionRow.at) >= min(one.at for one in moves) - day,
        col(TransactionRow.at) <= max(one.at for one in moves) + day,
    )
    return bool(retold(stored, renamed(moves, {name: known})))


def _amount(one: Amount | None, names: Renames) -> Amount | None:
    return replace(one, asset=names[one.asset]) if one is not None and one.asset in names else one
