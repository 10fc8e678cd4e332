"""The launcher where there is nothing but Python: a folder with spaces, another folder, things that are missing."""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "smartfolio"
CLI = """
import json, os, sys, typing
said = {"cwd": os.getcwd(), "args": sys.argv[1:], "python": sys.executable, "work": os.environ["SMARTFOLIO_WORK_DIR"]}
print(json.dumps(said))
"""


def launch(
    checkout: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Start the launcher as a shell would, without this test run's own settings."""
    ours = ("SMARTFOLIO_", "PYTHON", "PIP_", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        [sys.executable, str(checkout / "smartfolio"), *arguments],
        cwd=cwd or checkout,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def make_checkout(folder: Path, lock: str = "") -> Path:
    """A checkout with the real launcher, a lock of the test's choice, and a command line that reports back."""
    (folder / "requirements").mkdir(parents=True)
    (folder / "smartfolio_app").mkdir()
    shutil.copy(LAUNCHER, folder / "smartfolio")
    (folder / "requirements" / "runtime.txt").write_text(lock)
    (folder / "requirements" / "dev.txt").write_text(lock)
    (folder / "smartfolio_app" / "__init__.py").touch()
    (folder / "smartfolio_app" / "cli.py").write_text(CLI)
    return folder


def make_wheel(folder: Path, name: str) -> Path:
    """A tiny pure wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a folder with spaces and an apostrophe, its environment made by a first start."""
    folder = make_checkout(tmp_path_factory.mktemp("it's a place with spaces") / "smart folio")
    first = launch(folder, "version")
    assert first.returncode == 0, first.stderr
    assert "Preparing" in first.stderr
    return folder


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The launcher as a module, its folders inside the test's own."""
    loader = importlib.machinery.SourceFileLoader("launcher", str(LAUNCHER))
    spec = importlib.util.spec_from_loader("launcher", loader)
    assert spec is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(loaded)
    for name, value in {"VENV": tmp_path / "venv", "WORK": tmp_path / "work"}.items():
        setattr(loaded, name, value)
    loaded.PYTHON = loaded.VENV / "bin" / "python"
    loaded.STAMP = loaded.VENV / "smartfolio.json"
    return loaded


def failing_line(module: ModuleType, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the launcher, which must fail with exactly one line that names the program; that line."""
    assert module.main() == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("smartfolio: ")]
    assert len(lines) == 1
    return lines[0]


def test_the_second_start_prepares_nothing(checkout: Path) -> None:
    second = launch(checkout, "version")
    assert second.returncode == 0
    assert second.stderr == ""  # a start that prepares something says so


def test_arguments_and_the_callers_folder_reach_the_command_line(checkout: Path, tmp_path: Path) -> None:
    done = launch(checkout, "import", "my file.csv", "--user", "zoë", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert said["args"] == ["import", "my file.csv", "--user", "zoë"]
    assert said["cwd"] == str(tmp_path)
    assert said["python"].startswith(str(checkout / ".venv"))
    assert said["work"] == str(checkout / ".smartfolio")


def test_a_file_in_the_callers_folder_cannot_shadow_a_module(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "typing.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "smartfolio_app").mkdir()
    (tmp_path / "smartfolio_app" / "cli.py").write_text("raise SystemExit('shadowed')")
    assert launch(checkout, "version", cwd=tmp_path).returncode == 0


def test_a_changed_lock_is_installed_at_the_next_start(checkout: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "tinyone")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (checkout / "requirements" / "runtime.txt").write_text(f"tinyone==1.0 \\\n    --hash=sha256:{digest}\n")
    done = launch(checkout, "version", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent))
    assert done.returncode == 0, done.stderr
    assert list(checkout.glob(".venv/lib/python*/site-packages/tinyone.py"))


def test_a_home_that_cannot_be_written_is_no_obstacle(checkout: Path) -> None:
    done = launch(checkout, "version", HOME="/dev/null", XDG_CACHE_HOME="/dev/null/cache")
    assert done.returncode == 0, done.stderr


def test_a_package_that_is_not_the_tested_one_is_refused(checkout: Path, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "tampered")
    (checkout / "requirements" / "runtime.txt").write_text(
        f"tampered==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    )
    done = launch(checkout, "version", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent))
    assert done.returncode == 1
    assert "not the one this version was tested with" in done.stderr.splitlines()[-1]
    assert not list(checkout.glob(".venv/lib/python*/site-packages/tampered.py"))
    again = launch(checkout, "version", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheel.parent))
    assert again.returncode == 1, "a failed install must not count as done"


def test_an_unreachable_package_index_is_named_as_the_reason(checkout: Path) -> None:
    (checkout / "requirements" / "runtime.txt").write_text(
        f"elsewhere==1.0 \\\n    --hash=sha256:{'0' * 64}\n"
    )
    done = launch(checkout, "version", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert done.returncode == 1
    assert "the package index cannot be reached" in done.stderr.splitlines()[-1]


def test_the_test_command_needs_the_development_lock(checkout: Path) -> None:
    for name in ("runtime", "dev"):
        (checkout / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    assert launch(checkout, "test").returncode == 0
    stamp = json.loads((checkout / ".venv" / "smartfolio.json").read_text())
    assert set(stamp) == {"runtime", "dev"}
    assert launch(checkout, "run").stderr == "", "the development environment serves the app, too"


def test_a_python_that_is_too_old_says_so(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module.OLDEST_PYTHON = (99, 0)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "Python 99.0 or newer is needed" in failing_line(module, capsys)


def test_a_python_that_is_too_old_hands_over_to_a_newer_one(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    for name, script in {
        "python3.13": "exit 127",  # as pyenv does for a version that is switched off
        "python3.12": f'[ "$1" = -c ] && exit 0; echo "$@" > {tmp_path}/said; exit 7',
    }.items():
        (shims / name).write_text(f"#!/bin/sh\n{script}\n")
        (shims / name).chmod(0o755)
    module.OLDEST_PYTHON = (99, 0)
    monkeypatch.setenv("PATH", str(shims))
    monkeypatch.setattr(sys, "argv", ["smartfolio", "run", "--port", "1"])
    assert module.main() == 7
    assert (tmp_path / "said").read_text().split() == [str(LAUNCHER), "run", "--port", "1"]


def test_a_missing_venv_module_says_what_to_install(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "complaint", lambda _: "The virtual environment was not created: ensurepip is not available"
    )
    assert "python3-venv" in failing_line(module, capsys)


def test_a_disk_that_is_too_full_says_how_much_is_needed(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**10, 10**10, 3 * 10**6))
    assert "3 MB are free" in failing_line(module, capsys)


@pytest.mark.parametrize("name", ["WORK", "VENV"])
def test_a_folder_that_cannot_be_written_is_named(
    module: ModuleType, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    (tmp_path / "a file").touch()
    setattr(module, name, tmp_path / "a file" / "below" / "it")
    module.PYTHON = module.VENV / "bin" / "python"
    line = failing_line(module, capsys)
    assert str(tmp_path / "a file") in line
    assert f"SMARTFOLIO_{'WORK_DIR' if name == 'WORK' else name} may name another folder" in line


def test_old_pythons_can_read_the_launcher_far_enough_to_be_told() -> None:
    ast.parse(LAUNCHER.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_launcher_needs_the_standard_library_only() -> None:
    tree = ast.parse(LAUNCHER.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("lock", ["runtime", "dev"])
def test_every_package_in_the_locks_is_pinned_and_hashed(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    for block in text.replace("\\\n", " ").splitlines():
        if block.strip():
            name, _, rest = block.partition("==")
            assert rest, f"{name} is not pinned"
            assert "--hash=sha256:" in rest, f"{name} is not hashed"


def test_the_development_lock_contains_the_runtime_lock() -> None:
    def pins(lock: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if line[:1].isalnum()}

    assert pins("runtime") <= pins("dev")


def test_no_lock_or_configuration_names_a_registry() -> None:
    files = [*ROOT.glob("requirements/*"), *ROOT.glob("reflex.lock/*"), ROOT / ".npmrc", ROOT / "bunfig.toml"]
    files += [ROOT / "pyproject.toml", LAUNCHER]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, f"{path.name} holds an address"
        assert "index-url" not in text.replace("--no-emit-index-url", ""), f"{path.name} names an index"
