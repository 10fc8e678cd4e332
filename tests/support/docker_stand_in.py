"""Stands in for the ``docker`` that deploy.sh calls: images are names of programs, the container is a process.

Its state is a folder (``STAND_IN``): ``images/TAG`` holds what an image runs, ``next`` what a build makes,
``container`` the process and its image, ``calls`` one line a call. What an image can run: ``app`` (SmartFolio itself,
as the image's entry point starts it), ``well`` (answers as a healthy one), ``unwell`` (healthy, but the sources fail),
``crash`` (ends at once).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PLACE = Path(os.environ.get("STAND_IN", "."))
INSIDE = "127.0.0.1:8080"
APP = [sys.executable, "-P", "-m", "smartfolio_app.cli"]


def port() -> int:
    lines = Path(".env").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("SMARTFOLIO_PORT=")).partition("=")[2])


def image(name: str) -> Path:
    return PLACE / "images" / name.replace(":", "_")


def container() -> dict[str, object] | None:
    """Return the container whose process is alive."""
    with suppress(FileNotFoundError):
        found = json.loads((PLACE / "container").read_text())
        state = Path(f"/proc/{found['pid']}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
            return dict(found)
    return None


def stop() -> None:
    found = container()
    if found is None:
        return
    os.kill(int(str(found["pid"])), signal.SIGTERM)
    for _ in range(1200):
        if container() is None:
            return
        time.sleep(0.05)
    raise SystemExit("the container did not stop within a minute")


def up() -> int:
    stop()
    runs = image("smartfolio:latest").read_text()
    command = [*APP, "run"] if runs == "app" else [sys.executable, __file__, "serve", runs, str(port())]
    with (PLACE / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=inside(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=PLACE,
            start_new_session=True,
        )
    (PLACE / "container").write_text(json.dumps({"pid": process.pid, "runs": runs}))
    return 0


def inside() -> dict[str, str]:
    """What the compose file sets, with the place and port of the test."""
    given = {"SMARTFOLIO_DATA_DIR": str(PLACE / "data"), "SMARTFOLIO_OFFLINE": "true"}
    return {**os.environ, **given, "SMARTFOLIO_HOST": "127.0.0.1", "SMARTFOLIO_PORT": str(port())}


def execute(command: list[str]) -> int:
    """``compose exec -T app ...``: in the container, the app listens on 8080."""
    found = container()
    if found is None:
        return 1
    if command[:2] == ["python", "-c"]:
        script = command[2].replace(INSIDE, f"127.0.0.1:{port()}")
        return subprocess.run([sys.executable, "-S", "-c", script], check=False).returncode
    if found["runs"] != "app":
        return 1 if (PLACE / "no-backup").exists() else 0
    assert command[:4] == ["python", "-P", "-m", "smartfolio_app.cli"], command
    return subprocess.run([*APP, *command[4:]], env=inside(), cwd=PLACE, check=False).returncode


def compose(arguments: list[str]) -> int:
    assert arguments[0] == "-f" or arguments == ["version"], arguments
    match arguments[2:]:
        case []:
            return 0
        case ["ps", "--status", "running", "--quiet", "app"] | ["ps", "--quiet", "app"]:
            found = container()
            print(found["pid"] if found else "", end="")
        case ["exec", "-T", "app", *command]:
            return execute(command)
        case ["build", "app"]:
            image("smartfolio:latest").write_text((PLACE / "next").read_text())
        case ["up", "-d", "--no-build", *_]:
            return up()
        case ["logs", *_]:
            print((PLACE / "log").read_text())
        case other:
            raise SystemExit(f"the stand-in does not know: compose {other}")
    return 0


def docker(arguments: list[str]) -> int:
    match arguments:
        case ["compose", *rest]:
            return compose(rest)
        case ["image", "inspect", name]:
            return 0 if image(name).exists() else 1
        case ["inspect", "--format", "{{.Image}}", _]:
            found = container()
            (PLACE / "images" / "sha256_running").write_text(str(found["runs"]) if found else "")
            print("sha256:running")
        case ["tag", source, target]:
            image(target).write_text(image(source).read_text())
        case other:
            raise SystemExit(f"the stand-in does not know: {other}")
    return 0


def serve(runs: str, at: int) -> int:
    if runs == "crash":
        print("it crashed", file=sys.stderr)
        return 1
    from http.server import BaseHTTPRequestHandler, HTTPServer  # most calls of docker need none

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 200 if self.path == "/healthz" else 401 if runs == "well" else 500
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    HTTPServer(("127.0.0.1", at), Answers).serve_forever()
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        sys.exit(serve(sys.argv[2], int(sys.argv[3])))
    with (PLACE / "calls").open("a") as calls:
        calls.write(" ".join(sys.argv[1:]).split("\n")[0] + "\n")
    sys.exit(docker(sys.argv[1:]))
