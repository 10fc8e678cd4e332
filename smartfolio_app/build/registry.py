"""Where the browser packages come from: wherever this machine says, and no address of ours.

Bun reads the environment and ``~/.npmrc`` by itself. Only npm's other configuration files (a company's global
one) have to be asked for, and npm can only be asked where it is installed.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SPOKEN_FOR = ("NPM_CONFIG_REGISTRY", "npm_config_registry", "BUN_CONFIG_REGISTRY")


def registry_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What to add to the build's environment so that it uses the machine's own registry; often nothing."""
    if any(environment.get(name) for name in SPOKEN_FOR):
        return {}
    npm = shutil.which("npm", path=environment.get("PATH"))
    if npm is None:
        return {}
    try:
        asked = subprocess.run(
            [npm, "config", "get", "registry"],
            capture_output=True,
            text=True,
            timeout=15,
            check=False,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}  # a broken npm says nothing about the network: bun's own configuration decides
    address = asked.stdout.strip()
    return {"NPM_CONFIG_REGISTRY": address} if asked.returncode == 0 and "://" in address else {}
