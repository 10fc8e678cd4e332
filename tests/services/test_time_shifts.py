"""When the rows of a file in local time are believed to be those the network tells."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.services.time_shifts import shifted

START = datetime(2024, 3, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bought(number, shift=timedelta()):
    return Transaction(
        at=START + timedelta(days=number, minutes=7 * number) + shift,
        kind=TransactionKind.DEPOSIT,
        received=Amount(Decimal(number + 1), "crypto:BTC"),
    )


def test_a_year_in_local_time_is_explained_by_its_two_shifts():
    told = [bought(number) for number in range(20)]
    new = [bought(number, HOUR if number < 11 else 2 * HOUR) for number in range(20)]  # summer time begins
    assert shifted(told, new) == set(range(20))


def test_two_rows_are_a_coincidence_and_three_are_a_pattern():
    told = [bought(number) for number in range(3)]
    assert shifted(told[:2], [bought(number, HOUR) for number in range(2)]) == set()
    assert shifted(told, [bought(number, HOUR) for number in range(3)]) == {0, 1, 2}


def test_look_alikes_at_all_hours_are_no_pattern():
    told = [bought(number) for number in range(12)]
    # Three fit one shift; the others lie off by as many different ones.
    new = [bought(number, max(number, 2) * HOUR) for number in range(12)]
    assert shifted(told, new) == set()


def test_a_shift_that_no_zone_has_is_none():
    told = [bought(number) for number in range(5)]
    assert shifted(told, [bought(number, timedelta(minutes=7)) for number in range(5)]) == set()
    assert shifted(told, [bought(number, 15 * HOUR) for number in range(5)]) == set()
    assert shifted(told, [bought(number, timedelta(hours=5, minutes=45)) for number in range(5)]) == set(
        range(5)
    )
