"""Everything a file's reader can say has a sentence in every language, with the values it shows."""

import ast
import string
from pathlib import Path

import pytest

from smartfolio_app.i18n import catalog, error_text, translate
from smartfolio_app.i18n.catalog import LANGUAGES, catalogue, read_area
from smartfolio_app.providers import csv
from smartfolio_app.providers.csv import ReadOptions
from smartfolio_app.providers.csv.reading import _MAGIC
from smartfolio_app.services import import_plan
from tests.providers.csv.helpers import FIXTURES

ROOM = Path(csv.__file__).parent
#: What a call's first text argument is a key of, by the name of what is called.
PREFIX = {"RowError": "import.reject."}
SAYS = {
    "reject",
    "skip",
    "warn",
    "count",
    "Message",
    "UnreadableFileError",
    "UnknownFormatError",
    "InvalidInputError",
}


def said():
    """Yield (place, key, names of the values given) of each thing said."""
    for path in (*sorted(ROOM.rglob("*.py")), Path(import_plan.__file__)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            given = {word.arg for word in node.keywords}
            if name == "Message" and len(node.args) > 1 and isinstance(node.args[1], ast.Dict):
                given |= {ast.literal_eval(key) for key in node.args[1].keys}
            if name == "count":
                given.add("count")
            for key in _texts(node.args):
                if name in PREFIX:
                    yield f"{path.name}:{node.lineno}", PREFIX[name] + key, given | {"row"}
                elif name in SAYS and key.startswith("import."):
                    error = "error." if name.endswith("Error") else ""
                    yield (
                        f"{path.name}:{node.lineno}",
                        error + key,
                        given | ({"row"} if name in {"reject", "skip"} else set()),
                    )


def _texts(arguments):
    for argument in arguments:
        choices = (argument.body, argument.orelse) if isinstance(argument, ast.IfExp) else (argument,)
        yield from (
            one.value for one in choices if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )


SAID = list(said())


def sentences(language, key):
    """A key's sentence, or those of its plural forms."""
    texts = catalogue(language)
    return [texts[name] for name in (key, f"{key}.one", f"{key}.other") if name in texts]


def test_a_lot_can_be_said():
    assert len({key for _, key, _ in SAID}) > 85


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_exists_and_gets_its_values(language):
    lacking = []
    for place, key, given in SAID:
        found = sentences(language, key)
        wanted = {name for text in found for _, name, _, _ in string.Formatter().parse(text) if name}
        if not found or (None not in given and not wanted <= given):
            lacking.append((place, key, wanted - given))
    assert not lacking


def test_every_kind_of_file_that_is_no_table_has_its_sentence():
    for language in LANGUAGES:
        assert not [code for _, code in _MAGIC if not sentences(language, f"error.{code}")]


def test_nothing_stands_in_the_catalogue_that_nobody_says():
    known = {key for _, key, _ in SAID} | {f"error.{code}" for _, code in _MAGIC}
    area = Path(catalog.__file__).parent / "en" / "import.toml"
    unused = {
        key
        for key in read_area(area)
        if key not in known and key.removesuffix(".one").removesuffix(".other") not in known
    }
    assert not unused


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_refused_row_is_named_and_a_remedy_told(language):
    texts = catalogue(language)
    for key, text in texts.items():
        if key.startswith("import.reject."):
            assert "{row}" in text, key
            assert text.count(".") + text.count(";") >= 1, key
            assert len(text) > 40, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.suffix != ".toml"))
def test_what_the_fixtures_bring_up_can_be_read(name, language):
    parsed = csv.parse((FIXTURES / name).read_bytes(), options=ReadOptions(base_currency="EUR"))
    said_here = [(one.reason, one.params) for one in (*parsed.rejected, *parsed.skipped)]
    said_here += [(message.code, message.params) for message in parsed.warnings]
    for key, params in said_here:
        sentence = translate(language, key, **params)
        assert "{" not in sentence
        assert sentence[0].isupper() or not sentence[0].isalpha()


def test_an_unreadable_file_in_both_languages():
    with pytest.raises(csv.UnreadableFileError) as refused:
        csv.parse(b"<html><body>Please sign in</body></html>")
    assert "web page" in error_text("en", refused.value)
    assert "page web" in error_text("fr", refused.value)
