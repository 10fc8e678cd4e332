"""What moved the worth is the same however much of it is worked on at a time."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from smartfolio_app.analytics import flows
from smartfolio_app.analytics.history import history
from smartfolio_app.analytics.scope import Scope
from tests.analytics.test_edits import BOOK, START, ledgers, statements, view_of


@pytest.mark.parametrize(("at_hand", "most"), [(1, 1 << 19), (1, 1), (3, 2)])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ledgers, statements)
def test_flows_are_the_same_in_any_number_of_pieces(at_hand, most, rows, told):
    view = view_of(rows, told)
    whole = series(view)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flows, "_AT_HAND", at_hand)
        patch.setattr(flows, "STRETCH", most)
        view.kept_series.clear()
        pieces = series(view)
    for name in whole:
        np.testing.assert_allclose(pieces[name], whole[name], rtol=1e-12, atol=1e-12, err_msg=name)
        if most > 2:
            np.testing.assert_array_equal(pieces[name], whole[name], name)


def series(view):
    made = history(view, BOOK, Scope(), "EUR", START.date(), date(2024, 2, 1), "asset")
    parts = {key: part.flows for key, part in made.parts.items()}
    every = {
        one.name: getattr(made, one.name) for one in fields(made) if one.name in ("flows", "income", "fees")
    }
    return parts | every
