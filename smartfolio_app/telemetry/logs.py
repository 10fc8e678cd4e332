"""Every log line of the process, whoever writes it, in one form: a sentence for people or one JSON object for machines.

What may be a secret is blotted out of every line before it is written. That is the last net, not the first: nobody logs
secrets on purpose, but a library's message or the text of an error may hold an address with a token in it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

Format = Literal["text", "json"]

BLOT = "[hidden]"

#: What may stand on a line as it is: the one-time link of the first start is there to be read.
_PLAIN = frozenset({"setup_link", "level", "logger", "timestamp", "request_id"})

_SECRETS = (
    # user:password@ in an address
    (re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"), BLOT),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"), rf"\1 {BLOT}"),
    # our own API tokens, sessions and the keys of the vault
    (re.compile(r"smartfolio_[A-Za-z0-9_-]{43}"), BLOT),
    (re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}=?(?![A-Za-z0-9_=-])"), BLOT),
    (re.compile(r"(?i)\b((?:set-)?cookie)(['\"]?\s*[:=]\s*)(b?['\"][^'\"]*['\"]|[^\r\n]+)"), rf"\1\2{BLOT}"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:authorization|password|passphrase|passwd|secret|token|api[_-]?key|apikey|signature"
            r"|session|credential|code_verifier|vault_key|session_key))(['\"]?\s*[=:]\s*)"
            r"(b?'[^']*'|b?\"[^\"]*\"|[^\s&,;'\"\])}]+)"
        ),
        rf"\1\2{BLOT}",
    ),
)

#: Libraries that may bring handlers of their own.
_LIBRARIES = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "apscheduler",
    "alembic",
    "reflex",
    "httpx",
    "sqlalchemy",
)


def blotted(text: str) -> str:
    """Return a text without what may be a secret."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def formatter(form: Format) -> logging.Formatter:
    """Return the formatter of every line.

    A JSON line holds ``timestamp`` (UTC), ``level``, ``logger``, ``event``, ``exception`` where there is one, and what
    is bound to the request that it is about (``request_id``...).
    """
    last: list[Any] = [structlog.processors.JSONRenderer()] if form == "json" else [_sentence]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # The plain traceback: the one with local variables would show passwords and keys.
            structlog.processors.format_exc_info,
            _blot,
            *last,
        ],
    )


def configure(level: str, form: Format) -> None:
    """Let every logger of the process write to standard error: our own from ``level`` on, of libraries the warnings.

    Libraries' chatter holds headers and frames, and is of use to nobody who runs SmartFolio: it stays out at any level.
    """
    console = logging.StreamHandler()
    console.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [console]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.getLogger("smartfolio_app").setLevel(level.upper())
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


def _blot(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in line.items():
        if isinstance(value, str) and name not in _PLAIN:
            line[name] = blotted(value)
        elif not isinstance(value, bool | int | float | type(None) | str):
            line[name] = blotted(str(value))
    return line


def _sentence(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    """``INFO smartfolio_app.x: what happened [request_id]``, as people read it in a console."""
    ours = {"event", "level", "logger", "timestamp", "exception", "request_id"}
    more = "".join(f" {name}={value}" for name, value in line.items() if name not in ours)
    request = f" [{line['request_id'][:12]}]" if line.get("request_id") else ""
    trace = f"\n{line['exception']}" if line.get("exception") else ""
    return f"{line['level'].upper()} {line['logger']}: {line['event']}{more}{request}{trace}"
