"""Snapshots: one a day and scope, at the user's own midnight, however often they are taken."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.analytics.scope import Scope
from smartfolio_app.services import accounts, snapshots, sources, user_settings, wealth
from smartfolio_app.storage.tables import User

NOW = datetime(2026, 11, 23, 10, 40, tzinfo=UTC)


@pytest.fixture
def household(sample_user):
    return sample_user(NOW)


def test_the_due_ones_are_taken_once_and_valued_at_midnight(db, household):
    assert snapshots.take_due(db, NOW) > 4
    assert snapshots.take_due(db, NOW + timedelta(hours=5)) == 0
    (row,) = snapshots.listed(db, household)
    assert row.day == date(2026, 11, 23)
    assert row.taken_at == datetime(2026, 11, 22, 23, tzinfo=UTC)  # midnight in Berlin
    view = wealth.view_of(db, household)
    assert row.total == wealth.portfolio(db, view, row.taken_at).total
    assert row.total == row.crypto + row.stocks + row.wealth


def test_the_next_day_brings_the_next_one(db, household):
    snapshots.take_due(db, NOW)
    assert snapshots.due(db, NOW + timedelta(hours=11)) == []
    assert [user for user, _ in snapshots.due(db, NOW + timedelta(hours=13))] == [household]
    snapshots.take_due(db, NOW + timedelta(hours=24))
    assert [row.day.day for row in snapshots.listed(db, household)] == [23, 24]


def test_each_source_has_its_own_and_they_add_up(db, household):
    snapshots.take(db, household, NOW)
    (whole,) = snapshots.listed(db, household)
    parts = [
        snapshots.listed(db, household, Scope(crypto=key).name) for key in ("kraken", "binance", "ledger")
    ]
    assert abs(sum(rows[0].crypto for rows in parts) - whole.crypto) < Decimal("1e-9")
    assert {rows[0].stocks for rows in parts} == {whole.stocks}


def test_one_taken_by_hand_replaces_the_days_and_becomes_the_anchor(db, household):
    snapshots.take_due(db, NOW)
    snapshots.take(db, household, NOW)
    (row,) = snapshots.listed(db, household)
    assert row.taken_at == NOW
    assert snapshots.last(db, household) == NOW
    view = replace(wealth.view_of(db, household), anchor="snapshot")
    assert wealth.portfolio(db, view, NOW + timedelta(hours=1)).change.since == NOW


def test_what_has_no_price_at_all_leaves_no_snapshot(db, someone, give):
    give(someone, "BTC", "1")
    assert snapshots.take(db, someone, NOW) == 0
    assert snapshots.listed(db, someone) == []


def test_midnight_is_the_users_own(db, household):
    user_settings.update(db, household, time_zone="Pacific/Auckland")
    (due,) = snapshots.due(db, NOW)
    assert due == (household, datetime(2026, 11, 22, 11, tzinfo=UTC))


def test_nobody_watches_over_the_days_of_who_is_disabled(db, someone):
    assert [user for user, _ in snapshots.due(db, NOW)] == [someone]
    accounts.create_user(db, "root", "correct horse battery", admin=True)
    name = db.get(User, someone).name
    accounts.disable(db, name)
    assert someone not in [user for user, _ in snapshots.due(db, NOW)]


def test_one_persons_broken_source_stops_nobody_else(db, household, someone, give, monkeypatch):
    give(someone, "BTC", "1")
    build = wealth.portfolio

    def broken_for_someone(session, view, at=None):
        if view.user_id == someone:
            from smartfolio_app.errors import SmartFolioError

            raise SmartFolioError("ledger.unknown_source", source="x")
        return build(session, view, at)

    monkeypatch.setattr(wealth, "portfolio", broken_for_someone)
    assert snapshots.take_due(db, NOW) > 4
    assert len(snapshots.listed(db, household)) == 1


def test_an_inactive_source_counts_nowhere(db, household):
    sources.set_active(db, household, "kraken", active=False)
    snapshots.take(db, household, NOW)
    assert snapshots.listed(db, household, Scope(crypto="kraken").name) == []
