"""CoinTracking: every type in every language it is known in, both orders, optional columns, and its tickers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from smartfolio_app.ledger.transactions import TransactionKind as Kind
from smartfolio_app.providers.csv import ReadOptions, parse
from smartfolio_app.providers.csv.formats._cointracking_types import KINDS, OUTGOING, TWO_SIDED
from tests.providers.csv.helpers import FIXTURES, balances, codes, events, plain, read

ENGLISH = '"Type","Buy","Cur.","Sell","Cur.","Fee","Cur.","Exchange","Group","Comment","Date"'
GERMAN = '"Typ","Kauf","Cur.","Verkauf","Cur.","Gebühr","Cur.","Börse","Gruppe","Kommentar","Datum"'
#: English type, German type, kind.
TYPES = [
    ("Trade", "Trade", Kind.TRADE),
    ("Margin Trade", "Margin Trade", Kind.MARGIN_TRADE),
    ("Derivatives / Futures Trade", "Derivate / Futures Trade", Kind.MARGIN_TRADE),
    ("Swap (non taxable)", "Swap (steuerfrei)", Kind.SWAP),
    ("Deposit", "Einzahlung", Kind.DEPOSIT),
    ("Income", "Einnahme", Kind.INCOME),
    ("Other Income", "Sonstige Einnahme", Kind.INCOME),
    ("Income (non taxable)", "Einnahme (steuerfrei)", Kind.INCOME),
    ("Gift/Tip", "Geschenk", Kind.GIFT_IN),
    ("Reward / Bonus", "Belohnung / Bonus", Kind.REWARD),
    ("LP Rewards", "LP Rewards", Kind.REWARD),
    ("Mining", "Mining", Kind.MINING),
    ("Mining (commercial)", "Mining (kommerziell)", Kind.MINING),
    ("Airdrop", "Airdrop", Kind.AIRDROP),
    ("Airdrop (non taxable)", "Airdrop (steuerfrei)", Kind.AIRDROP),
    ("Staking", "Staking", Kind.STAKING),
    ("Masternode", "Masternode", Kind.STAKING),
    ("Minting", "Minting", Kind.STAKING),
    ("Dividends Income", "Dividenden Einnahme", Kind.DIVIDEND),
    ("Lending Income", "Lending Einnahme", Kind.INTEREST),
    ("Interest Income", "Zinsen", Kind.INTEREST),
    ("Derivatives / Futures Profit", "Derivate / Futures Gewinn", Kind.MARGIN_PROFIT),
    ("Margin Profit", "Margin Gewinn", Kind.MARGIN_PROFIT),
    ("Remove Liquidity", "Remove Liquidity", Kind.LOAN_IN),
    ("Receive LP Token", "Receive LP Token", Kind.LOAN_IN),
    ("Receive Loan", "Darlehen erhalten", Kind.LOAN_IN),
    ("Receive Collateral", "Collateral erhalten", Kind.LOAN_IN),
    ("Withdrawal", "Auszahlung", Kind.WITHDRAWAL),
    ("Spend", "Ausgabe", Kind.SPEND),
    ("Other Expense", "Sonstige Ausgabe", Kind.SPEND),
    ("Expense (non taxable)", "Ausgabe (steuerfrei)", Kind.SPEND),
    ("Donation", "Spende", Kind.DONATION),
    ("Gift", "Schenkung", Kind.GIFT_OUT),
    ("Stolen", "Gestohlen", Kind.STOLEN),
    ("Lost", "Verlust", Kind.LOST),
    ("Other Fee", "Sonstige Gebühr", Kind.FEE),
    ("Borrowing Fee", "Borrowing Gebühr", Kind.FEE),
    ("Settlement Fee", "Settlement Gebühr", Kind.FEE),
    ("Margin Fee", "Margin Gebühr", Kind.FEE),
    ("Margin Loss", "Margin Verlust", Kind.MARGIN_LOSS),
    ("Derivatives / Futures Loss", "Derivate / Futures Verlust", Kind.MARGIN_LOSS),
    ("Liquidation", "Liquidation", Kind.MARGIN_LOSS),
    ("Provide Liquidity", "Provide Liquidity", Kind.LOAN_OUT),
    ("Return LP Token", "Return LP Token", Kind.LOAN_OUT),
    ("Send Collateral", "Collateral gesendet", Kind.LOAN_OUT),
    ("Repay Loan", "Darlehen zurückgezahlt", Kind.LOAN_OUT),
]
IN, OUT, FEE, NOTHING = '"1.5","BTC"', '"400.25","USD"', '"0.75","USD"', '"",""'


def row(word, kind, *, day="05.01.2024", fee=FEE):
    received = NOTHING if kind in OUTGOING else IN
    sent = OUT if kind in OUTGOING | TWO_SIDED else NOTHING
    return f'"{word}",{received},{sent},{fee},"Somewhere","","","{day} 10:00:00"'


@pytest.mark.parametrize(("english", "german", "kind"), TYPES)
def test_a_type_means_the_same_in_english_and_german(english, german, kind):
    first = read(f"{ENGLISH}\n{row(english, kind)}")
    second = read(
        f"{GERMAN}\n{row(german, kind)}".replace("1.5", "1,5")
        .replace("400.25", "400,25")
        .replace("0.75", "0,75")
    )
    (transaction,) = first.transactions
    assert transaction.kind is kind
    assert events(first) == events(second)
    assert (transaction.received is None) == (kind in OUTGOING)
    assert (transaction.sent is not None) == (kind in OUTGOING | TWO_SIDED)


def test_a_whole_ledger_is_the_same_ledger_in_both_languages():
    english = "\n".join([ENGLISH, *(row(first, kind) for first, _, kind in TYPES)])
    german = "\n".join([GERMAN, *(row(second, kind) for _, second, kind in TYPES)]).replace(",", ";")
    german = german.replace("1.5", "1,5").replace("400.25", "400,25").replace("0.75", "0,75")
    assert events(read(english)) == events(read(german))


def test_fees_come_on_top_of_what_was_paid_and_of_what_was_received():
    text = f"{ENGLISH}\n" + '"Trade","1","BTC","100","EUR","2","EUR","X","","","05.01.2024 10:00:00"\n'
    assert balances(read(text)) == {"crypto:BTC": "1", "fiat:EUR": "-102"}
    text = f"{ENGLISH}\n" + '"Trade","100","EUR","1","BTC","2","EUR","X","","","05.01.2024 10:00:00"\n'
    assert balances(read(text)) == {"crypto:BTC": "-1", "fiat:EUR": "98"}


def test_types_of_every_language_are_written_without_capitals_and_mean_something():
    assert all(word == word.casefold().strip() for word in KINDS)
    assert {"operación", "dépôt", "retrait", "einzahlung", "withdrawal"} <= KINDS.keys()


def test_a_gift_in_a_language_with_one_word_for_both_is_told_by_its_side():
    text = f"{ENGLISH}\n" + '"Regalo","1","BTC","","","","","X","","","05.01.2024 10:00:00"\n'
    text += '"Regalo","","","1","BTC","","","X","","","06.01.2024 10:00:00"\n'
    assert [one.kind for one in read(text).transactions] == [Kind.GIFT_IN, Kind.GIFT_OUT]


def test_the_french_and_spanish_tables_are_the_same_ledger():
    french, spanish = (
        parse((FIXTURES / f"cointracking_trades_{code}.csv").read_bytes()) for code in ("fr", "es")
    )
    assert events(french) == events(spanish)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("31.01.2024 10:00:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
        ("2024-01-31 10:00:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
        ("31/01/2024 10:00:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
        ("01/31/2024 10:00", datetime(2024, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_dates_in_any_of_its_settings(written, moment):
    text = f"{ENGLISH}\n" + f'"Deposit","1","BTC","","","","","X","","","{written}"\n'
    assert read(text).transactions[0].at == moment


def test_times_are_in_the_zone_the_user_says():
    text = f"{ENGLISH}\n" + '"Deposit","1","BTC","","","","","X","","","31.07.2024 10:00:00"\n'
    assert read(text, time_zone="Europe/Berlin").transactions[0].at == datetime(2024, 7, 31, 8, tzinfo=UTC)


def test_the_optional_columns_give_an_id_and_may_be_empty():
    header = ENGLISH + ',"LPN","Tx-ID"'
    text = f'{header}\n"Deposit","1","BTC","","","","","X","","","31.07.2024 10:00:00","","abc"\n'
    text += '"Deposit","2","BTC","","","","","X","","","31.07.2024 10:00:00","","-"\n'
    assert [one.external_id for one in read(text).transactions] == ["abc", ""]


def test_a_dash_is_an_empty_cell_and_not_a_zero():
    text = f"{ENGLISH}\n" + '"Deposit","1","BTC","-","","-","","X","","","31.07.2024 10:00:00"\n'
    (deposit,) = read(text).transactions
    assert (deposit.sent, deposit.fee) == (None, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"Trade","1","BTC","","","","","X","","","31.07.2024 10:00:00"', "trade_side_missing"),
        ('"Trade","1","BTC","0","EUR","","","X","","","31.07.2024 10:00:00"', "trade_side_missing"),
        ('"Deposit","","","1","BTC","","","X","","","31.07.2024 10:00:00"', "amount_missing"),
        ('"Withdrawal","1","BTC","","","","","X","","","31.07.2024 10:00:00"', "amount_missing"),
        ('"Deposit","1","","","","","","X","","","31.07.2024 10:00:00"', "asset_missing"),
        ('"Deposit","one","BTC","","","","","X","","","31.07.2024 10:00:00"', "not_a_number"),
        ('"Deposit","1,234","BTC","","","","","X","","","31.07.2024 10:00:00"', "ambiguous_number"),
        ('"Deposit","1","BTC","","","","","X","","","soon"', "not_a_date"),
        ('"Deposit","1","BTC","","","","","X","","",""', "date_missing"),
        ('"","1","BTC","","","","","X","","","31.07.2024 10:00:00"', "unknown_type"),
        ('"Deposit","1","BTC"', "column_count"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_with_its_number_and_reason(line, reason):
    parsed = read(
        f"{ENGLISH}\n{line}\n" + '"Deposit","1","BTC","","","","","X","","","31.07.2024 10:00:00"\n'
    )
    assert [(one.row, one.reason) for one in parsed.rejected] == [(2, f"import.reject.{reason}")]
    assert parsed.rejected[0].params["row"] == 2
    assert len(parsed.transactions) == 1


def test_a_column_of_decimal_commas_settles_its_thousands():
    text = GERMAN.replace(",", ";") + "\n"
    text += '"Einzahlung";"1.234";"EUR";"";"";"";"";"X";"";"";"31.07.2024 10:00:00"\n'
    text += '"Einzahlung";"0,5";"EUR";"";"";"";"";"X";"";"";"31.07.2024 10:00:00"\n'
    assert balances(read(text)) == {"fiat:EUR": "1234.5"}


# ------------------------------------------------------------------------------------------------- balances

BALANCE = '"Ticker";"Name";"Type";"Amount";"Value in USD";"Value in BTC";"% of total";"Price in BTC";"Price in USD"\n'


def test_the_day_of_a_balance_is_told_by_the_user_the_name_or_nobody():
    data = (BALANCE + '"BTC";"Bitcoin";"Coin";"1";"100";"1";"1";"1";"100"\n').encode()
    named = parse(data, "CoinTracking Current Balance - 26.08.2025.csv")
    assert named.statement.as_of.date().isoformat() == "2025-08-26"
    assert named.as_of_known
    assert {quote.at for quote in named.prices} == {named.statement.as_of}
    told = datetime(2025, 1, 1, tzinfo=UTC)
    assert parse(data, "x - 26.08.2025.csv", options=ReadOptions(as_of=told)).statement.as_of == told
    received = datetime(2026, 2, 3, tzinfo=UTC)
    unknown = parse(data, "balance.csv", options=ReadOptions(received_at=received))
    assert unknown.statement.as_of == received
    assert not unknown.as_of_known
    assert "import.warn.as_of_unknown" in codes(unknown.warnings)


def test_a_coin_with_the_code_of_a_currency_is_told_by_its_type():
    lines = '"EUR";"Euro";"Currency";"5";"5";"0";"1";"0";"1"\n"TOP";"Some Top Coin";"Coin";"7";"7";"0";"1";"0";"1"\n'
    parsed = read(BALANCE + lines)
    assert [line.asset for line in parsed.statement.lines] == ["fiat:EUR", "crypto:TOP"]


def test_a_plain_ticker_beside_its_numbered_one_stays_another_coin():
    lines = '"SOL2";"Solana";"Coin";"5";"5";"0";"1";"0";"100"\n"SOL";"Sola Token";"Coin";"7";"7";"0";"1";"0";"0.5"\n'
    parsed = read(BALANCE + lines)
    assert [line.asset for line in parsed.statement.lines] == ["crypto:SOL", "crypto:SOL.CT"]
    assert {parsed.assets[line.asset].symbol for line in parsed.statement.lines} == {"SOL"}


def test_an_unknown_number_behind_a_ticker_stays():
    parsed = read(BALANCE + '"XYZ9";"Some coin";"Coin";"5";"5";"0";"1";"0";"100"\n')
    assert parsed.statement.lines[0].asset == "crypto:XYZ9"


def test_a_price_is_implied_only_where_rounding_leaves_it_exact_enough():
    text = '"Amount","Currency","Current value in USD","Current value in BTC","Exchange"\n'
    text += '"3","AAA","0.02","0.00000001","X"\n'
    text += '"5","AAA","1000.00","0.01000000","Y"\n"7","BBB","0.03","0.00000001","X"\n'
    parsed = read(text)
    assert [(quote.asset, plain(quote.price), quote.currency) for quote in parsed.prices] == [
        ("crypto:AAA", "200", "USD"),
        ("crypto:AAA", "0.002", "BTC"),
    ]


@pytest.mark.parametrize(
    "headings",
    [
        '"Kürzel";"Name";"Typ";"Anzahl";"Wert in EUR";"Wert in BTC";"% vom Gesamten";"Preis in BTC";"Preis in EUR"',
        '"Symbole";"Nom";"Type";"Montant";"Valeur en EUR";"Valeur en BTC";"% du total";"Prix en BTC";"Prix en EUR"',
        '"Símbolo";"Nombre";"Tipo";"Cantidad";"Valor en EUR";"Valor en BTC";"%";"Precio en BTC";"Precio en EUR"',
    ],
)
def test_current_balances_in_other_languages(headings):
    parsed = read(
        headings + '\n"BTC";"Bitcoin";"Coin";"0,50000000";"25000,00";"0,5";"100";"1,0";"50000,00"\n'
    )
    assert parsed.format == "cointracking_current_balance"
    assert parsed.statement.lines[0].quantity == Decimal("0.5")
    assert [(quote.currency, plain(quote.price)) for quote in parsed.prices] == [("EUR", "50000")]
