"""The gains report, sales that are tried, and own transfers, from the database to the figures."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from smartfolio_app.analytics.explain_match import lot_figure, match_figure
from smartfolio_app.analytics.gain_reports import realised_figure
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.errors import ConflictError, InvalidInputError, NotFoundError
from smartfolio_app.ledger.lots import Method
from smartfolio_app.ledger.match_names import name_of
from smartfolio_app.ledger.what_if import SaleTooLargeError
from smartfolio_app.services import (
    explain_sale,
    gains,
    gains_export,
    manual_prices,
    own_transfers,
    sources,
    transactions,
    user_settings,
    wealth,
    what_if,
)
from smartfolio_app.services.explain import explain
from smartfolio_app.services.gains import Query
from smartfolio_app.services.transaction_drafts import Draft

JANUARY = datetime(2023, 1, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def book(db, someone):
    """Record transactions: ``book(day, kind, received, sent, fee, source=...)`` -> id."""
    kept = {
        "a": sources.add(db, someone, "file_crypto", "=Exchange").key,
        "b": sources.add(db, someone, "file_crypto", "Wallet").key,
    }

    def record(day, kind, received=None, sent=None, fee=None, *, source="a"):
        def amount(text):
            if text is None:
                return None
            quantity, symbol = text.split()
            return (quantity, f"fiat:{symbol}" if symbol == "EUR" else f"crypto:{symbol}")

        draft = Draft(
            at=JANUARY + day * DAY,
            kind=kind,
            received=amount(received),
            sent=amount(sent),
            fee=amount(fee),
        )
        return transactions.add(db, someone, kept[source], draft).id

    record.keys = kept
    return record


@pytest.fixture
def view(db, someone):
    return lambda **chosen: wealth.view_of(db, someone, **chosen)


@pytest.fixture
def ladder(book):
    """Three purchases at 10, 30 and 20, two sales in two years, and one of something never acquired."""
    book(0, "trade", "1 BTC", "10 EUR")
    book(1, "trade", "1 BTC", "30 EUR")
    book(2, "trade", "1 BTC", "20 EUR")
    book(30, "trade", "50 EUR", "1 BTC", "1 EUR")
    book(400, "trade", "60 EUR", "1 BTC", source="b")
    book(401, "trade", "7 EUR", "1 XYZ", source="b")


def test_the_report_has_rows_totals_and_what_is_not_known(db, view, ladder, book):
    found = gains.report(db, view())
    assert [(row.gain, row.long_term) for row in found.report.rows] == [(39, False), (30, True), (None, None)]
    assert (found.report.total.gain, found.report.total.short_term, found.report.total.long_term) == (
        69,
        39,
        30,
    )
    assert {year: total.gain for year, total in found.report.by_year.items()} == {2023: 39, 2024: 30}
    assert [(one.code, one.asset, one.quantity) for one in found.unknown] == [
        ("lots.unknown_acquisition", "crypto:XYZ", 1)
    ]
    assert gains.years(db, view()) == [2024, 2023]


def test_days_sources_methods_and_rules_narrow_or_change_it(db, view, ladder, book):
    def gain(**chosen):
        return gains.report(db, view(), Query(**chosen)).report.total.gain

    assert gain(first=date(2024, 1, 1)) == 30
    assert gain(source=book.keys["a"]) == 39
    assert gain(method="hifo") == 49 - 30 + 60 - 20
    assert gains.report(db, view(), Query(rule="none")).report.total.long_term == 0
    assert gains.report(db, view(), Query(rule="2y")).report.total.short_term == 69
    # lots are kept apart: what is sold in the wallet was never acquired there
    assert gains.report(db, view(), Query(pooling="source")).report.total.unknown == 2
    for wrong in ({"method": "best"}, {"rule": "soon"}, {"pooling": "moon"}):
        with pytest.raises(InvalidInputError):
            gain(**wrong)
    with pytest.raises(NotFoundError):
        gain(source="nobody's")


def test_the_method_may_differ_from_year_to_year(db, someone, view, ladder):
    user_settings.update(db, someone, cost_basis_years="2024=HIFO; 2023=lofo")
    assert user_settings.get(db, someone).cost_basis_years == "2023=lofo;2024=hifo"
    assert gains.report(db, view()).report.total.gain == 49 - 10 + 60 - 30
    with pytest.raises(InvalidInputError):
        user_settings.update(db, someone, cost_basis_years="2024=best")


def test_the_methods_stand_side_by_side(db, view, ladder):
    sides = {side.method: side for side in gains.side_by_side(db, view())}
    assert set(sides) == set(Method)
    assert (sides[Method.FIFO].difference, sides[Method.HIFO].total.gain) == (0, 59)
    assert sides[Method.HIFO].difference == -10


def test_each_side_is_one_method_in_every_year_whatever_the_users_own_by_year(db, someone, view, ladder):
    user_settings.update(db, someone, cost_basis_years="2024=lofo")
    assert gains.report(db, view()).report.total.gain == 49 - 10 + 60 - 20
    sides = {side.method: side for side in gains.side_by_side(db, view())}
    assert (sides[Method.FIFO].total.gain, sides[Method.FIFO].difference) == (69, -10)
    assert (sides[Method.LOFO].total.gain, sides[Method.LOFO].difference) == (79, 0)


@pytest.mark.parametrize(
    "query",
    [
        Query(),
        Query(rule="none", pooling="source"),
        Query(method="hifo", rule="2y"),
        Query(first=date(2024, 1, 1), last=date(2024, 12, 31), rule="1y"),
    ],
)
def test_each_total_of_the_report_is_told_by_its_explanation(db, view, ladder, query):
    """By the same method, pooling, year and rule: in all, by year, by asset, by source and by every other method."""
    found = gains.report(db, view(), query)
    year, rule = "" if query.first is None else str(query.first.year), str(found.rule)
    wanted = [(found.report.total, realised_figure(year, found.policy, rule))]
    for one, total in found.report.by_year.items():
        wanted.append((total, realised_figure(str(one), found.policy, rule)))
    for asset, total in found.report.by_asset.items():
        wanted.append((total, realised_figure(year, found.policy, rule, "asset", asset)))
    for source, total in found.report.by_source.items():
        key = found.sources[source][0]
        wanted.append((total, realised_figure(year, found.policy, rule, "source", key)))
    for total, figure in wanted:
        told = explain(db, view(), figure)
        steps = steps_of(told)
        assert told.amount == (total.gain if total.count > total.unknown else None), figure
        for name in ("proceeds", "cost", "fees", "income"):
            assert steps[name] == getattr(total, name), (figure, name)
        assert steps.get("left_out", 0) == total.unknown
        terms = (None, None) if rule == "none" else (total.long_term, total.short_term)
        assert (steps.get("long_term"), steps.get("short_term")) == terms, figure
        parts = [one for one in told.steps if not one.label.startswith("explain.realised.") or one.at]
        assert sum(one.amount for one in parts) == total.gain, figure
    assert len(wanted) > 3
    for side in gains.side_by_side(db, view(), query):
        told = explain(db, view(), realised_figure(year, side.policy, rule, "against", str(found.policy)))
        assert (told.amount, steps_of(told)["difference"]) == (side.total.gain, side.difference)
        assert steps_of(told)["in_force"] == found.report.total.gain


def steps_of(told):
    """The lines of an explanation that say what they are, by the end of their message keys."""
    return {
        one.label.rpartition(".")[2]: one.amount for one in told.steps if one.label.startswith("explain.")
    }


@pytest.mark.parametrize(
    "figure",
    [
        *("realised:1999999", "realised:all:best", "realised:all:fifo:soon", "realised:all:fifo:1y:asset"),
        *("realised:all:::asset:crypto:NONE", "realised:all:::source:none", "realised:all:::place:x"),
        "realised:all:::against:best",
    ],
)
def test_a_gain_of_nothing_is_no_figure(db, view, ladder, figure):
    with pytest.raises(NotFoundError):
        explain(db, view(), figure)


@pytest.mark.parametrize(("source", "gain", "unknown"), [("a", 39, 0), ("b", 30, 1)])
def test_what_was_realised_outside_of_the_scope_is_not_counted(db, view, ladder, book, source, gain, unknown):
    part = view(scope=Scope(crypto=book.keys[source]))
    found = gains.report(db, part)
    assert (found.report.total.gain, found.report.total.unknown, len(found.unknown)) == (
        gain,
        unknown,
        unknown,
    )
    assert [side.total.gain for side in gains.side_by_side(db, part) if side.method is Method.FIFO] == [gain]
    told = explain(db, part, "realised:all")
    assert (told.amount, told.params["unknown"]) == (gain, str(unknown))


def test_a_lot_match_is_told_with_both_of_its_transactions(db, view, ladder):
    found = gains.report(db, view(), Query(method="lifo"))
    rows = found.report.rows
    for number, row in enumerate(rows):
        told = explain(db, view(), match_figure(found.policy, name_of(rows, number)))
        steps = steps_of(told)
        assert (told.amount, steps["proceeds"], steps["cost"]) == (row.gain, row.proceeds, row.cost)
        assert (steps["fees"], steps["quantity"]) == (row.fees, row.quantity)
        assert (told.unit, told.notes[0]) == ("EUR", "explain.method.lifo")
        sold, bought = told.steps[:2]
        assert (sold.at, bought.at) == (row.disposed, row.acquired)
        day = row.disposed.date().isoformat()
        assert (sold.link, sold.source) == (
            f"/transactions?asset={row.asset}&first={day}&last={day}",
            found.sources[row.source][1],
        )
        assert (bought.link != "", "explain.match.no_cost" in told.notes) == (
            (True, False) if row.lot else (False, True)
        )
    assert [(one.label, one.amount, one.unit) for one in sold.children] == [
        ("explain.match.given", 1, "XYZ"),
        ("explain.match.received", 7, "EUR"),
    ]
    for figure in ("match:fifo:none:0:none:crypto:BTC", "match:best:a:0:b:crypto:BTC", "match:fifo:a"):
        with pytest.raises(NotFoundError):
            explain(db, view(), figure)


def test_an_open_lot_is_told_by_its_price_and_its_purchase(db, someone, view, book):
    first = book(0, "trade", "1 BTC", "10 EUR")
    book(1, "trade", "2 BTC", "30 EUR", "2 EUR")
    book(2, "deposit", "1 XYZ")
    for asset, price, gains_of in (
        ("crypto:BTC", None, [5, -2]),  # by what was paid for it last
        ("crypto:BTC", "40", [30, 48]),
        ("crypto:XYZ", None, [None]),
    ):
        if price is not None:
            manual_prices.set_manual_price(db, someone, asset, Decimal(price), "EUR")
        lots = gains.open_lots(db, view(), asset).lots
        assert [one.gain for one in lots] == gains_of
        for one in lots:
            told = explain(db, view(), lot_figure(one.name))
            worth, cost = told.steps
            assert (told.amount, worth.amount, cost.amount) == (one.gain, one.value, one.lot.cost)
            assert worth.children[0].amount == one.lot.quantity
            assert cost.at == one.acquired
    for figure in (f"lot:{first}:1:crypto:BTC", "lot:none:0:crypto:BTC", "lot:x:0:crypto:NONE", "lot:x"):
        with pytest.raises(NotFoundError):
            explain(db, view(), figure)


def test_holdings_and_gains_use_the_same_lots(db, someone, view, ladder):
    for method, cost in (("fifo", 20), ("hifo", 10)):
        user_settings.update(db, someone, cost_basis_method=method)
        [held] = [row for row in wealth.portfolio(db, view()).holdings if row.asset.id == "crypto:BTC"]
        assert held.cost_basis == cost
        assert sum(one.lot.cost for one in gains.open_lots(db, view(), "crypto:BTC").lots) == cost


def test_the_files_hold_every_match_and_run_nothing(db, view, ladder):
    found = gains.report(db, view())
    rows = list(csv.DictReader(io.StringIO(gains_export.as_csv(found, "UTC"))))
    assert [(row["gain"], row["term"], row["known"]) for row in rows] == [
        ("39", "short", "yes"),
        ("30", "long", "yes"),
        ("", "", "no"),
    ]
    assert rows[0]["source"] == "'=Exchange"
    book = openpyxl.load_workbook(io.BytesIO(gains_export.as_xlsx(found, "UTC")))
    assert book.sheetnames == ["Matches", "Totals", "Not known"]
    headings, first, *_ = book["Matches"].values
    assert dict(zip(headings, first, strict=True))["gain"] == 39
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert all(cell.data_type != "f" for cell in cells)


def test_the_workbook_lists_each_thing_that_is_not_known(db, view, ladder):
    found = gains.report(db, view())
    book = openpyxl.load_workbook(io.BytesIO(gains_export.as_xlsx(found, "Europe/Paris")))
    headings, *lines = book["Not known"].values
    assert headings == ("reason", "asset", "symbol", "quantity", "at", "source", "transaction_id")
    at = (JANUARY + 401 * DAY).astimezone(ZoneInfo("Europe/Paris")).isoformat()
    [one] = found.unknown
    assert lines == [
        ("lots.unknown_acquisition", "crypto:XYZ", "XYZ", 1, at, "Wallet", one.transaction),
    ]


def test_a_sale_is_tried_at_any_method_and_from_picked_lots(db, view, book):
    for day, paid in enumerate(("10", "30", "20")):
        book(day, "trade", "1 BTC", f"{paid} EUR")
    question = what_if.Question("crypto:BTC", Decimal("1.5"), Decimal(50), Decimal(1))
    found = what_if.ask(db, view(), question)
    assert (found.outcome.gain, found.method) == (74 - 25, Method.FIFO)
    assert found.by_method[Method.HIFO] == 74 - 40
    assert (found.long_term, found.short_term) == (49, 0)
    picked = what_if.Question("crypto:BTC", price=Decimal(50), picked=((2, Decimal(1)),))
    outcome = what_if.ask(db, view(), picked).outcome
    assert (outcome.gain, len(outcome.remaining)) == (30, 2)
    with pytest.raises(SaleTooLargeError):
        what_if.ask(db, view(), what_if.Question("crypto:BTC", Decimal(4), Decimal(1)))
    for wrong in (
        what_if.Question("crypto:BTC", Decimal(0), Decimal(1)),
        what_if.Question("crypto:BTC", Decimal("NaN"), Decimal(1)),
        what_if.Question("crypto:BTC", Decimal(1), Decimal(-1)),
        what_if.Question("crypto:BTC", Decimal(1), Decimal(1), method="best"),
    ):
        with pytest.raises(InvalidInputError):
            what_if.ask(db, view(), wrong)
    with pytest.raises(NotFoundError):
        what_if.ask(db, view(), what_if.Question("crypto:NONE", Decimal(1)))


def test_a_sale_that_was_tried_is_told_by_its_explanation(db, view, book):
    for day, cost in enumerate(("10", "30", "20")):
        book(day, "trade", "1 BTC", f"{cost} EUR")
    one = Decimal(1)
    for question in (
        what_if.Question("crypto:BTC", one, Decimal(50), Decimal(2)),
        what_if.Question("crypto:BTC", one, method="average"),
        what_if.Question("crypto:BTC", price=Decimal(50), picked=((1, one / 2), (2, one))),
    ):
        found = what_if.ask(db, view(), question)
        outcome = found.outcome
        told = explain(db, view(), explain_sale.sale_figure(question, found.method.value))
        steps = steps_of(told)
        assert (told.amount, steps["proceeds"], steps["cost"]) == (
            outcome.gain,
            outcome.proceeds,
            outcome.cost,
        )
        assert (steps["long_term"], steps["short_term"]) == (found.long_term, found.short_term)
        assert (steps["taken"], steps["left"]) == (len(outcome.matches), len(outcome.remaining))
        sold, taken = told.steps[:2]
        assert [part.amount for part in sold.children] == [
            sum(match.quantity for match in outcome.matches),
            found.price,
            -question.fee,
        ]
        assert [part.amount for part in taken.children] == [match.cost for match in outcome.matches]
        for method, gain in found.by_method.items():
            assert explain(db, view(), explain_sale.sale_figure(question, method.value)).amount == gain
    many = replace(question, picked=tuple((number, one) for number in range(200)))
    assert explain_sale.sale_figure(many, "") == ""
    for wrong in (
        "fifo:9:5:0:",
        "fifo:1:1e99:0:",
        "best:1:5:0:",
        "::5:0:",
        ":::0:7=1",
        ":::0:0=x",
        "fifo:1:5:0:0=1",
    ):
        with pytest.raises(NotFoundError):
            explain(db, view(), f"sale:{wrong}:crypto:BTC")


def test_a_sale_is_tried_with_the_lots_of_one_source(db, someone, view, book):
    for day, paid, source in ((0, "10", "a"), (1, "30", "b")):
        book(day, "trade", "1 BTC", f"{paid} EUR", source=source)

    def asked(quantity, source):
        question = what_if.Question(
            "crypto:BTC", Decimal(quantity), Decimal(50), source=book.keys.get(source, source)
        )
        found = what_if.ask(db, view(), question)
        return found.outcome.gain, found.by_method[Method.LIFO]

    assert asked(1, "b") == (40, 20), "lots of all places are one: the source is none of theirs"
    user_settings.update(db, someone, cost_basis_pooling="source")
    assert (asked(1, "a"), asked(1, "b"), asked(1, "")) == ((40, 40), (20, 20), (40, 20))
    with pytest.raises(SaleTooLargeError):
        asked(2, "b")
    with pytest.raises(NotFoundError):
        asked(1, "nobody's")


# ---------------------------------------------------------------------------------------------- own transfers
def gain_of(db, view):
    total = gains.report(db, view()).report.total
    return (total.gain, total.unknown)


def test_a_match_can_be_broken_and_confirmed_by_hand_and_the_lots_follow(db, someone, view, book):
    book(0, "trade", "1 BTC", "10 EUR")
    left = book(5, "withdrawal", None, "1 BTC")
    came = book(5.1, "deposit", "1 BTC", source="b")
    book(9, "trade", "50 EUR", "1 BTC", source="b")
    assert gain_of(db, view) == (40, 0)
    [pair] = own_transfers.listing(db, someone).matched
    assert (pair.withdrawal.id, pair.deposit.id, pair.decided) == (str(left), str(came), False)

    own_transfers.separate(db, someone, left)
    assert gain_of(db, view) == (0, 1)
    found = own_transfers.listing(db, someone)
    assert (found.matched, [one.decided for one in found.left]) == ((), [True])
    assert [row.id for row in found.left[0].offered] == [str(came)]

    own_transfers.confirm(db, someone, left, came)
    assert gain_of(db, view) == (40, 0)
    assert own_transfers.listing(db, someone).matched[0].decided

    # a word about a deposit that is gone does not count, and counts again when it is back
    transactions.delete(db, someone, came)
    assert [one.decided for one in own_transfers.listing(db, someone).left] == [False]
    transactions.restore(db, someone, came)
    assert own_transfers.listing(db, someone).matched[0].decided

    own_transfers.leave_to_matching(db, someone, left)
    assert not own_transfers.listing(db, someone).matched[0].decided


def test_a_transfer_that_took_long_is_confirmed_by_hand(db, someone, view, book):
    book(0, "trade", "1 BTC", "10 EUR")
    left = book(5, "withdrawal", None, "1 BTC")
    came = book(25, "deposit", "1 BTC", source="b")
    book(30, "trade", "50 EUR", "1 BTC", source="b")
    assert own_transfers.listing(db, someone).matched == ()
    own_transfers.confirm(db, someone, left, came)
    assert gain_of(db, view) == (40, 0)
    [row] = gains.report(db, view(), Query(pooling="source")).report.rows
    assert (row.acquired, row.gain) == (JANUARY, 40)


def test_only_a_withdrawal_and_a_deposit_of_one_asset_make_a_transfer(db, someone, other, book):
    left, second = book(5, "withdrawal", None, "1 BTC"), book(6, "withdrawal", None, "1 BTC")
    came, ether = book(7, "deposit", "1 BTC", source="b"), book(7, "deposit", "1 ETH", source="b")
    for pair in ((left, ether), (came, left), (left, second)):
        with pytest.raises(InvalidInputError):
            own_transfers.confirm(db, someone, *pair)
    with pytest.raises(InvalidInputError):
        own_transfers.separate(db, someone, came)
    with pytest.raises(NotFoundError):
        own_transfers.confirm(db, other, left, came)
    own_transfers.confirm(db, someone, left, came)
    with pytest.raises(ConflictError):
        own_transfers.confirm(db, someone, second, came)
