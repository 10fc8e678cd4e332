"""Figures as text on the pages: the formatter that the services write their notices with."""

from smartfolio_app.services.figures import HIDDEN, UNKNOWN, Figures, direction

__all__ = ["HIDDEN", "UNKNOWN", "Figures", "direction"]
