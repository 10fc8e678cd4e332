"""Alerts: rules, what fired, channels, deliveries, quiet hours."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(80), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alert_rule_user_id"), "alert_rule", ["user_id"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("rule_id", sa.String(32), nullable=True),
        sa.Column("open_key", sa.String(200), nullable=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("says", sa.String(20), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("link", sa.String(300), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("snoozed_until", UtcDateTime(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rule.id"], ondelete="SET NULL"),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
    )
    op.create_index(op.f("ix_alert_rule_id"), "alert", ["rule_id"], unique=False)
    op.create_index(op.f("ix_alert_user_id"), "alert", ["user_id"], unique=False)
    op.create_index("ix_alert_user_opened", "alert", ["user_id", "opened_at"], unique=False)
    op.create_table(
        "alert_channel",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("shown", sa.String(255), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("alerts", sa.Boolean(), nullable=False),
        sa.Column("brief", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("worked_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(80), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alert_channel_user_id"), "alert_channel", ["user_id"], unique=False)
    op.create_table(
        "channel_secret",
        sa.Column("channel_id", sa.String(32), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("hint", sa.String(4), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["alert_channel.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", "field"),
    )
    op.create_table(
        "alert_delivery",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("channel_id", sa.String(32), nullable=False),
        sa.Column("about", sa.String(8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(80), nullable=False),
        sa.Column("error_params", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["alert_channel.id"], ondelete="CASCADE"),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alert_delivery_channel_id"), "alert_delivery", ["channel_id"], unique=False)
    op.create_index("ix_alert_delivery_due", "alert_delivery", ["state", "next_at"], unique=False)
    op.create_index(op.f("ix_alert_delivery_user_id"), "alert_delivery", ["user_id"], unique=False)
    op.create_table(
        "alert_settings",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("brief_at", sa.Integer(), nullable=True),
        sa.Column("brief_day", sa.Date(), nullable=True),
        _owned(),
        sa.PrimaryKeyConstraint("user_id"),
    )


def _owned() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE")


def downgrade() -> None:
    op.drop_table("alert_settings")
    op.drop_index(op.f("ix_alert_delivery_user_id"), table_name="alert_delivery")
    op.drop_index("ix_alert_delivery_due", table_name="alert_delivery")
    op.drop_index(op.f("ix_alert_delivery_channel_id"), table_name="alert_delivery")
    op.drop_table("alert_delivery")
    op.drop_table("channel_secret")
    op.drop_index(op.f("ix_alert_channel_user_id"), table_name="alert_channel")
    op.drop_table("alert_channel")
    op.drop_index("ix_alert_user_opened", table_name="alert")
    op.drop_index(op.f("ix_alert_user_id"), table_name="alert")
    op.drop_index(op.f("ix_alert_rule_id"), table_name="alert")
    op.drop_table("alert")
    op.drop_index(op.f("ix_alert_rule_user_id"), table_name="alert_rule")
    op.drop_table("alert_rule")
