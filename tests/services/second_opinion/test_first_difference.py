"""Of several differences the one that happened first is told, whatever asset it is of."""

from __future__ import annotations

from smartfolio_app.ledger.lots import Policy
from tests.services.second_opinion.generated import book_of, second_opinion
from tests.services.second_opinion.test_comparison import BUY, EUR, SALE, A, B, Written


def test_of_several_differences_the_first_is_told():
    ledger = Written(
        (0, BUY, f"1 {A}", f"10 {EUR}"),
        (1, BUY, f"1 {B}", f"10 {EUR}"),
        (2, SALE, f"30 {EUR}", f"1 {B}"),
        (3, SALE, f"30 {EUR}", f"1 {A}"),
    )
    book = book_of(ledger, Policy())
    for number in range(2):
        book.engine.matches.cost[number] += 1
    found = second_opinion(ledger, Policy(), book)
    assert found.total.differing == 2
    assert (found.first.asset, found.first.disposal) == (B, 2)
