"""Starting and stopping the real app: what the person at the shell sees, and how long it takes."""

from __future__ import annotations

import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from smartfolio_app.build import frontend
from tests.e2e.app import ROOT, RunningApp
from tests.e2e.watch import watch_of

Maker = Callable[..., RunningApp]


def refusal(data_dir: Path, **settings: str) -> str:
    """Start an app that must refuse to; the one line it says why."""
    app = RunningApp(data_dir, settings)
    with pytest.raises(AssertionError, match="did not start"):
        app.start()
    lines = [line for line in app.log().splitlines() if line.startswith("smartfolio: ")]
    assert len(lines) == 1, app.log()
    assert "Traceback" not in app.log()
    return lines[0]


def test_a_warm_start_answers_within_three_seconds(new_app: Maker) -> None:
    app = new_app()
    seconds = []
    for _ in range(3):
        app.stop()
        app.log_path.unlink()
        seconds.append(app.start())
    assert min(seconds) < 3, seconds
    assert httpx.get(f"{app.url}/healthz").status_code == 200


def test_the_first_start_prints_a_set_up_link_until_there_is_an_account(new_app: Maker) -> None:
    app = new_app()
    deadline = time.monotonic() + 5
    while not app.setup_link() and time.monotonic() < deadline:
        time.sleep(0.05)
    link = app.setup_link()
    assert link is not None
    assert link.startswith(app.url)
    app.add_person(admin=True)
    app.stop()
    app.log_path.unlink()
    app.start()
    time.sleep(0.5)
    assert app.setup_link() is None


def test_the_shell_works_while_the_server_runs(new_app: Maker) -> None:
    app = new_app()
    person = app.add_person(admin=True)
    assert person.name in app.cli("user", "list").stdout
    token = app.token(person, "read")
    answer = httpx.get(f"{app.url}/api/users/sources", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert len(answer.json()["sources"]) > 0


def test_a_password_given_as_an_argument_is_not_accepted(app: RunningApp) -> None:
    done = app.cli("user", "add", "careless", "a password on the command line", check=False)
    assert done.returncode == 2
    assert "careless" not in app.cli("user", "list").stdout


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_good_time_although_a_page_is_open(
    new_app: Maker, open_page: Callable[..., Page], sign: signal.Signals
) -> None:
    app = new_app()
    page = open_page(base=app.url)
    page.goto("/login")
    watch_of(page).rest()
    assert app.process is not None
    started = time.monotonic()
    app.process.send_signal(sign)
    assert app.process.wait(10) == 0, app.log()
    assert time.monotonic() - started < 10


def test_a_taken_port_is_one_clear_line(app: RunningApp, tmp_path: Path) -> None:
    second = RunningApp(tmp_path / "data", port=app.port)
    with pytest.raises(AssertionError, match="did not start"):
        second.start()
    assert second.log().strip() == (
        f"smartfolio: port {app.port} on 127.0.0.1 is already in use; "
        "stop what uses it or set SMARTFOLIO_PORT to another one"
    )


def test_the_keys_are_their_owners_alone_and_a_readable_one_is_refused(new_app: Maker) -> None:
    app = new_app()
    app.stop()
    keys = [app.data_dir / "session.key", app.data_dir / "vault.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in keys] == [0o600, 0o600]
    assert stat.S_IMODE(app.data_dir.stat().st_mode) == 0o700
    keys[1].chmod(0o644)
    app.log_path.unlink()
    assert "vault.key" in refusal(app.data_dir)


def test_a_misspelt_setting_is_named_with_the_nearest_real_one(new_app: Maker) -> None:
    app = new_app(SECURITY_RATE_LIMIT_BURST="80")
    assert "warning: SECURITY_RATE_LIMIT_BURST is not a setting" in app.log()
    assert "did you mean SECURITY_RATE_LIMIT_BURST_SIZE?" in app.log()


def test_a_setting_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    line = refusal(tmp_path / "data", SECURITY_RATE_LIMIT_REFILL_RATE="fast")
    assert "SECURITY_RATE_LIMIT_REFILL_RATE" in line
    assert "fast" not in line.replace("fastest", "")


def test_building_and_running_leave_the_checkout_as_it_was(app: RunningApp) -> None:
    made = [path for path in (".states", "uploaded_files", "reflex.db", ".web") if (ROOT / path).exists()]
    assert made == []
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    tracked = ["reflex.lock", ".gitignore", "bunfig.toml", ".npmrc", "rxconfig.py"]
    changed = subprocess.run(
        ["git", "-C", str(ROOT), "diff", "--name-only", "HEAD", "--", *tracked],
        capture_output=True,
        text=True,
        check=True,
    )
    assert changed.stdout == "", "commit what the build changed"


def test_a_read_only_program_folder_is_enough_to_run(
    built_frontend: frontend.Frontend, new_app: Maker
) -> None:
    """A container's root file system may be read-only: everything that changes is in the data folder."""
    watched = [built_frontend.web_dir, built_frontend.web_dir.parents[1] / "reflex"]

    def state() -> dict[str, float]:
        files = (path for folder in watched for path in folder.rglob("*") if path.is_file())
        return {str(path): path.stat().st_mtime for path in files}

    before = state()
    app = new_app()
    assert httpx.get(app.url).status_code == 200
    app.stop()
    assert state() == before
