"""Changes of a ledger that its owner made, apart from those that a sync brought and has not told of yet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("revised_by_hand", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sync_run", sa.Column("untold", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("sync_run", "untold")
    op.drop_column("user", "revised_by_hand")
