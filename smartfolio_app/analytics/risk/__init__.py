"""Risk, measured on real daily returns. Every figure is ``None`` where the data do not carry it."""
