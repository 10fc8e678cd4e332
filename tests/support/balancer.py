"""A balancer without any stickiness: each new connection goes to the next server that is there."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable


class Balancer:
    """Passes bytes between clients and the servers on ``ports`` of loopback, as plain TCP."""

    def __init__(self, ports: Callable[[], list[int]]) -> None:
        self._ports = ports
        self._turn = itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.served: list[int] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = self._next()
        if server is None:
            client.close()
            return
        threading.Thread(target=_pass_on, args=(client, server), daemon=True).start()
        _pass_on(server, client)

    def _next(self) -> socket.socket | None:
        ports = self._ports()
        first = next(self._turn)
        for number in range(len(ports)):
            port = ports[(first + number) % len(ports)]
            try:
                found = socket.create_connection(("127.0.0.1", port), timeout=30)
            except OSError:
                continue
            found.settimeout(None)
            self.served.append(port)
            return found
        return None


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
