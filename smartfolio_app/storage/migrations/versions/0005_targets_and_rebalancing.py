"""Targets of a portfolio, and how it is brought back to them."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import ExactDecimal

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rebalance_plan",
        _owner(),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("band_absolute", ExactDecimal(), nullable=True),
        sa.Column("band_relative", ExactDecimal(), nullable=True),
        sa.Column("minimum", ExactDecimal(), nullable=False),
        sa.Column("lot_choice", sa.String(16), nullable=False),
        sa.Column("tax_short", ExactDecimal(), nullable=False),
        sa.Column("tax_long", ExactDecimal(), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "rebalance_target",
        _owner(),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("weight", ExactDecimal(), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("user_id", "key"),
    )
    op.create_table(
        "rebalance_venue",
        sa.Column("source_id", sa.String(32), nullable=False),
        _owner(),
        sa.Column("rate", ExactDecimal(), nullable=False),
        sa.Column("fixed", ExactDecimal(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        _owned(),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_index(op.f("ix_rebalance_venue_user_id"), "rebalance_venue", ["user_id"], unique=False)
    op.create_table(
        "rebalance_lock",
        _owner(),
        sa.Column("asset", sa.String(120), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("user_id", "asset"),
    )


def _owner() -> sa.Column:
    return sa.Column("user_id", sa.String(32), nullable=False)


def _owned() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE")


def downgrade() -> None:
    for table in ("rebalance_lock", "rebalance_venue", "rebalance_target", "rebalance_plan"):
        op.drop_table(table)
