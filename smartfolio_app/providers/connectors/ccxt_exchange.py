"""Crypto exchanges as live sources: every one that ccxt marks with balances and trades."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from smartfolio_app.errors import InvalidInputError
from smartfolio_app.providers.connectors.base import Access, Cursor, KeyCheck, Page
from smartfolio_app.providers.csv.base import Message
from smartfolio_app.providers.declared import Field, Provider
from smartfolio_app.providers.errors import (
    ProviderAnswerError,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from smartfolio_app.providers.exchanges.catalogue import Exchange, exchanges
from smartfolio_app.providers.exchanges.desk import (
    BEGINNING,
    Desk,
    Permissions,
    Plan,
    State,
    Step,
    Stream,
    statement,
)
from smartfolio_app.providers.exchanges.plans import binance, bitstamp, coinbase, kraken, kucoin, unified
from smartfolio_app.providers.exchanges.session import Session, Stopped
from smartfolio_app.providers.limits import Budget

_OWN_WAY = {
    "binance": binance.PLAN,
    "bitstamp": bitstamp.PLAN,
    "coinbase": coinbase.PLAN,
    "kraken": kraken.PLAN,
    "kucoin": kucoin.PLAN,
}
#: The exchange -> the provider of its exported files, where both tell of the same account.
_FILES = {
    "binance": "binance_csv",
    "bitfinex": "bitfinex_csv",
    "bitstamp": "bitstamp_csv",
    "bitvavo": "bitvavo_csv",
    "coinbase": "coinbase_csv",
    "coinbaseexchange": "coinbasepro_csv",
    "gemini": "gemini_csv",
    "kraken": "kraken_csv",
    "kucoin": "kucoin_csv",
}
#: Reading the ledger counts twice against fifteen that come back at a third a second: ten a minute for ever.
_BUDGETS = {"kraken": Budget(10, 60.0)}
_FIELDS = {
    "apiKey": "exchanges.field.api_key",
    "secret": "exchanges.field.secret",
    "password": "exchanges.field.password",
    "uid": "exchanges.field.uid",
    "login": "exchanges.field.login",
    "accountId": "exchanges.field.account_id",
    "privateKey": "exchanges.field.private_key",
    "walletAddress": "exchanges.field.wallet_address",
    "token": "exchanges.field.token",
}
_NOT_SECRET = frozenset({"walletAddress"})


class ExchangeConnector:
    """One exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.provider = Provider(
            id=f"{exchange.id}_api",
            label=exchange.name.replace("Ⓢ", "S"),  # few typefaces have it
            category="crypto",
            kind="api",
            yields=("transactions", "balances"),
            credential_fields=tuple(
                Field(name, _FIELDS[name], secret=name not in _NOT_SECRET) for name in exchange.credentials
            ),
            config_fields=(
                Field("since", "exchanges.field.since", required=False),
                Field("markets", "exchanges.field.markets", required=False),
            ),
            budget=_BUDGETS.get(exchange.id, exchange.budget),
            base_url_setting="exchange_urls",
            base_url=exchange.base_url,
            files_of=_FILES.get(exchange.id, ""),
            key_field=exchange.credentials[0],
            advice="exchanges.advice",
        )

    @property
    def plan(self) -> Plan:
        """How it is read."""
        return _OWN_WAY.get(self.exchange.id) or unified.plan(self.exchange)

    def check(self, access: Access) -> KeyCheck:
        """Return what the key may do: reading is tried out, the rest is what the exchange tells.

        Raises:
            ProviderError: It cannot be found out now, or the key is refused.
        """
        plan = self.plan
        with Session(self.exchange, access, own_nonce=plan.own_nonce) as session:
            try:
                told = self._permissions(session, access, plan)
                session.run(lambda: plan.balances(_desk(session, access, access.now(), {})))
            except Stopped as stopped:
                raise ProviderUnreachableError("exchange.stopped", provider=self.exchange.name) from stopped
        return KeyCheck(
            ok=True,
            account=told.account,
            may_trade=told.may_trade,
            may_withdraw=told.may_withdraw,
            warnings=self._warnings(told),
        )

    def _permissions(self, session: Session, access: Access, plan: Plan) -> Permissions:
        ask = plan.permissions
        if ask is None:
            return Permissions()
        try:
            return session.run(lambda: ask(_desk(session, access, access.now(), {})))
        except (ProviderRefusedError, ProviderAnswerError):
            return Permissions()  # an older key or account, of which it cannot be told

    def _warnings(self, told: Permissions) -> tuple[Message, ...]:
        found = []
        if "privateKey" in self.exchange.credentials:
            found.append(Message("exchanges.warn.private_key", {"provider": self.exchange.name}))
        elif told.may_trade is None and told.may_withdraw is None:
            found.append(Message("exchanges.warn.not_told", {"provider": self.exchange.name}))
        return tuple(found)

    def pull(self, access: Access, cursor: Cursor) -> Iterator[Page]:
        """Yield what is new since ``cursor``: one history after the other, then what is there now."""
        plan = self.plan
        progress = _Progress(cursor, access.now())
        try:
            with Session(self.exchange, access, own_nonce=plan.own_nonce) as session:
                for index, stream in enumerate(plan.streams):
                    if index >= progress.stream:
                        yield from self._stream(session, access, progress, stream)
                yield self._balances(session, access, progress, plan)
        except Stopped:
            return

    def _stream(
        self, session: Session, access: Access, progress: _Progress, stream: Stream
    ) -> Iterator[Page]:
        more = True
        while more:
            desk, step = session.run(lambda: _read(stream, session, access, progress))
            more = step.more
            progress.states[stream.name] = step.state
            progress.memory = desk.memory
            progress.stream += not more
            yield Page(
                cursor=progress.cursor(),
                transactions=desk.transactions(),
                assets=desk.assets(),
                progress=step.progress,
                label=f"exchanges.reading.{stream.name}",
                warnings=desk.warnings(),
            )

    def _balances(self, session: Session, access: Access, progress: _Progress, plan: Plan) -> Page:
        async def read() -> Desk:
            desk = _desk(session, access, progress.until, progress.memory)
            await plan.balances(desk)
            return desk

        at = access.now()
        desk = session.run(read)
        progress.memory = desk.memory
        return Page(
            cursor=progress.finished(),
            done=True,
            statement=statement(desk, at),
            assets=desk.assets(),
            label="exchanges.reading.balances",
            warnings=desk.warnings(),
        )


