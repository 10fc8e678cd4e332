"""The view a route looks at: the user's own settings, changed by what the query asks for."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query
from sqlmodel import Session

from smartfolio_app.analytics.scope import ALL, Category, Scope
from smartfolio_app.api.dependencies import Database, SignedIn
from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import sources, user_settings, wealth

CurrencyQuery = Annotated[
    str | None, Query(max_length=8, description="an ECB currency or BTC; default: your own")
]
ScopeQuery = Annotated[str | None, Query(max_length=80, description="all, or the key of one source")]
AnchorQuery = Annotated[
    Literal["midnight", "snapshot", "close"] | None, Query(description="since when today's change counts")
]


def view_of(  # noqa: PLR0917 - FastAPI passes them by name
    viewer: SignedIn,
    db: Database,
    currency: CurrencyQuery = None,
    crypto: ScopeQuery = None,
    stocks: ScopeQuery = None,
    wealth_: Annotated[
        str | None, Query(alias="wealth", max_length=80, description="all, or a source's key")
    ] = None,
    anchor: AnchorQuery = None,
) -> wealth.View:
    """Return the view.

    Raises:
        NotFoundError: The user has no such source in that category.
        InvalidInputError: The currency is none that can be looked in.
    """
    wanted = {Category.CRYPTO: crypto, Category.STOCKS: stocks, Category.WEALTH: wealth_}
    for category, key in wanted.items():
        if key is not None and key != ALL:
            _require_source(db, viewer.user_id, key, category)
    kept = user_settings.get(db, viewer.user_id).scope
    scope = Scope(**{one.value: wanted[one] or getattr(kept, one.value) for one in Category})
    code = currency.upper() if currency is not None else None
    return wealth.view_of(db, viewer.user_id, currency=code, scope=scope, anchor=anchor)


def _require_source(db: Session, user_id: str, key: str, category: Category) -> None:
    if sources.find(db, user_id, key).category != category.value:
        raise NotFoundError("source.no_such_source", source=key)


ChosenView = Annotated[wealth.View, Depends(view_of)]
