"""A provider that may answer at several addresses is found at the one that knows what is asked for, and stays there."""

from datetime import UTC, datetime

import pytest

from smartfolio_app.providers.addresses import Addresses
from smartfolio_app.providers.answers import Answer
from smartfolio_app.providers.coingecko import CoinGecko
from smartfolio_app.providers.ecb import Ecb
from smartfolio_app.providers.errors import ProviderRefusedError, ProviderUnreachableError


class Told:
    """Answers from three addresses: what each said the last time it was asked, and which were asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, client):
        self.asked.append(client)
        answer = self.answers[client]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, datetime(2026, 1, 1, tzinfo=UTC))


def refused(status):
    return ProviderRefusedError("provider.refused", "x", status)


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ({"a": 1, "b": refused(404), "c": refused(404)}, ["a", "a"]),
        ({"a": refused(404), "b": 1, "c": refused(404)}, ["a", "b", "b"]),
        ({"a": refused(404), "b": refused(404), "c": 1}, ["a", "b", "c", "c"]),
    ],
)
def test_the_first_that_knows_is_kept(answers, asked):
    addresses, told = Addresses(["a", "b", "c"]), Told(**answers)
    assert addresses.client == "a"
    assert [addresses.ask(told).value, addresses.ask(told).value] == [1, 1]
    assert (told.asked, addresses.client) == (asked, asked[-1])


@pytest.mark.parametrize(
    "trouble", [refused(401), refused(429), ProviderUnreachableError("provider.unreachable", "x")]
)
def test_any_other_trouble_is_the_providers_own_and_says_nothing_of_the_address(trouble):
    addresses, told = Addresses(["a", "b"]), Told(a=trouble, b=1)
    with pytest.raises(type(trouble)):
        addresses.ask(told)
    assert (told.asked, addresses.client) == (["a"], "a")


def test_when_no_address_knows_the_last_refusal_is_told_and_all_are_tried_again():
    addresses, told = Addresses(["a", "b"]), Told(a=refused(404), b=refused(404))
    for _ in range(2):
        with pytest.raises(ProviderRefusedError):
            addresses.ask(told)
    assert told.asked == ["a", "b", "a", "b"]


class Gateway:
    """A gateway that makes no calls: its clients are their addresses."""

    def provider(self, _id, url, **_more):
        return url


@pytest.mark.parametrize(
    ("provider", "first"),
    [
        (CoinGecko(Gateway(), "https://rates.example"), "https://rates.example/api/v3"),
        (CoinGecko(Gateway(), "https://rates.example/own"), "https://rates.example/own"),
        (Ecb(Gateway(), "https://rates.example"), "https://rates.example/stats/eurofxref"),
        (Ecb(Gateway(), "https://rates.example/own"), "https://rates.example/own"),
    ],
)
def test_a_bare_host_is_tried_with_its_usual_path_first_and_a_path_is_taken_at_its_word(provider, first):
    assert provider.client == first
