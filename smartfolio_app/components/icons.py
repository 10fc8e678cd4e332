"""Line icons (Lucide), one import an icon so that only those in use are shipped."""

from __future__ import annotations

import reflex as rx


def icon(name: str, *classes: str) -> rx.Component:
    """Return a decorative icon; the control around it carries the words. ``classes``: ``tiny`` or ``big``."""
    return rx.icon(name, class_name=" ".join(("icon", *classes)), custom_attrs={"aria-hidden": "true"})
