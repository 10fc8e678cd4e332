"""What part of the household is looked at: per category everything, or one source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ALL = "all"


class Category(StrEnum):
    """The three families of sources."""

    CRYPTO = "crypto"
    STOCKS = "stocks"
    WEALTH = "wealth"


@dataclass(frozen=True, slots=True)
class Scope:
    """The WealthBar's choice: ``"all"`` or a source key, for each category."""

    crypto: str = ALL
    stocks: str = ALL
    wealth: str = ALL

    def includes(self, category: Category, source_key: str) -> bool:
        """Tell whether a source of ``category`` is part of the scope."""
        chosen = getattr(self, category.value)
        return chosen in (ALL, source_key)

    @property
    def name(self) -> str:
        """A stable text for keys and links: ``all`` or ``crypto=kraken;stocks=all;wealth=all``."""
        if (self.crypto, self.stocks, self.wealth) == (ALL, ALL, ALL):
            return ALL
        return f"crypto={self.crypto};stocks={self.stocks};wealth={self.wealth}"
