"""Every error that can be raised has a sentence in every language, and the values it needs."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import smartfolio_app
from smartfolio_app.i18n.catalog import LANGUAGES, catalogue

APP = Path(smartfolio_app.__file__).parent
CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def raised():
    """Yield (place, code, names of the values given) for each construction of an error with a code."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name == "RowError" or not (
                name.endswith("Error") or ast.unparse(node.func) == "super().__init__"
            ):
                continue  # a RowError's reason is a key itself, not the code of an error
            place = f"{path.relative_to(APP)}:{node.lineno}"
            given = {word.arg for word in node.keywords}
            for code in _codes(node.args[0]):
                yield place, code, given


def _codes(argument):
    """Return the codes a first argument can be: a constant, or either side of a choice."""
    if isinstance(argument, ast.IfExp):
        return [*_codes(argument.body), *_codes(argument.orelse)]
    if (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and CODE.fullmatch(argument.value)
    ):
        return [argument.value]
    return []


def test_there_are_errors_to_look_at():
    assert len({code for _, code, _ in raised()}) > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence(language):
    texts = catalogue(language)
    missing = {f"{code} ({place})" for place, code, _ in raised() if f"error.{code}" not in texts}
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_gets_the_values_it_shows(language):
    texts = catalogue(language)
    lacking = []
    for place, code, given in raised():
        wanted = {name for _, name, _, _ in string.Formatter().parse(texts.get(f"error.{code}", "")) if name}
        if None not in given and not wanted <= given:  # None: **values, not known here
            lacking.append((place, code, wanted - given))
    assert not lacking
