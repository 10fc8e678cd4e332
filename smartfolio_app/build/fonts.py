"""The two typefaces, from their packages: self-hosted, hashed by the bundler, only the needed subsets are loaded."""

from __future__ import annotations

from typing import Any

from reflex_base.plugins import Plugin

#: Both under the SIL Open Font License 1.1.
FONTS = {"@fontsource-variable/geist": "5.3.0", "@fontsource-variable/geist-mono": "5.3.0"}


class FontsPlugin(Plugin):
    """Adds the font packages to the frontend, and their faces to its stylesheet."""

    def get_frontend_dependencies(self, **_context: Any) -> tuple[str, ...]:
        """Return the packages, each with its version."""
        return tuple(f"{name}@{version}" for name, version in FONTS.items())

    def get_stylesheet_paths(self, **_context: Any) -> tuple[str, ...]:
        """Return the stylesheets that declare the faces."""
        return tuple(f"{name}/index.css" for name in FONTS)
