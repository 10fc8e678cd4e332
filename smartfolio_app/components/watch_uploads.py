"""Tells the page when files it sent were not taken: Reflex's own upload only writes that to the console."""

from __future__ import annotations

import reflex as rx
from reflex.event import passthrough_event_spec


class WatchUploads(rx.Component):
    """See ``assets/js/watch_uploads.jsx``."""

    library = "$/public/js/watch_uploads.jsx"
    tag = "WatchUploads"

    on_failed: rx.EventHandler[passthrough_event_spec(int, int)]
