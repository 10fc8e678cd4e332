"""What the app says on its own: toasts, banners, empty states, progress."""

from __future__ import annotations

from typing import Any, Literal

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, button, classes, icon_button, worded
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t

Tone = Literal["", "good", "bad", "notable"]
_SYMBOLS = {"": "info", "good": "check", "bad": "circle-alert", "notable": "info"}


class Timer(rx.Component):
    """Fires ``on_time`` once, ``seconds`` after ``turn`` last changed (0 never starts it)."""

    library = "$/public/js/timer.jsx"
    tag = "Timer"

    turn: Var[int]
    seconds: Var[int]
    on_time: rx.EventHandler[rx.event.no_args_event_spec]


def toast(
    text: Var,
    *,
    turn: Var,
    on_close: Any,
    tone: Tone | Var = "good",
    action: Text = "",
    on_action: Any = None,
    seconds: int = 8,
    held_up: Var | None = None,
) -> rx.Component:
    """Return a short notice over the page, shown while ``text`` is not empty.

    ``turn`` is a number that grows with each notice: it restarts the time after which ``on_close`` is called.
    ``action`` with ``on_action`` offers one thing to do, usually to take it back. While ``held_up``, a quiet line in
    the same place says that the server takes its time.
    """
    waiting = [] if held_up is None else [rx.cond(held_up, _held_up())]
    answer = [button(action, small=True, kind="ghost", on_click=on_action)] if on_action is not None else []
    return rx.el.div(
        *waiting,
        rx.cond(
            text,
            rx.el.div(
                icon(_SYMBOLS[tone]) if isinstance(tone, str) else _symbol_of(tone),
                rx.el.span(text, class_name="grow"),
                *answer,
                icon_button("x", "common.close", on_click=on_close),
                Timer.create(turn=turn, seconds=seconds, on_time=on_close),
                class_name=Var.create("toast ").to(str) + tone,
            ),
        ),
        class_name="toasts",
        role="status",
        custom_attrs={"aria-live": "polite"},
    )


def _held_up() -> rx.Component:
    return rx.el.div(icon("hourglass"), rx.el.span(t("common.held_up")), class_name="toast")


def _symbol_of(tone: Var) -> rx.Component:
    return rx.cond(tone == "bad", icon(_SYMBOLS["bad"]), icon(_SYMBOLS["good"]))


def banner(*content: Any, tone: Tone = "", symbol: str = "", **props: Any) -> rx.Component:
    """Return a line that stays until its cause is gone."""
    return rx.el.div(icon(symbol or _SYMBOLS[tone]), *content, class_name=classes("banner", tone), **props)


def empty_state(
    title: Text, text: Text, *actions: Any, symbol: str = "sprout", heading: Any = rx.el.h2
) -> rx.Component:
    """Return what a page shows while there is nothing: what would be here, and the next step."""
    return rx.el.section(
        icon(symbol, "big"),
        heading(worded(title)),
        rx.el.p(worded(text)),
        rx.el.div(*actions, class_name="actions"),
        class_name="empty",
    )


def progress(value: Var | None, *, label: Text, **props: Any) -> rx.Component:
    """Return a progress bar, 0 to 100; ``None`` while the end is not known."""
    if value is not None:
        props["value"] = value
    return rx.el.progress(max=100, aria_label=worded(label), **props)
