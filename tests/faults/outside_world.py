"""Everybody whom a household's SmartFolio asks, on loopback; and every way in which they can fail to answer."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from smartfolio_app.providers.http import ProviderClient
from smartfolio_app.providers.saxo_tokens import Proof, exchange, sign_in_address
from tests.loopback.cointracking import CoinTrackingServer
from tests.loopback.saxo import APP_KEY, SaxoVenue
from tests.loopback.server import LoopbackServer, Trouble
from tests.loopback.venues import (
    KEY,
    PASSPHRASE,
    SECRET,
    Binance,
    Bitstamp,
    Coinbase,
    Kraken,
    KuCoin,
    Venue,
    VenueServer,
)

#: Every documented way to fail. ``slow`` is longer than the tests' read timeout.
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 429, "headers": {"retry-after": "90"}}),
    ("dropped", {}),
    ("garbage", {}),
    ("slow", {"seconds": 0.6}),
    ("html", {}),
    ("status", {"status": 503, "headers": {"retry-after": "45"}}),
    ("truncated", {}),
    ("body", {"body": '{"success": 1, "result": [], "data": 7, "details": "?", "prices": {"a": null}}'}),
    ("status", {"status": 418, "headers": {"retry-after": "120"}}),
    ("body", {"body": "[[null]]"}),
    ("status", {"status": 502, "body": "<html>bad gateway</html>"}),
    ("status", {"status": 504}),
)
READ_TIMEOUT = 0.4
#: The market providers, each on a host of its own, and the setting of its address.
MARKET = {
    "coingecko": "coingecko_url",
    "ecb": "ecb_url",
    "binance": "binance_url",
    "binance_futures": "binance_futures_url",
    "yahoo": "yahoo_url",
    "fear_greed": "fear_greed_url",
}

RETURN = "https://smartfolio.example/api/sources/sign-in/callback"
KEYS = {"apiKey": KEY, "secret": SECRET}
COINTRACKING = {"api_key": "ct-key-0001-of-ann", "api_secret": "ct-secret-0001-of-ann"}


@dataclass
class Mood:
    """How one server behaves: well, or every call in the next way of failing."""

    first: int
    ways: tuple[tuple[str, dict[str, Any]], ...] = WAYS
    broken: bool = False
    calls: int = 0
    met: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turns = itertools.count(self.first)
        self._lock = threading.Lock()

    def trouble_for(self, _path: str) -> Trouble | None:
        """Stands in for the server's own."""
        with self._lock:
            self.calls += 1
            if not self.broken:
                return None
            kind, details = self.ways[next(self._turns) % len(self.ways)]
            self.met.append(f"{kind} {details.get('status', '')}".strip())
            return Trouble(kind, times=1, **details)


