"""Unknown tables: what is proposed, what is asked, what the user may change, and what is then read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.csv import (
    BY_MAPPING,
    Mapping,
    ReadOptions,
    UnknownFormatError,
    parse,
    read_table,
)
from smartfolio_app.providers.csv.mapping import ROLES, apply, headers_hash, suggest
from smartfolio_app.providers.csv.mapping_words import WORDS, meaning_of
from tests.providers.csv.helpers import FIXTURES, balances, codes, kinds, read, reasons

TRADES = (
    "Date,Action,Ticker,Quantity,Price,Total,Fees,Currency\n2024-01-05,Buy,EXMP,10,100.00,1000.00,1.00,USD\n"
)


def table(text):
    return read_table(text.encode())


def suggested(text, **options):
    return suggest(table(text), ReadOptions(**options))


def asked(text, **options):
    """What is asked about a table that cannot be read as it is."""
    with pytest.raises(UnknownFormatError) as error:
        read(text, **options)
    return error.value.suggestion


# ---------------------------------------------------------------------------------------------- proposing


def test_the_headings_of_a_list_of_trades():
    mapping = suggested(TRADES)
    assert mapping.shape == "trades"
    assert mapping.complete
    assert {role: positions[0] for role, positions in mapping.columns.items()} == {
        "date": 0, "type": 1, "asset": 2, "quantity": 3, "price": 4, "total": 5, "fee": 6, "currency": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("headings", "roles"),
    [
        (
            "Date;Opération;Actif;Quantité;Prix;Montant;Devise;Frais",
            "date type asset quantity price total currency fee",
        ),
        (
            "Datum;Typ;Symbol;Anzahl;Kurs;Betrag;Währung;Gebühr",
            "date type asset quantity price total currency fee",
        ),
        (
            "Fecha;Tipo;Activo;Cantidad;Precio;Importe;Moneda;Comisión",
            "date type asset quantity price total currency fee",
        ),
        (
            "Data;Tipo;Titolo;Quantità;Prezzo;Importo;Valuta;Commissioni",
            "date type - quantity price total currency fee",
        ),
        (
            "Datum;Soort;Product;Aantal;Koers;Bedrag;Munt;Kosten",
            "date type asset quantity price total currency fee",
        ),
        (
            "Data;Tipo;Ticker;Quantidade;Preço;Valor;Moeda;Comissão",
            "date type asset quantity price total currency fee",
        ),
    ],
)
def test_headings_are_understood_in_seven_languages(headings, roles):
    mapping = suggested(headings + "\n15/01/2024;x;EXMP;1;1;1;EUR;0\n")
    for position, role in enumerate(roles.split()):
        if role != "-":
            assert mapping.columns[role] == (position,), role


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (TRADES, "trades"),
        (
            "date,received amount,received currency,sent amount,sent currency\n2024-01-05,1,BTC,100,EUR\n",
            "two_sided",
        ),
        ("Date,Description,Amount,Currency\n2024-01-05,Rent,-100.00,EUR\n", "cash"),
        ("Date;Libellé;Débit;Crédit;Devise\n05/01/2024;Loyer;800,00;;EUR\n", "cash"),
        ("Symbol,Quantity,Price,Currency\nEXMP,10,100.00,USD\n", "positions"),
    ],
)
def test_the_shape_follows_from_the_columns(text, shape):
    mapping = suggested(text)
    assert mapping.shape == shape
    assert mapping.complete


def test_a_currency_in_a_heading_or_on_the_amounts_counts():
    assert suggested("Date,Description,Amount (EUR)\n2024-01-05,x,1.00\n").default_currency == "EUR"
    assert suggested("Date,Description,Amount\n2024-01-05,x,$1.00\n").default_currency == "USD"
    assert (
        suggested("Date,Description,Amount\n2024-01-05,x,1.00\n", base_currency="CHF").default_currency
        == "CHF"
    )


def test_a_currency_that_nothing_tells_is_asked_for():
    mapping = asked("Date,Description,Amount\n2024-01-05,x,-1.00\n")
    assert mapping.missing == ("currency",)
    assert not mapping.complete


def test_amounts_without_a_sign_and_without_a_word_for_their_direction_are_asked_about():
    mapping = asked("Date,Description,Amount,Currency\n2024-01-05,Card,12.00,EUR\n")
    assert mapping.missing == ("type",)
    assert not mapping.unsigned


def test_two_columns_that_fit_equally_well_are_asked_about():
    mapping = asked("Date,Amount,Amount,Currency\n2024-01-05,1,2,EUR\n")
    assert "total" in mapping.ambiguous
    assert mapping.assign("total", 2).ambiguous == ()


def test_headings_that_say_nothing_are_asked_about_by_name():
    with pytest.raises(UnknownFormatError) as error:
        read("foo,bar,baz\n1,2,3\n")
    assert error.value.headers == ("foo", "bar", "baz")
    assert error.value.params["headers"] == "foo, bar, baz"


def test_very_many_or_very_long_headings_are_shortened_in_the_sentence_only():
    names = [f"column number {number} " + "x" * 60 for number in range(40)]
    with pytest.raises(UnknownFormatError) as error:
        read(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert len(error.value.headers) == 40
    assert len(error.value.params["headers"]) < 800
    assert error.value.params["headers"].endswith("…")


def test_nothing_is_guessed_when_guessing_is_not_wanted():
    with pytest.raises(UnknownFormatError) as error:
        parse(TRADES.encode(), guess=False)
    assert error.value.suggestion.complete


def test_a_guess_is_said_to_be_one_and_comes_with_its_mapping():
    parsed = read(TRADES)
    assert parsed.format == "mapping"
    assert parsed.mapping_guessed
    assert "import.warn.mapping_guessed" in codes(parsed.warnings)
    confirmed = parse(TRADES.encode(), mapping=parsed.mapping)
    assert not confirmed.mapping_guessed
    assert "import.warn.mapping_guessed" not in codes(confirmed.warnings)
    assert confirmed.transactions == parsed.transactions


def test_a_known_format_can_be_read_by_a_mapping_instead():
    data = (FIXTURES / "rotki_trades.csv").read_bytes()
    assert parse(data).format == "rotki_trades"
    mapping = suggest(read_table(data))
    assert parse(data, mapping=mapping).format == "mapping"
    assert parse(TRADES.encode(), format_id=BY_MAPPING).format == "mapping"


# ------------------------------------------------------------------------------------------------- reading


def test_a_list_of_trades_with_words_for_the_sides():
    rows = "".join(
        f"2024-01-0{day},{word},EXMP,10,100.00,,1.00,USD\n"
        for day, word in enumerate(
            ["Buy", "SELL", "Achat", "vente", "Kauf", "Verkauf", "compra", "venta"], start=1
        )
    )
    parsed = read("Date,Action,Ticker,Quantity,Price,Total,Fees,Currency\n" + rows)
    assert balances(parsed) == {"fiat:USD": "-8"}
    assert kinds(parsed) == {"trade": 8}


def test_the_sign_of_the_quantity_tells_the_side_where_no_word_does():
    parsed = read(
        "Date,Ticker,Qty,Price,Currency\n2024-01-05,EXMP,10,5.00,USD\n2024-01-06,EXMP,-4,6.00,USD\n"
    )
    assert balances(parsed) == {"stock:EXMP": "6", "fiat:USD": "-26"}


def test_a_total_with_its_fee_in_it_is_told_by_quantity_and_price():
    gross = read(TRADES)
    net = read(TRADES.replace("1000.00", "1001.00"))
    assert balances(gross) == balances(net) == {"stock:EXMP": "10", "fiat:USD": "-1001"}


def test_several_fee_columns_are_added_up():
    text = "Date,Type,Symbol,Quantity,Price,Commission,Fees,Currency\n2024-01-05,Buy,EXMP,1,100,1.5,0.5,USD\n"
    assert balances(read(text)) == {"stock:EXMP": "1", "fiat:USD": "-102"}


def test_dividends_interest_fees_and_taxes_are_money():
    head = "Date,Type,Symbol,Quantity,Price,Total,Currency\n"
    rows = (
        "2024-01-05,Dividend,EXMP,10,,5.00,USD\n2024-01-06,Interest,,,,1.00,USD\n2024-01-07,Fee,,,,2.00,USD\n"
        "2024-01-08,Tax,,,,0.50,USD\n2024-01-09,Deposit,,,,100.00,USD\n2024-01-10,Withdrawal,,,,-40.00,USD\n"
    )
    parsed = read(head + rows)
    assert balances(parsed) == {"fiat:USD": "63.5"}
    assert parsed.transactions[0].about == "stock:EXMP"


def test_what_was_credited_and_is_taken_back_leaves():
    head = "Date,Type,Symbol,Total,Quantity,Currency\n"
    parsed = read(head + "2024-01-05,Dividend,EXMP,5.00,,USD\n2024-01-06,Dividend,EXMP,-5.00,,USD\n")
    assert balances(parsed) == {}
    assert kinds(parsed) == {"dividend": 1, "fee": 1}


def test_a_split_by_ratio_and_one_by_shares():
    head = "date,type,symbol,quantity,price,currency,split_ratio\n2024-01-05,BUY,EXMP,10,100,USD,\n"
    assert balances(read(head + "2024-02-05,SPLIT,EXMP,,,USD,4:1\n"))["stock:EXMP"] == "40"
    assert balances(read(head + "2024-02-05,SPLIT,EXMP,30,,USD,\n"))["stock:EXMP"] == "40"
    assert reasons(read(head + "2024-02-05,SPLIT,OTHR,,,USD,4:1\n").rejected) == ["3 split_without_position"]


def test_a_word_that_is_not_known_is_asked_about_and_can_be_given_a_meaning():
    text = TRADES.replace("Buy", "Zugang")
    parsed = parse(text.encode(), mapping=suggested(text))
    assert reasons(parsed.rejected) in (["2 unknown_type"], [])
    taught = replace(suggested(text), words={"zugang": "sell"})
    assert balances(parse(text.encode(), mapping=taught))["stock:EXMP"] == "-10"


def test_a_market_pair_and_its_currency_are_taken_apart():
    text = "Date,Side,Pair,Amount,Price,Fee,Fee Currency,Quote Currency\n"
    text += "2024-01-05,buy,BTC/EUR,0.1,40000,0.0001,BTC,EUR\n"
    mapping = suggested(text)
    parsed = parse(text.encode(), mapping=mapping.assign("quantity", 3).assign("total"))
    assert balances(parsed) == {"crypto:BTC": "0.0999", "fiat:EUR": "-4000"}
    assert parsed.category == "crypto"


def test_a_bank_statement_with_a_sign_with_two_columns_or_with_words():
    signed = read(
        "Date,Description,Amount,Currency\n2024-01-05,Pay,1500.00,EUR\n2024-01-06,Rent,-800.00,EUR\n"
    )
    columns = read(
        "Date;Libellé;Débit;Crédit;Devise\n15/01/2024;Paie;;1500,00;EUR\n16/01/2024;Loyer;800,00;;EUR\n"
    )
    words = read(
        "Date,Description,Amount,Type,Currency\n2024-01-05,Pay,1500.00,credit,EUR\n2024-01-06,Rent,800.00,debit,EUR\n"
    )
    assert balances(signed) == balances(columns) == balances(words) == {"fiat:EUR": "700"}
    assert kinds(signed) == kinds(columns) == kinds(words) == {"deposit": 1, "withdrawal": 1}


def test_a_bank_statement_without_its_currency():
    data = (FIXTURES / "mapping_bank.csv").read_bytes()
    with pytest.raises(UnknownFormatError) as error:
        parse(data)
    mapping = error.value.suggestion
    assert mapping.missing == ("currency",)
    assert mapping.columns["debit"] != mapping.columns["credit"]
    parsed = parse(data, mapping=replace(mapping, default_currency="EUR"))
    assert balances(parsed) == {"fiat:EUR": "700.25"}


def test_holdings_keep_shorts_and_know_their_day_from_the_user_or_the_name():
    data = (FIXTURES / "mapping_positions.csv").read_bytes()
    parsed = parse(data, "holdings 2024-03-31.csv")
    assert [line.quantity for line in parsed.statement.lines] == [10, -3]
    assert parsed.statement.as_of.date().isoformat() == "2024-03-31"
    told = datetime(2025, 1, 1, tzinfo=UTC)
    assert parse(data, options=ReadOptions(as_of=told)).statement.as_of == told


def test_the_style_of_dates_and_numbers_can_be_said():
    text = "Date;Type;Symbol;Quantity;Price;Currency\n05/04/2024;Buy;EXMP;1,234;2,5;EUR\n"
    assert reasons(read(text).rejected) == ["2 ambiguous_date"]
    unclear = text.replace("2,5", "2").replace("05/04", "25/04")
    assert reasons(read(unclear).rejected) == ["2 ambiguous_number"]
    mapping = replace(suggested(text), date_order="mdy", decimal=",")
    parsed = parse(text.encode(), mapping=mapping)
    assert parsed.transactions[0].at == datetime(2024, 5, 4, tzinfo=UTC)
    assert balances(parsed) == {"stock:EXMP": "1.234", "fiat:EUR": "-3.085"}
    thousands = parse(text.replace("2,5", "2.5").encode(), mapping=replace(mapping, decimal="."))
    assert balances(thousands)["stock:EXMP"] == "1234"


def test_a_time_zone_and_an_account_of_the_whole_file():
    mapping = replace(suggested(TRADES), time_zone="America/New_York", account="Main")
    (trade,) = parse(TRADES.encode(), mapping=mapping).transactions
    assert trade.at == datetime(2024, 1, 5, 5, tzinfo=UTC)
    assert trade.account == "Main"


def test_rows_that_were_not_carried_out_are_skipped():
    text = TRADES.replace("Currency\n", "Currency,Status\n").replace("USD\n", "USD,Cancelled\n")
    assert reasons(read(text).skipped) == ["2 not_completed"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("2024-01-05", ""), "date_missing"),
        (("2024-01-05", "soon"), "not_a_date"),
        ((",10,", ",,"), "number_missing"),
        ((",10,", ",ten,"), "not_a_number"),
        (("EXMP", ""), "asset_missing"),
        ((",USD", ",Dollars of Oz"), "unknown_currency"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_a_reason(change, reason):
    good = TRADES.splitlines()[1]
    parsed = parse(f"{TRADES.replace(*change)}{good}\n".encode(), mapping=suggested(TRADES))
    assert reasons(parsed.rejected) == [f"2 {reason}"]
    assert len(parsed.transactions) == 1


def test_the_reason_names_the_column_as_the_file_does():
    parsed = parse(TRADES.replace(",10,", ",,").encode(), mapping=suggested(TRADES))
    assert parsed.rejected[0].params["column"] == "Quantity"


# ---------------------------------------------------------------------------------------------- keeping it


def test_a_mapping_survives_being_stored():
    mapping = replace(
        suggested(TRADES),
        words={"aankoop": "buy"},
        default_currency="EUR",
        account="Zürich",
        time_zone="Europe/Paris",
    )
    assert Mapping.from_json(mapping.to_json()) == mapping


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"shape": "cube"}',
        '{"columns": {"colour": [1]}}',
        '{"columns": {"date": [-1]}}',
        '{"columns": {"date": ["x"]}}',
        '{"columns": {"date": [true]}}',
        '{"columns": []}',
        '{"words": {"x": "fly"}}',
        '{"unsigned": "yes"}',
        '{"headers": "Date"}',
        '{"invented": 1}',
        '{"asset_class": "wine"}',
        '{"decimal": 7}',
    ],
)
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(InvalidInputError) as refused:
        Mapping.from_json(text)
    assert refused.value.code == "import.bad_mapping"


def test_a_mapping_for_other_columns_is_refused():
    mapping = suggested(TRADES)
    with pytest.raises(InvalidInputError) as refused:
        apply(table("a,b\n1,2\n"), mapping)
    assert refused.value.code == "import.mapping_does_not_fit"
    with pytest.raises(InvalidInputError) as refused:
        apply(table(TRADES), mapping.assign("date"))
    assert refused.value.code == "import.mapping_incomplete"
    assert refused.value.params == {"role": "date"}


def test_the_same_headings_have_the_same_mark_whatever_the_rows_the_case_and_the_encoding():
    first = headers_hash(table(TRADES))
    assert headers_hash(read_table(TRADES.encode("utf-16"))) == first
    assert headers_hash(table(TRADES + TRADES.splitlines()[1] + "\n")) == first
    assert headers_hash(table(TRADES.replace("Ticker", "Symbol"))) != first
    assert headers_hash(table("Quantity,Date\n1,2024-01-05\n")) != headers_hash(
        table("Date,Quantity\n2024-01-05,1\n")
    )


def test_every_word_of_the_table_means_something():
    assert all(meaning_of(word) == meaning for word, meaning in WORDS.items())
    assert meaning_of("Market buy") == "buy"
    assert meaning_of("YOU BOUGHT EXAMPLE INC") == "buy"
    assert meaning_of("buy and sell") == ""
    assert meaning_of("") == ""


cells = st.text(alphabet="abcXYZ 0123456789.,;-/\"'éß\n", max_size=12)


@given(
    st.dictionaries(st.sampled_from(sorted(ROLES)), st.tuples(st.integers(0, 5)), max_size=6),
    st.lists(st.lists(cells, min_size=2, max_size=6), min_size=1, max_size=6),
    st.sampled_from(["trades", "two_sided", "cash", "positions"]),
)
def test_no_mapping_and_no_table_ever_break_the_reader(columns, rows, shape):
    lines = [["alpha", "beta", "gamma", "delta", "eps", "zeta"], *rows]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    mapping = Mapping(shape=shape, columns=columns, default_currency="EUR")
    try:
        parsed = apply(table(text), mapping)
    except InvalidInputError as error:
        told = [error.code]
    else:
        told = [one.reason for one in parsed.rejected]
    assert all(code.startswith("import.") for code in told)
