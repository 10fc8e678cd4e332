"""What a frame from a browser of ours looks like; anything else ends the socket here instead of in a traceback.

The layers: engine.io (one digit), socket.io (one digit, ``/namespace,``, perhaps an acknowledgement number, JSON), and
in it ``[event name, argument]``. Reflex's ``event`` carries an object with a name, a payload and router data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

#: Objects within objects; a page's events have three or four levels.
DEEPEST = 32

_PACKET = re.compile(r"4([0-4])(?:(/[\w.-]{1,64}),)?(\d{0,6})(.*)", re.DOTALL)
_CONNECT, _DISCONNECT, _EVENT, _ACK = "0", "1", "2", "3"
_CLOSE = "1"  # of engine.io; its upgrade and no-op are never sent by who speaks websocket from the start


def is_ours(frame: str, known: Callable[[str], bool] = lambda _name: True) -> bool:
    """Tell whether a message frame (not a ping or pong) is one that our pages could have sent.

    ``known`` tells whether there is an event handler of a name; a name that is none could only fill the log.
    """
    if frame == _CLOSE:
        return True
    found = _PACKET.fullmatch(frame)
    if found is None:
        return False
    kind, _, _, text = found.groups()
    if not text:
        return kind in (_CONNECT, _DISCONNECT)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    if not _is_shallow(content):
        return False
    if kind == _CONNECT:  # Reflex lets the first event travel with the connection
        first = content.get("event") if isinstance(content, dict) else None
        return isinstance(content, dict) and (first is None or _is_event(first, known))
    if kind == _EVENT:
        return _is_message(content, known)
    return kind == _ACK and isinstance(content, list)


def _is_message(content: Any, known: Callable[[str], bool]) -> bool:
    if not isinstance(content, list) or not 1 <= len(content) <= 2 or not isinstance(content[0], str):
        return False
    if content[0] != "event":
        return len(content[0]) <= 64
    return len(content) == 2 and _is_event(content[1], known)


def _is_event(event: Any, known: Callable[[str], bool]) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("name"), str) or not known(event["name"]):
        return False
    page = event.get("router_data", {})
    return (
        isinstance(event.get("payload", {}), dict)
        and isinstance(page, dict)
        and all(isinstance(page.get(part, ""), str) for part in ("pathname", "asPath"))
        and isinstance(page.get("query", {}), dict)
    )


def _is_shallow(content: Any) -> bool:
    """Tell whether nothing lies deeper than ``DEEPEST``: parsers further in count on the interpreter's stack."""
    level = [content]
    for _ in range(DEEPEST):
        containers = [one for one in level if isinstance(one, dict | list)]
        if not containers:
            return True
        level = [part for one in containers for part in (one.values() if isinstance(one, dict) else one)]
    return False
