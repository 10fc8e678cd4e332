"""A person with a session of their own and files to bring, for the pages that change something."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.app import Person, RunningApp


def session_cookies(app: RunningApp, person: Person) -> list[dict[str, Any]]:
    """Sign in once, for as many pages as wanted: signing in is limited."""
    form = {"name": person.name, "password": person.password}
    answer = httpx.post(f"{app.url}/auth/login", data=form, headers={"Origin": app.url}, timeout=30)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/", answer.headers["location"]
    return [{"name": one.name, "value": one.value, "url": app.url} for one in answer.cookies.jar]


def change(app: RunningApp, cookies: list[dict[str, Any]], **preferences: Any) -> None:
    """Change the person's settings."""
    answer = httpx.patch(
        f"{app.url}/api/settings",
        json=preferences,
        cookies={one["name"]: one["value"] for one in cookies},
        headers={"Origin": app.url},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files in the upload area: (name, content)."""
    page.locator(".drop input[type=file]").set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": data} for name, data in files]
    )


def table(headings: list[str], *rows: list[str], delimiter: str = ",") -> bytes:
    """Return a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([headings, *rows])
    return out.getvalue().encode()
