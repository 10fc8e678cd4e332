from __future__ import annotations

import pytest

from smartfolio_app.security.content_policy import (
    PolicyRefusedError,
    content_policy,
    dangerous_words_in_force,
    hash_source,
    read_build,
)
from smartfolio_app.settings import Settings

PAGE = """<!DOCTYPE html><html><head><script>
console.log("one < two && three");
</script><script src="/assets/a-12345678.js"></script><style data-emotion="css">.a{color:red}</style></head>
<body><script type="module">import "/assets/a-12345678.js";</script></body></html>"""


@pytest.fixture
def build(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "a-12345678.js").write_text(
        "x=jsx(`style`,{dangerouslySetInnerHTML:{__html:`[data-viewport]{scrollbar-width:none}`},nonce:r})"
    )
    (tmp_path / "assets" / "b-12345678.css").write_text(".a{background:url(data:image/svg+xml,x)}")
    return tmp_path


def directives(policy: str) -> dict[str, list[str]]:
    return {name: rest for name, *rest in (part.split() for part in policy.split("; "))}


def test_policy_allows_exactly_what_the_build_holds(build):
    policy = directives(content_policy(read_build(build), Settings()))
    assert set(policy["script-src"]) == {
        "'self'",
        hash_source('\nconsole.log("one < two && three");\n'),
        hash_source('import "/assets/a-12345678.js";'),
    }
    assert set(policy["style-src"]) == {
        "'self'",
        hash_source(""),
        hash_source(".a{color:red}"),
        hash_source("[data-viewport]{scrollbar-width:none}"),
    }
    assert policy["style-src-attr"] == ["'none'"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert policy["font-src"] == policy["connect-src"] == policy["form-action"] == ["'self'"]
    assert policy["report-uri"] == ["/api/security/csp-report"]
    assert policy["report-to"] == ["csp"]


def test_policy_names_no_origin_and_no_unsafe_word(build):
    policy = content_policy(read_build(build), Settings())
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


def test_changed_script_changes_the_policy(build):
    before = read_build(build)
    (build / "index.html").write_text(PAGE.replace("one", "two"))
    assert read_build(build).script_hashes != before.script_hashes


def test_build_that_the_policy_would_break_is_reported(build):
    (build / "index.html").write_text('<body><p style="color:red" onclick="go()">x</p></body>')
    assert read_build(build).problems == ("index.html: <p onclick>", "index.html: <p style>")


def test_missing_build_needs_nothing(tmp_path):
    assert read_build(tmp_path / "nowhere").script_hashes == ()


def test_further_origins_can_be_added(build):
    settings = Settings(
        csp_connect_src="https://metrics.example wss://push.example:8443", csp_img_src="*.tile.example"
    )
    policy = directives(content_policy(read_build(build), settings))
    assert policy["connect-src"] == ["'self'", "https://metrics.example", "wss://push.example:8443"]
    assert policy["img-src"][-1] == "*.tile.example"


@pytest.mark.parametrize(
    "word", ["'unsafe-inline'", "unsafe-eval", "'unsafe-hashes'", "*", "https:", "data:", "blob:", "http:"]
)
def test_words_that_undo_the_policy_are_refused_by_name(build, word):
    with pytest.raises(PolicyRefusedError) as refused:
        content_policy(read_build(build), Settings(csp_script_src=word))
    assert refused.value.params["name"] == "SECURITY_CSP_SCRIPT_SRC"


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example;script-src *",
        "javascript:alert(1)",
        "'none'",
        "https://",
        "a b",
        '"x"',
        "ftp://a.example",
    ],
)
def test_what_is_no_source_is_refused(build, value):
    with pytest.raises(PolicyRefusedError):
        content_policy(read_build(build), Settings(csp_connect_src=value))


def test_explicit_override_is_obeyed_and_shown(build):
    settings = Settings(csp_style_src="unsafe-inline", csp_override="unsafe-inline")
    policy = directives(content_policy(read_build(build), settings))
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]
    assert dangerous_words_in_force(settings) == [("SECURITY_CSP_STYLE_SRC", "'unsafe-inline'")]
    assert dangerous_words_in_force(Settings()) == []
