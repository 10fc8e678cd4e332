"""axe-core on the page as it is shown, under the page's own strict policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python

from tests.e2e.acts import comes_true

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def accessibility_faults(
    page: Page, *, leave_out: tuple[str, ...] = (), patience_seconds: float = 10
) -> list[str]:
    """WCAG A and AA faults that axe finds, one line each: rule, impact, element, what is wrong.

    A fault is one that stays: what is found in a page that is still being filled is looked for again, for as long as
    ``patience_seconds``. ``leave_out`` names rules (``color-contrast``) a test has a reason not to ask for.
    """
    found: list[str] = []

    def none() -> bool:
        found[:] = _faults_now(page, leave_out)
        return not found

    comes_true(page, none, patience_seconds)
    return found


def _faults_now(page: Page, leave_out: tuple[str, ...]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(f"() => {{ {_axe()} }}")
    found: dict[str, Any] = page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})",
        RULES,
    )
    return [
        f"{fault['id']} ({fault['impact']}): {node['html'][:160]} - {node['failureSummary']}"
        for fault in found["violations"]
        if fault["id"] not in leave_out
        for node in fault["nodes"]
    ]
