"""Own transfers: which withdrawal became which deposit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.ledger.ordering import in_order
from smartfolio_app.ledger.transactions import Amount, Transaction, TransactionKind
from smartfolio_app.ledger.transfers import match_transfers

T0 = datetime(2024, 1, 1, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def out(hours, quantity, source="a", *, asset="crypto:BTC", fee=None, **more):
    return Transaction(
        T0 + hours * HOUR,
        TransactionKind.WITHDRAWAL,
        sent=Amount(Decimal(quantity), asset),
        fee=Amount(Decimal(fee), asset) if fee else None,
        source=source,
        **more,
    )


def arrive(hours, quantity, source="b", *, asset="crypto:BTC", **more):
    received = Amount(Decimal(quantity), asset)
    return Transaction(T0 + hours * HOUR, TransactionKind.DEPOSIT, received, source=source, **more)


def pairs(*rows, **more):
    ordered = in_order(rows)
    return [
        (rows.index(ordered[a]), rows.index(ordered[b])) for a, b in match_transfers(ordered, **more).items()
    ]


def test_the_same_amount_elsewhere_a_little_later_is_the_same_coins():
    assert pairs(out(0, "1"), arrive(1, "1")) == [(0, 1)]


def test_the_network_s_fee_may_be_missing_on_arrival_but_not_more():
    assert pairs(out(0, "1"), arrive(1, "0.96")) == [(0, 1)]
    assert pairs(out(0, "1", fee="0.2"), arrive(1, "0.8")) == [(0, 1)]
    assert pairs(out(0, "1"), arrive(1, "0.94")) == []
    assert pairs(out(0, "1"), arrive(1, "1.01")) == []


def test_another_asset_the_same_place_or_another_week_is_no_transfer():
    assert pairs(out(0, "1"), arrive(1, "1", asset="crypto:ETH")) == []
    assert pairs(out(0, "1", source="a"), arrive(1, "1", source="a")) == []
    assert pairs(out(0, "1"), arrive(24 * 3 + 1, "1")) == []
    assert pairs(out(0, "1"), arrive(-3, "1")) == []


def test_accounts_of_one_source_are_different_places():
    assert pairs(out(0, "1", source="a", account="x"), arrive(1, "1", source="a", account="y")) == [(0, 1)]


def test_one_transaction_id_is_proof_even_in_one_place():
    assert pairs(
        out(0, "1", source="a", external_id="0xabc"), arrive(1, "1", source="a", external_id="0xabc")
    ) == [(0, 1)]


def test_money_may_take_a_week_and_clocks_may_disagree():
    assert pairs(out(0, "1", asset="fiat:EUR"), arrive(24 * 6, "1", asset="fiat:EUR")) == [(0, 1)]
    assert pairs(out(0, "1"), arrive(-1, "1")) == [(0, 1)]


def test_a_record_that_has_a_date_only_gets_the_whole_day():
    midnight = Transaction(
        datetime(2024, 1, 1, tzinfo=UTC),
        TransactionKind.DEPOSIT,
        Amount(Decimal(1), "crypto:BTC"),
        source="b",
    )
    assert pairs(out(0, "1"), midnight) == [(0, 1)]


def test_the_better_pair_is_taken_first():
    assert pairs(out(0, "1"), arrive(1, "0.98"), arrive(5, "1", source="c")) == [(0, 2)]
    assert pairs(out(0, "1"), out(2, "1"), arrive(3, "1")) == [(1, 2)]
    assert pairs(out(0, "1", external_id="T"), arrive(1, "1"), arrive(2, "0.99", external_id="T")) == [(0, 2)]


def test_each_deposit_is_used_once():
    assert pairs(out(0, "1"), out(0, "1", source="c"), arrive(1, "1")) in ([(0, 2)], [(1, 2)])


def test_the_user_s_word_makes_and_breaks_pairs():
    rows = [out(0, "1", id="w"), arrive(1, "1", id="d"), arrive(2, "5", source="c", id="e")]
    assert pairs(*rows) == [(0, 1)]
    assert pairs(*rows, decided={"w": ""}) == []
    assert pairs(*rows, decided={"w": "e"}) == [(0, 2)]
    assert pairs(*rows, decided={"unknown": "e"}) == [(0, 1)]


records = st.lists(
    st.one_of(
        st.builds(out, st.integers(0, 9), st.sampled_from(["1", "0.98", "2"]), st.sampled_from("ab")),
        st.builds(arrive, st.integers(0, 9), st.sampled_from(["1", "0.98", "2"]), st.sampled_from("ab")),
    ),
    max_size=8,
)


@given(records, st.randoms())
def test_pairs_do_not_depend_on_the_order_given_and_use_every_record_once(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = in_order(rows), in_order(shuffled)
    first = [(one[a], one[b]) for a, b in match_transfers(one).items()]
    assert first == [(two[a], two[b]) for a, b in match_transfers(two).items()]
    matched = match_transfers(one)
    assert len(set(matched.values())) == len(matched)
