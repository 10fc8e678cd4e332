"""What was earned, month by month and asset by asset."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlmodel import Session

from smartfolio_app.analytics.income_calendar import IncomeCalendar, income_calendar, receipts
from smartfolio_app.ledger.lots import Policy
from smartfolio_app.services.views import Basis, View, answer


def calendar(db: Session, view: View) -> IncomeCalendar:
    """Return everything earned in the view's scope, in its currency, by months of the user's time zone.

    Raises:
        NotFoundError: There is no such user.
    """

    def ask(known: Basis) -> IncomeCalendar:
        inside = {
            id_
            for id_, source in known.ledger.sources.items()
            if view.scope.includes(source.category, source.key)
        }
        book = known.ledger.lots(known.prices, view.currency, Policy.parse(view.method))
        return income_calendar(receipts(book, ZoneInfo(view.time_zone), inside), view.currency)

    return answer(db, view, ("income",), ask)
