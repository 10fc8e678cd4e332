"""What has to be priced: every coin that anybody's ledger speaks of, since when, and which CoinGecko coin it is.

The sample user is left out: its prices are its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import Select, delete, func, select, union_all, update
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import crypto, symbol_of
from smartfolio_app.providers import coingecko
from smartfolio_app.providers.coingecko import CoinGecko, Resolution
from smartfolio_app.services import audit
from smartfolio_app.storage.repo_ledger import bump_revision
from smartfolio_app.storage.tables import (
    AssetOverride,
    AssetRow,
    CoinCandidateRow,
    DailyPrice,
    PriceHistoryRow,
    Quote,
    StatementLineRow,
    StatementRow,
    TransactionRow,
    User,
    WealthItem,
    WealthValuation,
)

BITCOIN = crypto("BTC")
#: A user's word that an asset is none of CoinGecko's coins: it is then never priced by it.
NO_COIN = "-"


@dataclass(frozen=True, slots=True)
class Need:
    """One price series to keep: of ``asset``, for everybody (``owner`` empty) or for one user, since ``first``."""

    asset: str
    owner: str
    coin: str
    first: date


@dataclass(frozen=True, slots=True)
class Needs:
    """All series to keep (newest use first), the tickers still to be resolved, and since when rates are needed."""

    series: tuple[Need, ...]
    unresolved: tuple[str, ...]
    rates_since: date | None


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A coin whose ticker does not say which coin it is: ``candidates`` are (CoinGecko id, name), largest first.

    No candidates: CoinGecko knows no such ticker (or was not asked yet).
    """

    asset: str
    symbol: str
    candidates: tuple[tuple[str, str], ...]


def needs(db: Session, user_id: str | None = None) -> Needs:
    """Return what has to be priced, for everybody or for one user."""
    people = [
        id_
        for id_ in db.execute(select(col(User.id)).where(~col(User.is_demo), ~col(User.disabled))).scalars()
        if user_id in (None, id_)
    ]
    if not people:
        return Needs((), (), None)
    uses: dict[str, dict[str, tuple[datetime, datetime]]] = {one: _coins_of(db, one) for one in people}
    spoken_of = {asset for coins in uses.values() for asset in coins} | {BITCOIN}
    public = _coin_ids(db, spoken_of)
    own = _choices(db, people)
    earliest = _earliest(db, people)
    oldest: dict[tuple[str, str, str], tuple[datetime, datetime]] = {}
    unresolved: set[str] = set()
    for one, coins in uses.items():
        for asset, (first, last) in coins.items():
            chosen = own.get((one, asset), "")
            coin = chosen or public.get(asset, "")
            if coin == NO_COIN:
                continue
            if not coin:
                unresolved.add(asset)
                continue
            key = (asset, one if chosen else "", coin)
            before = oldest.get(key, (first, last))
            oldest[key] = (min(first, before[0]), max(last, before[1]))
    if BITCOIN in public and earliest is not None:  # what everything may be shown in
        oldest.setdefault((BITCOIN, "", public[BITCOIN]), (earliest, earliest))
    elif BITCOIN not in public:
        unresolved.add(BITCOIN)
    ordered = sorted(oldest.items(), key=lambda item: item[1][1], reverse=True)
    return Needs(
        series=tuple(Need(asset, owner, coin, first.date()) for (asset, owner, coin), (first, _) in ordered),
        unresolved=tuple(sorted(unresolved)),
        rates_since=None if earliest is None else earliest.date(),
    )


def resolve(db: Session, gecko: CoinGecko, assets: Iterable[str], patience: float = 0.0) -> Resolution:
    """Find out which coins the assets are, and remember it. Commits.

    Raises:
        ProviderError: CoinGecko cannot be asked.
    """
    wanted = {symbol_of(asset): asset for asset in assets}
    db.commit()  # nothing is held while a provider is asked
    resolution = gecko.resolve(wanted, patience)
    for symbol, coin in resolution.found.items():
        db.execute(update(AssetRow).where(col(AssetRow.id) == crypto(symbol)).values(coingecko_id=coin))
        if not db.get(AssetRow, crypto(symbol)):
            db.add(AssetRow(id=crypto(symbol), asset_class="crypto", symbol=symbol, coingecko_id=coin))
    db.execute(delete(CoinCandidateRow).where(col(CoinCandidateRow.asset).in_(list(wanted.values()))))
    for symbol, coins in resolution.ambiguous.items():
        db.add_all(
            CoinCandidateRow(asset=crypto(symbol), coin=coin.id, name=coin.name[:200], position=position)
            for position, coin in enumerate(coins)
        )
    db.commit()
    return resolution


