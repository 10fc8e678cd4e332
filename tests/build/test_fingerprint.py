"""What counts as a source of the pages, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartfolio_app.build.fingerprint import source_fingerprint


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small checkout."""
    for name in (
        "rxconfig.py",
        "requirements/runtime.txt",
        "requirements/dev.txt",
        "reflex.lock/bun.lock",
        "assets/logo.svg",
        "assets/external/linked.js",
        "smartfolio_app/pages/dashboard.py",
        "smartfolio_app/services/wealth.py",
        "smartfolio_app/i18n/fr/nav.toml",
        "smartfolio_app/api/app.py",
        "smartfolio_app/commands/run.py",
        "smartfolio_app/cli.py",
        "smartfolio_app/storage/migrations/0001.py",
        "tests/test_it.py",
        "docs/guide.md",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("as it was")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "rxconfig.py",
        "requirements/runtime.txt",
        "reflex.lock/bun.lock",
        "assets/logo.svg",
        "smartfolio_app/pages/dashboard.py",
        "smartfolio_app/services/wealth.py",
        "smartfolio_app/i18n/fr/nav.toml",
    ],
)
def test_a_change_that_may_reach_the_browser_changes_the_fingerprint(tree: Path, name: str) -> None:
    before = source_fingerprint(tree)
    (tree / name).write_text("changed")
    assert source_fingerprint(tree) != before


@pytest.mark.parametrize(
    "name",
    [
        "requirements/dev.txt",
        "assets/external/linked.js",
        "smartfolio_app/api/app.py",
        "smartfolio_app/commands/run.py",
        "smartfolio_app/cli.py",
        "smartfolio_app/storage/migrations/0001.py",
        "tests/test_it.py",
        "docs/guide.md",
    ],
)
def test_a_change_that_cannot_reach_the_browser_does_not(tree: Path, name: str) -> None:
    before = source_fingerprint(tree)
    (tree / name).write_text("changed")
    assert source_fingerprint(tree) == before


def test_compiled_python_does_not_count(tree: Path) -> None:
    before = source_fingerprint(tree)
    cache = tree / "smartfolio_app" / "pages" / "__pycache__"
    cache.mkdir()
    (cache / "dashboard.cpython-311.pyc").write_bytes(b"\0")
    assert source_fingerprint(tree) == before


def test_renaming_and_removing_count(tree: Path) -> None:
    seen = {source_fingerprint(tree)}
    page = tree / "smartfolio_app" / "pages" / "dashboard.py"
    renamed = page.rename(page.with_name("overview.py"))
    seen.add(source_fingerprint(tree))
    renamed.unlink()
    seen.add(source_fingerprint(tree))
    assert len(seen) == 3


def test_touching_a_file_without_changing_it_does_not_count(tree: Path) -> None:
    before = source_fingerprint(tree)
    (tree / "rxconfig.py").touch()
    assert source_fingerprint(tree) == before
