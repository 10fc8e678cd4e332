"""``smartfolio test``: everything that must hold, in one command; a stage that cannot run has failed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import typer

from smartfolio_app.build.places import ROOT
from smartfolio_app.commands.console import CommandError, Steps, sentence

PYTHON = [sys.executable, "-P"]
WORKERS = 2  # what the smallest machine it is meant for has; more make no browser faster


class Stage(StrEnum):
    """The stages in the order they run: the quickest to complain first."""

    lint = "lint"
    types = "types"
    unit = "unit"
    rest = "rest"
    e2e = "e2e"


COMMANDS: dict[Stage, list[list[str]]] = {
    Stage.lint: [
        [*PYTHON, "-m", "ruff", "check", "."],
        [*PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
        [*PYTHON, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
    ],
    Stage.types: [[sys.executable, "-m", "mypy"]],
}
MARKERS = {Stage.unit: "not e2e and not rest", Stage.rest: "rest and not e2e", Stage.e2e: "e2e"}
#: Where a stage's tests are; the first one's are in all other folders. What is not read costs no time.
FOLDERS = {Stage.rest: ["api", "promises"], Stage.e2e: ["e2e"]}
# Tests must not depend on how this machine runs its own SmartFolio; only where tools are found is passed on.
PASSED_ON = {"SMARTFOLIO_VENV", "SMARTFOLIO_WORK_DIR", "SMARTFOLIO_CHROMIUM"}
# As pytest ends: three equals signs or more, "3 failed, 120 passed in 12.34s (0:00:12)", and again equals signs.
CLOSING_LINE = re.compile(r"^=+ (?P<counts>.*) in [\d.]+s\b.*=+$")
NOTHING_COLLECTED = 5


@dataclass
class Result:
    """How one stage ended; ``counts`` are pytest's own words: ``passed``, ``failed``, ``skipped``..."""

    stage: Stage
    seconds: float = 0.0
    failed: bool = False
    counts: Counter[str] = field(default_factory=Counter)


def run_tests(
    context: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Leave out the browser and slow tests.")] = False,
    only: Annotated[list[Stage] | None, typer.Option(help="Only this stage; may be repeated.")] = None,
) -> None:
    """Lint, types, import contracts, unit, REST and browser tests. Other arguments go to pytest."""
    stages = list(only or Stage)
    left_out = []
    if fast:
        left_out = ["slow tests"] + (["e2e"] if Stage.e2e in stages else [])
        stages = [stage for stage in stages if stage is not Stage.e2e]
    started = time.monotonic()
    results = [_run_stage(stage, context.args, fast=fast) for stage in stages]
    _report(results, left_out, time.monotonic() - started)
    if any(result.failed for result in results):
        raise typer.Exit(1)


def _run_stage(stage: Stage, arguments: list[str], *, fast: bool) -> Result:
    print(f"\n--- {stage.value} " + "-" * (70 - len(stage.value)), flush=True)
    result = Result(stage)
    started = time.monotonic()
    try:
        if stage in COMMANDS:
            passed = [
                _passes(command) for command in COMMANDS[stage]
            ]  # each one, not only to the first failure
            result.failed = not all(passed)
        else:
            if stage is Stage.e2e:
                _prepare_browser_and_pages()
            _run_pytest(result, arguments, fast=fast)
    except CommandError as error:
        print(f"{stage.value}: {sentence(error)}", flush=True)
        result.failed = True
    result.seconds = time.monotonic() - started
    print(f"--- {stage.value}: {'FAILED' if result.failed else 'ok'} in {result.seconds:.1f} s", flush=True)
    return result


def _passes(command: list[str]) -> bool:
    """Run a checker; what it says matters only when it complains."""
    environment = _environment()
    if "mypy" in command:  # it takes what PYTHONPATH names for somebody else's library
        del environment["PYTHONPATH"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def _run_pytest(result: Result, arguments: list[str], *, fast: bool) -> None:
    marker = MARKERS[result.stage] + (" and not slow" if fast else "")
    command = [*PYTHON, "-m", "pytest", "-m", marker, "-o", f"testpaths={' '.join(_places(result.stage))}"]
    # Neighbours stay together (they share fixtures, the browser tests one server a worker) until a worker is idle.
    command += ["-n", str(WORKERS), "--dist", "worksteal"]
    if sys.stdout.isatty():
        command.append("--color=yes")
    with subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as pytest:
        for line in pytest.stdout or ():
            print(line, end="", flush=True)
            if closing := CLOSING_LINE.match(_without_colour(line.strip())):
                result.counts = _counted(closing["counts"])
    # An argument such as `-k word` may leave a stage without tests; a stage that has none by itself is broken.
    nothing = pytest.returncode == NOTHING_COLLECTED and bool(arguments)
    result.failed = pytest.returncode != 0 and not nothing


def _places(stage: Stage) -> list[str]:
    """Return where to look for a stage's tests unless the arguments name a place; the markers tell them apart."""
    if stage in FOLDERS:
        return [f"tests/{name}" for name in FOLDERS[stage]]
    elsewhere = {name for names in FOLDERS.values() for name in names}
    found = (path for path in (ROOT / "tests").iterdir() if path.is_dir() or path.name.startswith("test_"))
    return sorted(f"tests/{path.name}" for path in found if path.name not in elsewhere | {"__pycache__"})


def _counted(text: str) -> Counter[str]:
    words = re.findall(r"(\d+) ([a-z]+)", text)
    return Counter(
        {name.removesuffix("s") if name == "errors" else name: int(count) for count, name in words}
    )


def _without_colour(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def _prepare_browser_and_pages() -> None:
    """Do the long, explainable work before the tests, so that none of it looks like a slow test."""
    from smartfolio_app.commands.browser import ensure_chromium
    from smartfolio_app.commands.build import ensure_frontend

    steps = Steps()
    try:
        print(f"browser: {ensure_chromium(steps)}", flush=True)
    finally:
        steps.done()
    ensure_frontend()


def _environment() -> dict[str, str]:
    ours = ("SMARTFOLIO_", "SECURITY_", "DATABASE_URL", "REDIS_URL", "REFLEX_", "__REFLEX_")
    kept = {
        name: value for name, value in os.environ.items() if name in PASSED_ON or not name.startswith(ours)
    }
    # Compiled once and kept, as for anybody: a run starts many processes, and each would do it all again.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": str(ROOT)}


def _report(results: list[Result], left_out: list[str], seconds: float) -> None:
    """Print the stages and, last, one line in pytest's own form over all of them.

    A failed stage without failed tests (lint, types, a browser that is missing) counts as an error in that line.
    """
    print()
    for result in results:
        print(f"{result.stage.value:>6}  {'FAILED' if result.failed else 'ok':<6}  {result.seconds:6.1f} s")
    if left_out:
        print(f"Left out by --fast: {', '.join(left_out)}")
    failed = [result.stage.value for result in results if result.failed]
    if failed:
        print(f"Failed stages: {', '.join(failed)}")
    total = sum((result.counts for result in results), Counter[str]())
    total["error"] += sum(result.failed and not result.counts["failed"] for result in results)
    order = ("failed", "passed", "skipped", "xfailed", "error")
    words = [f"{total[name]} {name}" for name in order if total[name]]
    if total["error"] > 1:
        words[-1] += "s"
    counts = ", ".join(words) or "no tests ran"
    print(f"===== {counts} in {seconds:.2f}s =====", flush=True)
