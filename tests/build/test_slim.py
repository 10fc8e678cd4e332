"""What the image leaves out is there to be left out, and the app does without it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from smartfolio_app.build.environment import run_environment
from smartfolio_app.build.slim import LEFT_OUT, LeftOut, NothingToLeaveOutError, chosen, slim
from smartfolio_app.settings import PROJECT_ROOT

SITE_PACKAGES = Path(sysconfig.get_path("purelib"))

#: Imports every module of the app in a fresh interpreter, and prints the files that all that is loaded came from.
LOAD_EVERYTHING = """
import importlib, pkgutil, sys
import smartfolio_app
for module in pkgutil.walk_packages(smartfolio_app.__path__, "smartfolio_app."):
    if ".migrations" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print("\\n".join(filter(None, (getattr(one, "__file__", None) for one in list(sys.modules.values())))))
"""


def test_every_entry_takes_something_away() -> None:
    sizes = {}
    for entry in LEFT_OUT:
        found = list(chosen(SITE_PACKAGES, entry))
        assert found, f"{entry.paths} matches nothing: the list has rotted"
        sizes[entry.paths] = len(found)
    assert len(sizes) == len(LEFT_OUT)


def test_the_app_loads_nothing_that_is_left_out(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD_EVERYTHING],
        env={
            **os.environ,
            **run_environment(tmp_path / "web"),
            "PYTHONPATH": str(PROJECT_ROOT),
            "SMARTFOLIO_DATA_DIR": str(tmp_path / "data"),
        },
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {Path(line) for line in done.stdout.splitlines() if line.startswith("/")}
    assert len(loaded) > 500
    gone = {path for entry in LEFT_OUT for path in chosen(SITE_PACKAGES, entry)}
    assert [str(one) for one in loaded if not gone.isdisjoint({one, *one.parents})] == []


def test_no_exchange_that_is_asked_asynchronously_needs_one_of_the_others() -> None:
    ccxt = SITE_PACKAGES / "ccxt"
    gone = {path.stem for entry in LEFT_OUT for path in chosen(SITE_PACKAGES, entry) if path.parent == ccxt}
    assert {"kraken", "binance"} <= gone
    imported = re.compile(r"^\s*(?:from|import) ccxt\.(\w+)", re.MULTILINE)
    kept = [path for room in ("async_support", "base", "abstract") for path in (ccxt / room).rglob("*.py")]
    needed = {name for path in kept for name in imported.findall(path.read_text(encoding="utf-8"))}
    assert needed.isdisjoint(gone)


def test_both_languages_keep_every_region_of_theirs() -> None:
    data = next(entry for entry in LEFT_OUT if entry.keep)
    gone = {path.stem for path in chosen(SITE_PACKAGES, data)}
    assert {"de", "es", "zh"} <= gone
    assert gone.isdisjoint({"root", "en", "en_GB", "fr", "fr_CH"})


def test_slimming_removes_what_it_names_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/tests/one.py", "a/b/tests/deep/two.py", "a/b/kept.py", "c/en.dat", "c/de.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 10)
    entries = (LeftOut(("a/**/tests",), "tests"), LeftOut(("c/*.dat",), "languages", keep="en"))
    monkeypatch.setattr("smartfolio_app.build.slim.LEFT_OUT", entries)
    assert slim(tmp_path) == 30
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["en.dat", "kept.py"]
    with pytest.raises(NothingToLeaveOutError):
        slim(tmp_path)
