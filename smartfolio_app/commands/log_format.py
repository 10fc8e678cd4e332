"""How a log line looks: a sentence for people, or one JSON object for the machine that collects it."""

from __future__ import annotations

import logging

import structlog

from smartfolio_app.settings import Settings


def formatter(settings: Settings) -> logging.Formatter:
    """Return the formatter that ``SMARTFOLIO_LOG_FORMAT`` asks for.

    A JSON line holds ``timestamp`` (UTC), ``level``, ``logger``, ``event``, and ``exception`` where there is one.
    """
    if settings.log_format == "text":
        return logging.Formatter("%(levelname)s %(name)s: %(message)s")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # The plain traceback: the one with local variables would show passwords and keys.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
