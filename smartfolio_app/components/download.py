"""A link that the browser itself follows, to save what the server answers: the router would look for a page there."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import Text, classes, worded
from smartfolio_app.components.icons import icon


class _PlainLink(rx.Component):
    """``<a download>``."""

    tag = "a"
    _is_tag_in_global_scope = True

    href: Var[str]
    download: Var[str]


def download_button(label: Text, href: str | Var, *, kind: str = "") -> rx.Component:
    """Return a link with words that saves the file at ``href`` under the name the server gives it."""
    return _link(icon("download"), worded(label), href=href, class_name=classes("button", kind))


def download_icon(label: Text, href: str | Var, name: str | Var = "") -> rx.Component:
    """Return a link that shows only an icon; it saves the file at ``href`` as ``name``."""
    words = worded(label)
    return _link(
        icon("download"), href=href, download=name, class_name="icon-button", aria_label=words, title=words
    )


def _link(*children: Any, href: str | Var, download: str | Var = "", **props: Any) -> rx.Component:
    return _PlainLink.create(*children, href=href, download=download, **props)
