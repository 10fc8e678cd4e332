"""Reflex's configuration. Everything a user may set lives in ``smartfolio_app.settings`` instead.

The frontend is built without any address in it (see ``SameOriginPlugin``), so one build serves every host and port.
"""

import reflex as rx

from smartfolio_app.build.fonts import FontsPlugin
from smartfolio_app.build.plugins import SameOriginPlugin

config = rx.Config(
    app_name="smartfolio_app",
    telemetry_enabled=False,
    # Nobody else's page may read an answer. (The websocket's door checks the origin by itself.)
    cors_allowed_origins=(),
    show_built_with_reflex=False,
    default_color_mode="system",
    frontend_compression_formats=["brotli", "gzip"],
    plugins=[FontsPlugin(), SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
