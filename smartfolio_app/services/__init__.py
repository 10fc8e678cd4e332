"""Use cases: what a page, a route or the shell may ask SmartFolio to do."""
