"""Taking a port: what the person is told when it cannot be had."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from smartfolio_app.commands import server
from smartfolio_app.commands.console import CommandError, sentence
from smartfolio_app.settings import PROJECT_ROOT, load_settings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_the_remedy(taken: int) -> None:
    with pytest.raises(CommandError) as caught:
        server.bind("127.0.0.1", taken)
    said = sentence(caught.value)
    assert str(taken) in said
    assert "SMARTFOLIO_PORT" in said
    assert "\n" not in said


def test_a_port_somebody_listens_on_everywhere_is_taken_too() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        with pytest.raises(CommandError, match=r"command\.port_taken"):
            server.bind("127.0.0.1", listener.getsockname()[1])


def test_a_freed_port_can_be_taken_again_at_once(taken: int) -> None:
    first = server.bind("127.0.0.1", 0)
    first.listen()
    port = first.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        accepted, _ = first.accept()
        accepted.close()
        first.close()
    again = server.bind("127.0.0.1", port)
    again.close()


@pytest.mark.parametrize("host", ["256.1.1.1", "192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_this_machines_is_named(host: str) -> None:
    with pytest.raises(CommandError) as caught:
        server.bind(host, 0)
    assert host in sentence(caught.value)


def test_a_port_reserved_for_the_administrator_is_named() -> None:
    refusal = server._refusal(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), "127.0.0.1", 80)
    assert "port 80" in sentence(refusal)
    assert "above 1023" in sentence(refusal)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("::1", "http://[::1]:8080"),
        ("nas.home", "http://nas.home:8080"),
    ],
)
def test_the_printed_address_can_be_typed_into_a_browser(host: str, address: str) -> None:
    assert server.address_of(host, 8080) == address


def test_a_stop_comes_to_an_end_whatever_goes_on():
    script = "import time; from smartfolio_app.commands import server; server.end_at_the_latest(0.2); time.sleep(600)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0
    assert "ending all the same" in done.stderr


def run_script(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_stop_does_not_wait_for_who_reads_the_log():
    script = (
        "import logging, os, time; from smartfolio_app.commands import server;"
        "logging.basicConfig(); os.set_blocking(2, True);"
        "server.end_at_the_latest(0.2); os.write(2, b'x' * 10_000_000); time.sleep(600)"
    )
    writing = run_script(script)  # nobody reads what it writes
    try:
        assert writing.wait(timeout=100) == 0
    finally:
        writing.kill()
        writing.communicate()


def test_a_stop_that_is_asked_for_while_the_server_comes_up_is_not_lost():
    script = (
        "import os, signal; from smartfolio_app.commands import server;"
        "from smartfolio_app.settings import load_settings\n"
        "def run(self, sockets):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    self.started = True\n"
        "    print(self.should_exit, flush=True)\n"
        "server._AnnouncingServer.run = run\n"
        "server.serve(server.bind('127.0.0.1', 0), load_settings(port=1), print)"
    )
    coming_up = run_script(script)
    said, problem = coming_up.communicate(timeout=100)
    assert (said, coming_up.returncode) == ("True\n", 0), problem


def test_a_stop_does_not_wait_for_threads_that_never_end():
    script = (
        "import threading, time; from smartfolio_app.commands import server;"
        "threading.Thread(target=time.sleep, args=(600,)).start(); print('bye'); server.leave()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "bye\n")


def test_threads_that_compute_let_the_event_loop_in_often(monkeypatch: pytest.MonkeyPatch) -> None:
    before, found = sys.getswitchinterval(), []
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}

    def running(self: server._AnnouncingServer, **_: object) -> None:
        found.append(sys.getswitchinterval())
        self.started = True

    monkeypatch.setattr(server._AnnouncingServer, "run", running)
    try:
        with server.bind("127.0.0.1", 0) as free:
            server.serve(free, load_settings(), lambda address: None)
    finally:
        sys.setswitchinterval(before)
        for name, handler in handlers.items():
            signal.signal(name, handler)
    assert found == [pytest.approx(0.001)]
