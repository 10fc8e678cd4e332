"""The SQLModel tables, one file a theme. Importing this package registers them all, except the vault's own."""

from smartfolio_app.storage.tables.accounts import ApiToken, SetupLink, User, UserSession, UserSettings
from smartfolio_app.storage.tables.alerts import (
    Alert,
    AlertChannel,
    AlertDelivery,
    AlertRule,
    AlertSettings,
)
from smartfolio_app.storage.tables.audit import AuditEntry
from smartfolio_app.storage.tables.kept import KeptWork
from smartfolio_app.storage.tables.ledger import (
    AssetOverride,
    AssetRow,
    ColumnMapping,
    ImportBatch,
    LedgerChange,
    SourceFile,
    SourceRow,
    StatementLineRow,
    StatementRow,
    TransactionRow,
    TransferDecision,
)
from smartfolio_app.storage.tables.market import (
    DailyPrice,
    FxRate,
    MarketSignal,
    PriceListing,
    PriceWitness,
    Quote,
    SecurityEvent,
)
from smartfolio_app.storage.tables.operation import HealthDismissal, ProcessReport
from smartfolio_app.storage.tables.outbound import (
    CoinCandidateRow,
    OutboundCallRow,
    PriceHistoryRow,
    ProviderState,
)
from smartfolio_app.storage.tables.rebalancing import (
    RebalanceLock,
    RebalancePlanRow,
    RebalanceTarget,
    RebalanceVenue,
)
from smartfolio_app.storage.tables.sync import NonceRow, SyncRun, SyncState
from smartfolio_app.storage.tables.wealth import Snapshot, WealthItem, WealthValuation

__all__ = [
    "Alert",
    "AlertChannel",
    "AlertDelivery",
    "AlertRule",
    "AlertSettings",
    "ApiToken",
    "AssetOverride",
    "AssetRow",
    "AuditEntry",
    "CoinCandidateRow",
    "ColumnMapping",
    "DailyPrice",
    "FxRate",
    "HealthDismissal",
    "ImportBatch",
    "KeptWork",
    "LedgerChange",
    "MarketSignal",
    "NonceRow",
    "OutboundCallRow",
    "PriceHistoryRow",
    "PriceListing",
    "PriceWitness",
    "ProcessReport",
    "ProviderState",
    "Quote",
    "RebalanceLock",
    "RebalancePlanRow",
    "RebalanceTarget",
    "RebalanceVenue",
    "SecurityEvent",
    "SetupLink",
    "Snapshot",
    "SourceFile",
    "SourceRow",
    "StatementLineRow",
    "StatementRow",
    "SyncRun",
    "SyncState",
    "TransactionRow",
    "TransferDecision",
    "User",
    "UserSession",
    "UserSettings",
    "WealthItem",
    "WealthValuation",
]
