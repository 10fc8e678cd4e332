"""deploy.sh, run to its end against a stand-in for docker: what it does in which order, and how it goes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, prepare


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Deployment]:
    made = prepare(tmp_path)
    yield made
    made.stop()


def test_a_first_deployment_waits_for_health_and_sources_and_a_second_that_crashes_goes_back(
    site: Deployment,
) -> None:
    site.builds("well")
    done = site.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "preflight: all well",
        "nothing is running: no backup to make",
        "building",
        "starting",
        "waiting for health (at most 120 s)",
        "deployed: healthy, and the sources answer",
    ]
    assert (site.runs(), site.status("/healthz")) == ("well", 200)
    site.builds("crash")
    done = site.deploy()
    assert done.returncode == 1
    assert "backing up" in done.stdout
    assert "it crashed" in done.stderr
    assert "went back to the version before" in done.stderr
    assert (site.runs(), site.has("smartfolio:latest"), site.status("/healthz")) == ("well", "well", 200)


def test_an_image_that_was_changed_by_hand_is_not_what_one_goes_back_to(site: Deployment) -> None:
    site.builds("well")
    assert site.deploy().returncode == 0
    built = len(site.calls("build app"))
    site.make("smartfolio:latest", "unwell")
    done = site.deploy("--skip-build")
    assert done.returncode == 1, done.stdout
    assert len(site.calls("build app")) == built
    assert (site.runs(), site.has("smartfolio:latest")) == ("well", "well")


def test_without_an_earlier_version_there_is_nothing_to_go_back_to_and_it_says_so(site: Deployment) -> None:
    site.builds("unwell")
    done = site.deploy()
    assert done.returncode == 1
    assert "no earlier image" in done.stderr


def test_a_failed_backup_stops_everything_unless_forced(site: Deployment) -> None:
    site.builds("well")
    assert site.deploy().returncode == 0
    (site.state / "no-backup").touch()
    started = len(site.calls(" up "))
    done = site.deploy()
    assert (done.returncode, len(site.calls(" up "))) == (1, started)
    assert "the backup failed; nothing was changed" in done.stderr
    forced = site.deploy("--force")
    assert forced.returncode == 0, forced.stderr
    assert "going on without a backup" in forced.stdout


def test_a_failed_preflight_changes_nothing_unless_forced(site: Deployment) -> None:
    site.builds("well")
    with (site.folder / ".env").open("a") as env:
        env.write("SMARTFOLIO_LOG_LEVLE=debug\n")
    assert site.deploy().returncode == 1
    assert site.calls("build app") == []
    assert site.deploy("--force").returncode == 0
    assert site.deploy("--force", "--check").returncode == 1
