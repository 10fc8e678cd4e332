"""A form that the browser itself sends: sign-in needs an answer that sets a cookie, which no websocket can."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var


class NativeForm(rx.Component):
    """A plain ``<form method="post">``; Reflex's own always keeps the browser from sending it."""

    tag = "form"
    _is_tag_in_global_scope = True

    action: Var[str]
    method: Var[str] = Var.create("post")


class ZoneField(rx.Component):
    """A hidden field with the browser's time zone; see ``assets/js/zone_field.jsx``."""

    library = "$/public/js/zone_field.jsx"
    tag = "ZoneField"

    name: Var[str]
