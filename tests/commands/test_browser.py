"""Finding a browser for the browser tests, or saying why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartfolio_app.commands import browser
from smartfolio_app.commands.console import CommandError, sentence


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser; its PATH is the returned folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "fetched"))
    monkeypatch.delenv("SMARTFOLIO_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "FIXED_PLACES", ())
    return folder


def install(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_named_browser_wins(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(bare / "chromium")
    mine = install(tmp_path / "mine" / "chrome")
    monkeypatch.setenv("SMARTFOLIO_CHROMIUM", str(mine))
    assert browser.find_chromium() == mine


def test_a_named_browser_that_is_missing_is_no_reason_to_take_another(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bare / "chromium")
    monkeypatch.setenv("SMARTFOLIO_CHROMIUM", "/opt/gone")
    with pytest.raises(CommandError) as caught:
        browser.find_chromium()
    assert "/opt/gone" in sentence(caught.value)


def test_the_systems_browser_is_found(bare: Path) -> None:
    assert browser.find_chromium() is None
    chromium = install(bare / "chromium-browser")
    assert browser.find_chromium() == chromium


def test_one_that_playwright_fetched_before_is_found(bare: Path, tmp_path: Path) -> None:
    fetched = install(tmp_path / "fetched" / "chromium-1200" / "chrome-linux64" / "chrome")
    assert browser.find_chromium() == fetched


def test_the_administrator_gets_it_from_apt(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    log = bare / "said"
    write = f'echo "#!/bin/sh" > {bare}/chromium && /bin/chmod 755 {bare}/chromium'
    make = f'echo "$@" >> {log}; [ "$1" = install ] && {write}'
    install(bare / "apt-get", f"{make}; exit 0")
    said: list[str] = []
    assert browser.ensure_chromium(said.append) == bare / "chromium"
    assert said == ["installing Chromium with apt"]
    assert log.read_text().splitlines() == ["update", "install --yes --no-install-recommends chromium"]


def test_nobody_else_touches_apt_and_the_failure_says_what_was_tried(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    install(bare / "apt-get", "exit 0")
    monkeypatch.setattr(browser, "_run", lambda command, *_: f"{command[0]}: no network")
    said: list[str] = []
    with pytest.raises(CommandError) as caught:
        browser.ensure_chromium(said.append)
    assert said == ["fetching Chromium with Playwright"]
    assert "no network" in sentence(caught.value)
    assert "SMARTFOLIO_CHROMIUM" in sentence(caught.value)
