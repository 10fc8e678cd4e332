"""Where a rule ends: the last day of a report, the last day of a short holding, the last cent of a tolerated fee."""

from __future__ import annotations

from datetime import date

from smartfolio_app.ledger.gains import TermRule
from tests.ledger.test_gains import report
from tests.ledger.test_transfers import arrive, out, pairs


def test_both_days_of_a_report_belong_to_it():
    day = date(2023, 1, 21)  # of the sale
    assert [row.transaction for row in report(first=day, last=day).rows] == ["t2"]


def test_what_was_earned_counts_in_its_days_and_sources_alone():
    assert report(first=date(2023, 1, 11), last=date(2023, 1, 11)).total.income == 5
    later = report(first=date(2023, 1, 12)).total
    assert (later.income, later.unknown_income) == (0, 1)
    elsewhere = report(sources=["a"]).total
    assert (elsewhere.income, elsewhere.unknown_income) == (0, 0)


def test_what_was_held_for_just_the_days_of_the_rule_is_short_term():
    found = report(rule=TermRule(days=20))
    assert found.rows[0].long_term is False
    assert (found.total.short_term, found.total.long_term) == (18, 29)


def test_just_the_tolerated_fee_may_be_missing_on_arrival():
    assert pairs(out(0, "1"), arrive(1, "0.95")) == [(0, 1)]


def test_a_deposit_that_the_user_gave_to_a_withdrawal_is_no_other_s_while_that_is_not_there():
    rows = [out(0, "1", id="w"), arrive(1, "1", id="d")]
    assert pairs(*rows, decided={"of a source that is switched off": "d"}) == []