def unresolved(db: Session, user_id: str) -> list[Unresolved]:
    """Return the coins of a user that nobody can price until they say which coins they are."""
    candidates: dict[str, list[tuple[str, str]]] = {}
    rows = db.execute(select(CoinCandidateRow).order_by(col(CoinCandidateRow.position))).scalars()
    for row in rows:
        candidates.setdefault(row.asset, []).append((row.coin, row.name))
    open_ = [asset for asset in needs(db, user_id).unresolved if asset in _coins_of(db, user_id)]
    return [Unresolved(asset, symbol_of(asset), tuple(candidates.get(asset, ()))) for asset in open_]


def choose_coin(db: Session, user_id: str, asset: str, coin: str) -> None:
    """Say, for one user, which CoinGecko coin an asset is: an id, ``NO_COIN`` for none, empty to take the word back.

    What was stored under an earlier choice goes. Commits.

    Raises:
        InvalidInputError: The asset is no coin, or the id cannot be one.
        NotFoundError: There is no such user.
    """
    coin = coin.strip().lower()
    if not asset.startswith("crypto:") or len(coin) > 120 or not all(c.isalnum() or c in "-_." for c in coin):
        raise InvalidInputError("price.coin_invalid", asset=asset)
    bump_revision(db, user_id)
    row = db.get(AssetOverride, (user_id, asset)) or AssetOverride(user_id=user_id, asset=asset)
    row.coingecko_id = coin
    db.add(row)
    for table in (DailyPrice, Quote, PriceHistoryRow):
        db.execute(
            delete(table).where(
                col(table.owner) == user_id, col(table.asset) == asset, col(table.provider) == coingecko.ID
            )
        )
    audit.record(db, user_id, "price.coin", {"asset": asset, "coin": coin})
    db.commit()


# ------------------------------------------------------------------------------------------------------ helpers
def _coins_of(db: Session, user_id: str) -> dict[str, tuple[datetime, datetime]]:
    """Return the coins of one user with their first and last use."""
    tx = TransactionRow
    sides: list[Select] = [
        select(side.label("asset"), col(tx.at).label("at")).where(
            col(tx.user_id) == user_id, col(tx.deleted_at).is_(None), side.startswith("crypto:")
        )
        for side in (col(tx.received_asset), col(tx.sent_asset), col(tx.fee_asset))
    ]
    sides.append(
        select(col(StatementLineRow.asset).label("asset"), col(StatementRow.as_of).label("at"))
        .join(StatementRow, col(StatementRow.id) == col(StatementLineRow.statement_id))
        .where(col(StatementRow.user_id) == user_id, col(StatementLineRow.asset).startswith("crypto:"))
    )
    every = union_all(*sides).subquery()
    rows = db.execute(
        select(every.c.asset, func.min(every.c.at), func.max(every.c.at)).group_by(every.c.asset)
    )
    return {asset: (first, last) for asset, first, last in rows}


def _coin_ids(db: Session, assets: set[str]) -> dict[str, str]:
    rows = db.execute(
        select(col(AssetRow.id), col(AssetRow.coingecko_id)).where(col(AssetRow.coingecko_id) != "")
    )
    return {asset: coin for asset, coin in rows if asset in assets}


def _choices(db: Session, people: list[str]) -> dict[tuple[str, str], str]:
    own = AssetOverride
    rows = db.execute(
        select(col(own.user_id), col(own.asset), col(own.coingecko_id)).where(col(own.coingecko_id) != "")
    )
    return {(owner, asset): coin for owner, asset, coin in rows if owner in people}


def _earliest(db: Session, people: list[str]) -> datetime | None:
    """Return the first instant anybody's wealth is known for, ``None`` when nobody has any."""
    moments: list[datetime | None] = []
    for one in people:
        for at, owner in (
            (col(TransactionRow.at), col(TransactionRow.user_id)),
            (col(StatementRow.as_of), col(StatementRow.user_id)),
        ):
            moments.append(db.execute(select(func.min(at)).where(owner == one)).scalar())
        valued = (
            select(func.min(col(WealthValuation.day)))
            .join(WealthItem, col(WealthItem.id) == col(WealthValuation.item_id))
            .where(col(WealthItem.user_id) == one)
        )
        day = db.execute(valued).scalar()
        moments.append(None if day is None else datetime.combine(day, time(), UTC))
    return min((moment for moment in moments if moment is not None), default=None)
