"""The web server: a clear answer when the port is taken, an announcement when it answers, a stop in good time."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket as sockets
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

import uvicorn

from smartfolio_app.commands.console import CommandError
from smartfolio_app.security.recognise import finish_pending
from smartfolio_app.services.worker import abandon, stop_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from smartfolio_app.settings import Settings

log = logging.getLogger(__name__)

#: A thread that computes lets go of the interpreter this often. At Python's own five thousandths the event loop, which
#: needs it several times for one answer, waits five times as long (``benchmarks.served``: what ``/healthz`` takes).
SWITCH_SECONDS = 0.001
GRACE_SECONDS = 4  # for requests under way; what still runs then (open websockets) is cut off
#: Whoever stops the server waits ten seconds before they kill it.
LAST_SECONDS = 7.0
LAST_WORDS_SECONDS = 1.0
EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, not bound to
ANSWER_TIMEOUT_SECONDS = 10


def bind(host: str, port: int) -> sockets.socket:
    """A socket that holds the address; connections are refused until the server listens on it.

    Raises:
        CommandError: ``command.port_taken``, ``command.port_forbidden`` or ``command.host_unknown``.
    """
    try:
        found = sockets.getaddrinfo(host or None, port, type=sockets.SOCK_STREAM, flags=sockets.AI_PASSIVE)
    except OSError as error:
        raise CommandError("command.host_unknown", host=host) from error
    family, kind, protocol, _, address = found[0]
    socket = sockets.socket(family, kind, protocol)
    if os.name == "posix":  # without it, a restart fails for a minute; elsewhere it would share a taken port
        socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        socket.bind(address)
    except OSError as error:
        socket.close()
        raise _refusal(error, host, port) from error
    socket.set_inheritable(True)
    return socket


def _refusal(error: OSError, host: str, port: int) -> CommandError:
    if error.errno == errno.EADDRINUSE:
        return CommandError("command.port_taken", host=host, port=port)
    if error.errno in (errno.EACCES, errno.EPERM):
        return CommandError("command.port_forbidden", host=host, port=port)
    return CommandError("command.host_unknown", host=host)


def address_of(host: str, port: int) -> str:
    """What to type into a browser on this machine."""
    name = "localhost" if host in EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def serve(socket: sockets.socket, settings: Settings, on_answer: Callable[[str], None]) -> None:
    """Serve the app on ``socket`` until SIGINT or SIGTERM; returns within ten seconds of it.

    ``on_answer`` is called once, with the address, when ``/healthz`` has answered.

    Raises:
        CommandError: ``command.port_taken`` when another process began to listen meanwhile, or
            ``command.start_failed`` when the app could not start (its own message is above it).
    """
    host, port = socket.getsockname()[:2]
    try:
        socket.listen(2048)
    except OSError as error:
        raise _refusal(error, host, port) from error
    config = uvicorn.Config(
        "smartfolio_app.smartfolio_app:app",
        factory=True,
        log_config=None,  # its lines go where all the others go (``telemetry.logs``)
        log_level=None,
        access_log=False,  # it would write down addresses with their query; the door has a line of its own
        # Whose word about the client's address counts is decided in one place, in `security`.
        proxy_headers=False,
        server_header=False,
        ws_max_size=1024 * 1024,  # the door closes sockets over larger frames; this keeps them out of memory
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _AnnouncingServer(config, address_of(settings.host, port), on_answer)
    # uvicorn's own handler, from before it installs it: a stop that is asked for meanwhile must not be lost. And after
    # it has taken it away: it sends itself the signal again once it has stopped, which is not a failure.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, server.handle_exit)
    sys.setswitchinterval(SWITCH_SECONDS)
    server.run(sockets=[socket])
    if not server.started:
        raise CommandError("command.start_failed")


def end_at_the_latest(seconds: float) -> None:
    """End the process in so many seconds if it is still there then: a stop must not wait for work without an end.

    What is under way then is taken up again after the next start, or was never begun: nothing is stored by halves, as
    with ``kill -9``.
    """

    def last_words() -> None:
        abandon()
        log.warning(
            "still busy after %.0f s; ending all the same, what is under way goes on after the start", seconds
        )
        logging.shutdown()

    def end() -> None:
        time.sleep(seconds)
        # Aside: whoever reads the log may have stopped to, and then it waits for ever.
        speaking = threading.Thread(target=last_words, name="last-words", daemon=True)
        speaking.start()
        speaking.join(LAST_WORDS_SECONDS)
        os._exit(0)

    threading.Thread(target=end, name="last-resort", daemon=True).start()


def leave() -> NoReturn:
    """End the process after a stop, without taking the interpreter apart piece by piece.

    That takes seconds on a busy machine, waits for threads that wait for others, and cannot be interrupted by
    ``end_at_the_latest``. What is to last is written by now.
    """
    stop_all()
    finish_pending()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: str, on_answer: Callable[[str], None]) -> None:
        super().__init__(config)
        self._address = address
        self._on_answer = on_answer
        self._announcement: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, and see to it that this comes to an end."""
        if not self.should_exit:
            end_at_the_latest(LAST_SECONDS)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[sockets.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and sockets:
            self._announcement = asyncio.create_task(self._announce(sockets[0]))

    async def _announce(self, socket: sockets.socket) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                status = await _status_of("/healthz", socket)
        except (OSError, TimeoutError, ValueError) as error:
            print(f"warning: {self._address} does not answer ({error!r})", file=sys.stderr, flush=True)
            return
        if status != 200:
            print(f"warning: {self._address}/healthz answers {status}", file=sys.stderr, flush=True)
        await asyncio.to_thread(self._on_answer, self._address)


async def _status_of(path: str, socket: sockets.socket) -> int:
    """The status of a GET through the real socket; ``ValueError`` when the answer is not HTTP."""
    host, port = socket.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    reader, writer = await asyncio.open_connection(local, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        words = (await reader.readline()).split()
        if len(words) < 2:
            raise ValueError("the answer is not HTTP")
        return int(words[1])
    finally:
        writer.close()
