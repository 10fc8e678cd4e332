"""Each thing is broken for real, and the checks report it; a healthy installation has no error."""

from __future__ import annotations

import ast
import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner

from smartfolio_app import cli
from smartfolio_app.i18n.catalog import LANGUAGES
from smartfolio_app.keys import check_keys
from smartfolio_app.services import accounts, audit, market_data, sources
from smartfolio_app.services.health import Bytes, Finding, disk, examination, examine, is_healthy
from smartfolio_app.services.health.readiness import readiness
from smartfolio_app.settings import Settings, get_settings
from smartfolio_app.storage import engine
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import HealthDismissal
from smartfolio_app.storage.vault import open_vault

SECRET = "planted-Provider-Secret-9981"


@pytest.fixture(autouse=True)
def _providers_closed():
    yield
    market_data.close()


@pytest.fixture
def home(settings: Settings) -> Settings:
    """An installation in use: keys, a user, a source with a credential, some history in the audit log."""
    check_keys(settings)
    if not settings.database_url:
        (settings.data_dir / "smartfolio.sqlite").chmod(0o600)
    with session_scope() as db:
        user = accounts.create_user(db, "alice", "correct horse battery", admin=True)
        source = sources.add(db, user.id, "kraken_csv", "Kraken")
        open_vault(settings).set(db, source.id, "secret", SECRET)
        audit.record(db, user.id, "test.done", {"n": 1})
        audit.record(db, user.id, "test.done", {"n": 2})
    return settings


def codes(settings: Settings, environ: Mapping[str, str] | None = None, **options) -> dict[str, Finding]:
    return {finding.code: finding for finding in examine(settings, environ=environ or {}, **options)}


def test_a_healthy_installation_has_no_error(home: Settings) -> None:
    findings = examine(home, environ={})
    assert is_healthy(findings), [f.code for f in findings if f.severity == "error"]
    assert {"database.whole", "audit.whole", "vault.open", "keys.private"} <= {f.code for f in findings}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_its_sentence(home: Settings, language: str) -> None:
    findings = examine(home, environ={"SMARTFOLIO_PROT": "1", "SECURITY_ZZZ": "1"})
    assert all(finding.what(language) for finding in findings)


def test_a_finding_writes_its_instants_and_sizes_as_its_reader_does() -> None:
    clock = Finding("clock", "ok", "clock.plausible", {"now": datetime(2026, 3, 1, 14, 5, tzinfo=UTC)})
    assert "1 mars 2026, 14:05 UTC" in clock.what("fr")
    database = Finding("database", "ok", "database.whole", {"size": Bytes(13_600_000)})
    assert "13,6\u202fMo" in database.what("fr")


def test_a_policy_weakened_on_the_operators_word_is_a_warning(home: Settings) -> None:
    weak = home.model_copy(update={"csp_style_src": "unsafe-inline", "csp_override": "unsafe-inline"})
    found = codes(weak)["settings.policy_weakened"]
    assert found.severity == "warning"
    assert "SECURITY_CSP_STYLE_SRC 'unsafe-inline'" in found.what("en")
    unused = home.model_copy(update={"csp_override": "unsafe-inline"})
    assert "settings.policy_weakened" not in codes(unused)


def test_a_misspelt_variable_is_named_with_what_was_meant(home: Settings) -> None:
    found = codes(home, {"SMARTFOLIO_LOG_LEVLE": "debug"})["settings.misspelt"]
    assert found.severity == "warning"
    assert "SMARTFOLIO_LOG_LEVEL" in found.mend("en")


def test_no_secret_is_shown(home: Settings) -> None:
    key = Fernet.generate_key().decode()
    chosen = home.model_copy(
        update={"session_key": SecretStr(key), "redis_url": "redis://:hunter22@127.0.0.1:9/0"}
    )
    everything = " ".join(
        [f"{finding.params}{finding.facts}{finding.what('en')}" for finding in examine(chosen)]
    )
    for secret in (SECRET, key, "hunter22"):
        assert secret not in everything


def test_a_key_file_that_others_can_read_is_an_error(home: Settings) -> None:
    (home.data_dir / "session.key").chmod(0o644)
    assert codes(home)["keys.readable"].severity == "error"


def test_a_missing_vault_key_locks_and_is_not_replaced(home: Settings) -> None:
    (home.data_dir / "vault.key").unlink()
    assert codes(home)["vault.locked"].severity == "error"
    assert not (home.data_dir / "vault.key").exists()


def test_another_vault_key_locks(home: Settings) -> None:
    chosen = home.model_copy(update={"vault_key": SecretStr(Fernet.generate_key().decode())})
    assert codes(chosen)["vault.locked"].severity == "error"


def test_a_changed_audit_entry_is_found(home: Settings) -> None:
    with session_scope() as db:
        number = db.execute(text("SELECT min(id) FROM audit_entry")).scalar_one()
        db.execute(text("UPDATE audit_entry SET detail = '{}' WHERE id = :id"), {"id": number})
    found = codes(home)["audit.broken"]
    assert found.severity == "error"
    assert found.params["entry"] == number


def test_a_damaged_database_is_an_error_and_not_a_crash(home: Settings) -> None:
    if home.database_url:
        pytest.skip("only a SQLite file can be damaged from here")
    with engine.engine_for(home).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose(home)
    path = home.data_dir / "smartfolio.sqlite"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(bytes(data))
    findings = examine(home, environ={})
    assert not is_healthy(findings)
    assert any(finding.check == "database" and finding.severity == "error" for finding in findings)


