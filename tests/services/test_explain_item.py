"""Why an item is worth what it is: its owner's last word, on any day, and nobody else's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from smartfolio_app.errors import NotFoundError
from smartfolio_app.services import bundles, items, wealth
from smartfolio_app.services.explain import explain
from smartfolio_app.services.explain_item import counted


@pytest.fixture
def boat(db, someone):
    """Valued twice, then sold."""
    first = date(2024, 1, 10)
    one = items.add(db, someone, kind="vehicle", name="Boat", currency="USD", value="900", day=first)
    items.set_value(db, someone, one.id, value="700", day=date(2024, 3, 1))
    return items.set_closed(db, someone, one.id, date(2024, 6, 1)).id


@pytest.mark.parametrize(
    ("day", "told"),
    [("", 700), (":2024-01-10", 900), (":2024-02-29", 900), (":2024-03-01", 700), (":2024-05-31", 700)],
)
def test_the_last_word_holds_until_the_next(db, someone, boat, day, told):
    view = wealth.view_of(db, someone)
    found = explain(db, view, f"item:{boat}{day}")
    assert (found.amount, found.unit) == (told, "USD")
    assert found.steps[0].amount == told
    assert found.notes == (() if day else ("explain.item.closed",))
    if told == 700:
        assert [step.amount for step in found.steps[1:3]] == [900, -200]
    made = bundles.make(db, view, f"item:{boat}{day}")
    assert (made["recipe"], Decimal(made["result"])) == ("told", told)


@pytest.mark.parametrize("about", [":2024-01-09", ":2024-06-01", ":2999-01-01", ":soon"])
def test_where_it_counted_for_nothing_there_is_nothing_to_explain(db, someone, boat, about):
    view = wealth.view_of(db, someone)
    assert counted(db, view, f"{boat}{about}") is None
    with pytest.raises(NotFoundError):
        explain(db, view, f"item:{boat}{about}")


def test_nobody_elses_item_is_explained(db, boat, other):
    view = wealth.view_of(db, other)
    for figure in (f"item:{boat}", f"item:{boat}:2024-02-01", "item:", "item:nothing"):
        with pytest.raises(NotFoundError):
            explain(db, view, figure)
        with pytest.raises(NotFoundError):
            bundles.make(db, view, figure)
