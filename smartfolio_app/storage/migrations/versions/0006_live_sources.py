"""Live sources: their state, their syncs, and the nonces handed out."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nonce",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key_id"),
    )
    op.create_table(
        "sync_state",
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("owner_until", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(80), nullable=False),
        sa.Column("error_params", sa.Text(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("account", sa.String(120), nullable=False),
        sa.Column("may_trade", sa.Boolean(), nullable=True),
        sa.Column("may_withdraw", sa.Boolean(), nullable=True),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_index(op.f("ix_sync_state_user_id"), "sync_state", ["user_id"], unique=False)
    op.create_table(
        "sync_run",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("trigger", sa.String(12), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("begun_with", sa.Text(), nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("error", sa.String(80), nullable=False),
        sa.Column("error_params", sa.Text(), nullable=False),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sync_run_batch_id"), "sync_run", ["batch_id"], unique=False)
    op.create_index("ix_sync_run_source_started", "sync_run", ["source_id", "started_at"], unique=False)
    op.create_index(op.f("ix_sync_run_state"), "sync_run", ["state"], unique=False)
    op.create_index(op.f("ix_sync_run_user_id"), "sync_run", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_sync_run_user_id"), table_name="sync_run")
    op.drop_index(op.f("ix_sync_run_state"), table_name="sync_run")
    op.drop_index("ix_sync_run_source_started", table_name="sync_run")
    op.drop_index(op.f("ix_sync_run_batch_id"), table_name="sync_run")
    op.drop_table("sync_run")
    op.drop_index(op.f("ix_sync_state_user_id"), table_name="sync_state")
    op.drop_table("sync_state")
    op.drop_table("nonce")
