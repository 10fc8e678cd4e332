"""Explanations that can be taken along: a figure, its formula and everything it is computed from, in one small file."""
