"""CoinGecko: exact prices, tickers that mean one coin only, history of full days."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.providers import errors
from smartfolio_app.providers.coingecko import CoinGecko, plan_refuses
from smartfolio_app.providers.limits import Budget

AMPLE = Budget(calls=1000, seconds=60)


@pytest.fixture
def gecko(gateway, server):
    return CoinGecko(gateway, server.coingecko_url, budget=AMPLE)


def test_prices_are_the_digits_that_were_sent(gecko, server):
    server.trouble("body", body='{"pepe": {"usd": 0.00001234567890123456789}, "bitcoin": {"usd": 96123.1}}')
    prices = gecko.prices(["pepe", "bitcoin"])
    assert prices.found["pepe"].price == Decimal("0.00001234567890123456789")
    assert prices.found["bitcoin"].price == Decimal("96123.1")


def test_an_unknown_id_is_absent_and_nothing_is_invented(gecko):
    prices = gecko.prices(["bitcoin", "no-such-coin"])
    assert set(prices.found) == {"bitcoin"}
    assert prices.absent == ("no-such-coin",)


@pytest.mark.parametrize("nonsense", ["0", "-5", '"96000"', "true", "1e30", "[]", "1e-40"])
def test_a_nonsense_price_is_refused_and_the_others_are_kept(gecko, server, nonsense):
    server.trouble("body", body=f'{{"bitcoin": {{"usd": {nonsense}}}, "solana": {{"usd": 187.25}}}}')
    prices = gecko.prices(["bitcoin", "solana"])
    assert set(prices.found) == {"solana"}
    assert prices.refused == ("bitcoin",)


def test_a_coin_without_a_price_is_absent(gecko, server):
    server.trouble("body", body='{"bitcoin": {}, "solana": {"usd": null}}')
    assert gecko.prices(["bitcoin", "solana"]).absent == ("bitcoin", "solana")


def test_many_ids_go_in_batches(gecko, server):
    ids = [f"coin-{number}" for number in range(250)]
    gecko.prices(ids)
    assert [len(request.query["ids"].split(",")) for request in server.world.requests] == [100, 100, 50]


def test_the_time_of_a_price_is_the_providers(gecko):
    at = gecko.prices(["bitcoin"]).found["bitcoin"].at
    assert timedelta(seconds=5) < datetime.now(UTC) - at < timedelta(seconds=60)


def test_tickers_resolve_without_collisions(gecko):
    resolution = gecko.resolve(["BTC", "sol", "LONE", "DUP", "GEM", "ZZZ"])
    assert resolution.found == {
        "BTC": "bitcoin",  # a major, whatever else is called so
        "SOL": "solana",
        "LONE": "lonely-coin",  # the only one
        "DUP": "heavyweight",  # large, and two thousand times the next
    }
    assert [coin.id for coin in resolution.ambiguous["GEM"]] == ["gemstone-one", "gemini-meme"]
    assert resolution.unknown == ("ZZZ",)


def test_a_major_that_left_the_list_is_not_believed(gecko, server):
    server.world.coins = [coin for coin in server.world.coins if coin[0] != "bitcoin"]
    resolution = gecko.resolve(["BTC"])
    assert "BTC" not in resolution.found
    assert "BTC" in resolution.ambiguous


def test_daily_prices_close_the_day_before_their_stamp(gecko):
    now = datetime.now(UTC)
    first = now.date() - timedelta(days=10)
    closes = gecko.daily("bitcoin", first, now)
    assert sorted(closes) == [first + timedelta(days=n) for n in range(10)]
    for day, point in closes.items():
        assert point.at == datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)


def test_history_stops_where_the_free_plan_does(gecko, server):
    now = datetime.now(UTC)
    closes = gecko.daily("bitcoin", date(2017, 1, 1), now)
    assert server.world.requests[-1].query["days"] == "365"
    assert len(closes) >= 364


def test_a_plan_that_does_not_reach_is_recognised(gecko, server):
    server.world.free_plan_days = 30
    with pytest.raises(errors.ProviderRefusedError) as caught:
        gecko.daily("bitcoin", date(2017, 1, 1), datetime.now(UTC))
    assert plan_refuses(caught.value)


def test_gaps_and_nonsense_in_a_chart_stay_gaps(gecko, server):
    server.trouble(
        "body", body='{"prices": [[1764892800000, null], [1764979200000, -1], [1765065600000, 89236.79]]}'
    )
    closes = gecko.daily("bitcoin", date(2025, 1, 1), datetime(2025, 12, 8, tzinfo=UTC))
    assert {day: point.price for day, point in closes.items()} == {date(2025, 12, 6): Decimal("89236.79")}


def test_the_demo_key_is_sent_and_a_wrong_one_is_refused(gateway, server):
    server.world.keys = {"right"}
    assert CoinGecko(gateway, server.coingecko_url, key="right").prices(["bitcoin"]).found
    with pytest.raises(errors.ProviderRefusedError):
        CoinGecko(gateway, server.coingecko_url, key="wrong").prices(["bitcoin"])


def test_the_pro_address_gets_the_pro_header(gateway):
    client = CoinGecko(gateway, "https://pro-api.coingecko.com/api/v3", key="k").client
    assert client._headers == {"x-cg-pro-api-key": "k"}


def test_a_bare_host_is_understood(gateway, server):
    assert CoinGecko(gateway, server.url, budget=AMPLE).prices(["bitcoin"]).found


@pytest.mark.shared
def test_recorded_answers_are_understood(gecko, server, shared_dir):
    import json

    for record in json.loads(
        (shared_dir / "samples" / "api/coingecko/simple_price_recorded_a.json").read_text()
    )[:3]:
        body = record["response"]["body"]
        server.behave()
        server.trouble(
            "body", body=json.dumps({coin: {"usd": next(iter(v.values()))} for coin, v in body.items()})
        )
        assert set(gecko.prices([*body, "never"]).found) == set(body)
