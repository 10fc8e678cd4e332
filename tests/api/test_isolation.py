"""Nobody else's data: every route of the API, as anonymous, as another user, as a disabled one, with a read-only token.

The table is checked against the routes of the application: a route without an entry fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import pytest
from sqlalchemy import select
from sqlmodel import col

from smartfolio_app.api.app import routers
from smartfolio_app.errors import NotFoundError
from smartfolio_app.providers.csv.mapping import Mapping
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.buckets import Decision
from smartfolio_app.services import (
    accounts,
    audit,
    backups,
    files,
    imports,
    items,
    mappings,
    own_transfers,
    risk,
    sources,
    transactions,
    user_settings,
)
from smartfolio_app.services.alerts import inbox, rules
from smartfolio_app.services.jobs import jobs
from smartfolio_app.services.rebalancing import optimiser
from smartfolio_app.services.second_opinion import work as second_opinion
from smartfolio_app.services.transaction_drafts import Draft
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import AlertChannel, AuditEntry, SourceFile, SourceRow
from tests.api.conftest import PASSWORD, cookie_of, token_of

#: Stands in every name that Alice gave; no answer to anybody else may hold it.
MARK = "alices"


@dataclass(frozen=True)
class Route:
    """How one route is exercised. ``path`` may hold names of Alice's things (see ``alices_things``)."""

    #: public: anyone; own: the caller's; named: one thing of the caller's, by its id; admin: administrators
    kind: Literal["public", "own", "named", "admin", "operator"]
    path: str = ""
    body: Any = None
    files: Callable[[], dict[str, Any]] | None = None
    status: int = 200
    #: For ``own`` routes that name a thing of the caller's in the body or query: as another user they answer this.
    foreign: int | None = None
    query: dict[str, str] = field(default_factory=dict)


own, admin, public = Route("own"), Route("admin"), Route("public")


def named(path: str, body: Any = None, status: int = 200) -> Route:
    return Route("named", path, body, status=status)


TRADE = {
    "source": "manual_crypto",
    "at": "2026-01-02T03:04:05Z",
    "kind": "deposit",
    "received": {"quantity": "1.5", "asset": "crypto:BTC"},
}

EXPORT = """"Type";"Buy";"Cur.";"Sell";"Cur.";"Fee";"Cur.";"Exchange";"Group";"Comment";"Date"
"Trade";"1.5";"BTC";"100";"EUR";"";"";"Kraken";"";"";"2024-01-02 03:04:05"
"""

