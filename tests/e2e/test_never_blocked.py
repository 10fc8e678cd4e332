"""The app answers while it works: seen from outside, on the real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.app import RunningApp
from tests.support.large import write_cointracking_csv

ROWS = 100_000


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_never_blocked_by_its_own_work(new_app: Callable[..., RunningApp], tmp_path: Path) -> None:
    """While 100,000 rows are imported and valued the health check goes on answering; nothing waits for the end.

    How fast it answers is a matter for the benchmarks; this proves that no step of the work shuts the door.
    """
    app = new_app()
    app.cli("user", "add", "anna", stdin="correct horse battery\n")
    token = app.cli("token", "create", "anna", "--scope", "write").stdout.strip().splitlines()[-1]
    big = write_cointracking_csv(tmp_path / "big.csv", ROWS)

    def work() -> int:
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=app.url, headers=headers, timeout=300) as client, big.open("rb") as file:
            done = client.post("/api/sources/import", files={"file": ("big.csv", file)}).raise_for_status()
            client.get("/api/wealth/global/summary").raise_for_status()
            return done.json()["added"]

    waits = []
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=app.url, timeout=60) as client:
        job = pool.submit(work)
        while not job.done():
            started = time.monotonic()
            client.get("/healthz").raise_for_status()
            waits.append(time.monotonic() - started)
            time.sleep(0.02)
    assert job.result() == ROWS
    waits.sort()
    print(
        f"{len(waits)} answers, p50 {waits[len(waits) // 2]:.3f} s, p99 {waits[int(len(waits) * 0.99)]:.3f} s"
    )
    assert len(waits) > 20
    assert waits[int(len(waits) * 0.9)] < 0.5
