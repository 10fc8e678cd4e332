"""When the pages are built again, and that a half-built product is never served."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smartfolio_app.build import frontend
from smartfolio_app.build.errors import FrontendBuildError
from smartfolio_app.build.places import work_dir
from smartfolio_app.i18n import error_text


class Workshop:
    """Stands in for the bundler: 'compiles' the text of one page, and counts what it was made to do."""

    def __init__(self, root: Path) -> None:
        self.page = root / "smartfolio_app" / "pages" / "index.py"
        self.page.parent.mkdir(parents=True)
        self.page.write_text("one")
        self.compiled = self.bundled = 0
        self.while_building: Callable[[], None] = lambda: None
        self.complete = True

    def build(self, on_step: Callable[[str], None], root: Path, *, force: bool) -> tuple[str, bool]:
        self.compiled += 1
        text = self.page.read_text()
        self.while_building()
        digest = f"compiled-{text.split('#', maxsplit=1)[0].strip()}"
        if not force and (work_dir() / "frontend" / digest).exists():
            return digest, False
        self.bundled += 1
        web = work_dir() / "web"
        (web / "build" / "client" / "assets").mkdir(parents=True, exist_ok=True)
        (web / "backend").mkdir(exist_ok=True)
        (web / "reflex.json").write_text("{}")
        if self.complete:
            (web / "build" / "client" / "index.html").write_text(text)
        return digest, True


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMARTFOLIO_WORK_DIR", str(tmp_path / "work"))
    return tmp_path / "checkout"


@pytest.fixture
def workshop(root: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    made = Workshop(root)
    monkeypatch.setattr(frontend, "_build", made.build)
    return made


def ensure(root: Path, *, force: bool = False) -> frontend.Frontend:
    return frontend.ensure(lambda _step: None, root=root, force=force)


def test_it_is_built_once_while_the_sources_stay_the_same(root: Path, workshop: Workshop) -> None:
    assert ensure(root).built
    again = ensure(root)
    assert not again.built
    assert workshop.compiled == 1
    assert (again.static_dir / "index.html").read_text() == "one"


def test_a_changed_page_is_bundled_again(root: Path, workshop: Workshop) -> None:
    ensure(root)
    workshop.page.write_text("two")
    assert (ensure(root).static_dir / "index.html").read_text() == "two"


def test_a_change_that_compiles_to_the_same_pages_is_not_bundled_again(
    root: Path, workshop: Workshop
) -> None:
    first = ensure(root)
    workshop.page.write_text("one # a comment")
    second = ensure(root)
    assert (workshop.compiled, workshop.bundled) == (2, 1)
    assert second.web_dir == first.web_dir
    ensure(root)
    assert workshop.compiled == 2, "the new sources are remembered as well"


def test_going_back_to_earlier_sources_builds_nothing(root: Path, workshop: Workshop) -> None:
    first = ensure(root)
    workshop.page.write_text("two")
    ensure(root)
    workshop.page.write_text("one")
    assert ensure(root).web_dir == first.web_dir
    assert workshop.compiled == 2


def test_forced_it_is_built_again(root: Path, workshop: Workshop) -> None:
    ensure(root)
    assert ensure(root, force=True).built
    assert workshop.bundled == 2


def test_a_product_that_lost_a_file_is_built_again(root: Path, workshop: Workshop) -> None:
    (ensure(root).static_dir / "index.html").unlink()
    assert frontend.find(root) is None


def test_an_incomplete_build_is_refused_and_leaves_the_good_one_in_place(
    root: Path, workshop: Workshop
) -> None:
    good = ensure(root)
    (work_dir() / "web" / "build" / "client" / "index.html").unlink()
    workshop.page.write_text("two")
    workshop.complete = False
    with pytest.raises(FrontendBuildError, match=r"build\.incomplete"):
        ensure(root)
    assert [path.name for path in (work_dir() / "frontend").glob("[!.]*/")] == [good.web_dir.name]
    workshop.page.write_text("one")
    assert frontend.find(root) is not None


def test_sources_edited_while_building_are_built_again_from_what_they_became(
    root: Path, workshop: Workshop
) -> None:
    edits = iter(["two"])
    workshop.while_building = lambda: (
        [workshop.page.write_text(text) for text in [next(edits, None)] if text] and None
    )
    assert (ensure(root).static_dir / "index.html").read_text() == "two"
    assert workshop.compiled == 2


def test_sources_that_keep_changing_are_served_but_not_remembered(root: Path, workshop: Workshop) -> None:
    counter = iter(range(100))
    workshop.while_building = lambda: workshop.page.write_text(f"edit {next(counter)}") and None
    ensure(root)
    assert frontend.find(root) is None


def test_old_products_are_swept_away_and_recent_ones_stay(root: Path, workshop: Workshop) -> None:
    for number, text in enumerate(["one", "two", "three", "four", "five"]):
        workshop.page.write_text(text)
        os.utime(ensure(root).web_dir, (number, number))
    kept = {path.name for path in (work_dir() / "frontend").glob("[!.]*/")}
    assert kept == {"compiled-three", "compiled-four", "compiled-five"}
    index = json.loads((work_dir() / "frontend" / "index.json").read_text())
    assert set(index.values()) <= kept


def test_a_broken_index_only_costs_a_build(root: Path, workshop: Workshop) -> None:
    ensure(root)
    (work_dir() / "frontend" / "index.json").write_text("{broken")
    assert frontend.find(root) is None
    ensure(root)
    assert frontend.find(root) is not None


def test_a_failed_build_names_the_step_the_reason_and_the_log(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = "print('@@ step bundle'); print('vite: Error: Cannot resolve lost-module'); raise SystemExit(3)"
    root.mkdir()
    monkeypatch.setattr(frontend, "DRIVER", [sys.executable, "-c", driver])
    steps: list[str] = []
    with pytest.raises(FrontendBuildError) as caught:
        frontend.ensure(steps.append, root=root)
    assert steps == ["bundle"]
    assert caught.value.params["step"] == "bundle"
    assert caught.value.params["reason"] == "vite: Error: Cannot resolve lost-module"
    assert "lost-module" in Path(str(caught.value.params["log"])).read_text()


def test_a_server_can_write_to_its_web_folder_and_never_to_the_product(
    root: Path, workshop: Workshop
) -> None:
    product = ensure(root)
    (product.web_dir / "backend" / "stateful_pages.json").write_text("[]")
    for folder in (product.web_dir, product.web_dir / "backend"):
        folder.chmod(0o555)
    place = root / "run" / "web-8080"
    for _ in range(2):  # a second start replaces what the first one left
        served = frontend.open_for_serving(product, place)
        (served / "backend" / "upload_is_used").touch()
    assert (served / "build" / "client").resolve() == product.static_dir
    assert (served / "backend" / "stateful_pages.json").read_text() == "[]"
    assert [path.name for path in (product.web_dir / "backend").iterdir()] == ["stateful_pages.json"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("error: ConnectionRefused downloading tarball react@19", "build.registry_unreachable"),
        ("error: ENOSPC: no space left on device, write", "build.disk_full"),
    ],
)
def test_what_the_machine_lacks_is_said_plainly(
    root: Path, monkeypatch: pytest.MonkeyPatch, said: str, code: str
) -> None:
    root.mkdir()
    monkeypatch.setattr(frontend, "DRIVER", [sys.executable, "-c", f"print({said!r}); raise SystemExit(1)"])
    with pytest.raises(FrontendBuildError) as caught:
        frontend.ensure(lambda _step: None, root=root)
    assert caught.value.code == code
    assert str(caught.value.params["log"]) in error_text("en", caught.value)


def test_the_committed_package_list_stays_readable_and_untouched_when_nothing_changed(root: Path) -> None:
    path = root / "reflex.lock" / "package.json"
    path.parent.mkdir(parents=True)
    committed = '{\n  "dependencies": {\n    "react": "1"\n  }\n}\n'
    path.write_text(committed)
    with frontend._tidy_package_json(root):
        path.write_text('{"dependencies":{"react":"1"}}')
    assert path.read_text() == committed
    with frontend._tidy_package_json(root):
        path.write_text('{"dependencies":{"react":"2"}}')
    assert path.read_text() == committed.replace('"1"', '"2"')
