"""Ours beside its peers in one run: ``python -m benchmarks.compare``.

Makes the trades, installs the peers in an environment of their own, measures every engine in a process of its own
(processor time, medians, peak memory), asks a real server for a dashboard of the same trades, checks that the realised
gains agree, and compares the ratios with the recorded ones: more than a quarter worse is a failure. A ratio is how many
times longer a peer takes for the realised gains of as many trades, so it does not depend on the machine.

``--million`` measures a million trades as well, ``--record`` writes docs/performance.md and the ratios to compare with:
``python -m benchmarks.compare --million --record``, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import venv
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.report import write_report
from benchmarks.trades import write

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = ROOT / ".smartfolio" / "benchmarks"
RECORDED = HERE / "recorded.json"
SIZES = (1_000, 10_000, 100_000)
LARGE = 1_000_000
#: Sizes at which a server is asked.
SERVED = (10_000, 100_000)
TASKS = ("gains", "history", "dashboard")
SERVED_TASKS = ("read", "cold", "warm", "edit", "what_if")
#: Whose time for the realised gains is the measure of everything that the peers do not compute.
YARDSTICK = "beancount"
PEERS = {"rp2": "peer_rp2.py", "beancount": "peer_beancount.py"}
#: A ratio may be this much of the recorded one before the command fails.
TOLERATED = 0.75
#: beancount keeps unit costs rounded, so a few cents a thousand trades are its own.
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Measurement:
    """Median seconds of processor time, the engine's answer, peak memory in MB, and seconds by the clock."""

    engine: str
    task: str
    count: int
    seconds: float
    answer: str
    megabytes: float
    wall: float


@dataclass(frozen=True, slots=True)
class Health:
    """How long ``/healthz`` took to answer while the server was asked for a dashboard of ``count`` trades.

    ``idle`` is the 99th percentile of a server that did nothing, meanwhile and on the same machine.
    """

    count: int
    answers: int
    median: float
    p99: float
    slowest: float
    idle: float


def main() -> int:
    """Measure, compare, and tell; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="how many trades")
    parser.add_argument("--million", action="store_true", help="measure ours with a million trades too")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each measurement")
    parser.add_argument("--no-server", action="store_true", help="measure the engines alone")
    parser.add_argument("--record", action="store_true", help="write docs/performance.md and the ratios")
    chosen = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    peer_python = peers_environment()
    found: list[Measurement] = []
    health: list[Health] = []
    problems: list[str] = []
    for count in chosen.sizes:
        file = trades_file(count)
        found += ours(file, count, chosen.repeat)
        found += [peer(name, peer_python, file, count, chosen.repeat) for name in PEERS]
        if count in SERVED and not chosen.no_server:
            figures, answers, problem = served(file, count, chosen.repeat)
            found, health, problems = [*found, *figures], [*health, answers], [*problems, *problem]
    if chosen.million:
        found += ours(trades_file(LARGE), LARGE, 1)
    ratios = ratios_of(found)
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    problems += disagreements(found) + regressions(ratios, recorded)
    for problem in problems:
        print(f"FAILED  {problem}")
    if chosen.record and not problems:
        RECORDED.write_text(json.dumps({**recorded, **ratios}, indent=2, sort_keys=True) + "\n")
        surroundings = machine(chosen.repeat, "".join(f" {word}" for word in sys.argv[1:]))
        write_report(
            ROOT / "docs" / "performance.md", found, health, ratios, surroundings, versions(peer_python)
        )
    return 1 if problems else 0


# ------------------------------------------------------------------------------------------------- measuring
def trades_file(count: int) -> Path:
    """Return the file of ``count`` trades, made once."""
    path = WORK / f"trades-{count}.jsonl"
    if not path.exists():
        write(path, count)
    return path


def ours(file: Path, count: int, repeat: int) -> list[Measurement]:
    """Measure our engine's tasks."""
    found = []
    for task in TASKS:
        command = [sys.executable, "-m", "benchmarks.ours", task, str(file), "1"]
        found.append(median("ours", task, count, [command] * repeat))
    return found


