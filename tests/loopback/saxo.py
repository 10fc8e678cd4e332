"""Saxo's sign-in and OpenAPI on 127.0.0.1: PKCE is checked, a refresh token works once, lists are followed by links."""

from __future__ import annotations

import base64
import hashlib
import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.loopback.venues import Answer, Call, Venue

APP_KEY = "1234-5678-9101"
CLIENT = "Cf4xZWiYL6W1nMKpygBLLA=="


class SaxoVenue(Venue):
    """Both hosts in one: ``/authorize`` and ``/token`` are the sign-in, the rest is below ``/sim/openapi``."""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, tuple[str, str]] = {}  # code -> challenge, redirect address
        self.bearers: set[str] = set()
        self.refresh: dict[str, str] = {}  # token -> challenge; one that was used is gone
        self.expires_in = 1200
        self.trades: list[dict[str, Any]] = []
        self.bookings: list[dict[str, Any]] = []
        self.positions: list[dict[str, Any]] = []
        self.page = 2

    def authorize(self, address: str) -> str:
        """Sign in as the user would, and return the code they come back with."""
        asked = Call("GET", address, {}, "").query
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["client_id"] == APP_KEY
        code = secrets.token_urlsafe(12)
        self.codes[code] = (asked["code_challenge"], asked["redirect_uri"])
        return code

    def signed(self, call: Call) -> Answer | None:
        if call.path in ("/token", "/authorize"):
            return None
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        return None if bearer in self.bearers else Answer(401, {"ErrorCode": "Unauthorized"})

    def too_many(self) -> Answer:
        return Answer(429, {"ErrorCode": "RateLimitExceeded"}, {"retry-after": "9"})

    def answer(self, call: Call) -> Answer:
        if call.path == "/token":
            return self._token(call.form)
        if call.path == "/authorize":
            return Answer(200, self._page(call))
        path = call.path.removeprefix("/sim/openapi/")
        if path == "port/v1/clients/me":
            return Answer(200, {"ClientKey": CLIENT, "ClientId": "9226397", "Name": "A. Reader"})
        if path == "port/v1/accounts/me":
            account = {"AccountKey": CLIENT, "AccountId": "9226397/T1", "Currency": "EUR"}
            return Answer(200, {"Data": [{**account, "CreationDate": "2025-03-11T10:39:00.000000Z"}]})
        if path == "port/v1/balances":
            return Answer(200, {"CashBalance": 956.74, "Currency": "EUR"})
        if path == "port/v1/positions/me":
            return self._list(call, self.positions)
        if path == f"cs/v1/reports/trades/{CLIENT}":
            return self._list(call, self._within(call, self.trades, "TradeDate"))
        if path == f"cs/v1/reports/bookings/{CLIENT}":
            return self._list(call, self._within(call, self.bookings, "Date"))
        return Answer(404, {"ErrorCode": "NotFound"})

    def _page(self, call: Call) -> str:
        """What a person sees there: who is asking, and two ways back."""
        asked = call.query
        yes = urlencode({"code": self.authorize(call.target), "state": asked["state"]})
        no = urlencode({"error": "access_denied", "state": asked["state"]})
        return (
            f"<!doctype html><title>Saxo</title><h1>{escape(asked['client_id'])} wants to read your account</h1>"
            f'<a href="{escape(asked["redirect_uri"])}?{escape(yes)}">Allow</a> '
            f'<a href="{escape(asked["redirect_uri"])}?{escape(no)}">Deny</a>'
        )

    def _token(self, form: dict[str, str]) -> Answer:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if form["grant_type"] == "authorization_code":
            known = self.codes.pop(form["code"], None)
            good = known == (challenge, form["redirect_uri"])
        else:
            good = self.refresh.pop(form["refresh_token"], None) == challenge
        if not good or form["client_id"] != APP_KEY:
            return Answer(401, {"error": "invalid_grant"})
        bearer, refresh = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        self.bearers = {bearer}
        self.refresh[refresh] = challenge
        return Answer(
            201,
            {
                "access_token": bearer,
                "token_type": "Bearer",
                "expires_in": self.expires_in,
                "refresh_token": refresh,
                "refresh_token_expires_in": 3600,
            },
        )

    @staticmethod
    def _within(call: Call, rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
        asked = call.query
        return [row for row in rows if asked["FromDate"] <= row[name] <= asked["ToDate"]]

    def _list(self, call: Call, rows: list[dict[str, Any]]) -> Answer:
        first = int(call.query.get("$skip", 0))
        body: dict[str, Any] = {"__count": len(rows), "Data": rows[first : first + self.page]}
        if first + self.page < len(rows):
            kept = "&".join(f"{name}={value}" for name, value in call.query.items() if name != "$skip")
            body["__next"] = f"http://{self.host}{call.path}?{kept}&$skip={first + self.page}"
        return Answer(200, body)
