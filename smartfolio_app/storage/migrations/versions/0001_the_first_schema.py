"""The first schema."""

import sqlalchemy as sa
from alembic import op

from smartfolio_app.storage.types import ExactDecimal, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("asset_class", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(60), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("isin", sa.String(12), nullable=False),
        sa.Column("quote_currency", sa.String(8), nullable=False),
        sa.Column("coingecko_id", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_asset_symbol"), "asset", ["symbol"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_entry_user_id"), "audit_entry", ["user_id"], unique=False)
    op.create_table(
        "coin_candidate",
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("coin", sa.String(120), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("asset", "coin"),
    )
    op.create_table(
        "fx_rate",
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("rate", ExactDecimal(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "day", "provider"),
    )
    op.create_table(
        "outbound_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_outbound_call_at"), "outbound_call", ["at"], unique=False)
    op.create_index("ix_outbound_call_provider_at", "outbound_call", ["provider", "at"], unique=False)
    op.create_table(
        "price_history",
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("coin", sa.String(120), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "asset", "provider"),
    )
    op.create_table(
        "provider_state",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("succeeded_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(80), nullable=False),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("provider"),
    )
    op.create_table(
        "setup_link",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_user_name"), "user", ["name"], unique=True)
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scope", sa.String(8), nullable=False),
        sa.Column("hint", sa.String(8), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_api_token_token_hash"), "api_token", ["token_hash"], unique=True)
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "asset_override",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("group_name", sa.String(40), nullable=False),
        sa.Column("coingecko_id", sa.String(120), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "asset"),
    )
    op.create_table(
        "column_mapping",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("headers_hash", sa.String(64), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "name"),
    )
    op.create_index(op.f("ix_column_mapping_headers_hash"), "column_mapping", ["headers_hash"], unique=False)
    op.create_index(op.f("ix_column_mapping_user_id"), "column_mapping", ["user_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "snapshot",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("scope", sa.String(250), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.Column("total", ExactDecimal(), nullable=False),
        sa.Column("crypto", ExactDecimal(), nullable=True),
        sa.Column("stocks", ExactDecimal(), nullable=True),
        sa.Column("wealth", ExactDecimal(), nullable=True),
        sa.Column("priced", sa.Integer(), nullable=False),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "scope", "day", "currency"),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("last_sync", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(500), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "key"),
    )
    op.create_index(op.f("ix_source_user_id"), "source", ["user_id"], unique=False)
    op.create_table(
        "user_settings",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("base_currency", sa.String(8), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("theme", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("number_style", sa.String(16), nullable=False),
        sa.Column("small_balance_threshold", ExactDecimal(), nullable=False),
        sa.Column("cost_basis_method", sa.String(16), nullable=False),
        sa.Column("pnl_anchor", sa.String(16), nullable=False),
        sa.Column("privacy", sa.Boolean(), nullable=False),
        sa.Column("scope_crypto", sa.String(80), nullable=False),
        sa.Column("scope_stocks", sa.String(80), nullable=False),
        sa.Column("scope_wealth", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "credential",
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("ciphertext", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("hint", sa.String(4), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("source_id", "field"),
    )
    op.create_table(
        "source_file",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(60), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_source_file_sha256"), "source_file", ["sha256"], unique=False)
    op.create_index(op.f("ix_source_file_source_id"), "source_file", ["source_id"], unique=False)
    op.create_index(op.f("ix_source_file_user_id"), "source_file", ["user_id"], unique=False)
    op.create_table(
        "wealth_item",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_wealth_item_source_id"), "wealth_item", ["source_id"], unique=False)
    op.create_index(op.f("ix_wealth_item_user_id"), "wealth_item", ["user_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("file_id", sa.String(32), nullable=True),
        sa.Column("format", sa.String(60), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["source_file.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_import_batch_source_id"), "import_batch", ["source_id"], unique=False)
    op.create_index(op.f("ix_import_batch_user_id"), "import_batch", ["user_id"], unique=False)
    op.create_table(
        "wealth_valuation",
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", ExactDecimal(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["wealth_item.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "day"),
    )
    op.create_table(
        "latest_price",
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner", "asset", "currency", "at", "provider"),
    )
    op.create_index(op.f("ix_latest_price_batch_id"), "latest_price", ["batch_id"], unique=False)
    op.create_table(
        "price",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_price_asset_day", "price", ["asset", "day"], unique=False)
    op.create_index(op.f("ix_price_batch_id"), "price", ["batch_id"], unique=False)
    op.create_index(
        "uq_price_batch",
        "price",
        ["batch_id", "asset", "currency", "day", "provider"],
        unique=True,
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "uq_price_observer",
        "price",
        ["owner", "asset", "currency", "day", "provider"],
        unique=True,
        sqlite_where=sa.text("batch_id IS NULL"),
        postgresql_where=sa.text("batch_id IS NULL"),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("format", sa.String(60), nullable=False),
        sa.Column("has_accounts", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_statement_batch_id"), "statement", ["batch_id"], unique=False)
    op.create_index(op.f("ix_statement_source_id"), "statement", ["source_id"], unique=False)
    op.create_index(op.f("ix_statement_user_id"), "statement", ["user_id"], unique=False)
    op.create_table(
        "transaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("source_id", sa.String(32), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("received_asset", sa.String(80), nullable=True),
        sa.Column("received_quantity", ExactDecimal(), nullable=True),
        sa.Column("sent_asset", sa.String(80), nullable=True),
        sa.Column("sent_quantity", ExactDecimal(), nullable=True),
        sa.Column("fee_asset", sa.String(80), nullable=True),
        sa.Column("fee_quantity", ExactDecimal(), nullable=True),
        sa.Column("value_asset", sa.String(80), nullable=True),
        sa.Column("value_quantity", ExactDecimal(), nullable=True),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("account", sa.String(120), nullable=False),
        sa.Column("group_name", sa.String(200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("edited_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_transaction_batch_id"), "transaction", ["batch_id"], unique=False)
    op.create_index("ix_transaction_source", "transaction", ["source_id"], unique=False)
    op.create_index("ix_transaction_user_at", "transaction", ["user_id", "at"], unique=False)
    op.create_table(
        "balance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.String(32), nullable=False),
        sa.Column("asset", sa.String(80), nullable=False),
        sa.Column("quantity", ExactDecimal(), nullable=False),
        sa.Column("account", sa.String(120), nullable=False),
        sa.Column("cost_currency", sa.String(8), nullable=True),
        sa.Column("cost", ExactDecimal(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_balance_statement_id"), "balance", ["statement_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_balance_statement_id"), table_name="balance")
    op.drop_table("balance")
    op.drop_index("ix_transaction_user_at", table_name="transaction")
    op.drop_index("ix_transaction_source", table_name="transaction")
    op.drop_index(op.f("ix_transaction_batch_id"), table_name="transaction")
    op.drop_table("transaction")
    op.drop_index(op.f("ix_statement_user_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_source_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_batch_id"), table_name="statement")
    op.drop_table("statement")
    op.drop_index(
        "uq_price_observer",
        table_name="price",
        sqlite_where=sa.text("batch_id IS NULL"),
        postgresql_where=sa.text("batch_id IS NULL"),
    )
    op.drop_index(
        "uq_price_batch",
        table_name="price",
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.drop_index(op.f("ix_price_batch_id"), table_name="price")
    op.drop_index("ix_price_asset_day", table_name="price")
    op.drop_table("price")
    op.drop_index(op.f("ix_latest_price_batch_id"), table_name="latest_price")
    op.drop_table("latest_price")
    op.drop_table("wealth_valuation")
    op.drop_index(op.f("ix_import_batch_user_id"), table_name="import_batch")
    op.drop_index(op.f("ix_import_batch_source_id"), table_name="import_batch")
    op.drop_table("import_batch")
    op.drop_index(op.f("ix_wealth_item_user_id"), table_name="wealth_item")
    op.drop_index(op.f("ix_wealth_item_source_id"), table_name="wealth_item")
    op.drop_table("wealth_item")
    op.drop_index(op.f("ix_source_file_user_id"), table_name="source_file")
    op.drop_index(op.f("ix_source_file_source_id"), table_name="source_file")
    op.drop_index(op.f("ix_source_file_sha256"), table_name="source_file")
    op.drop_table("source_file")
    op.drop_table("credential")
    op.drop_table("user_settings")
    op.drop_index(op.f("ix_source_user_id"), table_name="source")
    op.drop_table("source")
    op.drop_table("snapshot")
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_table("session")
    op.drop_index(op.f("ix_column_mapping_user_id"), table_name="column_mapping")
    op.drop_index(op.f("ix_column_mapping_headers_hash"), table_name="column_mapping")
    op.drop_table("column_mapping")
    op.drop_table("asset_override")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_index(op.f("ix_api_token_token_hash"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_user_name"), table_name="user")
    op.drop_table("user")
    op.drop_table("setup_link")
    op.drop_table("provider_state")
    op.drop_table("price_history")
    op.drop_index("ix_outbound_call_provider_at", table_name="outbound_call")
    op.drop_index(op.f("ix_outbound_call_at"), table_name="outbound_call")
    op.drop_table("outbound_call")
    op.drop_table("fx_rate")
    op.drop_table("coin_candidate")
    op.drop_index(op.f("ix_audit_entry_user_id"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index(op.f("ix_asset_symbol"), table_name="asset")
    op.drop_table("asset")
