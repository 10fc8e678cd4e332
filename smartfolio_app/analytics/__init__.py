"""PURE: valuation, performance, allocation, risk and explanations. No I/O of any kind."""
