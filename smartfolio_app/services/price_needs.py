"""What has to be priced: every coin and every security that anybody's ledger or price alert speaks of, since when, and
by which name its provider knows it.

The sample user is left out: its prices are its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Select, delete, func, select, union_all, update
from sqlmodel import Session, col

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.ledger.assets import AssetClass, crypto, is_fiat, symbol_of
from smartfolio_app.providers import coingecko, yahoo
from smartfolio_app.providers.coingecko import CoinGecko, Resolution
from smartfolio_app.providers.coingecko_ids import MAJORS
from smartfolio_app.services import audit
from smartfolio_app.storage.repo_changes import note_change
from smartfolio_app.storage.repo_ledger import bump_revision, read_assets
from smartfolio_app.storage.repo_prices import provider_states
from smartfolio_app.storage.repo_witness import listings
from smartfolio_app.storage.tables import (
    AlertRule,
    AssetOverride,
    AssetRow,
    CoinCandidateRow,
    DailyPrice,
    PriceHistoryRow,
    PriceListing,
    PriceWitness,
    Quote,
    StatementLineRow,
    StatementRow,
    TransactionRow,
    User,
    UserSettings,
    WealthItem,
    WealthValuation,
)

BITCOIN = crypto("BTC")
#: A user's word that an asset is none of CoinGecko's coins: it is then never priced by it.
NO_COIN = "-"
#: What only an alert asks for is priced from so long before it.
_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Need:
    """One price series to keep: of ``asset``, for everybody (``owner`` empty) or for one user, since ``first``.

    ``coin`` is the id by which ``provider`` knows it.
    """

    asset: str
    owner: str
    coin: str
    first: date
    provider: str = coingecko.ID


@dataclass(frozen=True, slots=True)
class Needs:
    """All series to keep (newest use first), the coins and the securities still to be resolved, since when rates are
    needed, and of which currencies.
    """

    series: tuple[Need, ...]
    unresolved: tuple[str, ...]
    rates_since: date | None
    unlisted: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @property
    def coins(self) -> tuple[Need, ...]:
        """The series of coins."""
        return tuple(need for need in self.series if need.provider == coingecko.ID)

    @property
    def papers(self) -> tuple[Need, ...]:
        """The series of securities."""
        return tuple(need for need in self.series if need.provider == yahoo.ID)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Everything still to be resolved."""
        return (*self.unresolved, *self.unlisted)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A coin or a security whose ticker does not say which one it is: ``candidates`` are (id at ``provider``, name),
    likeliest first.

    No candidates: the provider knows no such ticker, or was not ``asked`` yet.
    """

    asset: str
    symbol: str
    candidates: tuple[tuple[str, str], ...]
    provider: str = coingecko.ID
    asked: bool = True


def needs(db: Session, user_id: str | None = None) -> Needs:
    """Return what has to be priced, for everybody or for one user."""
    people = [
        id_
        for id_ in db.execute(select(col(User.id)).where(~col(User.is_demo), ~col(User.disabled))).scalars()
        if user_id in (None, id_)
    ]
    if not people:
        return Needs((), (), None)
    every = {one: assets_of(db, one) for one in people}
    watched = _watched(db, people)
    uses = {one: _only(assets, "crypto:") for one, assets in every.items()}
    papers = {one: _only(assets, "stock:") for one, assets in every.items()}
    known = listings(db, yahoo.ID)
    own = {
        (owner, asset): row.symbol for (owner, asset), row in known.items() if owner in people and row.symbol
    }
    chosen = _choices(db, people)
    _wish(uses, chosen, every)
    _wish(papers, own, every)
    for one, assets in watched.items():
        for asset, use in assets.items():
            (uses if asset.startswith("crypto:") else papers)[one].setdefault(asset, use)
    spoken_of = {asset for coins in uses.values() for asset in coins} | {BITCOIN}
    public = _coin_ids(db, spoken_of)
    earliest = _earliest(db, people)
    earliest = min((*([earliest] if earliest else ()), *_firsts(watched)), default=None)
    series, unresolved = _matched(uses, public, chosen, coingecko.ID)
    if BITCOIN in public and earliest is not None:  # what everything may be shown in
        series.setdefault((BITCOIN, "", public[BITCOIN], coingecko.ID), (earliest, earliest))
    elif BITCOIN not in public:
        unresolved.add(BITCOIN)
    listed = {asset: row.symbol for (owner, asset), row in known.items() if not owner and row.symbol}
    more, unlisted = _matched(papers, listed, own, yahoo.ID)
    series |= more
    ordered = sorted(series.items(), key=lambda item: item[1][1], reverse=True)
    return Needs(
        series=tuple(
            Need(asset, owner, coin, first.date(), provider)
            for (asset, owner, coin, provider), (first, _) in ordered
        ),
        unresolved=tuple(sorted(unresolved)),
        rates_since=None if earliest is None else earliest.date(),
        unlisted=tuple(sorted(unlisted - _derivatives(db, unlisted))),
        currencies=_currencies(db, people, every, known.values()),
    )


Uses = dict[str, tuple[datetime, datetime]]
Series = dict[tuple[str, str, str, str], tuple[datetime, datetime]]


def _wish(uses: dict[str, Uses], words: dict[tuple[str, str], str], every: dict[str, Uses]) -> None:
    """Add what nobody owns but somebody has a word on, such as a fund to compare with: since their own first day."""
    for owner, asset in words:
        mine = every[owner]
        if asset not in mine and mine:
            first = min(first for first, _ in mine.values())
            uses[owner][asset] = (first, first)


def _matched(
    uses: dict[str, Uses], public: dict[str, str], own: dict[tuple[str, str], str], provider: str
) -> tuple[Series, set[str]]:
    """Return the series that these uses need, and the assets of which nobody knows which ones they are."""
    series: Series = {}
    unresolved: set[str] = set()
    for one, assets in uses.items():
        for asset, (first, last) in assets.items():
            chosen = own.get((one, asset), "")
            name = chosen or public.get(asset, "")
            if name == NO_COIN:
                continue
            if not name:
                unresolved.add(asset)
                continue
            key = (asset, one if chosen else "", name, provider)
            before = series.get(key, (first, last))
            series[key] = (min(first, before[0]), max(last, before[1]))
    return series, unresolved


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
    """Return the coins and securities of a user that nobody can price until they say which ones they are."""
    candidates: dict[str, list[tuple[str, str]]] = {}
    rows = db.execute(select(CoinCandidateRow).order_by(col(CoinCandidateRow.position))).scalars()
    for row in rows:
        candidates.setdefault(row.asset, []).append((row.coin, row.name))
    theirs = {**assets_of(db, user_id), **_watched(db, [user_id])[user_id]}
    open_ = [asset for asset in needs(db, user_id).waiting if asset in theirs]
    symbols = read_assets(db, open_)
    looked_up = {asset for owner, asset in listings(db, yahoo.ID) if not owner}
    gecko = provider_states(db).get(coingecko.ID)
    if gecko is not None and gecko.succeeded_at is not None:
        looked_up |= {asset for asset in open_ if symbol_of(asset) not in MAJORS}
    return [
        Unresolved(
            asset,
            symbols[asset].symbol if asset in symbols else symbol_of(asset),
            tuple(candidates.get(asset, ())),
            coingecko.ID if asset.startswith("crypto:") else yahoo.ID,
            asset in candidates or asset in looked_up,
        )
        for asset in open_
    ]


def word_on(db: Session, user_id: str, asset: str) -> str:
    """Return what the user said that an asset is (an id of its provider, or ``NO_COIN``); empty when nothing."""
    if asset.startswith("crypto:"):
        row = db.get(AssetOverride, (user_id, asset))
        return row.coingecko_id if row is not None else ""
    wanted = select(col(PriceListing.symbol)).where(
        col(PriceListing.owner) == user_id, col(PriceListing.asset) == asset
    )
    return db.execute(wanted).scalars().first() or ""


def choose_coin(db: Session, user_id: str, asset: str, coin: str) -> None:
    """Say, for one user, what an asset is: a CoinGecko id for a coin, a Yahoo symbol for a security, ``NO_COIN`` for
    none, empty to take the word back.

    What was stored under an earlier choice goes. Commits.

    Raises:
        InvalidInputError: The asset is neither, or the id cannot be one.
        NotFoundError: There is no such user.
    """
    is_coin = asset.startswith("crypto:")
    coin = coin.strip().lower() if is_coin else coin.strip().upper()
    allowed = "-_." if is_coin else "-.=^"
    if not (is_coin or asset.startswith("stock:")) or len(coin) > (120 if is_coin else 40):
        raise InvalidInputError("price.coin_invalid", asset=asset)
    if not all((c.isascii() and c.isalnum()) or c in allowed for c in coin):
        raise InvalidInputError("price.coin_invalid", asset=asset)
    note_change(db, user_id, bump_revision(db, user_id), (), price_days=None)
    if is_coin:
        row = db.get(AssetOverride, (user_id, asset)) or AssetOverride(user_id=user_id, asset=asset)
        row.coingecko_id = coin
        db.add(row)
    else:
        db.execute(
            delete(PriceListing).where(col(PriceListing.owner) == user_id, col(PriceListing.asset) == asset)
        )
        if coin:
            db.add(
                PriceListing(
                    owner=user_id, asset=asset, provider=yahoo.ID, symbol=coin, checked_at=datetime.now(UTC)
                )
            )
    for table in (DailyPrice, Quote, PriceHistoryRow, PriceWitness):
        db.execute(
            delete(table).where(
                col(table.owner) == user_id,
                col(table.asset) == asset,
                col(table.provider).startswith(coingecko.ID if is_coin else yahoo.ID),
            )
        )
    audit.record(db, user_id, "price.coin", {"asset": asset, "coin": coin})
    db.commit()


# ------------------------------------------------------------------------------------------------------ helpers
def assets_of(db: Session, user_id: str) -> Uses:
    """Return the coins, securities and currencies of one user with their first and last use."""
    tx = TransactionRow
    sides: list[Select] = [
        select(side.label("asset"), col(tx.at).label("at")).where(
            col(tx.user_id) == user_id, col(tx.deleted_at).is_(None), side.is_not(None)
        )
        for side in (col(tx.received_asset), col(tx.sent_asset), col(tx.fee_asset))
    ]
    sides.append(
        select(col(StatementLineRow.asset).label("asset"), col(StatementRow.as_of).label("at"))
        .join(StatementRow, col(StatementRow.id) == col(StatementLineRow.statement_id))
        .where(col(StatementRow.user_id) == user_id)
    )
    every = union_all(*sides).subquery()
    rows = db.execute(
        select(every.c.asset, func.min(every.c.at), func.max(every.c.at)).group_by(every.c.asset)
    )
    return {asset: (first, last) for asset, first, last in rows}


def _watched(db: Session, people: list[str]) -> dict[str, Uses]:
    """Return, by user, what their price alerts are about, since shortly before the rule was made."""
    found: dict[str, Uses] = {one: {} for one in people}
    rules = select(AlertRule).where(col(AlertRule.kind) == "price", col(AlertRule.active))
    for rule in db.execute(rules.where(col(AlertRule.user_id).in_(people))).scalars():
        asset = str(json.loads(rule.params).get("asset", ""))
        if asset.startswith(("crypto:", "stock:")):
            found[rule.user_id].setdefault(asset, (rule.created_at - _BEFORE, rule.created_at))
    return found


def _firsts(uses: dict[str, Uses]) -> Iterable[datetime]:
    return (first for assets in uses.values() for first, _ in assets.values())


def _only(uses: Uses, namespace: str) -> Uses:
    return {asset: use for asset, use in uses.items() if asset.startswith(namespace)}


def _derivatives(db: Session, assets: set[str]) -> set[str]:
    """Return those of the assets that no chart is kept of under a symbol anybody could guess."""
    known = read_assets(db, assets)
    return {asset for asset, one in known.items() if one.asset_class is AssetClass.DERIVATIVE}


def _currencies(
    db: Session, people: list[str], every: dict[str, Uses], known: Iterable[PriceListing]
) -> tuple[str, ...]:
    """Return the currencies that wealth is held, quoted and looked at in."""
    held = {symbol_of(asset) for uses in every.values() for asset in uses if is_fiat(asset)}
    quoted = {row.currency for row in known if row.currency}
    seen = db.execute(
        select(col(UserSettings.base_currency)).where(col(UserSettings.user_id).in_(people))
    ).scalars()
    return tuple(
        sorted(one for one in held | quoted | set(seen) if len(one) == 3 and one not in ("EUR", "BTC"))
    )


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
