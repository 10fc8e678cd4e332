"""Prices that were heard and not used, symbols of securities, splits and dividends, market signals."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import ExactDecimal, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "market_signal",
        sa.Column("signal", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(24), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.Column("word", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("signal", "subject", "at"),
    )
    op.create_table(
        "price_listing",
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("exchange", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "asset", "provider"),
    )
    op.create_table(
        "price_witness",
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("expected", ExactDecimal(), nullable=True),
        sa.Column("against", sa.String(80), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("heard_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "asset", "provider", "day"),
    )
    op.create_table(
        "security_event",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("symbol", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("provider", "symbol", "kind", "day"),
    )


def downgrade() -> None:
    for table in ("security_event", "price_witness", "price_listing", "market_signal"):
        op.drop_table(table)
