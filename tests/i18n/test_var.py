"""Texts of a page: compiled in every language, filled on the client."""

import pytest
import reflex as rx

from smartfolio_app import i18n
from smartfolio_app.state import locale  # noqa: F401  (binds the language)


class Counter(rx.State):
    rows: int = 0


def test_both_languages_are_in_the_page():
    text = str(i18n.t("nav.holdings"))
    assert '"Holdings"' in text
    assert '"Avoirs"' in text


def test_a_var_fills_a_placeholder_and_brings_its_state():
    text = i18n.t("nav.sign_out_name", name=Counter.rows.to_string())
    assert "Counter" in str(text._get_all_var_data().state) or "counter" in str(text)


def test_an_unknown_key_fails_when_the_page_is_compiled():
    with pytest.raises(i18n.MissingTextError):
        i18n.t("nav.no_such_page")
