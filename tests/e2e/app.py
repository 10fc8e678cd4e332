"""The real app in a process of its own, driven the way a person would: by its command line."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from smartfolio_app.security import tokens
from smartfolio_app.services import accounts
from smartfolio_app.settings import load_settings
from smartfolio_app.storage.engine import session_scope
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
CLI = [sys.executable, "-P", "-m", "smartfolio_app.cli"]
START_TIMEOUT_SECONDS = 180
#: The promise is ten seconds, and has a test of its own; elsewhere a busy machine may take its time.
STOP_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Person:
    """An account as its owner knows it."""

    name: str
    password: str


@dataclass
class RunningApp:
    """SmartFolio on a free port with a data folder of its own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    @property
    def environment(self) -> dict[str, str]:
        return {
            # Compiled once and kept, as for anybody: what a test run's shell wants of Python is no matter of the app.
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "SMARTFOLIO_DATA_DIR": str(self.data_dir),
            "SMARTFOLIO_PORT": str(self.port),
            "SMARTFOLIO_HOST": "127.0.0.1",
            "SMARTFOLIO_OFFLINE": "true",
            **self.settings,
        }

    def start(self) -> float:
        """Start and wait until the address is printed; the seconds that took.

        Time in which the machine was busy with somebody else's work does not count: tests run side by side.
        """
        self.port = self.port or free_port()
        started = time.monotonic()
        with self.log_path.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*CLI, "run"],
                cwd=self.data_dir.parent,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        while time.monotonic() - started < START_TIMEOUT_SECONDS:
            if f"answers at {self.url}" in (log := self.log()) or f'"address": "{self.url}"' in log:
                return time.monotonic() - started - self._kept_waiting()
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"the app did not start; it said:\n{self.log()}")

    def _kept_waiting(self) -> float:
        """Seconds the process was ready to run and had no processor (Linux only, else 0)."""
        assert self.process is not None
        schedule = Path(f"/proc/{self.process.pid}/schedstat")
        return int(schedule.read_text().split()[1]) / 1e9 if schedule.exists() else 0.0

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to stop as a service manager would; the exit status and the seconds that took."""
        assert self.process is not None
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            status = self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(
                f"the app did not stop within {STOP_TIMEOUT_SECONDS} s:\n{self.log()}"
            ) from None
        return status, time.monotonic() - started

    def restart(self) -> float:
        """Stop, forget what it said, and start again; the seconds the start took."""
        self.stop()
        self.log_path.unlink()
        return self.start()

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def cli(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``smartfolio ARGUMENTS`` on this app's data, also while it runs."""
        done = subprocess.run(
            [*CLI, *arguments],
            cwd=self.data_dir.parent,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"smartfolio {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done

    def add_person(self, name: str | None = None, *, admin: bool = False) -> Person:
        """A new account with a random password, made by the service that the shell uses (which takes longer)."""
        person = Person(name or f"person-{secrets.token_hex(4)}", secrets.token_urlsafe(18))
        with session_scope(load_settings(data_dir=self.data_dir)) as db:
            accounts.create_user(db, person.name, person.password, admin=admin)
        return person

    def token(self, person: Person, scope: str = "read") -> str:
        """A new API token of the person's."""
        with session_scope(load_settings(data_dir=self.data_dir)) as db:
            return tokens.create(db, accounts.find_user(db, person.name).id, name="test", scope=scope)[1]

    def setup_link(self, patience_seconds: float = 60) -> str | None:
        """The one-time link that a first start prints right after the address; None when none comes."""
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            if found := re.search(r"http://\S*/setup\S*", self.log()):
                return found.group(0)
            time.sleep(0.02)
        return None
