"""Buttons, choices and search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.i18n import t

Kind = Literal["", "primary", "ghost", "danger"]
Text = str | Var


def worded(text: Text) -> Var:
    """Return a var as it is, and a message key translated."""
    return text if isinstance(text, Var) else t(text)


def classes(*names: str) -> str:
    """Join class names, leaving out the empty ones."""
    return " ".join(name for name in names if name)


def button(
    label: Text,
    *,
    on_click: Any = None,
    kind: Kind = "",
    symbol: str = "",
    small: bool = False,
    wide: bool = False,
    **props: Any,
) -> rx.Component:
    """Return a button with words; ``symbol`` is an icon before them."""
    children = [icon(symbol, "tiny" if small else "")] if symbol else []
    if on_click is not None:
        props["on_click"] = on_click
    return rx.el.button(
        *children,
        worded(label),
        type=props.pop("type", "button"),
        class_name=classes("button", kind, "small" if small else "", "wide" if wide else ""),
        **props,
    )


def submit(label: Text, *, busy: Var | bool = False, **props: Any) -> rx.Component:
    """Return the one primary button of a form."""
    return button(label, kind="primary", type="submit", disabled=busy, **props)


def link_button(
    label: Text, to: Text, *, kind: Kind = "", symbol: str = "", small: bool = False, **props: Any
) -> rx.Component:
    """Return a link within the app that looks like a button."""
    children = [icon(symbol)] if symbol else []
    return route_link(
        *children,
        worded(label),
        to=to,
        class_name=classes("button", kind, "small" if small else ""),
        **props,
    )


def icon_button(symbol: str, label: Text, *, on_click: Any = None, **props: Any) -> rx.Component:
    """Return a button that shows only an icon; ``label`` is what it is called (and its tooltip)."""
    words = worded(label)
    if on_click is not None:
        props["on_click"] = on_click
    extra = props.pop("class_name", "")
    return rx.el.button(
        icon(symbol),
        type=props.pop("type", "button"),
        class_name=extra if isinstance(extra, Var) else classes("icon-button", extra),
        aria_label=words,
        title=words,
        **props,
    )


def toggle_button(
    pressed: Var, on: str, off: str, label: Text, *, on_click: Any, **props: Any
) -> rx.Component:
    """Return an icon button that stays pressed; ``on`` and ``off`` are its icons."""
    words = worded(label)
    return rx.el.button(
        rx.cond(pressed, icon(on), icon(off)),
        type="button",
        class_name="icon-button",
        aria_label=words,
        title=words,
        custom_attrs={"aria-pressed": pressed},
        on_click=on_click,
        **props,
    )


def segmented(
    options: Sequence[tuple[str, Text]], current: Var, on_choose: Any, *, label: Text, small: bool = False
) -> rx.Component:
    """Return one-of-a-few buttons; ``on_choose`` is a handler that takes the chosen value."""
    return rx.el.div(
        *[
            rx.el.button(
                worded(words),
                type="button",
                on_click=on_choose(value),
                custom_attrs={"aria-pressed": current == value},
            )
            for value, words in options
        ],
        role="group",
        aria_label=worded(label),
        class_name=classes("segmented", "small" if small else ""),
    )


def search_box(value: Var, on_search: Any, *, label: Text, **props: Any) -> rx.Component:
    """Return a search field that asks 250 ms after the last key; ``/`` puts the cursor in it."""
    words = worded(label)
    return rx.el.div(
        icon("search"),
        rx.el.input(
            default_value=value,
            on_change=on_search.debounce(250),
            type="search",
            placeholder=words,
            aria_label=words,
            auto_complete="off",
            class_name="input",
            custom_attrs={"data-search": ""},
            **props,
        ),
        class_name="search",
    )


def chip(text: Text, *, kind: Literal["", "good", "bad", "notable"] = "", symbol: str = "") -> rx.Component:
    """Return a small label for a state."""
    children = [icon(symbol, "tiny")] if symbol else []
    return rx.el.span(*children, worded(text), class_name=classes("chip", kind))
