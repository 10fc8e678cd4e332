"""The client layer against a server that fails in every way: bounded, recorded, never lying."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from smartfolio_app.providers import errors
from smartfolio_app.providers.http import Gateway, OutboundCall, key_digest
from smartfolio_app.providers.limits import Budget
from smartfolio_app.providers.reading import json_object
from tests.loopback.haste import hurry

AMPLE = Budget(calls=1000, seconds=60)


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture
def client(gateway, server):
    return gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)


def ask(client, ttl=0.0, **options):
    params = {"ids": "bitcoin", "vs_currencies": "usd"}
    return client.get("simple/price", params, read=json_object, ttl=ttl, **options)


def test_an_answer_is_read_and_the_call_is_recorded_without_its_query(client, server, calls):
    assert float(ask(client).value["bitcoin"]["usd"]) == 96_123.45
    (call,) = calls
    assert (call.provider, call.outcome, call.status, call.path) == (
        "coingecko",
        "ok",
        200,
        "/api/v3/simple/price",
    )
    assert call.size > 10
    assert call.at.tzinfo is not None


def test_an_answer_younger_than_its_time_to_live_costs_no_call(client, server):
    first, second = ask(client, ttl=60), ask(client, ttl=60)
    assert (first.cached, second.cached) == (False, True)
    assert len(server.paths) == 1


def test_an_old_answer_is_revalidated_and_not_sent_again(gateway, server, calls):
    client = gateway.provider("ecb", server.ecb_url, budget=AMPLE)
    first = client.get("eurofxref-daily.xml", read=len)
    second = client.get("eurofxref-daily.xml", read=len)
    assert first.value == second.value
    assert [call.outcome for call in calls] == ["ok", "not_modified"]


def test_concurrent_askers_share_one_call(client, server):
    server.trouble("slow", seconds=0.2)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(client).value)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    "trouble", [{"kind": "status", "status": 503}, {"kind": "dropped"}, {"kind": "truncated"}]
)
def test_a_passing_failure_is_retried(client, server, calls, trouble):
    server.trouble(times=2, **trouble)
    assert ask(client).value["bitcoin"]
    assert len(calls) == 3
    assert calls[-1].outcome == "ok"


@pytest.mark.parametrize(
    ("trouble", "error", "attempts"),
    [
        ({"kind": "status", "status": 500}, errors.ProviderUnreachableError, 3),
        ({"kind": "dropped"}, errors.ProviderUnreachableError, 3),
        ({"kind": "truncated"}, errors.ProviderUnreachableError, 3),
        ({"kind": "slow", "seconds": 0.8}, errors.ProviderUnreachableError, 3),
        ({"kind": "drip"}, errors.ProviderUnreachableError, 3),
        ({"kind": "garbage"}, errors.ProviderAnswerError, 1),
        ({"kind": "html"}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": "[1, 2]"}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": '{"bitcoin": {"usd": NaN}}'}, errors.ProviderAnswerError, 1),
        ({"kind": "body", "body": "[" * 100_000}, errors.ProviderAnswerError, 1),
        ({"kind": "huge"}, errors.ProviderAnswerError, 1),
        ({"kind": "status", "status": 401}, errors.ProviderRefusedError, 1),
        ({"kind": "status", "status": 404}, errors.ProviderRefusedError, 1),
        ({"kind": "status", "status": 429, "headers": {"retry-after": "60"}}, errors.ProviderPausedError, 1),
        ({"kind": "redirect", "body": "https://elsewhere.example/x"}, errors.ProviderAddressError, 1),
        ({"kind": "redirect", "body": "/api/v3/simple/price"}, errors.ProviderAnswerError, 4),
    ],
)
def test_each_lasting_failure_has_its_error_and_a_bounded_number_of_calls(
    client, gateway, server, trouble, error, attempts
):
    server.trouble(**trouble)
    if trouble["kind"] in ("slow", "drip"):
        hurry(gateway)
    with pytest.raises(error) as caught:
        ask(client)
    assert caught.value.code.startswith("provider.")
    assert len(server.paths) == attempts


def test_an_unreadable_answer_is_not_kept(client, server):
    server.trouble("html", times=1)
    with pytest.raises(errors.ProviderAnswerError):
        ask(client, ttl=3600)
    assert ask(client, ttl=3600).value["bitcoin"]


@pytest.mark.parametrize("status", [429, 418])
def test_retry_after_silences_every_call_to_that_host_until_then(server, calls, status):
    clock = Clock()
    gateway = Gateway(recorder=calls.append, clock=clock)
    coins = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)
    rates = gateway.provider("ecb", server.ecb_url, budget=AMPLE)
    server.trouble("status", status=status, headers={"retry-after": "120"}, times=1)
    with pytest.raises(errors.ProviderPausedError) as caught:
        ask(coins)
    assert abs(caught.value.retry_at.timestamp() - clock.now - 120) < 1
    of_another_key = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE, key="another")
    for _ in range(10):
        with pytest.raises(errors.ProviderPausedError):
            rates.get("eurofxref-daily.xml", read=len)
        with pytest.raises(errors.ProviderPausedError):
            ask(of_another_key)
    assert len(server.paths) == 1
    assert calls[0].paused_until is not None
    clock.now += 121
    assert ask(coins).value
    gateway.close()


def test_retry_after_may_be_a_date(server):
    gateway = Gateway()
    client = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)
    later = datetime.now(UTC) + timedelta(minutes=5)
    server.trouble("status", status=429, headers={"retry-after": format_datetime(later, usegmt=True)})
    with pytest.raises(errors.ProviderPausedError) as caught:
        ask(client)
    assert abs((caught.value.retry_at - later).total_seconds()) < 3
    gateway.close()


def test_a_server_that_is_down_and_says_for_how_long_is_left_alone_so_long(server):
    clock = Clock()
    gateway = Gateway(clock=clock)
    client = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)
    server.trouble("status", status=503, headers={"retry-after": "90"}, times=1)
    with pytest.raises(errors.ProviderPausedError):
        ask(client)
    assert len(server.paths) == 1
    clock.now += 91
    assert ask(client).value
    gateway.close()


def test_the_budget_is_never_exceeded_and_says_when_to_come_back(server):
    clock = Clock()
    gateway = Gateway(clock=clock)
    client = gateway.provider("coingecko", server.coingecko_url, budget=Budget(calls=3, seconds=60))
    for _ in range(3):
        ask(client)
    for _ in range(10):
        with pytest.raises(errors.ProviderBudgetError) as caught:
            ask(client)
    assert len(server.paths) == 3
    assert 0 < caught.value.retry_at.timestamp() - clock.now < 60.001
    clock.now += 61
    assert ask(client).value
    gateway.close()


def test_a_patient_caller_waits_for_the_budget_and_closing_wakes_it(server):
    gateway = Gateway()
    client = gateway.provider("coingecko", server.coingecko_url, budget=Budget(calls=1, seconds=0.3))
    started = time.monotonic()
    ask(client)
    assert ask(client, patience=60.0).value
    assert time.monotonic() - started > 0.29  # the time of the budget runs from the first call on
    slow = gateway.provider("other", server.coingecko_url, budget=Budget(calls=1, seconds=3600))
    ask(slow)
    threading.Timer(0.1, gateway.closing.set).start()
    started = time.monotonic()
    with pytest.raises(errors.ProviderBudgetError):
        ask(slow, patience=7200.0)
    assert time.monotonic() - started < 60  # it would wait for an hour
    gateway.close()


def test_a_budget_and_a_pause_survive_a_restart(server, calls):
    budget = Budget(calls=2, seconds=3600)
    first = Gateway(recorder=calls.append)
    ask(first.provider("coingecko", server.coingecko_url, budget=budget, key="k"))
    server.trouble("status", status=429, headers={"retry-after": "600"}, times=1)
    with pytest.raises(errors.ProviderPausedError):
        ask(first.provider("coingecko", server.coingecko_url, budget=budget, key="k"))
    first.close()

    second = Gateway()
    client = second.provider("coingecko", server.coingecko_url, budget=budget, key="k")
    client.restore(calls)
    assert client.health().left == 0
    assert client.health().paused_until is not None
    other_key = second.provider("coingecko", server.coingecko_url, budget=budget, key="another")
    other_key.restore(calls)
    assert other_key.health().left == 2
    second.close()


def test_a_provider_that_only_fails_is_left_alone_for_a_while(server):
    clock = Clock()
    gateway = Gateway(clock=clock)
    client = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)
    server.trouble("html")
    for _ in range(30):
        with pytest.raises(errors.ProviderError):
            ask(client)
    assert len(server.paths) == 4
    assert client.health().breaker_open
    server.behave()
    clock.now += 31
    assert ask(client).value
    assert not client.health().breaker_open
    gateway.close()


def test_offline_means_no_call_at_all(server):
    gateway = Gateway(offline=True)
    client = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE)
    with pytest.raises(errors.ProviderOfflineError):
        ask(client)
    assert server.paths == []
    gateway.close()


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://api.example/v3", True),
        ("http://127.0.0.1:9/x", True),
        ("http://localhost:9", True),
        ("http://[::1]:9", True),
        ("http://api.example/v3", False),
        ("http://192.168.1.5/v3", False),
        ("http://127.0.0.1.example/", False),
        ("ftp://api.example", False),
    ],
)
def test_only_https_or_loopback_is_called(gateway, url, fine):
    if fine:
        assert gateway.provider("p", url, budget=AMPLE)
        return
    with pytest.raises(errors.ProviderAddressError):
        gateway.provider("p", url, budget=AMPLE)


def test_no_key_ever_reaches_the_record(gateway, server, calls):
    secret = "CG-very-secret"
    headers = {"x-cg-demo-api-key": secret}
    client = gateway.provider("coingecko", server.coingecko_url, budget=AMPLE, key=secret, headers=headers)
    ask(client)
    assert server.world.requests[0].headers["x-cg-demo-api-key"] == secret
    assert secret not in repr(calls)
    assert isinstance(calls[0], OutboundCall)
    assert calls[0].key_id == key_digest(secret) != ""
