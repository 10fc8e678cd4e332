"""Saxo over loopback: tokens by turns, history and holdings, and every way it can fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smartfolio_app.ledger.money import plain
from smartfolio_app.providers.connectors import Access, CredentialsRefusedError, connector
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderPausedError,
    ProviderUnreachableError,
)
from smartfolio_app.providers.http import Gateway, Limits
from smartfolio_app.providers.saxo_tokens import Holder, Proof, Tokens, exchange, sign_in_address
from tests.loopback.saxo import APP_KEY, CLIENT, SaxoVenue
from tests.loopback.venues import VenueServer

BACK = "https://smartfolio.example/api/sources/sign-in/callback"
QUICK = Limits(connect=10.0, read=10.0, deadline=20.0, backoff=0.001, backoff_max=0.002)


def trade(number, amount, day="2026-06-01", **more):
    return {
        "TradeId": f"67{number}",
        "AccountId": "9226397/T1",
        "Uic": 46780,
        "InstrumentSymbol": "SOXL:arcx",
        "InstrumentDescription": "Direxion Daily",
        "AssetType": "Etf",
        "Amount": amount,
        "Price": 218.0,
        "TradeEventType": "Bought" if amount > 0 else "Sold",
        "TradeDate": day,
        "TradeExecutionTime": f"{day}T13:51:47.737000Z",
        "BookedAmountAccountCurrency": -655.77 if amount > 0 else 727.05,
        "AccountCurrency": "EUR",
        **more,
    }


def booking(number, kind, amount, trade_id="", **more):
    return {
        "BkAmountId": f"b{number}",
        "BkAmountType": kind,
        "AccountId": "9226397/T1",
        "Date": "2026-06-01",
        "AmountAccountCurrency": amount,
        "AccountCurrency": "EUR",
        "RelatedTradeId": trade_id,
        **more,
    }


class Bench:
    def __init__(self, server, gateway):
        self.server, self.venue, self.gateway = server, server.venue, gateway
        self.saved = []
        self.client = gateway.provider(
            "saxo_sim_api",
            f"{server.url}/sim/openapi",
            budget=connector("saxo_sim_api").provider.budget,
            key="source s",
        )
        proof = Proof.fresh()
        address = sign_in_address(server.url, APP_KEY, BACK, "state", proof)
        code = self.venue.authorize(address.removeprefix(server.url))
        tokens = exchange(
            self.client,
            code,
            app_key=APP_KEY,
            login_url=server.url,
            redirect_uri=BACK,
            verifier=proof.verifier,
        )
        self.credentials = tokens.as_fields()

    def access(self):
        def save(values):
            self.saved.append(dict(values))
            self.credentials = {**self.credentials, **values}

        return Access(
            credentials=self.credentials,
            config={},
            client=self.client,
            save=save,
            nonce=lambda: 1,
            now=lambda: datetime.now(UTC),
        )

    def pull(self, cursor=None):
        return list(connector("saxo_sim_api").pull(self.access(), cursor or {}))

    def age(self):
        """Have the access token end, here and there."""
        self.credentials["expires_at"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        self.venue.bearers.clear()


@pytest.fixture
def bench():
    Holder._newest.clear()
    venue = SaxoVenue()
    venue.trades = [trade(1, 3.0), trade(2, -1.0, day="2025-04-02"), trade(3, 5.0, AssetType="CfdOnStock")]
    venue.bookings = [
        booking(1, "Share Amount", -654.0, "671"),
        booking(2, "Commission", -1.27, "671"),
        booking(3, "Exchange Fee", -0.5, "671"),
        booking(
            4, "Corporate Actions - Cash Dividends", 12.34, InstrumentSymbol="SOXL:arcx", AssetType="Etf"
        ),
        booking(
            5, "Corporate Actions - Withholding Tax", -1.85, InstrumentSymbol="SOXL:arcx", AssetType="Etf"
        ),
        booking(6, "Cash Deposit", 1000),
        booking(7, "Realised P/L", 7.5, "673", AssetType="CfdOnStock", InstrumentSymbol="AAPL:xnas"),
    ]
    venue.positions = [
        {
            "PositionBase": {
                "AccountId": "9226397/T1",
                "Amount": amount,
                "AssetType": "Etf",
                "OpenPrice": 218.0,
            },
            "PositionView": {"CurrentPrice": 243.18},
            "DisplayAndFormat": {"Symbol": "SOXL:arcx", "Currency": "USD", "Description": "Direxion Daily"},
        }
        for amount in (3.0, -1.0, 0.25)
    ]
    gateway = Gateway(limits=QUICK)
    with VenueServer(venue) as server:
        yield Bench(server, gateway)
    gateway.close()


def told(one):
    def side(amount):
        return f"{plain(amount.quantity)} {amount.asset}" if amount else ""

    return f"{one.kind.value} +{side(one.received)} -{side(one.sent)} ~{side(one.fee)}"


def test_trades_with_their_costs_and_every_other_booking(bench):
    pages = bench.pull()
    found = [one for page in pages for one in page.transactions]
    assert sorted(map(told, found)) == [
        "deposit +1000 fiat:EUR - ~",
        "dividend +12.34 fiat:EUR - ~",
        "margin_profit +7.5 fiat:EUR - ~",
        "tax + -1.85 fiat:EUR ~",
        "trade +3 stock:SOXL.ARCX -654 fiat:EUR ~1.77 fiat:EUR",
        "trade +727.05 fiat:EUR -1 stock:SOXL.ARCX ~",
    ]
    assert not any(page.warnings for page in pages)
    assert [page.done for page in pages] == [False, False, True]  # two years, then what is held
    held = {line.asset: (line.quantity, line.account) for line in pages[-1].statement.lines}
    assert held == {
        "stock:SOXL.ARCX": (Decimal("2.25"), "9226397/T1"),
        "fiat:EUR": (Decimal("956.74"), "9226397/T1"),
    }
    assert {(one.currency, one.price) for one in pages[-1].prices} == {("USD", Decimal("243.18"))}


def test_a_stopped_sync_goes_on_and_the_next_one_asks_for_the_last_days(bench):
    pages = bench.pull()
    rest = bench.pull(pages[0].cursor)
    assert len(rest) == 2
    bench.venue.calls.clear()
    bench.pull(pages[-1].cursor)
    asked = [call.query["FromDate"] for call in bench.venue.calls if "FromDate" in call.query]
    assert min(asked) > (datetime.now(UTC) - timedelta(days=12)).date().isoformat()


def test_tokens_are_renewed_once_and_saved_before_they_are_used(bench):
    first = Tokens.kept(bench.credentials)
    bench.age()
    bench.pull()
    assert [one["refresh_token"] != first.refresh_token for one in bench.saved] == [True]
    assert first.refresh_token not in bench.venue.refresh
    renewals = [call for call in bench.venue.calls if call.form.get("grant_type") == "refresh_token"]
    assert len(renewals) == 1


def test_a_token_that_is_refused_before_its_time_is_renewed(bench):
    bench.venue.bearers.clear()
    bench.pull()
    assert len(bench.saved) == 1


def test_two_readings_of_one_account_do_not_spend_one_refresh_token_twice(bench):
    bench.age()
    stale = dict(bench.credentials)
    connector("saxo_sim_api").check(bench.access())
    bench.credentials = stale
    connector("saxo_sim_api").check(bench.access())
    assert len(bench.saved) == 1


def test_a_refresh_token_that_was_used_ends_the_sign_in(bench):
    bench.age()
    bench.venue.refresh.clear()
    with pytest.raises(CredentialsRefusedError) as raised:
        bench.pull()
    assert raised.value.code == "saxo.signed_out"


def test_a_code_works_once_and_with_its_own_proof_alone(bench):
    proof = Proof.fresh()
    address = sign_in_address(bench.server.url, APP_KEY, BACK, "state", proof)
    code = bench.venue.authorize(address.removeprefix(bench.server.url))
    given = {"app_key": APP_KEY, "login_url": bench.server.url, "redirect_uri": BACK}
    with pytest.raises(CredentialsRefusedError):
        exchange(bench.client, code, verifier=Proof.fresh().verifier, **given)
    with pytest.raises(CredentialsRefusedError):
        exchange(bench.client, code, verifier=proof.verifier, **given)


def test_what_a_check_tells(bench):
    found = connector("saxo_sim_api").check(bench.access())
    assert (found.ok, found.account, found.may_trade) == (True, "A. Reader", None)


def test_a_limit_silences_the_host(bench):
    bench.venue.busy = 1
    with pytest.raises(ProviderPausedError):
        bench.pull()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("garbage", ProviderAnswerError),
        ("html", ProviderAnswerError),
        ("truncated", ProviderUnreachableError),
        ("dropped", ProviderUnreachableError),
        ("status", ProviderUnreachableError),
    ],
)
def test_whatever_comes_back_is_a_typed_error(bench, kind, error):
    bench.server.trouble(kind, path="/cs/", status=503)
    with pytest.raises(error):
        bench.pull()


@pytest.mark.parametrize(
    "body", ['{"Data": 7}', '{"Data": [1]}', "{}", '{"Data": [{}], "__next": "https://e.org/x"}']
)
def test_wrong_types_and_links_to_other_hosts_are_unreadable(bench, body):
    bench.server.trouble("body", path="/cs/", body=body)
    with pytest.raises(ProviderAnswerError):
        bench.pull()


def test_a_record_that_cannot_be_used_is_left_out_and_told(bench):
    bench.venue.trades.append(trade(9, 1.0, Amount="many"))
    pages = bench.pull()
    assert [one.params["count"] for page in pages for one in page.warnings] == [1]
    assert CLIENT not in str([page.cursor for page in pages])