TABLE: dict[tuple[str, str], Route] = {
    ("GET", "/healthz"): public,
    ("GET", "/readyz"): public,
    ("GET", "/metrics"): Route("operator"),
    ("GET", "/api/openapi.json"): public,
    ("GET", "/api/docs"): public,
    ("GET", "/api/docs/style.css"): public,
    ("POST", "/auth/login"): public,
    ("POST", "/auth/logout"): public,
    ("GET", "/auth/proxy"): public,
    ("POST", "/auth/setup"): public,
    ("POST", "/auth/demo"): public,
    ("POST", "/auth/password"): public,
    ("POST", "/api/security/csp-report"): public,
    # account
    ("GET", "/api/users/me"): own,
    ("GET", "/api/users/me/devices"): own,
    ("DELETE", "/api/users/me/devices"): own,
    ("DELETE", "/api/users/me/devices/{device_id}"): named("/api/users/me/devices/{device}"),
    ("GET", "/api/users/me/tokens"): own,
    ("POST", "/api/users/me/tokens"): Route("own", body={"name": "x", "scope": "read"}, status=201),
    ("DELETE", "/api/users/me/tokens/{token_id}"): named("/api/users/me/tokens/{token}"),
    ("POST", "/api/users/me/password"): Route(
        "own", body={"current": PASSWORD, "new": "another long secret"}
    ),
    ("GET", "/api/users/me/audit"): own,
    ("GET", "/api/users/me/export"): own,
    # administration
    ("GET", "/api/users"): admin,
    ("POST", "/api/users"): Route("admin", body={"name": "eve", "password": PASSWORD}, status=201),
    ("PATCH", "/api/users/{user_id}"): Route("admin", "/api/users/{bystander}", {"disabled": True}),
    ("DELETE", "/api/users/{user_id}"): Route("admin", "/api/users/{bystander}"),
    ("GET", "/api/security/csp-reports"): admin,
    ("GET", "/api/trust"): admin,
    ("GET", "/api/backups"): admin,
    ("POST", "/api/backups"): Route("admin", status=201),
    ("PUT", "/api/backups"): Route("admin", body="no backup", status=400),
    ("GET", "/api/backups/{name}"): Route("admin", "/api/backups/{backup}"),
    ("POST", "/api/backups/{name}/restore"): Route("admin", "/api/backups/{backup}/restore", {}),
    ("PUT", "/api/trust/dismissals"): Route("admin", body={"key": "backups.none"}),
    ("DELETE", "/api/trust/dismissals"): Route("admin", query={"key": "backups.none"}),
    # sources and files
    ("GET", "/api/users/sources"): own,
    ("POST", "/api/sources"): Route("own", body={"provider": "file_stocks", "label": "mine"}, status=201),
    ("GET", "/api/sources/{key}"): named("/api/sources/{source}"),
    ("PATCH", "/api/sources/{key}"): named("/api/sources/{source}", {"label": "renamed", "active": False}),
    ("GET", "/api/sources/{key}/removal"): named("/api/sources/{source}/removal"),
    ("DELETE", "/api/sources/{key}"): named("/api/sources/{source}"),
    ("POST", "/api/sources/{key}/sign-in"): named(
        "/api/sources/{source}/sign-in", {"app_key": "k"}, status=422
    ),
    ("GET", "/api/sources/sign-in/callback"): public,
    # live sources: Alice's has no key yet, and nobody can be called
    ("GET", "/api/sources/catalogue"): own,
    ("GET", "/api/sources/{key}/status"): named("/api/sources/{live}/status"),
    ("PUT", "/api/sources/{key}/credentials"): named(
        "/api/sources/{live}/credentials", {"credentials": {"api_key": "k"}}, status=422
    ),
    ("DELETE", "/api/sources/{key}/credentials"): named("/api/sources/{live}/credentials"),
    ("POST", "/api/sources/{key}/test"): named("/api/sources/{live}/test", {}, status=409),
    ("POST", "/api/sources/{key}/sync"): named("/api/sources/{live}/sync", status=409),
    ("DELETE", "/api/sources/{key}/sync"): named("/api/sources/{live}/sync", status=404),
    ("GET", "/api/sources/{key}/syncs"): named("/api/sources/{live}/syncs"),
    ("DELETE", "/api/sources/{key}/syncs/{sync_id}"): named("/api/sources/{live}/syncs/none", status=404),
    ("PUT", "/api/sources/{key}/schedule"): named("/api/sources/{live}/schedule", {"every_minutes": 60}),
    ("GET", "/api/sources/{key}/reconciliation"): named("/api/sources/{live}/reconciliation"),
    ("POST", "/api/sources/{key}/reconciliation/{asset}"): named(
        "/api/sources/{live}/reconciliation/crypto:BTC", status=409
    ),
    ("GET", "/api/sources/files"): own,
    ("GET", "/api/sources/files/{file_id}"): named("/api/sources/files/{file}"),
    ("DELETE", "/api/sources/files/{file_id}"): named("/api/sources/files/{file}"),
    # bringing files in
    ("POST", "/api/sources/import"): Route(
        "own",
        files=lambda: {"file": ("t.csv", EXPORT, "text/csv"), "source": (None, "{source}")},
        foreign=404,
    ),
    ("GET", "/api/sources/imports"): own,
    ("DELETE", "/api/sources/imports/{batch_id}"): named("/api/sources/imports/{batch}"),
    ("GET", "/api/sources/formats"): own,
    ("GET", "/api/sources/mappings"): own,
    ("PUT", "/api/sources/mappings/{name}"): Route(
        "own", "/api/sources/mappings/mine", {"mapping": {"shape": "positions"}, "headers": ["a", "b"]}
    ),
    ("DELETE", "/api/sources/mappings/{name}"): named("/api/sources/mappings/{mapping}"),
    # wealth items
    ("GET", "/api/wealth/items"): own,
    ("POST", "/api/wealth/items"): Route(
        "own", body={"kind": "cash", "name": "box", "currency": "EUR", "value": "12.50"}, status=201
    ),
    ("GET", "/api/wealth/items/{item_id}"): named("/api/wealth/items/{item}"),
    ("PATCH", "/api/wealth/items/{item_id}"): named("/api/wealth/items/{item}", {"name": "renamed"}),
    ("GET", "/api/wealth/items/{item_id}/removal"): named("/api/wealth/items/{item}/removal"),
    ("DELETE", "/api/wealth/items/{item_id}"): named("/api/wealth/items/{item}"),
    ("PUT", "/api/wealth/items/{item_id}/valuations/{day}"): named(
        "/api/wealth/items/{item}/valuations/2026-02-01", {"value": "2"}
    ),
    ("DELETE", "/api/wealth/items/{item_id}/valuations/{day}"): named(
        "/api/wealth/items/{item}/valuations/2026-01-01"
    ),
    # figures
    ("GET", "/api/wealth/global/summary"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/wealth/global/allocation"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/wealth/global/movers"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/wealth/global/stale"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/holdings"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/holdings.csv"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/history"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/gains"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/assets/{asset}"): Route(
        "own", "/api/portfolio/assets/crypto:BTC", query={"crypto": "{source}"}, foreign=404
    ),
    ("GET", "/api/portfolio/assets/{asset}/prices"): Route(
        "own", "/api/portfolio/assets/crypto:BTC/prices", query={"crypto": "{source}"}, foreign=404
    ),
    ("GET", "/api/portfolio/lots"): Route("own", query={"asset": "crypto:BTC"}, foreign=404),
    ("POST", "/api/portfolio/what-if"): Route(
        "own", body={"asset": "crypto:BTC", "quantity": "1", "price": "5"}, foreign=404
    ),
    # nothing of Alice's in the table is realised: the other engine is asked and has nothing to say
    ("POST", "/api/portfolio/second-opinion"): Route("own", body={"method": "average"}, status=422),
    ("GET", "/api/portfolio/second-opinion"): own,
    ("GET", "/api/portfolio/second-opinion/{job_id}"): named("/api/portfolio/second-opinion/{opinion}"),
    ("DELETE", "/api/portfolio/second-opinion/{job_id}"): named("/api/portfolio/second-opinion/{opinion}"),
    ("GET", "/api/portfolio/transfers"): own,
    ("PUT", "/api/portfolio/transfers/{withdrawal}"): named(
        "/api/portfolio/transfers/{withdrawal}", {"deposit": None}
    ),
    ("DELETE", "/api/portfolio/transfers/{withdrawal}"): named("/api/portfolio/transfers/{withdrawal}"),
    ("GET", "/api/portfolio/performance"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/performance/periods"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/income"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/line"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/metrics"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/explain/{figure}"): Route(
        "own", "/api/explain/net_worth", query={"crypto": "{source}"}, foreign=404
    ),
    ("GET", "/api/explain/{figure}/bundle"): Route(
        "own", "/api/explain/coverage/bundle", query={"crypto": "{source}"}, foreign=404
    ),
    # rebalancing
    ("GET", "/api/portfolio/rebalancing/targets"): own,
    ("PUT", "/api/portfolio/rebalancing/targets"): Route("own", body={"weights": {"BTC": "1"}}),
    ("GET", "/api/portfolio/rebalancing/plan"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("POST", "/api/portfolio/rebalancing/plan"): Route(
        "own", body={"weights": {"BTC": "1"}}, query={"crypto": "{source}"}, foreign=404
    ),
    ("GET", "/api/portfolio/rebalancing/plan.csv"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/portfolio/rebalancing/plan.json"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("POST", "/api/portfolio/rebalancing/suggestions"): Route("own", status=422),
    ("GET", "/api/portfolio/rebalancing/suggestions/{job_id}"): named(
        "/api/portfolio/rebalancing/suggestions/{suggestions}"
    ),
    # alerts, channels, the morning brief
    ("GET", "/api/alerts"): own,
    ("POST", "/api/alerts/judge"): own,
    ("GET", "/api/alerts/kinds"): own,
    ("GET", "/api/alerts/rules"): own,
    ("POST", "/api/alerts/rules"): Route("own", body={"kind": "coverage"}, status=201),
    ("PATCH", "/api/alerts/rules/{rule_id}"): named("/api/alerts/rules/{rule}", {"active": True}),
    ("DELETE", "/api/alerts/rules/{rule_id}"): named("/api/alerts/rules/{rule}"),
    ("POST", "/api/alerts/{alert_id}/acknowledge"): named("/api/alerts/{alert}/acknowledge"),
    ("POST", "/api/alerts/{alert_id}/snooze"): named("/api/alerts/{alert}/snooze", {"hours": 1}),
    ("GET", "/api/alerts/channels"): own,
    ("POST", "/api/alerts/channels"): Route(
        "own",
        body={"kind": "webhook", "fields": {"url": "https://192.0.2.1/", "secret": "x" * 16}},
        status=422,  # a private address: nobody is called from here
    ),
    ("PUT", "/api/alerts/channels/{channel_id}"): named("/api/alerts/channels/{channel}", {"label": "mine"}),
    ("DELETE", "/api/alerts/channels/{channel_id}"): named("/api/alerts/channels/{channel}"),
    ("POST", "/api/alerts/channels/{channel_id}/test"): named("/api/alerts/channels/{channel}/test"),
    ("GET", "/api/alerts/deliveries"): own,
    ("GET", "/api/alerts/times"): own,
    ("PUT", "/api/alerts/times"): Route("own", body={"quiet_from": 1320, "quiet_until": 420}),
    ("GET", "/api/brief"): Route("own", query={"crypto": "{source}"}, foreign=404),
    # signals: the market's, the same for everybody
    ("GET", "/api/market/signals"): own,
    ("GET", "/api/market/regimes"): own,
    ("GET", "/api/ml/sentiment"): own,
    ("GET", "/api/ml/sentiment/{symbol}"): Route("own", "/api/ml/sentiment/BTC"),
    # risk: what Alice holds in the table has no history to simulate
    ("GET", "/api/risk/dashboard"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("GET", "/api/risk/scenarios"): Route("own", query={"crypto": "{source}"}, foreign=404),
    ("POST", "/api/risk/simulations"): Route("own", body={"months": 1}, status=422),
    ("GET", "/api/risk/simulations/{job_id}"): named("/api/risk/simulations/{simulation}"),
    # transactions
    ("GET", "/api/portfolio/transactions"): own,
    ("POST", "/api/portfolio/transactions"): Route(
        "own", body=TRADE | {"source": "{source}"}, status=201, foreign=404
    ),
    ("GET", "/api/portfolio/transactions/{transaction_id}"): named(
        "/api/portfolio/transactions/{transaction}"
    ),
    ("PATCH", "/api/portfolio/transactions/{transaction_id}"): named(
        "/api/portfolio/transactions/{transaction}", {"note": "changed"}
    ),
    ("DELETE", "/api/portfolio/transactions/{transaction_id}"): named(
        "/api/portfolio/transactions/{transaction}"
    ),
    ("POST", "/api/portfolio/transactions/{transaction_id}/restore"): named(
        "/api/portfolio/transactions/{deleted}/restore"
    ),
    ("POST", "/api/portfolio/snapshots"): Route("own", status=201),
    # prices
    ("GET", "/api/prices/manual"): Route("own", query={"asset": "crypto:BTC"}),
    ("PUT", "/api/prices/manual"): Route(
        "own", body={"asset": "crypto:BTC", "price": "60000", "currency": "USD", "day": "2026-01-05"}
    ),
    ("DELETE", "/api/prices/manual"): Route("own", query={"asset": "crypto:BTC", "day": "2026-01-05"}),
    ("POST", "/api/prices/refresh"): own,
    ("GET", "/api/prices/unresolved"): own,
    ("GET", "/api/prices/set-aside"): own,
    ("PUT", "/api/prices/coins/{asset}"): Route("own", "/api/prices/coins/crypto:BTC", {"coin": "bitcoin"}),
    ("GET", "/api/prices/{asset}"): Route("own", "/api/prices/crypto:BTC", foreign=404),
    ("PUT", "/api/prices/{asset}/set-aside"): Route(
        "own",
        "/api/prices/crypto:BTC/set-aside",
        {"provider": "coingecko", "day": "2026-01-05", "use": True},
        status=404,
    ),
    ("GET", "/api/providers"): own,
    # settings
    ("GET", "/api/settings"): own,
    ("PATCH", "/api/settings"): Route("own", body={"scope_crypto": "{source}"}, foreign=422),
    ("GET", "/api/settings/groups"): own,
    ("PUT", "/api/settings/groups/{asset}"): Route(
        "own", "/api/settings/groups/crypto:XYZ", {"group": "MEME"}
    ),
}


def routes_of_the_app(api) -> set[tuple[str, str]]:
    found = {("GET", "/api/openapi.json")}
    for router in routers(api.state.limits):
        for route in router.routes:
            found |= {(method, route.path) for method in route.methods - {"HEAD", "OPTIONS"}}
    return found


class Things(dict[str, str]):
    """Alice's things by name. A backup takes a moment to make, so it is made when it is asked for."""

    def __init__(self, settings, named: dict[str, str]) -> None:
        super().__init__(named)
        self._settings = settings

    def __missing__(self, name: str) -> str:
        assert name == "backup", name
        self[name] = backups.make(self._settings).name
        return self[name]


@pytest.fixture
def things(alice, settings) -> dict[str, str]:
    """Alice's things, by the names the table uses."""
    with session_scope() as db:
        source = sources.add(db, alice, "file_crypto", f"{MARK} exchange")
        item = items.add(
            db,
            alice,
            kind="real_estate",
            name=f"{MARK} house",
            currency="EUR",
            value="1",
            day=date(2026, 1, 1),
        )
        draft = Draft(
            at=datetime(2026, 1, 1, tzinfo=UTC),
            kind="deposit",
            received=("2", "crypto:BTC"),
            note=f"{MARK} note",
        )
        transaction = transactions.add(db, alice, source.key, draft)
        deleted = transactions.add(db, alice, source.key, draft)
        transactions.delete(db, alice, deleted.id)
        left = Draft(at=datetime(2026, 1, 2, tzinfo=UTC), kind="withdrawal", sent=("1", "crypto:BTC"))
        withdrawal = transactions.add(db, alice, source.key, left)
        info, _ = tokens.create(db, alice, name=f"{MARK} token", scope="read")
        device = sessions.hash_of(sessions.issue(db, alice, device=f"{MARK} phone"))
        row = db.get(SourceRow, source.id)
        kept = SourceFile(
            user_id=alice,
            source_id=row.id,
            name=f"{MARK} file.csv",
            sha256=files.keep(alice, b"a;b"),
            size=3,
            format="x",
        )
        db.add(kept)
        db.flush()
        batch = imports.commit(db, alice, EXPORT.encode(), f"{MARK} export.csv")
        mapping = mappings.save(db, alice, f"{MARK} mapping", Mapping(shape="positions"), ["a", "b"])
        bystander = accounts.create_user(db, "bystander", PASSWORD)
        # No price of bitcoin is known here, so its rule is about what is not covered.
        rule = rules.add(db, alice, "coverage", {})
        channel = AlertChannel(user_id=alice, kind="ntfy", label=f"{MARK} telephone")
        db.add(channel)
        named = {
            "source": source.key,
            "live": sources.add(db, alice, "cointracking_api", f"{MARK} account").key,
            "item": item.id,
            "transaction": str(transaction.id),
            "deleted": str(deleted.id),
            "withdrawal": str(withdrawal.id),
            "token": info.id,
            "device": device[:16],
            "file": kept.id,
            "bystander": bystander.id,
            "rule": rule.id,
            "alert": inbox.listed(db, alice)[0].id,
            "channel": channel.id,
            "batch": batch.batch_id,
            "mapping": mapping.id,
            "opinion": jobs.start(alice, second_opinion.KIND, MARK, unfinished, heavy=False),
            "simulation": jobs.start(alice, risk.SIMULATION, MARK, unfinished, heavy=False),
            "suggestions": jobs.start(alice, optimiser.SUGGESTIONS, MARK, unfinished, heavy=False),
        }
        return Things(settings, named)


def unfinished(progress: Callable[[str, int, int], None]) -> None:
    """Stand in for a simulation that has no result yet."""
    progress("simulating", 1, 2)
    raise NotFoundError("job.no_such_job")


def filled(value: Any, things: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: things[found.group(1)], value)
    if isinstance(value, dict):
        return {name: filled(part, things) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(filled(part, things) for part in value)
    return value


async def call(client, key: tuple[str, str], things: dict[str, str]):
    route = TABLE[key]
    extra: dict[str, Any] = {"json": filled(route.body, things)} if route.body is not None else {}
    if route.files is not None:
        extra = {"files": filled(route.files(), things)}
    return await client.request(
        key[0], filled(route.path or key[1], things), params=filled(route.query, things), **extra
    )


def keys(*kinds: str, changing: bool | None = None) -> list[tuple[str, str]]:
    return [
        key
        for key, route in TABLE.items()
        if route.kind in kinds and (changing is None or (key[0] != "GET") == changing)
    ]


async def refusals(
    client, asked: list[tuple[str, str]], things: dict[str, str]
) -> dict[tuple[str, str], tuple]:
    """Call many routes; return what each answered: (status, error code)."""
    found = {}
    for key in asked:
        answer = await call(client, key, things)
        body = answer.json() if answer.headers["content-type"].startswith("application/json") else {}
        found[key] = (answer.status_code, body["error"]["code"] if "error" in body else answer.text[:200])
    return found


#: What the owner's call leaves in the audit log, of themselves or of the account it is about.
AUDITED: dict[tuple[str, str], str] = {
    ("DELETE", "/api/users/me/devices"): "session.revoke_others",
    ("DELETE", "/api/users/me/devices/{device_id}"): "session.revoke",
    ("POST", "/api/users/me/tokens"): "token.create",
    ("DELETE", "/api/users/me/tokens/{token_id}"): "token.revoke",
    ("POST", "/api/users/me/password"): "user.password",
    ("GET", "/api/users/me/export"): "account.export",
    ("POST", "/api/users"): "user.create",
    ("PATCH", "/api/users/{user_id}"): "user.disable",
    ("DELETE", "/api/users/{user_id}"): "user.delete",
    ("POST", "/api/backups"): "backup.make",
    ("GET", "/api/backups/{name}"): "backup.download",
    ("POST", "/api/backups/{name}/restore"): "backup.restore",
    ("POST", "/api/sources"): "source.add",
    ("PATCH", "/api/sources/{key}"): "source.rename",
    ("DELETE", "/api/sources/{key}"): "source.delete",
    ("PUT", "/api/sources/{key}/schedule"): "sync.schedule",
    ("DELETE", "/api/sources/files/{file_id}"): "file.delete",
    ("POST", "/api/sources/import"): "import.commit",
    ("DELETE", "/api/sources/imports/{batch_id}"): "import.undo",
    ("PUT", "/api/sources/mappings/{name}"): "mapping.save",
    ("DELETE", "/api/sources/mappings/{name}"): "mapping.delete",
    ("POST", "/api/wealth/items"): "item.add",
    ("PATCH", "/api/wealth/items/{item_id}"): "item.update",
    ("DELETE", "/api/wealth/items/{item_id}"): "item.delete",
    ("PUT", "/api/portfolio/transfers/{withdrawal}"): "transfer.separate",
    ("PUT", "/api/portfolio/rebalancing/targets"): "rebalance.targets",
    ("POST", "/api/alerts/rules"): "rule.add",
    ("PATCH", "/api/alerts/rules/{rule_id}"): "rule.change",
    ("DELETE", "/api/alerts/rules/{rule_id}"): "rule.delete",
    ("POST", "/api/alerts/{alert_id}/acknowledge"): "alert.acknowledge",
    ("POST", "/api/alerts/{alert_id}/snooze"): "alert.snooze",
    ("PUT", "/api/alerts/channels/{channel_id}"): "channel.change",
    ("DELETE", "/api/alerts/channels/{channel_id}"): "channel.delete",
    ("PUT", "/api/alerts/times"): "alert.times",
    ("POST", "/api/portfolio/transactions"): "transaction.add",
    ("PATCH", "/api/portfolio/transactions/{transaction_id}"): "transaction.edit",
    ("DELETE", "/api/portfolio/transactions/{transaction_id}"): "transaction.delete",
    ("POST", "/api/portfolio/transactions/{transaction_id}/restore"): "transaction.restore",
    ("PUT", "/api/prices/manual"): "price.set",
    ("DELETE", "/api/prices/manual"): "price.unset",
    ("PUT", "/api/prices/coins/{asset}"): "price.coin",
}

_ASKED = "computes, and changes nothing of anybody's"
_REFUSED = "is refused here; what it leaves when it is not is told by tests/api/test_connections.py"
_VIEW = "how a page looks"

#: The other calls that may change something, and why they leave no entry.
NOT_AUDITED: dict[tuple[str, str], str] = {
    ("PUT", "/api/backups"): _REFUSED,
    ("PUT", "/api/trust/dismissals"): _VIEW,
    ("DELETE", "/api/trust/dismissals"): _VIEW,
    ("POST", "/api/sources/{key}/sign-in"): _REFUSED,
    ("PUT", "/api/sources/{key}/credentials"): _REFUSED,
    ("DELETE", "/api/sources/{key}/credentials"): "there are none here; as above",
    ("POST", "/api/sources/{key}/test"): _REFUSED,
    ("POST", "/api/sources/{key}/sync"): _REFUSED,
    ("DELETE", "/api/sources/{key}/sync"): _REFUSED,
    ("DELETE", "/api/sources/{key}/syncs/{sync_id}"): _REFUSED,
    ("POST", "/api/sources/{key}/reconciliation/{asset}"): _REFUSED,
    ("PUT", "/api/wealth/items/{item_id}/valuations/{day}"): "the valuations themselves are the record",
    ("DELETE", "/api/wealth/items/{item_id}/valuations/{day}"): "as above",
    ("POST", "/api/portfolio/what-if"): _ASKED,
    ("POST", "/api/portfolio/second-opinion"): _ASKED,
    ("DELETE", "/api/portfolio/second-opinion/{job_id}"): _ASKED,
    ("DELETE", "/api/portfolio/transfers/{withdrawal}"): "there is none to forget here",
    ("POST", "/api/portfolio/rebalancing/plan"): _ASKED,
    ("POST", "/api/portfolio/rebalancing/suggestions"): _ASKED,
    ("POST", "/api/alerts/judge"): _ASKED,
    ("POST", "/api/alerts/channels"): "is refused here: nobody can be reached offline",
    ("POST", "/api/alerts/channels/{channel_id}/test"): "sends one message to its owner",
    ("POST", "/api/risk/simulations"): _ASKED,
    ("POST", "/api/portfolio/snapshots"): "a snapshot is a record itself",
    ("POST", "/api/prices/refresh"): "market prices are nobody's",
    ("PUT", "/api/prices/{asset}/set-aside"): _REFUSED,
    ("PATCH", "/api/settings"): "a scope is how a page looks; of others tests/state/test_settings_page.py",
    ("PUT", "/api/settings/groups/{asset}"): _VIEW,
}


def entries() -> list[str]:
    with session_scope() as db:
        return list(db.execute(select(col(AuditEntry.action)).order_by(col(AuditEntry.id))).scalars())


def test_every_change_is_audited_or_argued_for():
    assert set(keys(*NOT_PUBLIC, changing=True)) <= AUDITED.keys() | NOT_AUDITED.keys()
    assert AUDITED.keys().isdisjoint(NOT_AUDITED)
    assert set(AUDITED) | set(NOT_AUDITED) <= set(TABLE)


NOT_PUBLIC = ("own", "named", "admin")
NOT_SIGNED_IN = (401, "auth.not_signed_in")


def test_every_route_has_an_entry_and_every_entry_a_route(api):
    assert set(TABLE) == routes_of_the_app(api)


@pytest.mark.parametrize("key", keys(*NOT_PUBLIC), ids=" ".join)
async def test_owner_is_served(connect, things, alice, key):
    """Which also proves that the calls below are good ones, refused only because of who calls; and it is audited."""
    client, _ = (
        connect(token=token_of(alice)),
        filled(TABLE[key].path, things),
    )  # a backup is made when it is named
    before = entries()
    answer = await call(client, key, things)
    assert answer.status_code == TABLE[key].status, answer.text
    assert AUDITED.get(key) in (None, *entries()[len(before) :])
    assert (key in AUDITED) == (entries() != before)
    with session_scope() as db:
        assert audit.first_broken(db) is None


async def test_owner_is_served_by_their_session_too(connect, things, api, alice):
    api.state.limits.take = lenient
    client = connect(cookie=cookie_of(alice))
    for key in (
        *keys(*NOT_PUBLIC, changing=False),
        ("PATCH", "/api/settings"),
        ("POST", "/api/users/me/tokens"),
    ):
        answer = await call(client, key, things)
        assert answer.status_code == TABLE[key].status, (key, answer.text)


@pytest.mark.parametrize(
    "credentials", [{}, {"token": "smartfolio_" + "x" * 43}, {"token": "x"}, {"cookie": "y" * 43}], ids=str
)
async def test_anonymous_is_asked_to_sign_in(connect, things, api, credentials):
    api.state.limits.take = lenient
    asked = keys(*NOT_PUBLIC)
    answers = await refusals(connect(**credentials), asked, things)
    assert answers == dict.fromkeys(asked, NOT_SIGNED_IN)


@pytest.mark.parametrize("credential", ["token", "cookie"])
async def test_disabled_user_is_asked_to_sign_in(connect, things, api, credential):
    api.state.limits.take = lenient
    with session_scope() as db:
        other = accounts.create_user(db, "second", PASSWORD, admin=True).id
    client = connect(**{credential: (token_of if credential == "token" else cookie_of)(other)})
    with session_scope() as db:
        accounts.disable(db, other)
    asked = keys(*NOT_PUBLIC)
    assert await refusals(client, asked, things) == dict.fromkeys(asked, NOT_SIGNED_IN)


async def test_other_users_things_do_not_exist(connect, things, bob, alice):
    client = connect(token=token_of(bob))
    for key in keys("named"):
        answer = await call(client, key, things)
        assert answer.status_code == 404, key
        assert MARK not in answer.text, key
    # and nothing has happened to them
    owner = connect(token=token_of(alice))
    for key in keys("named", changing=False):
        assert (await call(owner, key, things)).status_code == 200, key
    assert (await owner.get(f"/api/sources/{things['source']}")).json()["label"] == f"{MARK} exchange"
    assert (await owner.get(f"/api/wealth/items/{things['item']}")).json()["name"] == f"{MARK} house"


async def test_other_users_figures_do_not_exist(api, connect, things, bob, alice):
    """A figure named by somebody's thing: for its owner it opens, for anybody else there is none."""
    api.state.limits.take = lenient
    with session_scope() as db:
        sold = Draft(
            at=datetime(2026, 1, 3, tzinfo=UTC),
            kind="trade",
            received=("100", "fiat:EUR"),
            sent=("0.5", "crypto:BTC"),
        )
        sale = transactions.add(db, alice, things["source"], sold).id
        back = Draft(at=datetime(2026, 1, 2, 1, tzinfo=UTC), kind="deposit", received=("0.9", "crypto:BTC"))
        came = transactions.add(db, alice, things["source"], back).id
        own_transfers.confirm(db, alice, int(things["withdrawal"]), came)
        user_settings.update(db, bob, base_currency="EUR")
        user_settings.update(db, alice, base_currency="EUR")
    figures = [f"transaction:{sale}", "transfer:{withdrawal}", "item:{item}", "item:{item}:2026-01-01"]
    figures += ["holding:item:{item}", "rule:{rule}", "alert:{alert}"]
    owner, other = connect(token=token_of(alice)), connect(token=token_of(bob))
    for figure in (filled(one, things) for one in figures):
        for path in (f"/api/explain/{figure}", f"/api/explain/{figure}/bundle"):
            assert (await owner.get(path)).status_code == 200, path
            answer = await other.get(path)
            assert (answer.status_code, MARK in answer.text) == (404, False), path


async def test_lists_hold_nothing_of_other_users(api, connect, things, bob):
    api.state.limits.take = lenient
    client = connect(token=token_of(bob))
    for key in keys("own"):
        answer = await call(client, key, things)
        route = TABLE[key]
        assert answer.status_code == (route.foreign or route.status), (key, answer.text)
        assert MARK not in answer.text, key


async def test_read_only_token_changes_nothing(api, connect, things, alice):
    api.state.limits.take = lenient
    asked = keys(*NOT_PUBLIC, changing=True)
    answers = await refusals(connect(token=token_of(alice, "read")), asked, things)
    assert answers == dict.fromkeys(asked, (403, "auth.read_only_token"))


async def test_read_only_token_reads(api, connect, things, alice):
    api.state.limits.take = lenient
    client = connect(token=token_of(alice, "read"))
    for key in keys(*NOT_PUBLIC, changing=False):
        assert (await call(client, key, things)).status_code == 200, key


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
async def test_foreign_page_cannot_use_the_cookie(api, connect, things, alice, origin):
    api.state.limits.take = lenient
    asked = keys(*NOT_PUBLIC, changing=True)
    answers = await refusals(connect(cookie=cookie_of(alice), origin=origin), asked, things)
    assert answers == dict.fromkeys(asked, (403, "auth.foreign_origin"))


async def test_administration_is_for_administrators(connect, things, bob):
    asked = keys("admin")
    answers = await refusals(connect(token=token_of(bob)), asked, things)
    assert answers == dict.fromkeys(asked, (403, "auth.admin_only"))


async def test_bad_token_is_not_helped_by_a_good_session(connect, things, alice, api):
    """A request with both is judged by its token alone."""
    api.state.limits.take = lenient
    asked = keys(*NOT_PUBLIC)
    client = connect(token="smartfolio_" + "x" * 43, cookie=cookie_of(alice))
    assert await refusals(client, asked, things) == dict.fromkeys(asked, NOT_SIGNED_IN)


async def lenient(*_arguments, **_options) -> Decision:
    """The limits would cut these walks short; they have tests of their own."""
    return Decision(True, 1, 0.0, 0.0)
