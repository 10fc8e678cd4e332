"""Alembic migrations, one file a schema version; applied by ``storage.migrate``."""
