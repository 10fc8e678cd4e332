"""The same file read in another time zone brings nothing twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from smartfolio_app.ledger.dedupe import Known, fingerprint, merge
from smartfolio_app.ledger.reread import read_in, without_reread
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind

PARIS = ZoneInfo("Europe/Paris")
WINTER, SUMMER = datetime(2024, 1, 15, 10, tzinfo=UTC), datetime(2024, 7, 15, 10, tzinfo=UTC)


def bought(at, quantity="1"):
    return Transaction(at=at, kind=TransactionKind.DEPOSIT, received=Amount(Decimal(quantity), "crypto:BTC"))


def compared(stored, incoming, zone=PARIS, others=(UTC, PARIS)):
    known = [Known(fingerprint(one), id=str(number)) for number, one in enumerate(stored)]
    return without_reread(known, merge(known, incoming), zone, others)


def as_told_in_paris(rows):
    return [bought(read_in(one.at, UTC, PARIS), one.received.quantity) for one in rows]


def test_rows_read_in_utc_are_known_in_paris_on_both_sides_of_summer_time_and_the_new_one_is_new():
    stored = [bought(WINTER), bought(SUMMER, "2")]
    again = as_told_in_paris(stored)
    assert [one.at - told.at for one, told in zip(stored, again, strict=True)] == [
        timedelta(hours=1),
        timedelta(hours=2),
    ]
    fresh = bought(SUMMER + timedelta(days=1), "3")
    merged, reread = compared(stored, [*again, fresh])
    assert (merged.new, merged.fingerprints, len(merged.duplicates), reread) == (
        [fresh],
        [fingerprint(fresh)],
        2,
        2,
    )


def test_and_the_other_way_round():
    stored = as_told_in_paris([bought(WINTER), bought(SUMMER)])
    merged, reread = compared(stored, [bought(WINTER), bought(SUMMER)], zone=UTC)
    assert (merged.new, reread) == ([], 2)


def test_equal_rows_of_each_hour_are_counted_one_by_one():
    hours = [bought(WINTER + timedelta(hours=number)) for number in range(4)]
    longer = [*hours, bought(WINTER + timedelta(hours=4))]
    merged, reread = compared(
        hours, longer, zone=PARIS
    )  # read as before: the fifth is new, though an hour apart
    assert (len(merged.duplicates), len(merged.new), reread) == (4, 1, 0)
    merged, _ = compared(hours, as_told_in_paris(longer))
    assert (len(merged.duplicates), len(merged.new)) == (4, 1)


def test_another_quantity_and_another_hour_are_another_event():
    merged, reread = compared([bought(WINTER)], [bought(WINTER - timedelta(hours=1), "2")])
    assert (len(merged.new), reread) == (1, 0)
    merged, reread = compared([bought(WINTER)], [bought(WINTER - timedelta(hours=3))])
    assert (len(merged.new), reread) == (1, 0)


def test_the_next_day_of_a_reward_paid_each_hour_is_new_to_the_last_row():
    hours = [bought(WINTER + timedelta(hours=number)) for number in range(48)]
    # On the clock of Paris the first of the second day would be the last of the first.
    merged, reread = compared(hours[:24], hours[24:], zone=UTC)
    assert (len(merged.new), merged.duplicates, reread) == (24, [], 0)
    # Most of this file is known as it is read: what is new in it is new.
    merged, reread = compared(hours[:24], [*hours[20:23], hours[24]], zone=UTC)
    assert (merged.new, len(merged.duplicates), reread) == ([hours[24]], 3, 0)
    # A known row that has its partner speaks for no other.
    merged, reread = compared([hours[23], hours[5]], [*hours[23:25], hours[6]], zone=UTC)
    assert (merged.new, reread) == ([hours[24], hours[6]], 0)


def test_a_longer_file_than_the_one_that_was_read_before_is_known_by_what_both_have():
    stored = [bought(WINTER + timedelta(days=number), str(number + 1)) for number in range(3)]
    longer = [bought(WINTER + timedelta(days=number), str(number + 1)) for number in range(20)]
    merged, reread = compared(stored, as_told_in_paris(longer))
    assert (len(merged.new), len(merged.duplicates), reread) == (17, 3, 3)
    merged, reread = compared(as_told_in_paris(longer), stored, zone=UTC)
    assert (merged.new, reread) == ([], 3)
