"""What each revision of a ledger changed, so that one in memory can be brought up to date."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_change",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("transactions", sa.Text(), nullable=False),
        sa.Column("price_days", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "revision"),
    )


def downgrade() -> None:
    op.drop_table("ledger_change")