def test_an_index_that_postgresql_knows_to_be_broken_is_an_error(home: Settings) -> None:
    if not home.database_url:
        pytest.skip("this is about PostgreSQL")
    spoil = (
        "UPDATE pg_index SET indisvalid = {} WHERE indexrelid ="
        " (SELECT min(indexrelid) FROM pg_index WHERE indrelid = 'audit_entry'::regclass)"
    )
    assert codes(home)["database.whole"].severity == "ok"
    with session_scope() as db:
        db.execute(text(spoil.format("false")))
    try:
        found = codes(home)["database.broken"]
    finally:
        with session_scope() as db:
            db.execute(text(spoil.format("true")))
    assert found.severity == "error"
    assert str(found.params["problem"]).startswith("index ")


def test_another_schema_is_an_error(home: Settings) -> None:
    with session_scope() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert codes(home)["database.schema"].params["found"] == "9999"


def test_a_full_disk_is_an_error(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "TOO_LITTLE", 10**18)
    assert codes(home)["disk.little"].severity == "error"


def test_a_clock_that_went_back_is_a_warning(home: Settings) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert codes(home, now=yesterday)["clock.behind"].params["minutes"] >= 1439


def test_a_silent_redis_is_an_error(home: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: a connection is refused
        url = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        assert codes(home.model_copy(update={"redis_url": url}))["redis.silent"].severity == "error"


def test_a_failing_provider_is_a_warning(home: Settings) -> None:
    with session_scope() as db:
        db.execute(
            text(
                "INSERT INTO provider_state (provider, revision, error) VALUES ('ecb', 0, 'provider.unreachable')"
            )
        )
    assert codes(home)["providers.failing"].severity == "warning"


def test_a_failing_source_is_named_and_the_others_are_counted(home: Settings) -> None:
    with session_scope() as db:
        db.execute(text("UPDATE source SET provider = 'gone' WHERE key LIKE 'kraken%'"))
    found = codes(home)
    assert found["sources.failing"].params["source"]
    assert int(str(found["sources.fine"].params["count"])) >= 1
    assert found["sources.fine"].severity == "info", "not all is well"


def test_no_check_says_that_all_is_well_without_having_looked() -> None:
    """Every "ok" of a check stands under a condition."""
    said = 0
    for path in Path(examination.__file__).parent.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            oks = [
                node for node in ast.walk(function) if isinstance(node, ast.Constant) and node.value == "ok"
            ]
            under = {
                node
                for branch in ast.walk(function)
                if isinstance(branch, ast.If | ast.IfExp)
                for node in ast.walk(branch)
            }
            # What stands after a branch that returns is under a condition, too.
            returning = [
                branch.lineno
                for branch in function.body
                if isinstance(branch, ast.If) and isinstance(branch.body[-1], ast.Return)
            ]
            said += len(oks)
            loose = [
                node.lineno
                for node in oks
                if node not in under and not any(line < node.lineno for line in returning)
            ]
            assert loose == [], f"{path.name}: {loose}"
    assert said > 10


def test_a_check_that_breaks_is_reported_and_takes_no_other_with_it(home: Settings) -> None:
    def broken(_patient):
        raise ZeroDivisionError

    found = examine(home, checks={"odd": broken, "disk": disk.check})
    assert [finding.check for finding in found] == ["odd", "disk"]
    assert found[0].severity == "error"


# ------------------------------------------------------------------------------------------ the shell
def doctor(home: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str):
    monkeypatch.setenv("SMARTFOLIO_DATA_DIR", str(home.data_dir))
    if home.database_url:
        monkeypatch.setenv("DATABASE_URL", home.database_url)
    get_settings.cache_clear()
    try:
        return CliRunner().invoke(cli.app, ["doctor", *arguments])
    finally:
        get_settings.cache_clear()


def test_the_doctor_exits_with_0_when_well_and_1_when_not(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor(home, monkeypatch).exit_code == 0
    (home.data_dir / "vault.key").unlink()
    done = doctor(home, monkeypatch)
    assert done.exit_code == 1
    assert "vault" in done.stdout


def test_the_doctor_speaks_json(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.loads(doctor(home, monkeypatch, "--json").stdout)
    assert answer["healthy"] is True
    assert {"check", "severity", "what", "why", "mend", "facts"} <= answer["findings"][0].keys()


# ------------------------------------------------------------------------------------------ readiness
def test_readiness_needs_the_schema_of_this_program(settings: Settings, tmp_path: Path) -> None:
    assert readiness(settings).ready
    empty = settings.model_copy(update={"data_dir": tmp_path / "empty", "database_url": ""})
    found = readiness(empty)
    assert (found.database, found.migrations, found.ready) == (True, False, False)
    engine.dispose(empty)


def test_readiness_needs_redis_where_it_is_configured(settings: Settings) -> None:
    assert readiness(settings).redis is None
    assert not readiness(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})).ready


def test_what_was_set_aside_as_a_warning_is_told_again_when_it_is_an_error(settings):
    for severity, aside in (("warning", True), ("error", False)):
        found = Finding("disk", severity, "disk.little", {"size": 1})
        with session_scope() as db:
            db.merge(HealthDismissal(finding=found.key, by="ann"))
        (told,) = examine(settings, checks={"disk": lambda _, one=found: iter([one])})
        assert told.dismissed is aside
