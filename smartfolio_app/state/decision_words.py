"""What one tile of the dashboard's row says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class DecisionTile:
    """A tile's words: one figure or word, a few words about it, and a verdict (``tone``: a class of ``.chip``).

    ``figure``, ``detail_figure`` and ``verdict_figure`` name what explains the numbers in each, empty where there are
    none. While ``headline`` is empty a skeleton stands in. ``hidden``: there is nothing to say, and the row closes up.
    """

    headline: str = ""
    detail: str = ""
    verdict: str = ""
    tone: str = ""
    hidden: bool = False
    figure: str = ""
    detail_figure: str = ""
    verdict_figure: str = ""
