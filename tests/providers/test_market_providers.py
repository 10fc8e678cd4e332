"""Binance, Yahoo and Fear & Greed: exact numbers, gaps that stay gaps, units put straight, and every known refusal."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.providers import errors
from smartfolio_app.providers.binance import Binance, Pair, pair_of
from smartfolio_app.providers.binance_futures import BinanceFutures
from smartfolio_app.providers.coingecko import CoinGecko
from smartfolio_app.providers.ecb import Ecb
from smartfolio_app.providers.fear_greed import FearGreed
from smartfolio_app.providers.yahoo import Split, Yahoo, read_chart

NOW = datetime.now(UTC)
TODAY = NOW.date()
CALLS = {
    "binance": lambda gateway, url: Binance(gateway, f"{url}/binance").tickers(),
    "candles": lambda gateway, url: Binance(gateway, f"{url}/binance").closes(
        Pair("BTCUSDT", "USDT"), TODAY - timedelta(days=9), NOW
    ),
    "funding now": lambda gateway, url: BinanceFutures(gateway, url).present("BTCUSDT"),
    "funding": lambda gateway, url: BinanceFutures(gateway, url).settled("BTCUSDT", NOW - timedelta(days=3)),
    "mood": lambda gateway, url: FearGreed(gateway, url).days(3),
    "chart": lambda gateway, url: Yahoo(gateway, url).chart("AAPL", TODAY - timedelta(days=9), NOW),
    "search": lambda gateway, url: Yahoo(gateway, url).search("AAPL"),
    "dominance": lambda gateway, url: CoinGecko(gateway, f"{url}/api/v3").dominance(),
    "rates": lambda gateway, url: Ecb(gateway, f"{url}/stats/eurofxref").latest(),
}
TROUBLES = {
    "server error": ({"kind": "status", "status": 500}, errors.ProviderUnreachableError),
    "over the limit": (
        {"kind": "status", "status": 429, "headers": {"retry-after": "30"}, "body": "Too Many Requests\r\n"},
        errors.ProviderPausedError,
    ),
    "banned": ({"kind": "status", "status": 418, "body": '{"code":-1003}'}, errors.ProviderPausedError),
    "forbidden": ({"kind": "status", "status": 403, "body": "<html>"}, errors.ProviderRefusedError),
    "slow": ({"kind": "slow", "seconds": 0.4}, errors.ProviderUnreachableError),
    "drips": ({"kind": "drip"}, errors.ProviderUnreachableError),
    "truncated": ({"kind": "truncated"}, errors.ProviderUnreachableError),
    "dropped": ({"kind": "dropped"}, errors.ProviderUnreachableError),
    "garbage": ({"kind": "garbage"}, errors.ProviderAnswerError),
    "html": ({"kind": "html"}, errors.ProviderAnswerError),
    "null": ({"kind": "body", "body": "null"}, errors.ProviderAnswerError),
    "other types": (
        {"kind": "body", "body": '{"chart": {"result": [[]]}, "data": "x", "quotes": 5, "time": []}'},
        errors.ProviderAnswerError,
    ),
    "rows of nothing": ({"kind": "body", "body": "[[null], {}, 3]"}, errors.ProviderAnswerError),
    "elsewhere": ({"kind": "redirect", "body": "https://other.example/"}, errors.ProviderAddressError),
}


#: A short answer is there before anybody's patience ends, however slowly it drips.
LONG = ("binance", "candles", "chart", "funding")
PAIRS = [(call, trouble) for call in CALLS for trouble in TROUBLES if trouble != "drips" or call in LONG]


@pytest.mark.parametrize(("call", "trouble"), PAIRS)
def test_every_trouble_of_every_provider_has_a_name(gateway, server, call, trouble):
    gateway.limits = replace(gateway.limits, attempts=1, read=0.2, deadline=0.4)
    how, error = TROUBLES[trouble]
    server.trouble(**how)
    with pytest.raises(error):
        CALLS[call](gateway, server.url)


@pytest.mark.parametrize("call", CALLS)
def test_every_provider_answers(gateway, server, call):
    assert CALLS[call](gateway, server.url)


# ------------------------------------------------------------------------------------------------------ binance
def test_closes_are_exact_full_days_page_by_page(gateway, server, monkeypatch):
    monkeypatch.setattr("smartfolio_app.providers.binance.CANDLES_PER_CALL", 10)
    first = TODAY - timedelta(days=25)
    closes = Binance(gateway, server.binance_url).closes(Pair("SOLUSDT", "USDT"), first, NOW)
    assert [one.day for one in closes] == [first + timedelta(days=number) for number in range(25)]
    assert len(server.paths) == 3
    assert all(one.at.date() == one.day and one.at.hour == 23 for one in closes)


def test_a_day_without_a_trade_is_no_close(gateway, server):
    opened = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
    rows = [
        [opened, "5", "5", "5", "5.0", "0.00000000", opened + 86_399_999, "0", 0, "0", "0", "0"],
        [opened + 86_400_000, "5", "5", "5", "5.25", "7", opened + 172_799_999, "0", 3, "0", "0", "0"],
    ]
    server.trouble("body", body=json.dumps(rows))
    closes = Binance(gateway, server.binance_url).closes(Pair("XUSDT", "USDT"), date(2026, 1, 5), NOW)
    assert [(one.day, one.price) for one in closes] == [(date(2026, 1, 6), Decimal("5.25"))]


def test_an_unknown_pair_is_refused(gateway, server):
    with pytest.raises(errors.ProviderRefusedError) as caught:
        Binance(gateway, server.binance_url).closes(Pair("NOPEUSDT", "USDT"), TODAY - timedelta(days=2), NOW)
    assert b"-1121" in caught.value.body


def test_the_pair_of_a_coin_and_of_the_dollar_everything_is_quoted_in():
    tickers = {
        "BTCUSDT": Decimal(1),
        "EURUSDT": Decimal("1.25"),
        "ABCBTC": Decimal(1),
        "USDCUSDT": Decimal(1),
    }
    assert pair_of("BTC", tickers) == Pair("BTCUSDT", "USDT")
    assert pair_of("ABC", tickers) == Pair("ABCBTC", "BTC")
    assert pair_of("USDC", tickers) == Pair("USDCUSDT", "USDT")
    assert pair_of("XYZ", tickers) is None
    dollar = pair_of("USDT", tickers)
    assert (dollar.currency, dollar.price(Decimal("1.25"))) == ("EUR", Decimal("0.8"))


def test_a_pair_that_never_traded_has_no_price(gateway, server):
    assert "DEADUSDT" not in Binance(gateway, server.binance_url).tickers().value


# --------------------------------------------------------------------------------------------- funding and mood
def test_funding_rates_are_exact_and_those_after_an_instant(gateway, server):
    futures = BinanceFutures(gateway, server.url)
    since = NOW - timedelta(days=2)
    rates = futures.settled("ETHUSDT", since).value
    assert 5 <= len(rates) <= 7
    assert all(one.at > since for one in rates)
    assert rates == sorted(rates, key=lambda one: one.at)
    server.trouble("body", body='{"symbol":"BTCUSDT_270326","lastFundingRate":"","time":1777248000000}')
    assert futures.present("BTCUSDT_270326").value is None


@pytest.mark.parametrize("rate", ['"9.5"', '"x"', "null", '"NaN"'])
def test_an_absurd_funding_rate_is_refused(gateway, server, rate):
    server.trouble("body", body=f'{{"symbol":"BTCUSDT","lastFundingRate":{rate},"time":1777248000000}}')
    with pytest.raises(errors.ProviderAnswerError):
        BinanceFutures(gateway, server.url).present("BTCUSDT")


def test_the_mood_comes_oldest_first_with_its_word(gateway, server):
    moods = FearGreed(gateway, server.url).days(5).value
    assert len(moods) == 5
    assert moods[-1].at.date() == TODAY
    assert all(0 <= one.value <= 100 and one.word for one in moods)


@pytest.mark.parametrize("value", ["101", "-1", "4.5", ""])
def test_a_mood_off_the_scale_is_refused(gateway, server, value):
    row = {"value": value, "value_classification": "Fear", "timestamp": "1777248000"}
    server.trouble("body", body=json.dumps({"data": [row], "metadata": {"error": None}}))
    with pytest.raises(errors.ProviderAnswerError):
        FearGreed(gateway, server.url).days(1)


def test_dominance_is_a_share_with_its_time(gateway, server):
    found = CoinGecko(gateway, server.coingecko_url).dominance()
    assert found.share == Decimal("0.5731")
    assert found.at <= datetime.now(UTC)


# -------------------------------------------------------------------------------------------------------- yahoo
def chart_body(**changes):
    start = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    stamps = changes.pop("stamps", None) or [
        int((start + timedelta(days=number)).timestamp()) for number in range(4)
    ]
    meta = {
        "currency": "USD",
        "symbol": "TEST",
        "priceHint": 2,
        "gmtoffset": -18_000,
        "regularMarketPrice": 51.0,
        "regularMarketTime": stamps[-1] + 23_400,
        "currentTradingPeriod": {"regular": {"start": stamps[-1], "end": stamps[-1] + 23_400}},
    }
    result = {
        "meta": meta | changes.pop("meta", {}),
        "timestamp": stamps,
        "indicators": {"quote": [{"close": changes.pop("close", [50.0, None, 50.5, 51.0])}]},
        "events": changes.pop("events", {}),
    }
    return json.dumps({"chart": {"result": [result], "error": None}}).encode()


LATER = datetime(2026, 4, 1, tzinfo=UTC)


def test_a_null_stays_a_gap_and_a_close_belongs_to_the_exchanges_day():
    chart = read_chart(chart_body(), LATER)
    assert list(chart.closes) == [date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 5)]
    assert chart.closes[date(2026, 3, 2)].at == datetime(2026, 3, 2, 21, tzinfo=UTC)
    assert chart.now.price == 51


def test_where_a_day_begins_before_midnight_in_utc_its_close_is_the_next_days():
    """In Sydney trading begins at 23:00 UTC and ends at 5:00; a currency is traded all day."""
    stamps = [int(datetime(2026, 3, day, 23, tzinfo=UTC).timestamp()) for day in (1, 2, 3, 4)]
    session = {"regular": {"start": stamps[-1], "end": stamps[-1] + 6 * 3600}}
    meta = {"currency": "AUD", "gmtoffset": 39_600, "currentTradingPeriod": session}
    chart = read_chart(chart_body(meta=meta, stamps=stamps), LATER)
    assert chart.closes[date(2026, 3, 2)].at == datetime(2026, 3, 2, 5, tzinfo=UTC)
    assert date(2026, 3, 1) not in chart.closes
    midnights = [int(datetime(2026, 3, day, tzinfo=UTC).timestamp()) for day in (2, 3, 4, 5)]
    session = {"regular": {"start": midnights[-1], "end": midnights[-1] + 86_400}}
    rates = read_chart(
        chart_body(meta={"gmtoffset": 0, "currentTradingPeriod": session}, stamps=midnights), LATER
    )
    assert rates.closes[date(2026, 3, 2)].at == datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)


def test_the_day_that_is_running_is_no_close():
    chart = read_chart(chart_body(), datetime(2026, 3, 5, 17, tzinfo=UTC))
    assert date(2026, 3, 5) not in chart.closes
    assert chart.now is not None


@pytest.mark.parametrize(
    ("units", "currency"), [("GBp", "GBP"), ("GBX", "GBP"), ("ZAc", "ZAR"), ("ILA", "ILS"), ("USX", "USD")]
)
def test_hundredths_become_the_currency(units, currency):
    dividends = {"dividends": {"1": {"date": 1772550000, "amount": 4.5}}}
    chart = read_chart(
        chart_body(meta={"currency": units}, close=[7150.5, 7151, 7152, 7153], events=dividends), LATER
    )
    assert chart.currency == currency
    assert chart.closes[date(2026, 3, 2)].price == Decimal("71.505")
    assert chart.now.price == Decimal("0.51")
    assert [one.amount for one in chart.dividends] == [Decimal("0.045")]


def test_closes_before_a_split_are_what_was_paid_then():
    splits = {"splits": {"1": {"date": 1772634600, "numerator": 10, "denominator": 1}}}  # 4 March
    chart = read_chart(chart_body(close=[5.005, 5.0, 5.1, 5.2], events=splits), LATER)
    assert chart.splits == (Split(date(2026, 3, 4), Decimal(10)),)
    assert chart.closes[date(2026, 3, 2)].price == Decimal("50.05")
    assert chart.closes[date(2026, 3, 4)].price == Decimal("5.1")


def test_the_noise_of_binary_fractions_is_cut_off():
    chart = read_chart(chart_body(close=[188.55000305175781, 0.1, 1.0, 1.0]), LATER)
    assert chart.closes[date(2026, 3, 2)].price == Decimal("188.5500")


@pytest.mark.parametrize(
    "wrong", [{"meta": {"currency": "dollars"}}, {"meta": {"currency": None}}, {"close": [1.0, 2.0]}]
)
def test_a_chart_that_contradicts_itself_is_refused(wrong):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read_chart(chart_body(**wrong), LATER)


def test_a_nonsense_close_is_left_out_and_the_others_are_kept():
    assert list(read_chart(chart_body(close=[50.0, -1.0, 0, 51.0]), LATER).closes) == [
        date(2026, 3, 2),
        date(2026, 3, 5),
    ]


def test_a_symbol_nobody_knows_is_refused_and_a_search_without_a_find_is_empty(gateway, server):
    yahoo = Yahoo(gateway, server.url)
    with pytest.raises(errors.ProviderRefusedError):
        yahoo.chart("NOPE", TODAY - timedelta(days=5), NOW)
    assert yahoo.search("US0000000000") == []
    server.trouble("status", status=404, path="finance/search", times=1)
    assert yahoo.search("US1111111111") == []  # that is another way of saying so
    assert [one.symbol for one in yahoo.search("US0378331005")] == ["AAPL", "APC.DE", "APC.F"]


@pytest.mark.shared
def test_the_recorded_bodies_are_understood(shared_dir):
    body = (shared_dir / "samples/api/yahoo/pp_response_yahoo_historical01.json").read_bytes()
    chart = read_chart(body, NOW)
    assert (chart.symbol, chart.currency) == ("MUV2.DE", "EUR")
    assert chart.closes[date(2017, 11, 27)].price == Decimal("188.55")
    assert len(chart.closes) > 50
