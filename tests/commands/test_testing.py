"""The test command itself: a stage that cannot run has failed, and the last line tells the whole truth."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from smartfolio_app.commands import testing
from smartfolio_app.commands.console import CommandError
from smartfolio_app.commands.testing import Result, Stage


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command with every tool replaced by one that succeeds."""
    monkeypatch.setattr(testing, "COMMANDS", {Stage.lint: [ok()], Stage.types: [ok()]})
    monkeypatch.setattr(testing, "_prepare_browser_and_pages", lambda: None)
    return CliRunner()


def ok() -> list[str]:
    return [sys.executable, "-c", ""]


def closing(output: str) -> str:
    return output.strip().splitlines()[-1]


def invoke(run: CliRunner, *arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
        testing.run_tests
    )
    done = run.invoke(app, list(arguments))
    return done.exit_code, done.output


def test_pytests_closing_line_is_read_with_its_counts() -> None:
    line = "= 3 failed, 120 passed, 2 skipped, 1 xfailed, 2 errors in 83.04s (0:01:23) ="
    found = testing.CLOSING_LINE.match(line)
    assert found
    assert testing._counted(found["counts"]) == {
        "failed": 3,
        "passed": 120,
        "skipped": 2,
        "xfailed": 1,
        "error": 2,
    }


def test_colours_do_not_hide_the_closing_line() -> None:
    line = "\x1b[32m==== \x1b[32m\x1b[1m4 passed\x1b[0m\x1b[32m in 0.12s\x1b[0m\x1b[32m ====\x1b[0m"
    found = testing.CLOSING_LINE.match(testing._without_colour(line))
    assert found
    assert found["counts"] == "4 passed"


def test_the_last_line_sums_all_stages_in_pytests_own_form(capsys: pytest.CaptureFixture[str]) -> None:
    results = [
        Result(Stage.unit, 1.0, counts=Counter(passed=100, skipped=2)),
        Result(Stage.rest, 2.0, counts=Counter(passed=20)),
        Result(Stage.e2e, 3.0, failed=True, counts=Counter(passed=8, failed=1)),
    ]
    testing._report(results, [], 6.0)
    said = capsys.readouterr().out
    assert closing(said) == "===== 1 failed, 128 passed, 2 skipped in 6.00s ====="
    assert "Failed stages: e2e" in said


def test_a_failed_stage_without_tests_counts_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    testing._report([Result(Stage.lint, failed=True), Result(Stage.unit, counts=Counter(passed=5))], [], 1.0)
    assert closing(capsys.readouterr().out) == "===== 5 passed, 1 error in 1.00s ====="


def test_a_stage_whose_tool_fails_fails_the_command(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [sys.executable, "-c", "raise SystemExit(2)"]
    monkeypatch.setattr(testing, "COMMANDS", {Stage.lint: [broken, ok()], Stage.types: [ok()]})
    code, output = invoke(run, "--only", "lint", "--only", "types")
    assert code == 1
    assert "Failed stages: lint" in output
    assert "lint, types" not in output


def test_a_missing_browser_fails_the_browser_stage(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise CommandError("command.no_chromium", tried="nothing")

    monkeypatch.setattr(testing, "_prepare_browser_and_pages", none)
    code, output = invoke(run, "--only", "e2e")
    assert code == 1
    assert "the browser tests need Chromium" in output
    assert closing(output).startswith("===== 1 error in")


def test_fast_says_what_it_leaves_out(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Stage] = []
    monkeypatch.setattr(testing, "_run_pytest", lambda result, *_, **__: asked.append(result.stage))
    code, output = invoke(run, "--fast")
    assert code == 0
    assert asked == [Stage.unit, Stage.rest]
    assert "Left out by --fast: slow tests, e2e" in output


def test_a_stage_without_any_test_is_broken_unless_the_caller_chose_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(testing, "PYTHON", [sys.executable, "-c", "raise SystemExit(5)"])
    for arguments, failed in (([], True), (["-k", "nothing"], False)):
        result = Result(Stage.unit)
        testing._run_pytest(result, arguments, fast=False)
        assert result.failed is failed


def test_every_test_is_looked_for_by_one_stage_alone() -> None:
    looked = [testing._places(stage) for stage in (Stage.unit, Stage.rest, Stage.e2e)]
    assert looked[1:] == [["tests/api", "tests/promises"], ["tests/e2e"]]
    found = [path for places in looked for place in places for path in files_in(testing.ROOT / place)]
    assert sorted(found) == sorted(files_in(testing.ROOT / "tests"))
    assert len(found) > 200


def files_in(place: Path) -> list[Path]:
    return [place] if place.is_file() else list(place.rglob("test_*.py"))


def test_the_places_are_for_who_names_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = tmp_path / "said"
    script = f"import sys; open({str(said)!r}, 'w').write('|'.join(sys.argv[1:]))"
    monkeypatch.setattr(testing, "PYTHON", [sys.executable, "-c", script])
    testing._run_pytest(Result(Stage.e2e), ["tests/e2e/test_trust.py"], fast=False)
    assert "-o|testpaths=tests/e2e|" in said.read_text()
    assert said.read_text().endswith("|tests/e2e/test_trust.py")


def test_tests_do_not_see_how_this_machine_runs_its_own_smartfolio(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMARTFOLIO_DATA_DIR", "SECURITY_TRUSTED_PROXIES", "DATABASE_URL", "REFLEX_WEB_WORKDIR"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("SMARTFOLIO_CHROMIUM", "/opt/chromium")
    environment = testing._environment()
    assert "mine" not in environment.values()
    assert environment["SMARTFOLIO_CHROMIUM"] == "/opt/chromium"


def test_what_python_compiles_is_kept_from_one_process_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in testing._environment()
