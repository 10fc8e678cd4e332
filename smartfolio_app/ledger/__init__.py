"""The pure ledger: money, transactions, lots, transfers, dedupe, reconciliation. No I/O of any kind."""
