"""Native dialogs: the browser keeps the focus inside, Escape closes, the page behind is inert."""

from __future__ import annotations

from typing import Any, Literal

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, button, classes, icon_button, worded


class NativeDialog(rx.Component):
    """``<dialog>`` driven by a var: ``open`` shows it as a modal; ``on_close`` says the user wants it closed."""

    library = "$/public/js/dialog.jsx"
    tag = "NativeDialog"

    open: Var[bool]
    label: Var[str]
    on_close: rx.EventHandler[rx.event.no_args_event_spec]


def dialog(
    *content: Any,
    open: Var,  # noqa: A002
    on_close: Any,
    title: Text,
    footer: Any = None,
    side: Literal["", "drawer"] = "",
    wide: bool = False,
) -> rx.Component:
    """Return a modal: in the middle, or a drawer at the side; both become a sheet on a phone.

    ``open`` is a state var, ``on_close`` the handler that makes it false. The content is only rendered while open.
    """
    words = worded(title)
    return NativeDialog.create(
        rx.el.header(rx.el.h2(words), icon_button("x", "common.close", on_click=on_close)),
        rx.el.div(*content, class_name="body stack"),
        *([] if footer is None else [rx.el.footer(footer)]),
        open=open,
        on_close=on_close,
        label=words,
        class_name=classes(side, "wide" if wide else ""),
    )


def confirm(
    *content: Any,
    open: Var,  # noqa: A002
    on_close: Any,
    on_confirm: Any,
    title: Text,
    action: Text,
    danger: bool = True,
) -> rx.Component:
    """Return a question with two answers; ``content`` says what will happen."""
    return dialog(
        *content,
        open=open,
        on_close=on_close,
        title=title,
        footer=rx.fragment(
            button("common.cancel", kind="ghost", on_click=on_close),
            button(action, kind="danger" if danger else "primary", on_click=on_confirm),
        ),
    )
