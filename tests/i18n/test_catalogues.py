"""The catalogues say the same things in every language, and nothing more than the code asks for."""

import ast
import string
from pathlib import Path

import pytest

from smartfolio_app import i18n
from smartfolio_app.i18n.catalog import LANGUAGES, catalogue

APP = Path(i18n.__file__).parents[1]
VISIBLE_ROOMS = ("pages", "components")
#: Attributes whose text a person reads or hears.
READ_ATTRIBUTES = {"aria_label", "placeholder", "title", "alt", "label", "aria_description"}


def families(language):
    """Key -> placeholders, plural variants folded into their family."""
    found = {}
    for key, text in catalogue(language).items():
        base, _, last = key.rpartition(".")
        family = base if last in {"one", "few", "many", "other"} else key
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        found.setdefault(family, set()).update(names)
    return found


def string_constants(path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_language_has_the_same_keys():
    english = families("en")
    for language in LANGUAGES:
        assert families(language).keys() == english.keys(), language


def test_every_language_uses_the_same_placeholders():
    english = families("en")
    for language in LANGUAGES:
        different = {
            key: (names, english[key]) for key, names in families(language).items() if names != english[key]
        }
        assert not different, language


def test_no_text_is_empty_or_left_in_the_other_language():
    same = {
        key for key, text in catalogue("fr").items() if text == catalogue("en").get(key) and len(text) > 24
    }
    assert not same, "long texts that are word for word the same in English and French"
    for language in LANGUAGES:
        assert all(text.strip() for text in catalogue(language).values())


def test_every_key_is_used():
    constants = set().union(*map(string_constants, APP.rglob("*.py")))
    prefixes = tuple(
        text
        for text in constants
        if text.endswith((".", "_")) and "." in text and " " not in text and text != "error."
    )
    unused = [
        key
        for key in families("en")
        if key not in constants
        and key.removeprefix("error.") not in constants
        and not key.startswith(prefixes)
    ]
    assert not unused


def translation_calls():
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            position = {"t": 0, "translate": 1}.get(name)
            if position is None or len(node.args) <= position:
                continue
            key = node.args[position]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield f"{path.relative_to(APP)}:{node.lineno}", key.value


def test_every_key_that_is_asked_for_exists():
    missing = [(where, key) for where, key in translation_calls() if not i18n.known(key)]
    assert not missing


def test_pages_and_components_hold_no_literal_text():
    literal = []
    for room in VISIBLE_ROOMS:
        for path in (APP / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                is_element = "rx.el." in ast.unparse(node.func) or ast.unparse(node.func) in {
                    "rx.text",
                    "rx.heading",
                }
                texts = [arg for arg in node.args if is_element]
                texts += [word.value for word in node.keywords if word.arg in READ_ATTRIBUTES]
                literal += [
                    f"{path.relative_to(APP)}:{text.lineno}: {text.value!r}"
                    for text in texts
                    if isinstance(text, ast.Constant)
                    and isinstance(text.value, str)
                    and any(c.isalpha() for c in text.value)
                    and not i18n.known(text.value)
                ]
    assert not literal


@pytest.mark.parametrize(
    ("language", "count", "category"),
    [("en", 1, "one"), ("en", 0, "other"), ("fr", 0, "one"), ("fr", 2, "other")],
)
def test_plurals_follow_the_language(language, count, category):
    assert i18n.catalog.plural_category(language, count) == category


def test_a_missing_text_or_value_is_an_error_and_not_a_blank():
    with pytest.raises(i18n.MissingTextError):
        i18n.translate("en", "no.such.key")
    with pytest.raises(i18n.MissingTextError):
        i18n.translate("en", "nav.sign_out_name")


def test_an_error_without_a_sentence_of_its_own_names_its_code():
    from smartfolio_app.errors import SmartFolioError

    assert "x.y" in i18n.error_text("fr", SmartFolioError("x.y"))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("de, en;q=0.5", "en"),
        ("", "en"),
        ("en;q=0.1, fr", "fr"),
        ("*;q=x", "en"),
    ],
)
def test_the_browsers_language_is_negotiated(header, language):
    assert i18n.negotiate(header) == language
