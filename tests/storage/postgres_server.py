"""A real PostgreSQL of the tests' own: found on the machine, else installed through apt where that is allowed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.ports import free_port


class NoPostgresError(Exception):
    """There is none, and none can be had; the message says why."""


def binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``, installing the newest packaged version when root.

    Raises:
        NoPostgresError: It is not there and cannot be installed.
    """
    found = _installed()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "postgresql"]):
            subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)
        found = _installed()
    if found is None:
        raise NoPostgresError("PostgreSQL is not installed, and only root could install it through apt")
    return found


def _installed() -> Path | None:
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]), reverse=True
    )
    if versions:
        return versions[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass
class Server:
    """A running server; ``url`` is the address of one of its databases."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        """Return the SQLAlchemy address of a database."""
        return f"postgresql+psycopg://smartfolio@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Make a cluster in a folder of its own and serve it on a free port of loopback; raises ``NoPostgresError``."""
    where = binaries()
    folder = Path(
        tempfile.mkdtemp(prefix="smartfolio-postgres-")
    )  # pytest's folders are closed to other users
    user = _unprivileged()
    data = folder / "cluster"
    data.mkdir()
    if user is not None:
        for path in (folder, data):
            os.chown(path, user.pw_uid, user.pw_gid)
    _run([where / "initdb", "-D", data, "-U", "smartfolio", "-A", "trust", "-E", "UTF8", "--locale=C"], user)
    port = free_port()
    command = [
        where / "postgres",
        "-D",
        data,
        "-p",
        str(port),
        "-k",
        data,
        "-c",
        "listen_addresses=127.0.0.1",
    ]
    command += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "max_connections=200"]
    process = subprocess.Popen(
        [str(part) for part in command],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
        cwd=folder,
    )
    _wait(port, process, folder / "log")
    return Server(folder, port, process)


def _unprivileged() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _run(command: list[object], user: pwd.struct_passwd | None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
    )
    if done.returncode:
        raise NoPostgresError(f"{command[0]} failed: {done.stderr[-500:]}")


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NoPostgresError(f"PostgreSQL did not start: {log.read_text()[-500:]}")
        try:  # it listens before it can be asked anything
            psycopg.connect(f"postgresql://smartfolio@127.0.0.1:{port}/postgres", connect_timeout=10).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise NoPostgresError("PostgreSQL did not answer within a minute")
