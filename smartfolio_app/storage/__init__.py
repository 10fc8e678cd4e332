"""SQLModel tables, the engine, repositories, the vault and migrations."""
