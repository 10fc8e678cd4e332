"""What a bundle is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from smartfolio_app.analytics.bundles.records import Json
from smartfolio_app.analytics.results import Portfolio
from smartfolio_app.services.views import Basis, View
from smartfolio_app.services.wealth import portfolio


@dataclass(frozen=True, slots=True)
class Asked:
    """Who looks, what is known, and the portfolio on screen."""

    db: Session
    view: View
    known: Basis

    @property
    def whole(self) -> Portfolio:
        """The portfolio on screen."""
        return portfolio(self.db, self.view)


#: The name of a recipe, and its inputs.
Made = tuple[str, Json]
#: (who asks, what follows the kind of figure in its name) -> what its bundle holds.
Maker = Callable[[Asked, str], Made]
