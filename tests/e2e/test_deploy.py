"""deploy.sh with SmartFolio itself in the container of the stand-in: a real start, a real backup, a real way back."""

from __future__ import annotations

from pathlib import Path

from tests.support.deployment import prepare


def test_the_app_is_deployed_backed_up_and_comes_back_when_the_next_version_fails(
    built_frontend: object, tmp_path: Path
) -> None:
    site = prepare(tmp_path)
    try:
        site.builds("app")
        first = site.deploy()
        assert first.returncode == 0, first.stdout + first.stderr
        assert (site.status("/healthz"), site.status("/api/users/sources")) == (200, 401)
        site.builds("unwell")
        second = site.deploy()
        assert second.returncode == 1
        assert "went back to the version before" in second.stderr
        assert list((site.state / "data" / "backups").glob("*")), "the backup before the deployment"
        assert (site.runs(), site.status("/readyz"), site.status("/api/users/sources")) == ("app", 200, 401)
    finally:
        site.stop()
