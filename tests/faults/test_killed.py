"""``kill -9`` at fifty random moments: no half batch, no lost row, no lost key; the doctor is content each time."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartfolio_app.settings import PROJECT_ROOT

SEED = 20260704
MOMENTS = 10  # of each kind of work
KINDS = ("import", "undo", "rotation", "backup", "migration")


class Forge:
    """The process that forks victims; see ``worker_to_kill``."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker_to_kill"],
            cwd=PROJECT_ROOT,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "SMARTFOLIO_OFFLINE": "true"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, **what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({**what, "data_dir": str(self.data_dir)}) + "\n")
        self.process.stdin.flush()

    def line(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        if word == "failed":
            raise AssertionError(json.loads(rest))
        return word, rest

    def call(self, name: str) -> dict[str, Any]:
        """Have a fresh process answer."""
        self.tell(call=name)
        word, rest = self.line()
        assert word == "answer"
        assert self.line()[0] == "ended"
        return json.loads(rest)

    def unit_seconds(self, kind: str) -> float:
        """How long one unit of a work takes here and now."""
        self.tell(work=kind)
        pid = int(self.line()[1])
        while self.line()[0] != "begun":
            pass
        started = time.monotonic()
        while self.line()[0] != "done":
            pass
        took = time.monotonic() - started
        self.kill(pid)
        return took

    def kill(self, pid: int) -> list[str]:
        """Kill a victim; return the units it had said to be done by then."""
        os.kill(pid, signal.SIGKILL)
        done = []
        while (line := self.line())[0] != "ended":
            if line[0] == "done":
                done.append(line[1])
        return done

    def kill_after(self, kind: str, seconds: float) -> list[str]:
        """Begin a work and kill it so long after it began; return the units it had said to be done by then."""
        self.tell(work=kind)
        word, pid = self.line()
        assert word == "pid"
        assert self.line()[0] == "begun"
        time.sleep(seconds)
        return self.kill(int(pid))

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=120)


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    made = Forge(tmp_path_factory.mktemp("killed") / "data")
    made.call("prepare")
    yield made
    made.stop()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork and no kill -9 on this system")
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_leaves_nothing_half_done(forge: Forge, kind: str) -> None:
    chance = random.Random(f"{SEED} {kind}")
    unit = forge.unit_seconds(kind)
    finished = 0
    before = forge.call("look")
    assert before["wrong"] == []
    for moment in range(MOMENTS):
        after = chance.uniform(0, 2.2 * unit)
        done = forge.kill_after(kind, after)
        finished += len(done)
        now = forge.call("look") if kind != "migration" else before  # works on copies
        assert now["wrong"] == [], f"killed {after * 1000:.0f} ms into it (moment {moment})"
        assert set(before["batches"]) <= set(now["batches"]), "an import is lost"
        if kind == "import":
            assert set(done) <= set(now["standing"]), "what was said to be imported is lost"
        before = now
    if kind == "migration":
        brought_on = forge.call("finish_upgrade")
        assert brought_on["wrong"] == []
        assert brought_on["halfway"] > 0, "no upgrade was killed before its end"
    print(
        f"{kind}: {MOMENTS} kills, a unit takes {unit * 1000:.0f} ms; {finished} were finished between them"
    )
