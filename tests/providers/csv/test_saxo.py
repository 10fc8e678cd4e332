"""Saxo: positions as its French site exports them, with everything that makes them hard, and bookings."""

from decimal import Decimal

import pytest

from smartfolio_app.ledger.assets import AssetClass
from smartfolio_app.providers.csv import parse
from tests.providers.csv.helpers import balances, codes, plain, read, reasons

HEADINGS = (
    "\ufeffInstruments,Statut,Sens,Quantité,Prix entrée,Prix actuel,Valeur actuelle (EUR),Exposition (EUR),Compte,"
    'Symbole,Prix revient,"Achat/Vente\n",Devise,ISIN,Type d\'actif\n'
)
SHARE = (
    'Exemple Inc. ,"Ouvert\n",Long,15,311.0696,347.17,4432.3,4432.262401,1/EUR,EXMP:xnas,311.9874,'
    '"347,05 x 347,18",USD,US0000000018,Action\n'
)


def line(**changes):
    cells = {
        "name": "Exemple", "status": "Ouvert", "side": "Long", "quantity": "10", "entry": "90", "price": "100",
        "value": "1000", "exposure": "1000", "account": "1/EUR", "symbol": "EXM:xpar", "cost": "91", "quote": "",
        "currency": "EUR", "isin": "FR0000000001", "class": "Action",
    }  # fmt: skip
    return ",".join((cells | changes).values()) + "\n"


def test_a_position_with_newlines_in_its_cells_and_headings():
    parsed = read(HEADINGS + "Actions (1),,,,,,,,,,,,,,\n" + SHARE, "Positions_19-août-2025_17_49_12.csv")
    (position,) = parsed.statement.lines
    assert (position.asset, position.quantity, position.account) == ("stock:US0000000018", 15, "1/EUR")
    assert position.row == 4
    assert plain(position.cost.quantity) == "4679.811"
    assert position.cost.asset == "fiat:USD"
    asset = parsed.assets[position.asset]
    assert (asset.symbol, asset.name, asset.isin) == ("EXMP", "Exemple Inc.", "US0000000018")
    assert reasons(parsed.skipped) == ["3 section"]
    assert parsed.statement.as_of.date().isoformat() == "2025-08-19"


def test_prices_in_the_instruments_and_in_the_accounts_currency():
    prices = {quote.currency: quote.price for quote in read(HEADINGS + SHARE).prices}
    assert prices["USD"] == Decimal("347.17")
    assert abs(prices["EUR"] * 15 - Decimal("4432.262401")) < Decimal("1e-12")


def test_a_short_position_is_negative_and_its_price_is_not():
    parsed = read(
        HEADINGS
        + line(quantity="-4", value="-400", exposure="-400")
        + line(quantity="4", side="Short", value="-400", exposure="400", isin="FR0000000002", currency="USD")
    )
    assert [one.quantity for one in parsed.statement.lines] == [-4, -4]
    assert all(quote.price > 0 for quote in parsed.prices)
    assert [(quote.asset[-1], plain(quote.price), quote.currency) for quote in parsed.prices] == [
        ("1", "100", "EUR"),
        ("2", "100", "USD"),
        ("2", "100", "EUR"),
    ]


def test_thousands_with_narrow_blanks_and_decimals_of_both_kinds_in_one_row():
    parsed = read(
        HEADINGS + line(quantity="1\u202f250", price='"1 234,50"', value="1\u00a0543\u00a0125", exposure="-")
    )
    assert parsed.statement.lines[0].quantity == 1250
    assert parsed.prices[0].price == Decimal("1234.50")


def test_pence_are_pounds():
    parsed = read(HEADINGS + line(price="250", cost="200", currency="GBX", value="29", exposure="-"))
    assert ("GBP", Decimal("2.5")) in [(quote.currency, quote.price) for quote in parsed.prices]
    assert (parsed.statement.lines[0].cost.asset, parsed.statement.lines[0].cost.quantity) == ("fiat:GBP", 20)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Action", AssetClass.STOCK),
        ("ETF", AssetClass.ETF),
        ("Obligation", AssetClass.BOND),
        ("Fonds", AssetClass.FUND),
        ("CFD sur action", AssetClass.DERIVATIVE),
    ],
)
def test_asset_types(word, kind):
    parsed = read(HEADINGS + line(**{"class": word}))
    assert parsed.assets[parsed.statement.lines[0].asset].asset_class is kind


def test_a_contract_on_a_share_is_not_that_share():
    parsed = read(HEADINGS + line() + line(**{"class": "CFD sur action"}))
    first, second = parsed.statement.lines
    assert first.asset == "stock:FR0000000001"
    assert second.asset != first.asset


def test_closed_positions_and_empty_ones_are_left_out():
    parsed = read(HEADINGS + line() + line(status="Fermé", isin="FR0000000002") + line(quantity="0"))
    assert len(parsed.statement.lines) == 1
    assert reasons(parsed.skipped) == ["4 closed_position", "5 nothing_held"]


def test_a_share_without_an_isin_goes_by_its_symbol_and_market():
    parsed = read(HEADINGS + line(isin="", symbol="EXM:xpar") + line(isin="", symbol="EXM:xlon"))
    assert [one.asset for one in parsed.statement.lines] == ["stock:EXM.XPAR", "stock:EXM.XLON"]
    assert {parsed.assets[one.asset].symbol for one in parsed.statement.lines} == {"EXM"}


def test_without_a_day_the_upload_stands_in_and_that_is_said():
    parsed = read(HEADINGS + line())
    assert not parsed.as_of_known
    assert "import.warn.as_of_unknown" in codes(parsed.warnings)


# ------------------------------------------------------------------------------------------------ bookings

BOOKINGS = (
    "Client ID,Trade Date,Value Date,Account ID,Booking Id,Transaction Type,Event,Booked Amount,Currency,"
    "Conversion Rate,Conversion cost,Total cost,Instrument,Instrument Symbol,Instrument ISIN,Instrument currency,Type\n"
)


def test_a_purchase_in_another_currency_costs_what_was_booked():
    text = BOOKINGS + (
        '1,03-Jan-2025,05-Jan-2025,ACC1,1,Trade,Buy 10 @ 50.00 USD,"-477,00",EUR,0.95,0,"-2",Example,EXMP:xnas,'
        "US0000000018,USD,Stock\n"
    )
    parsed = parse(text.encode())
    assert balances(parsed) == {"stock:US0000000018": "10", "fiat:EUR": "-477"}
    assert [(plain(quote.price), quote.currency) for quote in parsed.prices] == [("50", "USD")]


def test_shares_that_arrive_from_elsewhere_cost_nothing():
    text = BOOKINGS + (
        "1,03-Jan-2025,05-Jan-2025,ACC1,1,Trade,Transfer In 10 @ 50.00 EUR,0,EUR,1,0,0,Example,EXMP:xpar,"
        "FR0000000001,EUR,Stock\n"
    )
    parsed = parse(text.encode())
    assert balances(parsed) == {"stock:FR0000000001": "10"}
    assert parsed.transactions[0].kind.value == "deposit"


def test_an_event_that_is_not_known_is_asked_about():
    text = (
        BOOKINGS
        + "1,03-Jan-2025,05-Jan-2025,ACC1,1,Corporate action,Merger of things,0,EUR,1,0,0,"
        + "Example,EXMP:xpar,FR0000000001,EUR,Stock\n"
    )
    parsed = parse(text.encode())
    assert not parsed.transactions
    assert reasons(parsed.rejected) == ["2 corporate_action"]
