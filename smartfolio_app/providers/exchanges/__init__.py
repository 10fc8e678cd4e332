"""Crypto exchanges, through ccxt: which there are, what each needs, and how its history becomes transactions."""
