"""Tells the page how the files it sent were taken: Reflex's own upload tells nobody when it is done, or why not."""

from __future__ import annotations

import reflex as rx
from reflex.event import no_args_event_spec, passthrough_event_spec


class WatchUploads(rx.Component):
    """See ``assets/js/watch_uploads.jsx``."""

    library = "$/public/js/watch_uploads.jsx"
    tag = "WatchUploads"

    on_taken: rx.EventHandler[no_args_event_spec]
    on_failed: rx.EventHandler[passthrough_event_spec(int, int)]
