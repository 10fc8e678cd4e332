"""Log lines as JSON: one object a line, exceptions included, no local variable in it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from smartfolio_app.telemetry import logs, request_ids


@pytest.fixture
def lines():
    """A function that logs through the formatter of a format and returns what was written."""

    request_ids.end()

    def write(log_format: str, act) -> list[str]:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logs.formatter(log_format))
        logger = logging.Logger("smartfolio_app.test")  # noqa: LOG001 - one that no other test sees
        logger.addHandler(handler)
        act(logger)
        return stream.getvalue().splitlines()

    return write


def fail(logger: logging.Logger) -> None:
    password = "planted-password-4711"
    try:
        raise ValueError(len(password))
    except ValueError:
        logger.exception("it failed for %s", "a reason")


def test_each_record_is_one_json_object(lines) -> None:
    (line,) = lines("json", lambda logger: logger.warning("two\nlines of %s", 'a "user"'))
    record = json.loads(line)
    assert record["event"] == 'two\nlines of a "user"'
    assert (record["level"], record["logger"]) == ("warning", "smartfolio_app.test")
    assert record["timestamp"].endswith("Z")


def test_an_exception_stays_on_its_line_without_local_variables(lines) -> None:
    (line,) = lines("json", fail)
    assert "ValueError" in json.loads(line)["exception"]
    assert "planted-password-4711" not in line


def test_people_get_sentences(lines) -> None:
    assert lines("text", lambda logger: logger.info("hello")) == ["INFO smartfolio_app.test: hello"]


SECRETS = [
    "GET https://user:hunter2hunter2@example.org/path",
    "authorization: Bearer abcdef.ghijkl-mnop",
    "headers [(b'authorization', b'Bearer abcdefghijkl')]",
    "smartfolio_" + "x" * 43,
    "cookie: smartfolio_session=" + "y" * 43 + "; theme=dark",
    "{'cookie': 'smartfolio_session=abc', 'accept': '*'}",
    "/setup?token=abcdefgh",
    "https://example.org/api?apiKey=abcdefgh&x=1",
    "{'api_secret': 'abcdefgh', 'password': \"hunter2hunter2\"}",
    "the key " + "A" * 43 + "= opens it",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_blotted_out(lines, text) -> None:
    for form in ("text", "json"):
        (line,) = lines(form, lambda logger: logger.warning("it said: %s", text))
        for secret in ("hunter2hunter2", "abcdef", "x" * 43, "y" * 43, "A" * 43, "session=abc"):
            assert secret not in line, form
        assert "it said" in line


@pytest.mark.parametrize(
    "text",
    [
        "Token bucket rate limiter initialized: 20.0 req/s burst 50 (default)",
        "the sync of kraken_api stopped: provider.budget",
        "Running upgrade 0006 -> 0007, the seventh schema",
        "GET https://example.org/api/v3/ticker/price answered 200",
        "sha256 " + "a" * 64,
    ],
)
def test_other_lines_stay_as_they_are(lines, text) -> None:
    assert lines("text", lambda logger: logger.info(text)) == [f"INFO smartfolio_app.test: {text}"]


def test_every_library_speaks_through_the_one_handler(capsys) -> None:
    loggers = [logging.getLogger(name) for name in (None, "smartfolio_app", *logs._LIBRARIES)]
    before = [(one, one.level, list(one.handlers), one.propagate) for one in loggers]
    try:
        logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler())
        logs.configure("debug", "json")
        for name in (
            "uvicorn.error",
            "apscheduler.executors",
            "alembic.runtime",
            "reflex.app",
            "smartfolio_app.x",
        ):
            logging.getLogger(name).warning("heard")
            logging.getLogger(name).debug("whispered")
        told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [one["logger"] for one in told if one["event"] == "heard"] == [
            "uvicorn.error",
            "apscheduler.executors",
            "alembic.runtime",
            "reflex.app",
            "smartfolio_app.x",
        ]
        assert [one["logger"] for one in told if one["event"] == "whispered"] == ["smartfolio_app.x"]
    finally:
        logging.captureWarnings(False)
        for logger, level, handlers, propagate in before:
            logger.handlers[:], logger.propagate = handlers, propagate
            logger.setLevel(level)
