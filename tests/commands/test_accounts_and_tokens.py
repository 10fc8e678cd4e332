"""Accounts, tokens and imports from the shell, in process: what is printed, and what comes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result as Done
from typer.testing import CliRunner

from smartfolio_app import cli
from smartfolio_app.commands.console import sentence
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.security import tokens
from smartfolio_app.services import accounts, imports
from smartfolio_app.settings import Settings, get_settings
from smartfolio_app.storage import engine

EXPORT = Path(__file__).parents[1] / "providers" / "csv" / "fixtures" / "cointracking_trades_en.csv"
PASSWORD = "correct horse battery\n"
Shell = Callable[..., Done]


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Runs ``smartfolio ARGUMENTS`` on the test's data; failures are raised."""
    monkeypatch.setenv("SMARTFOLIO_DATA_DIR", str(settings.data_dir))
    if settings.database_url:
        monkeypatch.setenv("DATABASE_URL", settings.database_url)
    get_settings.cache_clear()

    def run(*arguments: str, stdin: str = "") -> Done:
        done = CliRunner().invoke(cli.app, list(arguments), input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    yield run
    get_settings.cache_clear()


@pytest.fixture
def zoe(shell: Shell) -> str:
    assert shell("user", "add", "zoë", "--admin", stdin=PASSWORD).exit_code == 0
    return "zoë"


def signs_in(name: str, password: str = PASSWORD.strip()) -> bool:
    with engine.session_scope() as db:
        return accounts.authenticate(db, name, password) is not None


def test_an_added_account_can_sign_in_and_is_listed(shell: Shell, zoe: str) -> None:
    assert signs_in(zoe)
    listed = shell("user", "list").stdout
    assert "zoë" in listed
    assert "admin" in listed


def test_a_password_given_as_an_argument_is_not_accepted(shell: Shell) -> None:
    done = shell("user", "add", "careless", "a password on the command line")
    assert done.exit_code == 2
    assert "careless" not in shell("user", "list").stdout


def test_a_disabled_account_is_shut_until_it_is_enabled(shell: Shell, zoe: str) -> None:
    shell("user", "add", "max", stdin=PASSWORD)
    shell("user", "disable", "max")
    assert not signs_in("max")
    shell("user", "enable", "max")
    assert signs_in("max")


def test_the_last_administrator_cannot_be_shut_out(shell: Shell, zoe: str) -> None:
    with pytest.raises(SmartFolioError) as caught:
        shell("user", "disable", zoe)
    assert zoe in sentence(caught.value)
    assert signs_in(zoe)


def test_a_new_password_replaces_the_old_one(shell: Shell, zoe: str) -> None:
    shell("user", "passwd", zoe, stdin="another good password\n")
    assert signs_in(zoe, "another good password")
    assert not signs_in(zoe)


def test_a_token_is_the_last_line_and_works_until_it_is_revoked(shell: Shell, zoe: str) -> None:
    token = shell("token", "create", zoe, "--scope", "write").stdout.splitlines()[-1]
    with engine.session_scope() as db:
        found = tokens.find(db, token)
    assert found is not None
    assert found.viewer.scope == "write"
    assert token[-4:] in shell("token", "list", zoe).stdout
    shell("token", "revoke", zoe, found.token_id)
    with engine.session_scope() as db:
        assert tokens.find(db, token) is None


def test_a_token_reads_only_unless_asked_otherwise(shell: Shell, zoe: str) -> None:
    token = shell("token", "create", zoe).stdout.splitlines()[-1]
    with engine.session_scope() as db:
        found = tokens.find(db, token)
    assert found is not None
    assert found.viewer.scope == "read"


def test_a_dry_run_stores_nothing_and_importing_twice_adds_nothing(shell: Shell, zoe: str) -> None:
    tried = shell("import", str(EXPORT), "--user", zoe, "--dry-run").stdout
    assert "would be added" in tried
    first = shell("import", str(EXPORT), "--user", zoe).stdout
    assert tried.split(",")[0] == first.split(",")[0]
    assert "0 already there" in first
    assert ", 0 added," in shell("import", str(EXPORT), "--user", zoe).stdout
    with engine.session_scope() as db:
        assert len(imports.batches(db, accounts.find_user(db, zoe).id)) == 2
    elsewhere = shell("import", str(EXPORT), "--user", zoe, "--timezone", "Asia/Tokyo", "--dry-run").stdout
    assert "read in another time zone" in elsewhere


def test_an_expected_failure_is_one_line_and_status_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["smartfolio", "token", "create", "nobody"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("smartfolio: ")
