"""Reflex plugins that finish the built frontend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reflex_base.plugins import Plugin

from smartfolio_app.build.errors import FrontendBuildError

if TYPE_CHECKING:
    from pathlib import Path

# Reflex bakes the address it was configured with (`ws://localhost:8000/_event`, `http://localhost:8000/_upload`...)
# into one small chunk, as string literals.
_BAKED_ADDRESS = re.compile(
    r"""(["'`])(http|ws)s?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?(/[^"'`]*)?\1"""
)


def with_page_origin(chunk: str) -> tuple[str, int]:
    """Replace every baked-in local address by the origin of the page itself.

    Args:
        chunk: JavaScript source of the ``reflex-env`` chunk.

    Returns:
        The rewritten source, and how many addresses were replaced. Websocket addresses become http(s) ones,
        which socket.io upgrades by itself with the page's own scheme.
    """
    return _BAKED_ADDRESS.subn(lambda found: f"(location.origin+`{found.group(3) or ''}`)", chunk)


class SameOriginPlugin(Plugin):
    """Make the page talk to the server it came from, whatever the host, port and scheme.

    Runs after bundling and before the compressed copies are made.
    """

    def post_build(self, **context: Any) -> None:
        """Rewrite the environment chunk.

        Raises:
            FrontendBuildError: No chunk holds an address, so Reflex's output has changed shape; serving it would
                send every user's browser to port 8000 of their own machine.
        """
        static_dir: Path = context["static_dir"]
        replaced = 0
        for path in sorted(static_dir.glob("assets/reflex-env-*.js")):
            source, count = with_page_origin(path.read_text(encoding="utf-8"))
            if count:
                path.write_text(source, encoding="utf-8")
                replaced += count
        if not replaced:
            raise FrontendBuildError("build.no_environment_chunk", folder=str(static_dir / "assets"))
