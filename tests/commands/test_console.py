"""Passwords from the shell, and the progress that is shown."""

from __future__ import annotations

import io
import sys

import pytest

from smartfolio_app.commands import console
from smartfolio_app.errors import InvalidInputError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_password_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery \nnext line\n"))
    assert console.new_password("zoë") == "correct horse battery "


def test_an_empty_standard_input_is_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(InvalidInputError) as caught:
        console.new_password("zoë")
    assert "standard input is empty" in console.sentence(caught.value)


def test_on_a_terminal_it_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["one password", "one password", "one password", "another one"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    assert console.new_password("zoë") == "one password"
    with pytest.raises(InvalidInputError, match=r"command\.passwords_differ"):
        console.new_password("zoë")


def test_steps_say_how_long_each_took(capsys: pytest.CaptureFixture[str]) -> None:
    steps = console.Steps()
    steps("fetching")
    steps("bundling")
    steps.done()
    steps.done()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ...")[0].strip() for line in lines] == ["fetching", "bundling"]
    assert all(line.endswith(" s") for line in lines)
