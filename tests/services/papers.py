"""Giving people securities."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.ledger.assets import Asset, AssetClass, asset_id
from smartfolio_app.ledger.dedupe import fingerprint
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.sources import new_source
from smartfolio_app.storage.repo_ledger import bump_revision, insert_transactions, remember_assets


def give_paper(
    db, user_id, code, *, isin="", currency="", quantity="10", days=100, name="", kind=AssetClass.STOCK
):
    """Give a user shares, since so many days; return the asset."""
    asset = asset_id(kind, isin or code)
    bump_revision(db, user_id)
    remember_assets(db, [Asset(asset, kind, code, name, isin, currency)])
    source = new_source(db, user_id, "file_stocks")
    at = datetime.now(UTC) - timedelta(days=days)
    deposit = Transaction(
        at=at, kind=TransactionKind.DEPOSIT, received=Amount(Decimal(quantity), asset), account="Broker"
    )
    insert_transactions(db, user_id, source.id, [deposit], [fingerprint(deposit)])
    db.commit()
    return asset
