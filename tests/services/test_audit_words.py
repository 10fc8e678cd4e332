"""Every action of the audit log has its sentence, filled from what is noted with it."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

import smartfolio_app
from smartfolio_app.i18n import LANGUAGES, known
from smartfolio_app.services.audit import Entry
from smartfolio_app.services.audit_words import sentence

ROOT = Path(smartfolio_app.__file__).parent


def recorded() -> set[str]:
    """Every text such as ``noun.verb`` that is given to ``record`` or to a helper that ends in one."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        if "audit" not in (source := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("record", "_note"):
                for argument in node.args:
                    found |= {
                        one.value
                        for one in ast.walk(argument)
                        if isinstance(one, ast.Constant)
                        and isinstance(one.value, str)
                        and one.value.replace("_", "").replace(".", "").isalpha()
                        and one.value.count(".") == 1
                    }
    return found


def test_every_action_has_its_sentence():
    actions = recorded()
    assert {"session.login", "token.create", "backup.restore", "import.undo"} <= actions
    assert [action for action in sorted(actions) if not known(f"audit.{action}")] == []


def entry(action: str, **detail: str) -> Entry:
    return Entry(1, datetime(2026, 1, 1, tzinfo=UTC), action, detail, "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_filled_from_what_was_noted(language):
    assert "laptop" in sentence(language, entry("session.revoke", device="laptop"))


def test_what_is_not_known_is_told_as_it_is():
    assert sentence("en", entry("moon.land", by="alice", why="")) == "moon.land (by alice)"
    assert sentence("en", entry("session.revoke")) == "session.revoke"
