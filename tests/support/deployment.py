"""A place to deploy to: copies of the deployment files, and the stand-in for docker on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

from smartfolio_app.settings import PROJECT_ROOT
from tests.support import docker_stand_in
from tests.support.ports import free_port

FILES = (
    "docker-compose.yml",
    "docker-compose.scale.yml",
    "deploy.sh",
    ".env.production.example",
    "Dockerfile",
)


@dataclass(frozen=True)
class Deployment:
    """``folder`` is the checkout that deploy.sh runs in, ``state`` what the stand-in for docker keeps."""

    folder: Path
    state: Path
    port: int

    @property
    def url(self) -> str:
        """Where the app answers."""
        return f"http://127.0.0.1:{self.port}"

    def has(self, tag: str) -> str:
        """Return what an image runs, an empty text when there is none."""
        path = self.state / "images" / tag.replace(":", "_")
        return path.read_text() if path.exists() else ""

    def make(self, tag: str, runs: str) -> None:
        """Put an image in place."""
        (self.state / "images" / tag.replace(":", "_")).write_text(runs)

    def builds(self, runs: str) -> None:
        """Say what the next build makes."""
        (self.state / "next").write_text(runs)

    def runs(self) -> str:
        """Return what the container runs, an empty text when it is down."""
        found = subprocess.run(
            ["bash", "-c", 'docker compose -f x ps --quiet app && cat "$STAND_IN/container" 2>/dev/null'],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return found.partition('"runs": "')[2].partition('"')[0] if not found.startswith("{") else ""

    def calls(self, word: str) -> list[str]:
        """Return the calls of docker that hold a word."""
        path = self.state / "calls"
        return [line for line in path.read_text().splitlines() if word in line] if path.exists() else []

    def status(self, path: str) -> int:
        """Return the status that the app answers with."""
        return httpx.get(f"{self.url}{path}", timeout=30).status_code

    @property
    def environment(self) -> dict[str, str]:
        """The environment of deploy.sh."""
        kept = {name: value for name, value in os.environ.items() if name != "COMPOSE_FILE"}
        bin_first = f"{self.state / 'bin'}:{os.environ['PATH']}"
        return {**kept, "PATH": bin_first, "STAND_IN": str(self.state), "PYTHONPATH": str(PROJECT_ROOT)}

    def deploy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run deploy.sh to its end."""
        return subprocess.run(
            ["bash", "./deploy.sh", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )

    def stop(self) -> None:
        """End what is running."""
        subprocess.run(
            [sys.executable, "-c", "from tests.support import docker_stand_in as d; d.stop()"],
            cwd=self.folder,
            env=self.environment,
            check=True,
        )


def prepare(folder: Path) -> Deployment:
    """Make a checkout in ``folder`` with an .env on a port that is free."""
    site, state = folder / "site", folder / "docker"
    for path in (site, state / "images", state / "bin"):
        path.mkdir(parents=True)
    for name in FILES:
        shutil.copy(PROJECT_ROOT / name, site / name)
    port = free_port()
    text = (PROJECT_ROOT / ".env.production.example").read_text(encoding="utf-8")
    (site / ".env").write_text(text.replace("SMARTFOLIO_PORT=8080", f"SMARTFOLIO_PORT={port}"))
    (site / ".env").chmod(0o600)
    program = state / "bin" / "docker"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -P "{docker_stand_in.__file__}" "$@"\n')
    program.chmod(0o755)
    return Deployment(site, state, port)
