"""A price that somebody types in for an asset, on whichever page the form stands."""

from __future__ import annotations

from datetime import date
from typing import Any

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.services import pricing
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.reading import read_number
from smartfolio_app.state.seat import Seat


async def keep_price(seat: Seat, asset: AssetId, form: dict[str, Any]) -> str:
    """Keep the price in ``form`` (price, currency, day) for this user alone; return what is wrong with it, or ''."""
    typed, currency = str(form.get("price", "")), str(form.get("currency", ""))
    try:
        price, day = read_number(typed, seat.figures), date.fromisoformat(str(form.get("day", "")))
    except ValueError:
        return seat.figures.say("holdings.price_wrong", value=typed)
    try:
        await off_loop(pricing.set_manual_price, seat.viewer.user_id, asset, price, currency, day=day)
    except SmartFolioError as error:
        return error_text(seat.figures.language, error)
    return ""
