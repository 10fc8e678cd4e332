"""Labelled fields. Each has a visible label, an optional hint and a place for what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, classes, worded
from smartfolio_app.components.icons import icon


def form(*children: Any, on_submit: Any, **props: Any) -> rx.Component:
    """Return a form whose fields reach ``on_submit`` as one dict of texts, by field name."""
    return rx.el.form(*children, on_submit=on_submit, class_name="stack loose", **props)


def field(label: Text, control: rx.Component, *, hint: Text = "", wrong: Var | None = None) -> rx.Component:
    """Return a control under its label. ``wrong`` is a var: the sentence to show, or an empty text."""
    below: list[Any] = []
    if not (isinstance(hint, str) and not hint):
        below.append(rx.el.span(worded(hint), class_name="hint"))
    if wrong is not None:
        below.append(rx.cond(wrong, rx.el.span(wrong, class_name="wrong", role="alert")))
    return rx.el.label(rx.el.span(worded(label), class_name="label"), control, *below, class_name="field")


def text_input(name: str, *, type: str = "text", **props: Any) -> rx.Component:  # noqa: A002
    """Return a one-line field (``type`` as in HTML: text, password, email, url, date ...)."""
    placeholder = props.pop("placeholder", None)
    if placeholder is not None:
        props["placeholder"] = worded(placeholder)
    return rx.el.input(name=name, type=type, class_name="input", **props)


def number_input(name: str, **props: Any) -> rx.Component:
    """Return a field for an exact number: text, so that no browser rounds it; the server reads it as a decimal."""
    custom = {"inputMode": "decimal", "autoComplete": "off"}
    return rx.el.input(name=name, type="text", class_name="input num", custom_attrs=custom, **props)


def date_input(name: str, **props: Any) -> rx.Component:
    """Return the browser's own date field (value ``YYYY-MM-DD``)."""
    return rx.el.input(name=name, type="date", class_name="input", **props)


def text_area(name: str, **props: Any) -> rx.Component:
    """Return a field of several lines."""
    return rx.el.textarea(name=name, class_name="input", **props)


def select(
    options: Sequence[tuple[str, Text]] | Var,
    *,
    quiet: bool = False,
    label: Text = "",
    **props: Any,
) -> rx.Component:
    """Return the native select.

    ``options`` are ``(value, words)`` pairs, or a var holding a list of objects with ``value`` and ``label``. ``label``
    names a select that stands outside ``field``. ``quiet`` draws it as plain text with a caret.
    """
    if isinstance(options, Var):
        choices = [rx.foreach(options, lambda one: rx.el.option(one.label, value=one.value))]
    else:
        choices = [rx.el.option(worded(words), value=value) for value, words in options]
    if not (isinstance(label, str) and not label):
        props["aria_label"] = worded(label)
    extra = props.pop("class_name", "")
    return rx.el.span(
        rx.el.select(*choices, **props),
        icon("chevron-down", "tiny"),
        class_name=classes("select", "quiet" if quiet else "", extra),
    )


def check(label: Text, *, switch: bool = False, **props: Any) -> rx.Component:
    """Return a checkbox with its words; ``switch`` draws it as a switch."""
    return rx.el.label(
        rx.el.input(type="checkbox", **props),
        rx.el.span(worded(label)),
        class_name=classes("check", "switch" if switch else ""),
    )


def form_error(text: Var) -> rx.Component:
    """Return the sentence that says why a form was not accepted; nothing while ``text`` is empty."""
    return rx.cond(text, rx.el.p(text, class_name="form-error", role="alert"))