class OutsideWorld:
    """The servers, the settings that lead to them, and the keys that open them."""

    def __init__(self, stack: ExitStack) -> None:
        self.moods: dict[str, Mood] = {}
        self.market = {name: stack.enter_context(LoopbackServer()) for name in MARKET}
        for name, server in self.market.items():
            self._give_mood(name, server)
        self.cointracking = stack.enter_context(CoinTrackingServer())
        self._give_mood("cointracking_api", self.cointracking)
        account = self.cointracking.world.add(*COINTRACKING.values())
        account.places = {"Kraken": {"BTC": ("0.5", "86,039.79"), "ETH": ("1", "2,955.16")}}
        account.trade(1, 1_700_000_000, "Deposit", buy="0.5 BTC")
        account.trade(2, 1_700_086_400, "Deposit", buy="1 ETH")
        self.secrets: dict[str, dict[str, str]] = {"cointracking_api": COINTRACKING}
        self.venues: dict[str, VenueServer] = {}
        for provider, venue, secret in self._exchanges():
            self.venues[provider] = stack.enter_context(VenueServer(venue))
            self._give_mood(provider, self.venues[provider])
            self.secrets[provider] = secret
        self.saxo = SaxoVenue()
        self.saxo.positions = []
        self.venues["saxo_sim_api"] = stack.enter_context(VenueServer(self.saxo))
        self._give_mood("saxo_sim_api", self.venues["saxo_sim_api"])

    @staticmethod
    def _exchanges() -> Iterator[tuple[str, Venue, dict[str, str]]]:
        begin = 1_700_000_000
        deposit = {"refid": "Q1", "time": begin, "type": "deposit", "subtype": "", "aclass": "currency"}
        deposit |= {"asset": "XXBT", "amount": "0.25", "fee": "0", "balance": "0.25"}
        yield "kraken_api", Kraken({"L1": deposit}, {"XXBT": "0.25"}), KEYS
        binance = Binance()
        binance.balances = [{"asset": "SOL", "free": "3", "locked": "0"}]
        yield "binance_api", binance, KEYS
        yield (
            "bitstamp_api",
            Bitstamp([], [{"currency": "eth", "total": "2", "available": "2", "reserved": "0"}]),
            KEYS,
        )
        kucoin = KuCoin()
        kucoin.accounts = [{"currency": "ADA", "type": "main", "balance": "100"}]
        yield "kucoin_api", kucoin, {**KEYS, "password": PASSPHRASE}
        private = ec.generate_private_key(ec.SECP256R1())
        coinbase = Coinbase(private.public_key(), "organizations/o/apiKeys/k")
        coinbase.balances = [("DOT", "40", "0")]
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        yield "coinbase_api", coinbase, {"apiKey": coinbase.key_name, "secret": pem.decode()}

    def _give_mood(self, name: str, server: Any) -> None:
        # Each begins with another way of failing. New tokens of which the answer came too late are lost with the old
        # ones, whatever anybody does: at Saxo, who is slow does not answer at all.
        ways = tuple(one for one in WAYS if one[0] != "slow") if name == "saxo_sim_api" else WAYS
        mood = Mood(first=2 * len(self.moods), ways=ways)
        self.moods[name] = mood
        server.world.trouble_for = mood.trouble_for

    def host_of(self, name: str) -> str:
        """Return host and port of a server."""
        server = self.market.get(name) or self.venues.get(name) or self.cointracking
        return urlsplit(server.url).netloc

    @property
    def addresses(self) -> dict[str, Any]:
        """The settings that lead the app here."""
        exchanges = {name: server for name, server in self.venues.items() if name != "saxo_sim_api"}
        saxo = self.venues["saxo_sim_api"].url
        return {
            **{setting: self.market[name].addresses[setting] for name, setting in MARKET.items()},
            "cointracking_url": self.cointracking.url,
            "exchange_urls": {name.removesuffix("_api"): server.url for name, server in exchanges.items()},
            "saxo_sim_url": f"{saxo}/sim/openapi",
            "saxo_sim_login_url": saxo,
        }

    def sign_in_at_saxo(self, client: ProviderClient) -> dict[str, str]:
        """Sign in as a user would; return what that leaves in the vault."""
        login, proof = self.venues["saxo_sim_api"].url, Proof.fresh()
        address = sign_in_address(login, APP_KEY, RETURN, "state", proof)
        code = self.saxo.authorize(address.removeprefix(login))
        tokens = exchange(
            client, code, app_key=APP_KEY, login_url=login, redirect_uri=RETURN, verifier=proof.verifier
        )
        return tokens.as_fields()

    def break_everything(self) -> None:
        """From now on nobody answers as they should."""
        for mood in self.moods.values():
            mood.broken = True

    def mend_everything(self) -> None:
        """From now on everybody does."""
        for mood in self.moods.values():
            mood.broken = False


@contextmanager
def outside_world() -> Iterator[OutsideWorld]:
    """Run all of them."""
    with ExitStack() as stack:
        yield OutsideWorld(stack)
