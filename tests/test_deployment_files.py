"""A setting that is missing from a deployment file would silently have no effect: all of them name the same ones."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from smartfolio_app.settings import PROJECT_ROOT, known_variables
from tests.support.ports import free_port

COMPOSE_FILES = ("docker-compose.yml", "docker-compose.scale.yml")
#: What the containers are given whatever .env says: inside, the place and the port are always the same.
FIXED = {"SMARTFOLIO_HOST": "0.0.0.0", "SMARTFOLIO_PORT": "8080", "SMARTFOLIO_DATA_DIR": "/data"}
STRONG = "q9Zr4Lw2Xk7Vb1Nc8Md5Ft3Gh6Jp0Sa_"


def lines_of(name: str) -> list[str]:
    return (PROJECT_ROOT / name).read_text(encoding="utf-8").splitlines()


def example() -> dict[str, str]:
    pairs = (line.partition("=") for line in lines_of(".env.production.example") if re.match("[A-Z]", line))
    return {name: value for name, _, value in pairs}


def compose_only() -> set[str]:
    """Names that the example offers, commented out, to Docker alone."""
    return set(re.findall(r"(?m)^# ([A-Z_]+)=", "\n".join(lines_of(".env.production.example"))))


def block(lines: list[str], *path: str) -> list[str]:
    """The lines below nested keys of a YAML file in block style, dedented; comments and blank lines left out."""
    for key in path:
        start = lines.index(f"{key}:")
        body = []
        for line in lines[start + 1 :]:
            if line.strip() and not line.startswith(" "):
                break
            if line.strip() and not line.lstrip().startswith("#"):
                body.append(line)
        indent = len(body[0]) - len(body[0].lstrip())
        lines = [line[indent:] for line in body]
    return lines


def app_environment(name: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in block(lines_of(name), "services", "app", "environment"))
    return {key: value.strip().strip('"') for key, _, value in pairs}


def asked_of_env_file(name: str) -> set[str]:
    text = "\n".join(line for line in lines_of(name) if not line.lstrip().startswith("#"))
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def run(command: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT_ROOT, env=env, capture_output=True, text=True, check=False)


def test_the_example_names_every_setting_and_nothing_else() -> None:
    assert example().keys() == known_variables().keys()


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_compose_file_hands_over_every_setting_and_nothing_else(name: str) -> None:
    assert app_environment(name).keys() == known_variables().keys()


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_each_setting_is_filled_from_the_variable_of_its_own_name(name: str) -> None:
    for variable, value in app_environment(name).items():
        if variable in FIXED:
            assert value == FIXED[variable]
        else:
            assert value.startswith(f"${{{variable}:-"), variable


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_compose_file_asks_for_nothing_that_the_example_does_not_offer(name: str) -> None:
    asked = asked_of_env_file(name)
    assert asked <= example().keys() | compose_only()
    # Several workers cannot share one port: there, APP_PORTS says which ones.
    without = {"SMARTFOLIO_PORT"} if "APP_PORTS" in asked else set()
    assert example().keys() - without <= asked, "each value of .env has an effect"


def test_the_image_runs_as_nobody_special_over_one_volume_with_no_node_or_bun() -> None:
    build, _, runtime = "\n".join(lines_of("Dockerfile")).partition("\nFROM python:3.13-slim\n")
    (user,) = re.findall(r"(?m)^USER (\d+):(\d+)$", runtime)
    assert "0" not in user
    assert re.findall(r"(?m)^VOLUME (.+)$", runtime) == ["/data"]
    (check,) = re.findall(r"(?ms)^HEALTHCHECK .*?CMD (\[.*?\])$", runtime)
    assert "/healthz'" in check
    assert re.search(r"pip uninstall .*\bbun-wheel\b", build)
    assert not re.search(r"(?i)\b(node|bun|npm)\b", re.sub(r"(?m)^#.*$", "", runtime))


def test_what_the_example_offers_to_docker_alone_is_used() -> None:
    assert compose_only() <= asked_of_env_file("docker-compose.scale.yml")


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_the_app_can_write_to_its_volume_alone_and_has_no_privilege(name: str) -> None:
    app = block(lines_of(name), "services", "app")
    assert "read_only: true" in app
    assert block(app, "cap_drop") == ["- ALL"]
    assert block(app, "security_opt") == ["- no-new-privileges:true"]
    assert any(line.startswith("- /tmp") for line in block(app, "tmpfs"))
    assert any(line.endswith(':/data"') for line in block(app, "volumes"))
    assert any("/healthz" in line for line in block(app, "healthcheck"))


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_docker_itself_can_read_the_compose_file(name: str) -> None:
    docker = shutil.which("docker")
    if docker is None or run([docker, "compose", "version"]).returncode:
        pytest.skip("there is no docker compose on this machine")
    done = run(
        [docker, "compose", "-f", name, "--env-file", ".env.production.example", "config", "--quiet"],
        env={**os.environ, "POSTGRES_PASSWORD": STRONG},
    )
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------------------------------------ deploy.sh
@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the deployment files, with an .env on a port that is free."""
    for name in (*COMPOSE_FILES, "deploy.sh", ".env.production.example", "Dockerfile"):
        shutil.copy(PROJECT_ROOT / name, tmp_path / name)
    port = free_port()
    text = (PROJECT_ROOT / ".env.production.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(text.replace("SMARTFOLIO_PORT=8080", f"SMARTFOLIO_PORT={port}"))
    (tmp_path / ".env").chmod(0o600)
    return tmp_path


def check(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(["bash", str(site / "deploy.sh"), "--check", *arguments], env={"PATH": "/usr/bin:/bin"})


def set_variable(site: Path, name: str, value: str) -> None:
    text = (site / ".env").read_text()
    (site / ".env").write_text(re.sub(rf"(?m)^{name}=.*$", f"{name}={value}", text))


def test_the_preflight_passes_with_the_example_and_needs_no_docker(site: Path) -> None:
    done = check(site)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_preflight_names_a_misspelt_variable(site: Path) -> None:
    with (site / ".env").open("a") as env:
        env.write("SMARTFOLIO_LOG_LEVLE=debug\n")
    done = check(site)
    assert done.returncode == 1
    assert "SMARTFOLIO_LOG_LEVLE" in done.stderr


def test_the_preflight_names_a_variable_that_is_not_mapped(site: Path) -> None:
    compose = (site / "docker-compose.yml").read_text()
    kept = [line for line in compose.splitlines() if "SECURITY_TRUSTED_PROXIES" not in line]
    (site / "docker-compose.yml").write_text("\n".join(kept) + "\n")
    done = check(site)
    assert done.returncode == 1
    assert "SECURITY_TRUSTED_PROXIES" in done.stderr


@pytest.mark.parametrize("weak", ["b7Qz", "change-me-change-me-change-me-change-me", "a" * 40])
def test_the_preflight_refuses_a_weak_secret_and_does_not_print_it(site: Path, weak: str) -> None:
    set_variable(site, "SMARTFOLIO_SESSION_KEY", weak)
    done = check(site)
    assert done.returncode == 1
    assert "SMARTFOLIO_SESSION_KEY" in done.stderr
    assert weak not in done.stdout + done.stderr


def test_the_preflight_takes_a_strong_secret(site: Path) -> None:
    set_variable(site, "SMARTFOLIO_SESSION_KEY", STRONG)
    assert check(site).returncode == 0


def test_the_preflight_refuses_an_env_file_that_others_can_read(site: Path) -> None:
    (site / ".env").chmod(0o644)
    done = check(site)
    assert done.returncode == 1
    assert "chmod 600" in done.stderr


def test_the_preflight_says_that_the_port_is_taken(site: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        set_variable(site, "SMARTFOLIO_PORT", str(busy.getsockname()[1]))
        done = check(site)
    assert done.returncode == 1
    assert "port" in done.stderr


def test_an_unknown_option_is_refused(site: Path) -> None:
    done = check(site, "--nonsense")
    assert done.returncode == 2
