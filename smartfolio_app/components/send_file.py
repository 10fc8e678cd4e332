"""A button that sends one large file to the REST API."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import passthrough_event_spec
from reflex.vars import Var

from smartfolio_app.components.controls import Text, worded
from smartfolio_app.components.icons import icon


class SendFile(rx.Component):
    """See ``assets/js/send_file.jsx``."""

    library = "$/public/js/send_file.jsx"
    tag = "SendFile"

    to: Var[str]
    accept: Var[str]
    label: Var[str]
    busy: Var[str]
    on_done: rx.EventHandler[rx.event.no_args_event_spec]
    on_failed: rx.EventHandler[passthrough_event_spec(str)]


def send_file(label: Text, to: str, *, busy: Text, accept: str, on_done: Any, on_failed: Any) -> rx.Component:
    """Return the button; ``on_failed`` is told the server's sentence."""
    return SendFile.create(
        icon("upload"),
        to=to,
        accept=accept,
        label=worded(label),
        busy=worded(busy),
        on_done=on_done,
        on_failed=on_failed,
    )