async def _read(stream: Stream, session: Session, access: Access, progress: _Progress) -> tuple[Desk, Step]:
    desk = _desk(session, access, progress.until, progress.memory)
    step = await stream.read(desk, progress.states.get(stream.name, {}))
    return desk, step


class _Progress:
    """Where a sync stands: the instant up to which it reads, the history it is in, and how far each has come."""

    def __init__(self, cursor: Cursor, now: datetime) -> None:
        self.until = datetime.fromisoformat(cursor["until"]) if cursor.get("until") else now
        self.stream = int(cursor.get("stream", 0))
        self.states: dict[str, State] = dict(cursor.get("states", {}))
        self.memory: dict[str, list[str]] = {
            name: list(found) for name, found in cursor.get("memory", {}).items()
        }

    def cursor(self) -> dict[str, Any]:
        """Return it as the cursor of the page that was just read."""
        return {
            "until": self.until.isoformat(),
            "stream": self.stream,
            "states": dict(self.states),
            "memory": self.memory,
        }

    def finished(self) -> dict[str, Any]:
        """Return the cursor the next sync begins with."""
        return {"states": dict(self.states), "memory": self.memory}


def _desk(session: Session, access: Access, until: datetime, memory: dict[str, list[str]]) -> Desk:
    markets = access.config.get("markets", "").replace(";", ",").split(",")
    return Desk(
        session,
        # Exchanges count in whole seconds; what happens in this one belongs to the next sync.
        until=until.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=1),
        since=_since(access.config.get("since", "")),
        memory={name: list(found) for name, found in memory.items()},
        markets=tuple(name.strip() for name in markets if name.strip()),
    )


def _since(text: str) -> datetime:
    if not text.strip():
        return BEGINNING
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInputError("exchange.since", value=text[:20]) from error
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


CONNECTORS = tuple(ExchangeConnector(one) for one in exchanges().values())
