"""Compile and bundle the frontend; run as a process of its own by ``frontend.ensure``.

Does what ``reflex export --frontend-only --no-zip --no-ssr`` does, without the parts of ``reflex init`` that write
into the checkout, and stops after compiling when the browser would get the very same thing as before.

Usage: ``python -m smartfolio_app.build.driver [DIGEST_OF_A_KEPT_PRODUCT ...]``. Lines that start with ``@@`` are
for the caller: ``@@ step NAME`` and finally ``@@ product DIGEST built|kept``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from smartfolio_app.build.fingerprint import digest_of

# Made by the bundler or different at each run; everything else in the folder decides what the browser gets.
NOT_COMPILED = {
    "node_modules",
    "build",
    ".react-router",
    "reflex.json",
    "reflex.install_frontend_packages.cached",
}
NOT_COMPILED |= {"bun.lock", "locks", "nocompile"}


def compiled_digest(web_dir: Path) -> str:
    """SHA-256 (hex) of what the bundler is about to read, and of what finishes its output."""
    paths = [
        path
        for path in sorted(web_dir.rglob("*"))
        if path.relative_to(web_dir).parts[0] not in NOT_COMPILED and path.is_file()
    ]
    finishing = Path(__file__).with_name("plugins.py").read_bytes()
    lock = (Path.cwd() / "reflex.lock" / "bun.lock").read_bytes()
    return digest_of(paths, web_dir, finishing, lock)


def main(kept: list[str]) -> None:
    from reflex.utils import build, prerequisites
    from reflex_base import constants
    from reflex_base.config import get_config
    from reflex_base.environment import environment

    environment.REFLEX_COMPILE_CONTEXT.set(constants.CompileContext.EXPORT)
    get_config()
    say("step prepare")
    if prerequisites.needs_reinit():
        prerequisites.initialize_reflex_user_directory()
        prerequisites.initialize_frontend_dependencies()
    say("step compile")
    prerequisites.get_compiled_app(prerender_routes=False, trigger="export")
    build.setup_frontend(Path.cwd())
    digest = compiled_digest(prerequisites.get_web_dir())
    if digest in kept:
        say(f"product {digest} kept")
        return
    say("step bundle")
    build.build()
    say(f"product {digest} built")


def say(text: str) -> None:
    print(f"@@ {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
