"""Starting and stopping the real app: what the person at the shell sees."""

from __future__ import annotations

import secrets
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from smartfolio_app.build import frontend
from tests.e2e.app import ROOT, RunningApp
from tests.e2e.watch import watch_of

Maker = Callable[..., RunningApp]


def refusal(app: RunningApp) -> str:
    """Start an app that must refuse to; the one line it says why."""
    with pytest.raises(AssertionError, match="did not start"):
        app.start()
    lines = [line for line in app.log().splitlines() if line.startswith("smartfolio: ")]
    assert len(lines) == 1, app.log()
    assert "Traceback" not in app.log()
    return lines[0]


def test_a_first_start_and_the_ones_after_it(new_app: Maker) -> None:
    app = new_app(SECURITY_RATE_LIMIT_BURST="80")

    # A setting that is not in force is visible.
    assert "warning: SECURITY_RATE_LIMIT_BURST is not a setting" in app.log()
    assert "did you mean SECURITY_RATE_LIMIT_BURST_SIZE?" in app.log()

    # Nobody has an account yet: the way to the first one is printed.
    link = app.setup_link()
    assert link is not None
    assert link.startswith(app.url)

    # What must stay secret is its owner's alone.
    keys = [app.data_dir / "session.key", app.data_dir / "vault.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in keys] == [0o600, 0o600]
    assert stat.S_IMODE(app.data_dir.stat().st_mode) == 0o700

    # The next start makes nothing anew (how long it takes: ``benchmarks.pages``), and offers no way in any more once
    # there is an account.
    app.cli("user", "add", "zoë", "--admin", stdin="correct horse battery\n")
    app.restart()
    assert "Building the pages" not in app.log()
    assert "Preparing" not in app.log()
    assert httpx.get(f"{app.url}/healthz", timeout=60).status_code == 200
    assert app.setup_link(patience_seconds=0.5) is None

    # Ctrl+C is an ordinary way to end.
    assert app.stop(signal.SIGINT)[0] == 0

    # A key that others can read is no key.
    keys[1].chmod(0o644)
    app.log_path.unlink()
    assert "vault.key" in refusal(app)


def test_the_shell_works_while_the_server_runs(app: RunningApp) -> None:
    name = f"shell-{secrets.token_hex(4)}"
    app.cli("user", "add", name, stdin="correct horse battery\n")
    token = app.cli("token", "create", name, "--scope", "read").stdout.strip().splitlines()[-1]
    asked = {
        "url": f"{app.url}/api/users/sources",
        "headers": {"Authorization": f"Bearer {token}"},
        "timeout": 60,
    }
    answer = httpx.get(**asked)
    assert answer.status_code == 200
    assert len(answer.json()["sources"]) > 0
    app.cli("user", "disable", name)
    assert httpx.get(**asked).status_code == 401


def test_it_stops_in_good_time_although_a_page_is_open(
    new_app: Maker, open_page: Callable[..., Page]
) -> None:
    app = new_app()
    page = open_page(base=app.url)
    page.goto("/login")
    expect(page.locator("input[name=password]")).to_be_visible()
    watch_of(page).rest()
    status, seconds = app.stop()
    assert (status, app.log().count("Traceback")) == (0, 0), app.log()
    assert seconds < 10


def test_a_taken_port_is_one_clear_line(app: RunningApp, tmp_path: Path) -> None:
    second = RunningApp(tmp_path / "data", port=app.port)
    with pytest.raises(AssertionError, match="did not start"):
        second.start()
    assert second.log().strip() == (
        f"smartfolio: port {app.port} on 127.0.0.1 is already in use; "
        "stop what uses it or set SMARTFOLIO_PORT to another one"
    )


def test_a_setting_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    line = refusal(RunningApp(tmp_path / "data", {"SECURITY_RATE_LIMIT_REFILL_RATE": "fast"}))
    assert "SECURITY_RATE_LIMIT_REFILL_RATE" in line
    assert "fast" not in line, "the value may be a secret"


def test_building_and_running_leave_the_checkout_as_it_was(
    built_frontend: frontend.Frontend, new_app: Maker
) -> None:
    """So a container's root file system may be read-only: everything that changes is in the data folder."""
    built = [built_frontend.web_dir, built_frontend.web_dir.parents[1] / "reflex"]

    def state() -> dict[str, float]:
        files = (path for folder in built for path in folder.rglob("*") if path.is_file())
        litter = (ROOT / name for name in (".states", ".web", "uploaded_files", "assets/external"))
        return {str(path): path.stat().st_mtime for path in [*files, *litter] if path.exists()}

    before = state()
    app = new_app()
    assert httpx.get(app.url, timeout=60).status_code == 200
    app.stop()
    assert state() == before


def test_the_committed_lock_of_the_browser_packages_is_current(built_frontend: frontend.Frontend) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    tracked = ["reflex.lock", ".gitignore", "bunfig.toml", ".npmrc"]
    changed = subprocess.run(
        ["git", "-C", str(ROOT), "diff", "--name-only", "HEAD", "--", *tracked],
        capture_output=True,
        text=True,
        check=True,
    )
    assert changed.stdout == "", "the build changed what is committed: commit it"
