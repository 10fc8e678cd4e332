"""A credential is planted in the running app, and searched for everywhere it must not be: it is nowhere.

The real process, at its most talkative, with Redis; the key is given in the browser, tried, kept, used for a sync,
refused, backed up, exported. What is searched holds it neither as it is nor encoded in any usual way.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import redis
from playwright.sync_api import Page, WebSocket, expect

from smartfolio_app.settings import load_settings
from tests.e2e.app import RunningApp
from tests.e2e.household import drop
from tests.e2e.watch import watch_of
from tests.loopback.cointracking import CoinTrackingServer
from tests.services.cointracking_files import trades
from tests.support.planted import files_under, kept_in, needles, opened_backup
from tests.support.redis_server import Server

KEY = "planted/key+of&ann=" + secrets.token_urlsafe(9)
SECRET = "planted/secret+of&ann=" + secrets.token_urlsafe(12)
METRICS_TOKEN = "metrics-" + secrets.token_urlsafe(16)
LONG = 60_000


def test_the_search_would_find_it():
    assert SECRET.encode() in needles(SECRET)
    for before in ("", "a", "ab", "abc"):
        encoded = base64.b64encode(f"{before}{SECRET} and more".encode())
        assert any(one in encoded for one in needles(SECRET))


@pytest.fixture
def world() -> Iterator[CoinTrackingServer]:
    with CoinTrackingServer() as running:
        account = running.world.add(KEY, SECRET)
        account.places = {"Kraken": {"ADA": ("100", "0.50")}}
        account.trade(1, 1_700_000_000, "Deposit", buy="100 ADA")
        yield running


class Overheard:
    """Everything that is said to a Redis from now on."""

    def __init__(self, server: Server) -> None:
        self.commands: list[bytes] = []
        self._client = redis.Redis.from_url(server.url)
        self._monitor = self._client.monitor()
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            while True:
                said = self._monitor.connection.read_response()
                self.commands.append(said if isinstance(said, bytes) else str(said).encode())
        except (redis.RedisError, OSError, ValueError):
            return

    def stop(self) -> bytes:
        self._monitor.connection.disconnect()
        self._thread.join(30)
        # MONITOR shows what is not printable as \\xNN; a secret hides in neither form.
        said = b"\n".join(self.commands)
        return said + re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), said)


def whole_lines(log: str) -> list[str]:
    """The lines that are written to their end: the app goes on writing."""
    return [line for line in log[: log.rfind("\n") + 1].splitlines() if line.strip()]


def setup_link_of(app: RunningApp) -> str:
    """The one secret that is told in the log on purpose, once, a moment after the start."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for line in whole_lines(app.log()):
            if "setup_link" in line:
                return str(json.loads(line)["setup_link"])
        time.sleep(0.05)
    raise AssertionError(f"no set-up link was told:\n{app.log()}")


