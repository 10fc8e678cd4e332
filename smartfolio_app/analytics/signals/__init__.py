"""Pure: components of the market's mood, a small model with its own record, regimes, funding rates."""
