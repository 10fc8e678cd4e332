"""``smartfolio build``: build the browser side, so that the first start does not have to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from smartfolio_app.commands.console import Steps

if TYPE_CHECKING:
    from smartfolio_app.build.frontend import Frontend

STEPS = {
    "wait": "waiting for another build to end",
    "prepare": "Building the pages (about half a minute the first time): preparing the workshop",
    "compile": "fetching packages and compiling the pages",
    "bundle": "bundling for the browser",
}


def build(
    force: Annotated[bool, typer.Option("--force", help="Build even when nothing has changed.")] = False,
) -> None:
    """Build the browser side now, if its sources have changed."""
    frontend = ensure_frontend(force=force)
    print(f"{'Built' if frontend.built else 'Up to date'}: {frontend.web_dir}")


def ensure_frontend(*, force: bool = False) -> Frontend:
    """The frontend that fits the sources, built with progress shown when there is none.

    Raises:
        FrontendBuildError: It could not be built.
    """
    from smartfolio_app.build.frontend import ensure

    steps = Steps()
    try:
        return ensure(lambda step: steps(STEPS.get(step, step)), force=force)
    finally:
        steps.done()
