"""How long ``/healthz`` takes to answer, asked from a process of its own: ``python -m benchmarks.health URL``.

Who asks must not be held up by what else the benchmark does, nor by its interpreter. Beside the server a second one is
asked, in turns, that does nothing at all and that nobody else asks: what it takes is the machine's own doing (no core
was free), and no server could have been quicker. It asks until its standard input ends, and prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
#: Between two questions.
PAUSE_SECONDS = 0.01
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n" + b'{"status":"ok"}'
)


@dataclass(slots=True)
class Waits:
    """Seconds until each answer: of the server, and of one that does nothing. Filled when the asking ends."""

    server: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


@contextmanager
def asked_all_the_time(url: str) -> Iterator[Waits]:
    """Have the health of a server asked for every hundredth of a second, and tell at the end how long each took."""
    waits = Waits()
    command = [sys.executable, "-m", "benchmarks.health", url]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout is not None
        asking.stdout.readline()  # it is asking by now
        try:
            yield waits
        finally:
            told, _ = asking.communicate("")
            found = json.loads(told)
            waits.server, waits.idle = found["server"], found["idle"]


def p99(waits: list[float]) -> float:
    """Return what 99 of 100 took at most."""
    return sorted(waits)[int(len(waits) * 0.99)]


def ask(url: str) -> None:
    """Ask until told to stop, and print."""
    waits = Waits()
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    with idle_server() as idle, httpx.Client(timeout=60) as client:
        both = ((f"{url}/healthz", waits.server), (idle, waits.idle))
        for address, _ in both:
            client.get(address).raise_for_status()
        print("asking", flush=True)
        while not over.wait(PAUSE_SECONDS):
            for address, found in both:
                started = time.perf_counter()
                client.get(address).raise_for_status()
                found.append(time.perf_counter() - started)
    print(json.dumps({"server": waits.server, "idle": waits.idle}))


@contextmanager
def idle_server() -> Iterator[str]:
    """Run a server that answers and does nothing else, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.health"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(running.stdout.readline())}/"
        finally:
            running.terminate()


async def be_idle() -> None:
    """Answer every request with the same words."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ask(sys.argv[1])
    else:
        asyncio.run(be_idle())
