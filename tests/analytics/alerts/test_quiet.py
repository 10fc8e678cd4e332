"""Quiet hours on a person's own clock, over midnight and on the days when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smartfolio_app.analytics.alerts.quiet import QuietHours, instant

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(22 * 60, 7 * 60)


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        ((2026, 6, 10, 21, 59), (2026, 6, 10, 21, 59)),
        ((2026, 6, 10, 22, 0), (2026, 6, 11, 7, 0)),
        ((2026, 6, 11, 0, 0), (2026, 6, 11, 7, 0)),
        ((2026, 6, 11, 6, 59), (2026, 6, 11, 7, 0)),
        ((2026, 6, 11, 7, 0), (2026, 6, 11, 7, 0)),
        ((2026, 3, 28, 23, 0), (2026, 3, 29, 7, 0)),  # the night is an hour shorter
        ((2026, 10, 24, 23, 0), (2026, 10, 25, 7, 0)),  # and an hour longer
    ],
)
def test_over_midnight(at, allowed):
    assert NIGHT.allowed(paris(*at), PARIS) == paris(*allowed)


def test_within_a_day_and_none_at_all():
    noon = QuietHours(12 * 60, 14 * 60)
    assert noon.allowed(paris(2026, 6, 10, 13, 0), PARIS) == paris(2026, 6, 10, 14, 0)
    assert noon.allowed(paris(2026, 6, 10, 14, 0), PARIS) == paris(2026, 6, 10, 14, 0)
    assert not any(QuietHours(60, 60).covers(minute) for minute in range(0, 1440, 30))


def test_an_end_that_the_clock_skips_or_repeats_still_comes():
    early = QuietHours(0, 150)  # until half past two, which is not there on 29 March 2026
    skipped = early.allowed(paris(2026, 3, 29, 1, 0), PARIS)
    assert datetime(2026, 3, 29, 0, 30, tzinfo=UTC) <= skipped <= datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert early.allowed(skipped, PARIS) == skipped
    repeated = early.allowed(datetime(2026, 10, 25, 0, 0, tzinfo=UTC), PARIS)
    assert repeated > datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert instant(datetime(2026, 6, 10).date(), 450, PARIS) == paris(2026, 6, 10, 7, 30)  # noqa: DTZ001
