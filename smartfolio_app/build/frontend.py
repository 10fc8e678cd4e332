"""Keep a built frontend that fits the sources: find it, or build it, and never serve half of one.

Products are folders named after what they were compiled from, moved into place in one step once complete::

    .smartfolio/frontend/index.json          {source fingerprint: product}
    .smartfolio/frontend/<product>/          build/client, backend, routes.json, reflex.json
    .smartfolio/web/                         the bundler's workshop (kept: the next build is then faster)
    .smartfolio/build.log                    everything the last build said

Two levels decide about a rebuild. Equal sources: nothing to do (milliseconds). Sources that differ but compile to
the same pages (a change in a service): the kept product is used again (seconds, no bundling).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from smartfolio_app.build.environment import build_environment
from smartfolio_app.build.errors import FrontendBuildError
from smartfolio_app.build.fingerprint import source_fingerprint
from smartfolio_app.build.places import ROOT, work_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEPT_PRODUCTS = 3  # the current one, and what a running server or the previous branch still uses
DRIVER = [sys.executable, "-P", "-m", "smartfolio_app.build.driver"]
# What bun and the bundler say when the machine, not the source, is the reason.
TROUBLE = {
    "build.registry_unreachable": (
        "ConnectionRefused",
        "ConnectionTimeout",
        "ConnectionClosed",
        "FailedToOpenSocket",
        "DNSError",
    ),
    "build.disk_full": ("ENOSPC", "No space left on device", "NoSpaceLeft"),
}
SERVED = ("build/client", "backend", "routes.json", "reflex.json")


@dataclass(frozen=True)
class Frontend:
    """A complete product. ``web_dir`` is what Reflex calls its web folder; ``built`` is whether it is new."""

    web_dir: Path
    fingerprint: str
    built: bool

    @property
    def static_dir(self) -> Path:
        return self.web_dir / "build" / "client"


def open_for_serving(frontend: Frontend, place: Path) -> Path:
    """A web folder for one server, at ``place``: the product by links, and copies of what Reflex writes to.

    Reflex touches files under ``backend`` whenever it starts. Products stay as they were built, and may lie on a
    read-only file system. What was at ``place`` before is replaced. Returns ``place``.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for part in frontend.web_dir.iterdir():
        if part.name == "backend":
            (place / part.name).mkdir()
            for file in part.iterdir():  # contents only: the product's permissions may forbid writing
                shutil.copyfile(file, place / part.name / file.name)
        else:
            (place / part.name).symlink_to(part, target_is_directory=part.is_dir())
    return place


def find(root: Path = ROOT) -> Frontend | None:
    """The product that fits the sources as they are now, or None."""
    fingerprint = source_fingerprint(root)
    web_dir = _shelf() / _index().get(fingerprint, "-")
    return Frontend(web_dir, fingerprint, built=False) if _is_complete(web_dir) else None


def ensure(on_step: Callable[[str], None], *, force: bool = False, root: Path = ROOT) -> Frontend:
    """The product that fits the sources, built when there is none.

    Args:
        on_step: Told the name of each step as it begins: ``prepare``, ``compile``, ``bundle``, ``wait`` (another
            process is building).
        force: Build even when a fitting product is there.
        root: The checkout.

    Raises:
        FrontendBuildError: The build failed; ``params`` name the step, the last line it said and the log.
    """
    if not force and (found := find(root)):
        return found
    _shelf().mkdir(parents=True, exist_ok=True)
    with _only_one_build(on_step):
        if not force and (found := find(root)):
            return found
        fingerprint = source_fingerprint(root)
        digest, is_new = _build(on_step, root, force=force)
        if source_fingerprint(root) != fingerprint:
            # Somebody edited a file meanwhile: what was compiled may be a mixture. Once more; if they go on
            # editing, use what there is but do not remember it, so that the next start builds again.
            fingerprint = source_fingerprint(root)
            digest, is_new = _build(on_step, root, force=force)
        web_dir = _shelve(digest) if is_new else _shelf() / digest
        if source_fingerprint(root) == fingerprint:
            _remember(fingerprint, digest)
        return Frontend(web_dir, fingerprint, built=is_new)


