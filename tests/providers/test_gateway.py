"""What a gateway holds to, call by call: a made-up host in this very process, a clock that is set by hand."""

import gzip
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from smartfolio_app.providers import errors
from smartfolio_app.providers.answers import SingleFlight
from smartfolio_app.providers.http import Gateway, Limits, Outgoing
from smartfolio_app.providers.limits import LONGEST_PAUSE_SECONDS, Budget
from smartfolio_app.providers.reading import json_object

HOST = "https://prices.example/api"
AMPLE = Budget(calls=1000, seconds=60)
FINE = httpx.Response(200, json={"price": "1.50"})


class Waits(threading.Event):
    """The gateway's sleep: nobody waits, and how long it would have been is written down."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def wait(self, timeout=None):
        self.seconds.append(timeout)
        return self.is_set()


class World:
    """One host. ``answers`` are given one after the other, the last one for ever; ``asked`` are the requests."""

    def __init__(self, **settings):
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
        self.answers, self.asked, self.calls = [FINE], [], []
        limits = Limits(**{"max_bytes": 10_000, **settings})
        self.gateway = Gateway(recorder=self.calls.append, limits=limits, clock=lambda: self.now)
        self.gateway.http.close()
        self.gateway.http = httpx.Client(transport=httpx.MockTransport(self._answer))
        self.gateway.closing = self.waits = Waits()

    def _answer(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def client(self, budget=AMPLE, **options):
        return self.gateway.provider("prices", HOST, budget=budget, **options)

    def get(self, client=None, **options):
        return (client or self.client()).get("btc", read=json_object, **options)

    def post(self, client=None, **options):
        outgoing = Outgoing("orders", method="POST", content=b"{}")
        return (client or self.client()).ask(lambda: outgoing, read=json_object, **options)


@pytest.fixture
def world():
    made = World()
    yield made
    made.gateway.close()


@pytest.mark.parametrize("way", ["get", "post"])
def test_a_refusal_is_an_answer_and_opens_no_breaker(world, way):
    world.answers = [httpx.Response(404, json={"error": "no such coin"})]
    for _ in range(12):
        with pytest.raises(errors.ProviderRefusedError):
            getattr(world, way)()
    assert len(world.asked) == 12
    assert not world.client().health().breaker_open


@pytest.mark.parametrize("way", ["get", "post"])
def test_garbage_opens_the_breaker_and_one_trial_is_made_after_each_pause_which_doubles(world, way):
    world.answers = [httpx.Response(200, text="<html>")]
    ask = getattr(world, way)
    for _ in range(12):
        with pytest.raises(errors.ProviderError):
            ask()
    assert len(world.asked) == 4
    for pause in (30, 60, 120, 240, 480, 900, 900):
        with pytest.raises(errors.ProviderPausedError) as held:
            ask()
        assert held.value.retry_at == datetime.fromtimestamp(world.now + pause, UTC)
        world.now += pause
        before = len(world.asked)
        for _ in range(3):
            with pytest.raises(errors.ProviderError):
                ask()
        assert len(world.asked) == before + 1
    world.now += 900
    world.answers = [FINE]
    assert ask().value == {"price": "1.50"}
    assert not world.client().health().breaker_open


def test_while_one_trial_is_under_way_nobody_else_makes_another(world):
    world.answers = [httpx.Response(200, text="<html>")]
    for _ in range(4):
        with pytest.raises(errors.ProviderAnswerError):
            world.get()
    world.now += 30
    breaker = world.client().breaker
    assert breaker.opens_at(world.now) is None  # the trial
    assert breaker.opens_at(world.now) is not None


def test_an_answer_that_is_too_large_is_not_read_to_its_end(world):
    world.answers = [httpx.Response(200, content=b'{"price": "' + b"1" * 20_000 + b'"}')]
    with pytest.raises(errors.ProviderAnswerError) as refused:
        world.get()
    assert refused.value.code == "provider.too_large"
    bomb = gzip.compress(b" " * 5_000_000 + b'{"price": "1"}')
    assert len(bomb) < 10_000
    world.answers = [httpx.Response(200, headers={"content-encoding": "gzip"}, content=b"")]
    world.gateway.http = httpx.Client(
        transport=httpx.MockTransport(
            lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=bomb)
        )
    )
    with pytest.raises(errors.ProviderAnswerError) as refused:
        world.get()
    assert refused.value.code == "provider.too_large"


@pytest.mark.parametrize("target", ["http://prices.example/api/btc", "https://elsewhere.example/btc"])
def test_a_redirect_to_another_host_or_to_plain_http_is_not_followed(world, target):
    world.answers = [httpx.Response(302, headers={"location": target}), FINE]
    with pytest.raises(errors.ProviderAddressError):
        world.get()
    assert len(world.asked) == 1


def test_each_hop_is_a_call_of_the_budget_and_of_the_record(world):
    client = world.client(budget=Budget(calls=2, seconds=60))
    world.answers = [httpx.Response(307, headers={"location": "/api/v2/btc"}), FINE]
    assert world.get(client).value == {"price": "1.50"}
    assert [call.outcome for call in world.calls] == ["redirected", "ok"]
    assert client.health().left == 0
    with pytest.raises(errors.ProviderBudgetError):
        world.get(client)
    assert len(world.asked) == 2


def test_redirects_end(world):
    world.answers = [httpx.Response(302, headers={"location": "/api/btc"})]
    with pytest.raises(errors.ProviderAnswerError):
        world.get()
    assert len(world.asked) == 4


def test_what_is_signed_is_never_sent_to_where_a_redirect_points(world):
    world.answers = [httpx.Response(307, headers={"location": "/api/v2/orders"}), FINE]
    with pytest.raises(errors.ProviderAnswerError):
        world.post()
    assert [request.url.path for request in world.asked] == ["/api/orders"]


def test_an_answer_is_revalidated_by_its_date_and_is_then_as_young_as_that(world):
    world.answers = [
        httpx.Response(200, json={"price": "1"}, headers={"last-modified": "Mon, 02 Mar 2026 11:00:00 GMT"}),
        httpx.Response(304),
        httpx.Response(304),
    ]
    first = world.get()
    world.now += 600
    second = world.get()
    assert world.asked[1].headers["if-modified-since"] == "Mon, 02 Mar 2026 11:00:00 GMT"
    assert (second.value, second.at - first.at, second.cached) == (
        first.value,
        timedelta(seconds=600),
        False,
    )
    world.get()  # what a 304 does not say again is still known
    assert world.asked[2].headers["if-modified-since"] == "Mon, 02 Mar 2026 11:00:00 GMT"


def test_one_persons_answer_is_not_anothers_though_they_hold_the_same_key(world):
    ann, ben = (world.client(key="k", private=who) for who in ("ann", "ben"))
    assert not world.get(ann, ttl=600).cached
    assert world.get(ann, ttl=600).cached
    assert not world.get(ben, ttl=600).cached
    assert len(world.asked) == 2
    assert ann.window is ben.window  # the budget is the key's
    assert world.client(key="another", private="ann").window is not ann.window


def test_an_answer_of_the_future_is_asked_for_again(world):
    world.get(ttl=600)
    world.now -= 3600  # the clock was set back
    assert not world.get(ttl=600).cached


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("99999999", LONGEST_PAUSE_SECONDS),
        ("Mon, 02 Mar 2026 12:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("soon", 60),
        ("", 60),
    ],
)
def test_a_pause_lasts_as_long_as_was_asked_for_within_reason(world, wish, seconds):
    world.answers = [httpx.Response(429, headers={"retry-after": wish} if wish else {})]
    with pytest.raises(errors.ProviderPausedError) as paused:
        world.get()
    assert paused.value.retry_at == datetime.fromtimestamp(world.now + seconds, UTC)
    assert len(world.asked) == 1
    assert world.calls[0].paused_until == paused.value.retry_at


def test_a_shorter_pause_ends_no_longer_one(world):
    pauses = world.gateway.pauses
    pauses.pause("prices.example", world.now + 500)
    pauses.pause("prices.example", world.now + 5)
    assert pauses.until("prices.example", world.now) == world.now + 500


def test_retries_are_spread_over_the_whole_wait_and_are_few():
    world = World(backoff=1.0, backoff_max=8.0)
    world.answers = [httpx.Response(503)]
    for number in range(1, 41):
        with pytest.raises(errors.ProviderUnreachableError):
            world.get()
        assert len(world.asked) == 3 * number
        world.client().breaker.succeeded()  # that it opens is another matter
    firsts, seconds = world.waits.seconds[::2], world.waits.seconds[1::2]
    assert 0 <= min(firsts) < 0.5 < max(firsts) <= 2.0
    assert 0 <= min(seconds) < 1.0 < max(seconds) <= 4.0
    world.gateway.close()


def test_what_is_not_safe_to_repeat_is_sent_once(world):
    world.answers = [httpx.Response(503)]
    with pytest.raises(errors.ProviderUnreachableError):
        world.post(safe=False)
    assert len(world.asked) == 1
    with pytest.raises(errors.ProviderUnreachableError):
        world.post()
    assert len(world.asked) == 4


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (httpx.Response(200, json={"price": "1"}), "ok", 200),
        (httpx.Response(304), "not_modified", 304),
        (httpx.Response(403), "refused", 403),
        (httpx.Response(418), "silenced", 418),
        (httpx.Response(408), "failed", 408),
        (httpx.Response(500), "failed", 500),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "redirected", 302),
        (httpx.Response(200, content=b"x" * 20_000), "too_large", 200),
        (httpx.ReadTimeout("slow"), "timeout", None),
        (httpx.ConnectError("gone"), "no_connection", None),
        (httpx.RemoteProtocolError("cut"), "no_connection", None),
    ],
)
def test_every_call_is_recorded_as_what_it_was(world, answer, outcome, status):
    world.answers = [answer]
    if outcome == "ok":
        world.get()
    else:
        with pytest.raises(errors.ProviderError):
            world.get()
    assert {(call.outcome, call.status, call.path) for call in world.calls} == {(outcome, status, "/api/btc")}


def test_an_answer_that_cannot_be_unpacked_is_no_answer(world):
    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    world.gateway.http = httpx.Client(transport=httpx.MockTransport(lambda _: packed))
    with pytest.raises(errors.ProviderAnswerError):
        world.get()
    assert [call.outcome for call in world.calls] == ["unreadable"]


def test_a_budget_is_a_moving_window(world):
    client = world.client(budget=Budget(calls=2, seconds=60))
    world.get(client)
    world.now += 40
    world.get(client)
    world.now += 15
    with pytest.raises(errors.ProviderBudgetError) as spent:
        world.get(client)
    assert spent.value.retry_at == datetime.fromtimestamp(world.now + 5, UTC)
    world.now += 5.001
    world.get(client)
    with pytest.raises(errors.ProviderBudgetError):
        world.get(client)
    assert len(world.asked) == 3


def test_what_earlier_processes_spent_and_were_told_still_holds(world):
    budget = Budget(calls=3, seconds=3600)
    world.get(world.client(budget=budget, key="k"))
    world.answers = [httpx.Response(429, headers={"retry-after": "600"})]
    with pytest.raises(errors.ProviderPausedError):
        world.get(world.client(budget=budget, key="k"))
    later = Gateway(
        clock=lambda: world.now,
        history=lambda provider, key_id: [one for one in world.calls if one.key_id == key_id],
    )
    mine, anothers = (later.provider("prices", HOST, budget=budget, key=key) for key in ("k", "other"))
    assert (mine.health().left, anothers.health().left) == (1, 3)
    assert mine.health().paused_until == datetime.fromtimestamp(world.now + 600, UTC)
    later.close()


def test_calls_of_one_key_follow_each_other(world):
    """What is signed with a nonce or a timestamp arrives in the order in which it was signed."""
    client = world.client(key="k")
    made, sent = [], []
    one_is_made, go_on = threading.Event(), threading.Event()

    def signed(name):
        made.append(name)
        if name == "first":
            one_is_made.set()
            go_on.wait(30)
        return Outgoing("orders", method="POST", content=name.encode())

    def ask(name):
        client.ask(lambda: signed(name), read=json_object)
        sent.append(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("first", "second")]
    threads[0].start()
    assert one_is_made.wait(30)
    threads[1].start()
    threads[1].join(0.2)  # long enough to overtake, if it could
    assert made == ["first"]
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert [request.content for request in world.asked] == [b"first", b"second"]
    assert sent == ["first", "second"]


def test_what_is_signed_is_signed_anew_after_a_wait_for_the_budget(world):
    client = world.client(budget=Budget(calls=1, seconds=60))
    world.get(client)
    made = []

    def signed():
        made.append(world.now)
        return Outgoing("orders", method="POST", content=str(len(made)).encode())

    def wait(seconds):
        world.now += seconds
        return True

    world.gateway.wait = wait
    client.ask(signed, read=json_object, patience=100)
    assert world.asked[-1].content == b"2"
    assert made[1] > made[0] + 59


def test_a_failure_is_shared_by_all_who_asked_the_same():
    flights, begun, go_on = SingleFlight(), threading.Event(), threading.Event()
    errors_met = []

    def ask():
        begun.set()
        go_on.wait(30)
        raise errors.ProviderUnreachableError("provider.timeout", provider="prices")

    def fly():
        try:
            flights.run("btc", ask)
        except errors.ProviderUnreachableError as error:
            errors_met.append(error)

    threads = [threading.Thread(target=fly) for _ in range(3)]
    threads[0].start()
    assert begun.wait(30)
    flight = flights._flights["btc"]
    for thread in threads[1:]:
        thread.start()
    end = time.monotonic() + 30
    while len(flight._condition._waiters) < 2:  # both wait for the first one's answer
        assert time.monotonic() < end
        time.sleep(0.005)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(errors_met) == 3
    assert flights.run("btc", lambda: "fine") == "fine"  # nothing of it stays
