"""Log lines as JSON: one object a line, exceptions included, no local variable in it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from smartfolio_app.commands.log_format import formatter
from smartfolio_app.settings import load_settings


@pytest.fixture
def lines():
    """A function that logs through the formatter of a format and returns what was written."""

    def write(log_format: str, act) -> list[str]:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter(load_settings(log_format=log_format)))
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