def _build(on_step: Callable[[str], None], root: Path, *, force: bool) -> tuple[str, bool]:
    kept = [] if force else [path.name for path in _products()]
    workshop = work_dir() / "web"
    log_path = work_dir() / "build.log"
    step, said, product = "start", [], None
    with log_path.open("w", encoding="utf-8") as log, _tidy_package_json(root):
        process = subprocess.Popen(
            [*DRIVER, *kept],
            cwd=root,
            env=build_environment(workshop) | {"PYTHONPATH": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        with process:
            for line in process.stdout or ():
                log.write(line)
                match line.split():
                    case ["@@", "step", name]:
                        step = name
                        on_step(name)
                    case ["@@", "product", digest, state]:
                        product = (digest, state == "built")
                    case [*words] if words:
                        said.append(line.strip())
    if process.returncode or product is None:
        raise _failure(step, said, str(log_path))
    return product


@contextlib.contextmanager
def _tidy_package_json(root: Path) -> Iterator[None]:
    """Keep the committed package.json readable: Reflex writes it back on one line, also when nothing changed."""
    path = root / "reflex.lock" / "package.json"
    before = path.read_text(encoding="utf-8") if path.exists() else "{}"
    yield
    if path.exists() and (after := path.read_text(encoding="utf-8")) != before:
        same = json.loads(after) == json.loads(before)
        path.write_text(before if same else json.dumps(json.loads(after), indent=2) + "\n", encoding="utf-8")


def _failure(step: str, said: list[str], log: str) -> FrontendBuildError:
    everything = "\n".join(said)
    for code, signs in TROUBLE.items():
        if any(sign in everything for sign in signs):
            return FrontendBuildError(code, log=log)
    telling = [line for line in said if "error" in line.lower()]
    reason = (telling or said or ["it said nothing"])[-1][:300]
    return FrontendBuildError("build.failed", step=step, reason=reason, log=log)


def _shelve(digest: str) -> Path:
    """Copy what is served out of the workshop and move it into place as one."""
    place = _shelf() / digest
    with contextlib.ExitStack() as undo:
        staging = _shelf() / f".staging-{digest}"
        shutil.rmtree(staging, ignore_errors=True)
        undo.callback(shutil.rmtree, staging, ignore_errors=True)
        for name in SERVED:
            source, target = work_dir() / "web" / name, staging / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            elif source.exists():
                shutil.copyfile(source, target)
        if not _is_complete(staging):
            raise FrontendBuildError("build.incomplete", folder=str(work_dir() / "web"))
        shutil.rmtree(place, ignore_errors=True)
        staging.rename(place)
    for old in _products()[KEPT_PRODUCTS:]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def _is_complete(web_dir: Path) -> bool:
    return all(
        (web_dir / name).exists()
        for name in ("build/client/index.html", "build/client/assets", "reflex.json")
    )


def _shelf() -> Path:
    return work_dir() / "frontend"


def _products() -> list[Path]:
    """Complete products, the newest first."""
    found = [path for path in _shelf().glob("*") if not path.name.startswith(".") and _is_complete(path)]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _index() -> dict[str, str]:
    try:
        return dict(json.loads((_shelf() / "index.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _remember(fingerprint: str, digest: str) -> None:
    there = {path.name for path in _products()}
    index = {key: value for key, value in _index().items() if value in there} | {fingerprint: digest}
    staging = _shelf() / ".index.json"
    staging.write_text(json.dumps(index, indent=1), encoding="utf-8")
    staging.replace(_shelf() / "index.json")


@contextlib.contextmanager
def _only_one_build(on_step: Callable[[str], None]) -> Iterator[None]:
    with (work_dir() / "build.lock").open("w", encoding="utf-8") as file:
        _lock(file, on_step)
        yield


def _lock(file: TextIO, on_step: Callable[[str], None]) -> None:
    if sys.platform == "win32":
        return  # two builds at once then only cost time: products are still moved into place whole
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_step("wait")
        fcntl.flock(file, fcntl.LOCK_EX)
