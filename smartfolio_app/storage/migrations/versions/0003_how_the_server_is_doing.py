"""What server processes tell of themselves, and findings that were set aside."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "process_report",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_process_report_seen_at"), "process_report", ["seen_at"], unique=False)
    op.create_table(
        "health_dismissal",
        sa.Column("finding", sa.String(400), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("finding"),
    )


def downgrade() -> None:
    op.drop_table("health_dismissal")
    op.drop_table("process_report")