def test_a_planted_secret_is_nowhere(
    new_app: Callable[..., RunningApp],
    open_page: Callable[..., Page],
    shared_redis: Server,
    world: CoinTrackingServer,
    tmp_path: Path,
) -> None:
    shared_redis.client.flushall()
    overheard = Overheard(shared_redis)
    nowhere = {
        f"SMARTFOLIO_{name}_URL": "http://127.0.0.1:9"
        for name in ("COINGECKO", "ECB", "BINANCE", "BINANCE_FUTURES", "YAHOO", "FEAR_GREED")
    }
    app = new_app(
        REDIS_URL=shared_redis.url,
        SECURITY_METRICS_TOKEN=METRICS_TOKEN,
        SMARTFOLIO_LOG_LEVEL="debug",
        SMARTFOLIO_LOG_FORMAT="json",
        SMARTFOLIO_OFFLINE="false",
        SMARTFOLIO_COINTRACKING_URL=world.url,
        **nowhere,
    )
    setup_link = setup_link_of(app)
    ann = app.add_person("ann", admin=True)
    told: list[bytes] = []  # what left the server

    # In the browser: connected, refused, synced, looked at, removed and set again.
    page = open_page(base=app.url)
    sent: list[bytes] = []

    def frames(socket: WebSocket) -> None:
        socket.on(
            "framereceived", lambda frame: told.append(frame if isinstance(frame, bytes) else frame.encode())
        )
        socket.on(
            "framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode())
        )

    page.on("websocket", frames)
    page.goto("/login")
    page.locator("input[name=name]").fill(ann.name)
    page.locator("input[name=password]").fill(ann.password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"^(?!.*/login)"))
    page.goto("/sources")
    page.get_by_role("button", name="Add a source").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("cointrack")
    dialog.get_by_role("button", name=re.compile("^CoinTracking"), exact=False).first.click()
    dialog.get_by_label("API key").fill(KEY)
    dialog.get_by_label("API secret").fill(SECRET)
    dialog.get_by_role("button", name="Test and connect").click()
    expect(dialog.locator("[aria-current=step]")).to_contain_text("First sync", timeout=LONG)
    page.goto("/sources")
    ours = page.locator(".sources > li", has=page.get_by_role("heading", name="CoinTracking", exact=True))
    expect(ours.filter(has_text="Up to date")).to_have_count(1, timeout=LONG)
    drop(page, ("ledger.csv", trades()))
    expect(page.get_by_role("article", name="ledger.csv")).to_contain_text("CoinTracking", timeout=LONG)
    told.append(page.content().encode())
    page.goto("/settings")
    told.append(page.content().encode())
    assert any(SECRET.encode() in one for one in sent), "it was never given"
    cookie = {one["name"]: one["value"] for one in page.context.cookies()}

    # Over REST: tokens, credentials given again, wrong ones, errors of every kind.
    token = app.token(ann, "write")
    with httpx.Client(base_url=app.url, timeout=60, headers={"Authorization": f"Bearer {token}"}) as client:
        base, values = "/api/sources/cointracking_api", {"api_key": KEY, "api_secret": SECRET}
        answers = [
            client.put(f"{base}/credentials", json={"credentials": values}),
            client.put(f"{base}/credentials", json={"credentials": {**values, "unknown": SECRET}}),
            client.put(f"{base}/credentials", json={"credentials": SECRET}),
            client.put(f"{base}/credentials", content=json.dumps(values)[:-2]),
            client.post(f"{base}/test", json={"credentials": {**values, "api_secret": f"not {SECRET}"}}),
            client.post(f"{base}/test", json={}),
            client.get(f"/api/{quote(SECRET, safe='')}"),
            client.get("/api/transactions", params={"search": SECRET, "size": "x"}),
            client.get(f"{base}/status"),
            client.get("/api/users/sources"),
            client.get("/api/users/me/audit"),
            client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}),
            client.get("/api/trust"),
            client.post("/api/sources/import", files={"file": ("x.csv", b"\0\1\2")}),
        ]
        for wrong in ("a wrong password " + SECRET, "another wrong password"):
            form = {"name": ann.name, "password": wrong}
            answers.append(
                client.post("/auth/login", data=form, headers={"Origin": app.url, "Authorization": ""})
            )
        answers.append(client.get(f"/?session={cookie.get('smartfolio_session', '')}"))
        export = client.get("/api/users/me/export")
    statuses = {one.status_code for one in answers}
    assert {200, 303, 404, 422} <= statuses
    assert max(statuses) < 500
    # An address that somebody put it into is shown to them again by nobody.
    told += [str(dict(one.headers)).encode() + b"\n" + one.content for one in answers]

    # Copies: backups and exports.
    app.cli("backup")
    app.cli("export", ann.name, "--to", str(tmp_path / "export.zip"))
    app.cli("doctor", "--details", check=False)
    (backup,) = (app.data_dir / "backups").glob("*.sfbackup")
    exported = b""
    for archive in (
        tmp_path / "export.zip",
        *([io.BytesIO(export.content)] if export.status_code == 200 else []),
    ):
        with zipfile.ZipFile(archive) as zipped:
            exported += b"\n".join(zipped.read(name) for name in zipped.namelist())
    assert b"cointracking" in exported

    here = load_settings(data_dir=app.data_dir)
    with sqlite3.connect(here.data_dir / "smartfolio.sqlite") as database:
        (ciphertext,) = database.execute(
            "SELECT ciphertext FROM credential WHERE field = 'api_secret'"
        ).fetchone()
    inside = b"\n".join(opened_backup(app.data_dir, backup).values())
    assert ciphertext.encode() in inside, "a backup keeps it, as ciphertext alone"

    heaps = {f"file {name}": content for name, content in files_under(app.data_dir).items()}
    assert any(name.endswith("-wal") for name in heaps)
    heaps |= {
        "what the server answered": b"\n".join(told),
        "redis": kept_in(shared_redis),
        "said to redis": overheard.stop(),
        "the export": exported,
        "the opened backup": inside,
        "the log": app.log().encode(),
    }
    assert b"CoinTracking" in heaps["what the server answered"]
    for counted in (
        'smartfolio_events_total{handler="AppState.load",outcome="ok"}',
        'smartfolio_requests_total{method="PUT",route="/api/sources/{key}/credentials",status="200"}',
        'smartfolio_provider_calls_total{outcome="ok",provider="cointracking_api"}',
        'smartfolio_job_duration_seconds_count{job="preview",outcome="done"}',
        'smartfolio_limit_decisions_total{bucket="default",decision="allowed"}',
        'smartfolio_sync_age_seconds{provider="cointracking_api"}',
    ):
        assert counted.encode() in heaps["what the server answered"], counted
    assert len(heaps["said to redis"]) > 10_000, "nobody listened"
    for name, heap in heaps.items():
        for needle in (*needles(SECRET), *needles(KEY)):
            assert needle not in heap, f"{needle!r} is in {name}"

    # The log: one JSON object a line, whoever speaks, and no secret of any kind in it.
    lines = [json.loads(line) for line in whole_lines(app.log())]
    assert {"smartfolio_app.security.middleware", "smartfolio_app.smartfolio_app"} <= {
        one["logger"] for one in lines
    }
    assert any(one["event"] == "event" and one.get("request_id") for one in lines)
    log = app.log().replace(setup_link, "")
    hidden = [ann.password, token, METRICS_TOKEN, *cookie.values(), "wrong password"]
    for one in hidden:
        assert one not in log, one
    watch_of(page).rest()