def served(file: Path, count: int, repeat: int) -> tuple[list[Measurement], Health, list[str]]:
    """Ask a server for a dashboard of the trades; return the figures, its health, and what its answers got wrong."""
    command = [sys.executable, "-m", "benchmarks.served", str(file), str(repeat)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    found = [
        Measurement("ours", task, count, row["seconds"], "", row["megabytes"], row["wall"])
        for task in SERVED_TASKS
        for row in (told[task],)
    ]
    for row in found:
        show(row)
    health = told["health"]
    answers = Health(count, health["count"], health["p50"], health["p99"], health["slowest"], health["idle"])
    late = f"{answers.p99:>10.3f} s  p99 of {answers.answers}, an idle server {answers.idle:.3f} s"
    print(f"{'ours':<10}{'healthz':<10}{count:>10,}{late}")
    wrong = (
        [] if told["same"] else [f"{count:,} trades: after the edits, another answer than from the beginning"]
    )
    return found, answers, wrong


def peer(name: str, python: Path, file: Path, count: int, repeat: int) -> Measurement:
    """Measure a peer's realised gains."""
    command = [str(python), str(HERE / PEERS[name]), str(file)]
    return median(name, "gains", count, [command] * repeat)


def median(engine: str, task: str, count: int, commands: list[list[str]]) -> Measurement:
    """Run the commands one after the other and return the median."""
    runs = []
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    result = Measurement(
        engine,
        task,
        count,
        statistics.median(run["seconds"] for run in runs),
        runs[0]["gain"],
        max(run["megabytes"] for run in runs),
        statistics.median(run.get("wall", 0.0) for run in runs),
    )
    show(result)
    return result


def show(row: Measurement) -> None:
    """Print a figure."""
    figures = (
        f"{row.count:>10,}{row.seconds:>10.3f} s{row.wall:>10.3f} s by the clock{row.megabytes:>8.0f} MB"
    )
    print(f"{row.engine:<10}{row.task:<10}{figures}  {row.answer}")


# ------------------------------------------------------------------------------------------------- comparing
def disagreements(found: list[Measurement]) -> list[str]:
    """Return where realised gains are not the same: rp2's to the cent, beancount's to its own rounding."""
    problems = []
    for mine in found:
        if (mine.engine, mine.task) != ("ours", "gains"):
            continue
        for other in found:
            if other.engine == "ours" or other.count != mine.count:
                continue
            allowed = CENT if other.engine == "rp2" else CENT * max(10, mine.count // 50)
            if abs(Decimal(mine.answer) - Decimal(other.answer)) > allowed:
                problems.append(f"{mine.count:,} trades: ours {mine.answer}, {other.engine} {other.answer}")
    return problems


def ratios_of(found: list[Measurement]) -> dict[str, float]:
    """Return how many times faster ours is: than each peer by size, and at each task of ours than the yardstick.

    For a size that the yardstick was not measured at, its time of the largest one is taken.
    """
    own = {(row.task, row.count): row.seconds for row in found if row.engine == "ours"}
    peers = {(row.engine, row.count): row.seconds for row in found if row.engine != "ours"}
    ratios = {
        f"{name} {count}": round(seconds / own["gains", count], 1) for (name, count), seconds in peers.items()
    }
    sizes = [count for name, count in peers if name == YARDSTICK]
    for (task, count), seconds in own.items():
        nearest = max([size for size in sizes if size <= count], default=None)
        if nearest is not None and seconds and (task, count) != ("gains", nearest):
            ratios[f"{task} {count}"] = round(peers[YARDSTICK, nearest] / seconds, 1)
    return ratios


def regressions(ratios: dict[str, float], recorded: dict[str, float]) -> list[str]:
    """Return the ratios that are more than a quarter worse than recorded."""
    return [
        f"{name}: {ratio} times faster, {recorded[name]} recorded"
        for name, ratio in ratios.items()
        if name in recorded and ratio < recorded[name] * TOLERATED
    ]


# -------------------------------------------------------------------------------------------------- surroundings
def peers_environment() -> Path:
    """Return the Python of the peers' environment, made when it is missing or its list changed."""
    folder, wanted = WORK / "peers", (HERE / "peers.txt").read_text()
    python, mark = folder / "bin" / "python", folder / "installed.txt"
    if not (mark.exists() and mark.read_text() == wanted):
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "-r", str(HERE / "peers.txt")]
        subprocess.run(command, check=True)
        mark.write_text(wanted)
    return python


def versions(python: Path) -> dict[str, str]:
    """Return the peers' versions as they are installed."""
    code = (
        f"import importlib.metadata as m, json; print(json.dumps({{n: m.version(n) for n in {list(PEERS)}}}))"
    )
    return json.loads(
        subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True).stdout
    )


def machine(repeat: int, arguments: str) -> dict[str, str]:
    """Return what the figures were measured on, how often, and by which command."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            line.partition(":")[2].strip()
            for line in information.read_text().splitlines()
            if "model name" in line
        ]
        processor = names[0] if names else processor
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "load": load,
        "repeat": str(repeat),
        "command": f"python -m benchmarks.compare{arguments}",
        "day": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    sys.exit(main())
