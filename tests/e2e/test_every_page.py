"""Every page there is, opened in a browser under the strict content policy: directly, and behind each proxy with https.

The addresses come from the app's own routes: a new page is walked without anybody adding it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlmodel import col

from smartfolio_app.settings import load_settings
from smartfolio_app.state.places import PLACES
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import User
from tests.e2e.acts import DESKTOP, PHONE
from tests.e2e.app import RunningApp
from tests.e2e.household import drop, table
from tests.e2e.watch import watch_of
from tests.support.reverse_proxies import Certificates, NoProxyError, Proxy, make_certificates, start

PATIENCE = 60_000
ELSEWHERE = "127.0.0.3"  # a client's address on loopback that is no trusted proxy
SPOOFED = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
#: What stands in the addresses that have a part of their own.
PARTS = {"[asset_code]": "crypto:BTC"}
Opener = Callable[..., Page]
#: Pictures hear of their new width late, as on a slow machine: until then the page must not be wider than its window.
LATE = """(() => {
  const Observer = window.ResizeObserver, late = [];
  window.hearLate = () => { window.deaf = true; };
  window.hearNow = () => { window.deaf = false; late.splice(0).forEach((tell) => tell()); };
  window.ResizeObserver = class extends Observer {
    constructor(tell) {
      super((...told) => window.deaf ? late.push(() => tell(...told)) : tell(...told));
    }
  };
})()"""


def routes() -> list[str]:
    """Return the address of every page."""
    from smartfolio_app import smartfolio_app as root

    found = []
    for route in root.app._unevaluated_pages:
        address = "/nowhere" if route == "404" else "/" + route.removeprefix("index").strip("/")
        for part, value in PARTS.items():
            address = address.replace(part, value)
        assert "[" not in address, f"say in PARTS what stands in {route}"
        found.append(address)
    return sorted(found)


def test_the_places_are_among_the_routes() -> None:
    assert {place.address for place in PLACES} <= set(routes())
    assert {"/login", "/setup", "/assets/crypto:BTC", "/nowhere"} <= set(routes())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def site(built_frontend: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app as it runs behind a proxy on the same machine."""
    folder = tmp_path_factory.mktemp("site")
    running = RunningApp(folder / "data", {"SECURITY_TRUSTED_PROXIES": "127.0.0.1/32"})
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log(), running.log()[-8000:]


@pytest.fixture
def proxy(
    request: pytest.FixtureRequest, site: RunningApp, certificates: Certificates, tmp_path: Path
) -> Iterator[Proxy | None]:
    if request.param == "directly":
        yield None
        return
    try:
        running = start(request.param, tmp_path, site.port, certificates)
    except NoProxyError as error:
        pytest.fail(str(error), pytrace=False)
    yield running
    running.stop()


def walk(page: Page, addresses: list[str]) -> None:
    """Open each page, wait until it is filled, and see that a phone shows it without scrolling sideways."""
    page.add_init_script(LATE)
    for address in addresses:
        page.goto(address)
        expect(page.locator("h1").first).to_be_attached(timeout=PATIENCE)
        expect(page.locator(".boot, .skeleton:visible")).to_have_count(0, timeout=PATIENCE)
        for place in PLACES:
            if place.admin and place.address == address:
                # in the rail for administrators alone
                expect(page.locator(".rail [aria-current='page']")).to_be_attached(timeout=PATIENCE)
        page.evaluate("() => window.hearLate()")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        expect(page.locator("html"), address).to_have_js_property("scrollWidth", PHONE[0])
        page.evaluate("() => window.hearNow()")
        expect(page.locator("html"), address).to_have_js_property("scrollWidth", PHONE[0])
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


@pytest.mark.parametrize("proxy", ["directly", "caddy", "nginx"], indirect=True)
def test_no_page_breaks_the_content_policy(
    proxy: Proxy | None, site: RunningApp, certificates: Certificates, open_page: Opener
) -> None:
    url = proxy.url if proxy else site.url
    language = "fr-FR" if proxy else "en-GB"  # whose words are longer
    page = open_page(base=url, ignore_https_errors=True, language=language)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto("/login")
    page.locator("form[action='/auth/demo'] button").click()
    expect(page.locator(".legend li").first).to_be_visible(timeout=PATIENCE)
    make_chief_of_the_sample_user(site)  # who then sees every page, and something on it
    watch_of(page).expect(r"(answer 404: GET|console: .*404.*) .*/nowhere")
    walk(page, routes())
    page.goto("/sources")
    drop(page, ("trades.csv", table(["Date", "Asset"], ["2025-01-01", "BTC"])))
    expect(page.get_by_role("article", name="trades.csv")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("article", name="trades.csv").get_by_role(
        "button", name=re.compile("^(Discard|Écarter)")
    ).click()
    expect(page.get_by_role("article", name="trades.csv")).to_have_count(0, timeout=PATIENCE)
    assert {one.partition("?")[0] for one in sockets} == {url.replace("http", "ws", 1) + "/_event/"}
    assert {one["secure"] for one in page.context.cookies()} == {proxy is not None}

    if proxy is not None:
        what_the_server_sees(url, site, certificates)


def make_chief_of_the_sample_user(site: RunningApp) -> None:
    with session_scope(load_settings(data_dir=site.data_dir)) as db:
        db.execute(update(User).where(col(User.is_demo)).values(is_admin=True))


def what_the_server_sees(url: str, site: RunningApp, certificates: Certificates) -> None:
    """A script's calls through the proxy, its certificate checked: address, headers, size, origin."""
    person = site.add_person()
    transport = httpx.HTTPTransport(verify=certificates.context(), local_address=ELSEWHERE)
    with httpx.Client(base_url=url, transport=transport, timeout=60) as client:
        form = {"name": person.name, "password": person.password}
        answer = client.post("/auth/login", data=form, headers={"Origin": url, **SPOOFED})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert answer.headers["set-cookie"].startswith("__Host-")
        [device] = client.get("/api/users/me/devices", headers=SPOOFED).json()
        assert device["address"] == ELSEWHERE
        for path in ("/", "/api/users/me", "/healthz", "/nowhere"):
            headers = client.get(path).headers
            assert headers["strict-transport-security"].startswith("max-age=63072000"), path
            assert headers.get_list("content-security-policy")[0].startswith("default-src 'none'"), path
            assert len(headers.get_list("content-security-policy")) == 1, path
        change = {"json": {"privacy": True}}
        assert client.patch("/api/settings", **change, headers={"Origin": url}).status_code == 200
        for origin in ("https://evil.example", url.replace("https", "http"), url + "1"):
            assert client.patch("/api/settings", **change, headers={"Origin": origin}).status_code == 403, (
                origin
            )
        large = client.post(
            "/api/sources/import",
            content=b"x" * 22_000_000,
            headers={"Origin": url, "Content-Type": "text/csv"},
        )
        assert large.status_code == 413
        assert large.json()["error"]["code"] == "request.body_too_large"
