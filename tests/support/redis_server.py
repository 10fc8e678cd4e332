"""A real Redis of the tests' own: found on the machine, else installed through apt where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.ports import free_port


class NoRedisError(Exception):
    """There is none, and none can be had."""


def binary() -> str:
    """Return the path of ``redis-server``, installing it when root; raises ``NoRedisError``."""
    found = shutil.which("redis-server")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        wait = ["-o", "DPkg::Lock::Timeout=300"]  # another of the tests' processes may be at it
        for command in (
            ["apt-get", *wait, "update", "-qq"],
            ["apt-get", *wait, "install", "-y", "-qq", "redis-server"],
        ):
            subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)
        found = shutil.which("redis-server")
    if found is None:
        raise NoRedisError("Redis is not installed, and only root could install it through apt")
    return found


@dataclass
class Server:
    """A running server on a free port of loopback."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """What ``REDIS_URL`` is to be."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A client of it."""
        return redis.Redis.from_url(self.url)

    def stop(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Start one; raises ``NoRedisError``."""
    where = binary()
    folder = Path(tempfile.mkdtemp(prefix="smartfolio-redis-"))
    port = free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        [where, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    server = Server(folder, port, process)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if server.client.ping():
                return server
        except redis.ConnectionError:
            time.sleep(0.05)
    server.stop()
    raise NoRedisError("Redis did not start")
