"""Answers of simulations and of the optimiser outlive the process that computed them."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_work",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_kept_work_user_id"), "kept_work", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_kept_work_user_id"), table_name="kept_work")
    op.drop_table("kept_work")
