"""Targets, how far the portfolio has drifted from them, and the trades that would bring it back. It never trades."""
