"""Ports for servers that a test starts as processes of their own."""

from __future__ import annotations

import itertools
import os
import random
import re
import socket
from pathlib import Path

RANGE_OF_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST, WORKERS = 20_000, 8
_given: dict[int, itertools.count[int]] = {}


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free, and that nobody else takes before the server listens on it.

    It lies below those that the system gives to outgoing connections, is asked for by one test process alone, and is
    given to nobody twice.
    """
    end = _first_of_clients()
    size = (end - LOWEST) // WORKERS
    if size < 500:  # the system gives nearly all of them away: what it calls free is the best there is
        return _bound(host, 0)
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % WORKERS
    pid = os.getpid()
    turn = _given.setdefault(pid, itertools.count(random.Random(f"{pid} {worker}").randrange(size)))
    for _ in range(size):
        try:
            return _bound(host, LOWEST + worker * size + next(turn) % size)
        except OSError:  # somebody's
            continue
    raise AssertionError("there is no free port")


def _bound(host: str, port: int) -> int:
    with socket.socket() as probe:
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def _first_of_clients() -> int:
    try:
        return int(RANGE_OF_CLIENTS.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 32_768
