"""The typeface, from its package: self-hosted, hashed by the bundler, only the needed subset is loaded."""

from __future__ import annotations

from typing import Any

from reflex_base.plugins import Plugin

#: Geist, under the SIL Open Font License 1.1; its figures are tabular where the stylesheet asks for it.
FONTS = {"@fontsource-variable/geist": "5.3.0"}


class FontsPlugin(Plugin):
    """Adds the font package to the frontend, and its faces to its stylesheet."""

    def get_frontend_dependencies(self, **_context: Any) -> tuple[str, ...]:
        """Return the packages, each with its version."""
        return tuple(f"{name}@{version}" for name, version in FONTS.items())

    def get_stylesheet_paths(self, **_context: Any) -> tuple[str, ...]:
        """Return the stylesheets that declare the faces."""
        return tuple(f"{name}/index.css" for name in FONTS)
