"""Texts as Reflex vars: every language is compiled into the page and the language state chooses."""

from __future__ import annotations

from typing import Any

from babel.plural import PluralRule, to_javascript
from reflex.vars import Var, VarData

from smartfolio_app.i18n.catalog import LANGUAGES, MissingTextError, catalogue, plural_rule

_bound: dict[str, Var] = {}


def follow(language: Var) -> None:
    """Make every text follow ``language``; called once by the state module that owns it."""
    _bound["language"] = language


def language_var() -> Var:
    """Return the var that holds the language on screen.

    Before the server has said which language the user has (and on the login page) the state is empty, and the
    document's own ``lang``, set by ``assets/boot.js`` from the last visit or the browser, stands in: a French user
    never sees an English flash.
    """
    if "language" not in _bound:
        raise RuntimeError("smartfolio_app.state.locale has not been imported")
    language = _bound["language"]
    return Var(
        _js_expr=f'({language!s}||document.documentElement.lang||"en")',
        _var_type=str,
        _var_data=language._get_all_var_data(),
    )


def text_var(key: str, params: dict[str, Any]) -> Var:
    """Return the var for ``key``; see ``smartfolio_app.i18n.t``."""
    texts = {language: _one_language(language, key, params) for language in LANGUAGES}
    english = texts.pop("en")
    expression = str(english)
    for language, text in texts.items():
        expression = f"({language_var()!s}==={language!r}?{text!s}:{expression})"
    return _with_data_of(expression, [language_var(), english, *texts.values()])


def _one_language(language: str, key: str, params: dict[str, Any]) -> Var:
    texts = catalogue(language)
    if key in texts:
        return _filled(key, texts[key], params)
    variants = {
        category: texts[f"{key}.{category}"]
        for category in ("zero", "one", "two", "few", "many", "other")
        if f"{key}.{category}" in texts
    }
    if "other" not in variants or "count" not in params:
        raise MissingTextError("i18n.missing_text", key=key, language=language)
    count = Var.create(params["count"])
    rules = {name: rule for name, rule in plural_rule(language).rules.items() if name in variants}
    category = f"{to_javascript(PluralRule(rules))}({count!s})"
    filled = {name: _filled(key, text, params) for name, text in variants.items()}
    choices = ",".join(f"{name}:{text!s}" for name, text in filled.items())
    return _with_data_of(f"({{{choices}}})[{category}]", [count, *filled.values()])


def _filled(key: str, text: str, params: dict[str, Any]) -> Var:
    try:
        return Var.create(text.format_map(params))
    except KeyError as error:
        raise MissingTextError("i18n.missing_value", key=key, name=str(error.args[0])) from error


def _with_data_of(expression: str, parts: list[Var]) -> Var:
    return Var(
        _js_expr=expression,
        _var_type=str,
        _var_data=VarData.merge(*(part._get_all_var_data() for part in parts)),
    ).to(str)
