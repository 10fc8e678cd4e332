"""The open websockets of this process, so that signing a device out also closes what it has open."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from threading import Lock


class Connection:
    """One open websocket: the session it was opened under, and a way to ask it to close, from any thread."""

    def __init__(self, session_hash: str) -> None:
        self.session_hash = session_hash
        self.closing = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Ask the socket to close; it does so at its next turn."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.closing.set)


class Connections:
    """All of them, by session. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_session: defaultdict[str, set[Connection]] = defaultdict(set)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(group) for group in self._by_session.values())

    def add(self, connection: Connection) -> None:
        """Remember an opened socket."""
        with self._lock:
            self._by_session[connection.session_hash].add(connection)

    def remove(self, connection: Connection) -> None:
        """Forget a closed one."""
        with self._lock:
            group = self._by_session.get(connection.session_hash)
            if group is not None:
                group.discard(connection)
                if not group:
                    del self._by_session[connection.session_hash]

    def sessions(self) -> list[str]:
        """Return the session hashes that have sockets open."""
        with self._lock:
            return [key for key in self._by_session if key]

    def close_where(self, ended: Callable[[str], bool]) -> int:
        """Close the sockets whose session hash ``ended`` is true for; return how many."""
        with self._lock:
            chosen = [one for key, group in self._by_session.items() if key and ended(key) for one in group]
        for connection in chosen:
            connection.close()
        return len(chosen)


#: The process has one set of sockets; routes that end sessions and the middleware share it.
LIVE = Connections()
