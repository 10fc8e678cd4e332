"""Numbers on screen: the hero, gains and losses, and the question every figure answers."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, classes, worded
from smartfolio_app.i18n import t
from smartfolio_app.state.explain import ExplainState


def figure(
    text: Var, name: str | Var, *, of: Text, width: str = "w8", extra: str = "", by_key: bool = True
) -> rx.Component:
    """Return a figure that explains itself when pressed.

    ``name`` is the figure's name for ``services.explain`` (``net_worth``, ``holding:crypto:BTC``), ``of`` what it is
    called. While ``text`` is empty a skeleton of ``width`` (``w3 w5 w8 w12``) stands in. One that shares its
    explanation with a neighbour in a long table is no stop of the tab key (``by_key``): the neighbour is.
    """
    return rx.el.button(
        rx.el.span(text, class_name=classes("sk", width)),
        type="button",
        class_name=classes("why num", extra),
        on_click=ExplainState.open(name),
        aria_label=t("explain.ask", figure=worded(of), value=text),
        tab_index=0 if by_key else -1,
    )


def known_figure(text: Var, name: Var, *, of: Text, width: str = "w8", extra: str = "") -> rx.Component:
    """Return a figure that explains itself where it has a ``name``: one that is not known has none."""
    return rx.cond(
        name,
        figure(text, name, of=of, width=width, extra=extra),
        rx.el.span(text, class_name=classes("num", extra)),
    )


def figures_in(*inside: rx.Component, name: str | Var, of: Text, said: Var, extra: str = "") -> rx.Component:
    """Return several figures that one explanation tells, as one thing to press; ``said`` is read out in their place."""
    return rx.el.button(
        *inside,
        type="button",
        class_name=classes("why num", extra),
        on_click=ExplainState.open(name),
        aria_label=t("explain.ask", figure=worded(of), value=said),
    )


def plain_figure(text: Var, *, width: str = "w8", extra: str = "") -> rx.Component:
    """Return a figure that is explained by its neighbour."""
    return rx.el.span(text, class_name=classes("num sk", width, extra))


def hero(parts: Var, name: str, *, of: Text) -> rx.Component:
    """Return the one large figure of a page; ``parts`` has ``whole``, ``cents`` and ``after``."""
    return rx.el.button(
        rx.el.span(parts.whole, class_name="sk w8"),
        rx.el.span(parts.cents, class_name="cents"),
        rx.el.span(parts.after, class_name="cents"),
        type="button",
        class_name="hero-figure why num",
        on_click=ExplainState.open(name),
        aria_label=t("explain.ask", figure=worded(of), value=parts.whole + parts.cents + parts.after),
    )


def change(text: Var, direction: Var, *, width: str = "w8", extra: str = "") -> rx.Component:
    """Return a gain or loss: ``direction`` is ``up``, ``down``, ``flat`` or ``none`` (not known)."""
    return rx.el.span(
        rx.el.span(text, class_name=classes("sk", width)),
        class_name=Var.create(classes("change num", extra) + " ").to(str) + direction.to(str),
    )


def why_change(
    text: Var, direction: Var, name: str | Var, *, of: Text, width: str = "w8", extra: str = ""
) -> rx.Component:
    """Return a gain or loss that explains itself when pressed: see ``change`` and ``figure``."""
    return rx.el.button(
        rx.el.span(text, class_name=classes("sk", width)),
        type="button",
        class_name=Var.create(classes("change why num", extra) + " ").to(str) + direction.to(str),
        on_click=ExplainState.open(name),
        aria_label=t("explain.ask", figure=worded(of), value=text),
    )


def known_change(
    text: Var, direction: Var, name: Var, *, of: Text, width: str = "w8", extra: str = ""
) -> rx.Component:
    """Return a gain or loss that explains itself where it has a ``name``: one that is not known has none."""
    return rx.cond(
        name,
        why_change(text, direction, name, of=of, width=width, extra=extra),
        change(text, direction, width=width, extra=extra),
    )


def bar(width: Var, fill: str = "bar-fill", *, extra: str = "") -> rx.Component:
    """Return a thin bar, ``width`` (such as ``40%``) of it filled; the figure beside it says how much."""
    return rx.el.svg(
        rx.el.svg.rect(width="100%", height="4", rx="2", class_name="bar-track"),
        rx.el.svg.rect(width=width, height="4", rx="2", class_name=fill),
        class_name=classes("bar", extra),
        height="4",
        custom_attrs={"aria-hidden": "true"},
    )


def skeleton(*sizes: str, **props: Any) -> rx.Component:
    """Return a block that waits; ``sizes`` are classes of the page's css."""
    return rx.el.div(class_name=classes("skeleton", *sizes), custom_attrs={"aria-hidden": "true"}, **props)
