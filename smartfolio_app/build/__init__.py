"""Building the browser side: what it depends on, when to rebuild it, and where the product is kept.

Nothing here is imported by a running server except ``plugins`` (through ``rxconfig.py``); importing this package
must stay free of Reflex, so that a warm start spends its time on starting.
"""
