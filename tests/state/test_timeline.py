"""The line of the history chart."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from smartfolio_app.analytics.intraday import Intraday
from smartfolio_app.analytics.results import History
from smartfolio_app.services import accounts
from smartfolio_app.state import dashboard, dashboard_view
from smartfolio_app.state import timeline as tl
from smartfolio_app.state.figures import Figures
from smartfolio_app.storage.engine import session_scope
from tests.state.tab import call, tab

FIGURES = Figures(language="en", currency="EUR")
TODAY = date(2026, 11, 23)


def history(values, flows=None):
    days = tuple(TODAY - timedelta(days=len(values) - 1 - index) for index in range(len(values)))
    nothing = np.zeros(len(values))
    return History(
        days=days,
        currency="EUR",
        value=np.array(values, dtype=float),
        invested=nothing,
        flows=np.array(flows, dtype=float) if flows else nothing,
        income=nothing,
        fees=nothing,
        realised=nothing,
        unrealised=nothing,
        fx=nothing,
        coverage=nothing + 1,
        known=nothing + 1,
    )


def test_each_point_carries_its_own_words():
    line = tl.timeline(history([100.0, 110.0]), FIGURES)
    assert line.labels == ["€100.00", "€110.00"]
    assert line.dates == ["Nov 22, 2026", "Nov 23, 2026"]
    assert line.times[1] == int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
    assert (line.change, line.change_pct, line.direction) == ("+€10.00", "+10.0%", "up")


def test_a_point_of_a_day_is_explained_by_its_day_and_one_of_an_instant_is_not():
    values = [100.0, 110.0, 120.0]
    line = tl.timeline(history(values), FIGURES)
    assert line.figure_of_day == "history:"
    assert [datetime.fromtimestamp(at, UTC).date() for at in line.times] == list(history(values).days)
    at = tuple(datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in range(3))
    hours = Intraday(at, "EUR", np.array([6.0, 7.0, 8.0]), np.array([1.0, 1.0, 1.0]))
    assert tl.day_line(hours, FIGURES).figure_of_day == ""


def test_days_before_anything_was_known_are_left_out_and_gaps_stay_gaps():
    line = tl.timeline(history([np.nan, 5.0, np.nan, 6.0]), FIGURES)
    assert line.values == [5.0, None, 6.0]
    assert line.labels == ["€5.00", "", "€6.00"]


def test_money_paid_in_is_told_apart_from_the_change():
    line = tl.timeline(history([100.0, 300.0], flows=[50.0, 200.0]), FIGURES)
    assert (line.flows, line.change, line.change_pct) == ("€200.00 added", "€0.00", "0.0%")
    line = tl.timeline(history([300.0, 110.0], flows=[0.0, -200.0]), FIGURES)
    assert (line.flows, line.change) == ("€200.00 taken out", "+€10.00")


def test_a_long_stretch_without_prices_is_not_drawn_across():
    series = replace(history([5.0] * 400 + [700.0, 770.0]), known=np.array([0.0] * 400 + [1.0, 1.0]))
    line = tl.timeline(series, FIGURES)
    assert (line.labels, line.change_pct) == (["€700.00", "€770.00"], "+10.0%")
    assert line.note.startswith("Drawn from Nov 22, 2026 on.")


def test_the_first_day_is_no_change():
    line = tl.timeline(history([700.0], flows=[700.0]), FIGURES)
    assert (line.labels, line.change, line.flows) == ([], "", "")
    assert "starts today" in line.note


def test_with_privacy_the_shape_is_an_index_and_no_amount_is_sent():
    line = tl.timeline(history([123456.0, 246912.0]), replace(FIGURES, privacy=True))
    assert line.values == [100.0, 200.0]
    assert "123" not in repr(line)


def test_a_falling_debt_rises_with_privacy_too():
    line = tl.timeline(history([-200.0, -100.0]), replace(FIGURES, privacy=True))
    assert line.values == [-100.0, -50.0]


def test_a_long_history_is_thinned_but_keeps_its_ends():
    line = tl.timeline(history([float(n) for n in range(1, 4001)]), FIGURES)
    assert len(line.times) <= tl.MAX_POINTS + 1
    assert (line.labels[0], line.labels[-1]) == ("€1.00", "€4,000.00")


def test_days_before_anything_was_owned_are_left_out():
    line = tl.timeline(history([0.0, 0.0, 50.0, 60.0], flows=[0.0, 0.0, 50.0, 5.0]), FIGURES)
    assert (line.labels[0], line.change, line.flows) == ("€50.00", "+€5.00", "€5.00 added")


def test_a_days_line_is_told_by_the_minute():
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    times = tuple(at + timedelta(minutes=15 * step) for step in range(3))
    points = Intraday(times, "EUR", np.array([np.nan, 7.0, 8.0]), np.array([0.0, 1.0, 1.0]))
    line = tl.day_line(points, FIGURES)
    assert (line.values, line.dates[0]) == ([7.0, 8.0], "Nov 23, 2026, 09:15")


def test_nothing_known_is_no_line():
    assert tl.timeline(history([np.nan, np.nan]), FIGURES).times == []


@pytest.mark.parametrize(
    ("chosen", "first"),
    [("1m", date(2026, 10, 24)), ("ytd", date(2026, 1, 1)), ("1y", date(2025, 11, 23)), ("all", None)],
)
def test_ranges(chosen, first):
    assert tl.first_day(chosen, TODAY) == first


async def test_the_dashboard_is_written_beside_the_event_loop(settings, monkeypatch):
    """Two thousand points and all that is shown of the present: the health check would wait for them."""
    with session_scope() as db:
        user = accounts.create_user(db, "drawer", "correct horse battery").id
    written: dict[str, threading.Thread] = {}

    def noting(what, write):
        def noted(*given):
            written[what] = threading.current_thread()
            return write(*given)

        return noted

    monkeypatch.setattr(dashboard, "timeline", noting("line", tl.timeline))
    monkeypatch.setattr(dashboard_view, "heat_map", noting("map", dashboard_view.heat_map))
    board = await tab(dashboard.DashboardState, user, "/")
    await call(board, "choose_range", "all")
    assert written.keys() == {"line", "map"}
    assert threading.main_thread() not in written.values()
