"""The built page talks to the server it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartfolio_app.build.errors import FrontendBuildError
from smartfolio_app.build.plugins import SameOriginPlugin, with_page_origin

CHUNK = (
    "var e={PING:`http://localhost:8000/ping`,EVENT:`ws://localhost:8000/_event`,"
    'UPLOAD:"http://localhost:8000/_upload",TRANSPORT:`websocket`,TEST_MODE:!1};export{e as t};'
)


def test_every_address_becomes_the_pages_own() -> None:
    rewritten, count = with_page_origin(CHUNK)
    assert count == 3
    assert "localhost" not in rewritten
    assert "EVENT:(location.origin+`/_event`)" in rewritten
    assert "TRANSPORT:`websocket`" in rewritten


def test_other_addresses_stay() -> None:
    text = 'a="https://example.org/x";b="/path"'
    assert with_page_origin(text) == (text, 0)


def test_the_chunk_is_rewritten_in_place(tmp_path: Path) -> None:
    chunk = tmp_path / "assets" / "reflex-env-abc.js"
    chunk.parent.mkdir()
    chunk.write_text(CHUNK)
    SameOriginPlugin().post_build(static_dir=tmp_path)
    assert "location.origin" in chunk.read_text()


def test_a_bundle_without_the_chunk_is_refused_rather_than_served_speaking_to_the_wrong_port(
    tmp_path: Path,
) -> None:
    (tmp_path / "assets").mkdir()
    with pytest.raises(FrontendBuildError):
        SameOriginPlugin().post_build(static_dir=tmp_path)
