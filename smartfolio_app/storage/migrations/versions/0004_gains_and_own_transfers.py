"""How gains are computed, by year and place; and the user's word on own transfers."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ADDED = (("cost_basis_pooling", 16, "global"), ("cost_basis_years", 2000, ""), ("long_term_rule", 8, "365d"))


def upgrade() -> None:
    for name, length, default in _ADDED:
        op.add_column(
            "user_settings", sa.Column(name, sa.String(length), nullable=False, server_default=default)
        )
    with op.batch_alter_table("user_settings") as table:  # the program fills them from here on
        for name, _, _ in _ADDED:
            table.alter_column(name, server_default=None)
    op.create_table(
        "transfer_decision",
        sa.Column("withdrawal_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["deposit_id"], ["transaction.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["withdrawal_id"], ["transaction.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("withdrawal_id"),
        sa.UniqueConstraint("deposit_id"),
    )
    op.create_index(op.f("ix_transfer_decision_user_id"), "transfer_decision", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("transfer_decision")
    with op.batch_alter_table("user_settings") as table:
        for name, _, _ in _ADDED:
            table.drop_column(name)
