"""The content security policy: strict, and computed from the frontend that is actually served.

Nothing comes from another origin, nothing is evaluated, no inline script runs unless its very text is in the
built HTML.
What the build needs is read from the build when the server starts:

- the SHA-256 of each inline script and inline style of its HTML;
- the SHA-256 of the fixed style texts that its scripts insert (two of Radix's), and of the empty text (Emotion inserts
  an empty style element and fills it through the CSSOM, which the policy does not concern);
- ``data:`` for images or fonts only when a style sheet of the build really uses it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from smartfolio_app.errors import SmartFolioError
from smartfolio_app.settings import Settings

REPORT_PATH = "/api/security/csp-report"
REPORT_GROUP = "csp"

#: Words that undo the policy; only ``SECURITY_CSP_OVERRIDE`` lets them in.
DANGEROUS = (
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'unsafe-hashes'",
    "*",
    "http:",
    "https:",
    "ws:",
    "wss:",
    "data:",
    "blob:",
)

_EXTRA = {
    "script-src": "csp_script_src",
    "style-src": "csp_style_src",
    "img-src": "csp_img_src",
    "font-src": "csp_font_src",
    "connect-src": "csp_connect_src",
}
_STYLE_TEXT = re.compile(r"""[`"']style[`"'],\{dangerouslySetInnerHTML:\{__html:[`"']([^`"'$\\]+)[`"']\}""")
_DATA_URL = re.compile(r"url\(\s*[\"']?data:(image|font|application/(?:x-)?font)")
_HOST_SOURCE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?:\d+|\*))?(?:/\S*)?", re.IGNORECASE
)


class PolicyRefusedError(SmartFolioError):
    """A ``SECURITY_CSP_*`` value would undo the policy; ``params``: ``name``, ``word``."""


@dataclass(frozen=True, slots=True)
class BuildNeeds:
    """What a built frontend needs of the policy: hash sources, and the kinds of ``data:`` its style sheets use."""

    script_hashes: tuple[str, ...] = ()
    style_hashes: tuple[str, ...] = ()
    data_kinds: frozenset[str] = field(default_factory=frozenset)
    #: Things the policy cannot allow: ``style`` attributes and inline event handlers in the HTML.
    problems: tuple[str, ...] = ()


def hash_source(text: str) -> str:
    """Return ``'sha256-...'`` for an inline text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def read_build(static_dir: Path) -> BuildNeeds:
    """Read what the frontend in ``static_dir`` needs; an empty folder needs nothing."""
    scripts: set[str] = set()
    styles: set[str] = {""}
    problems: list[str] = []
    kinds: set[str] = set()
    for page in sorted(static_dir.rglob("*.html")):
        inline = _InlineParser()
        inline.feed(page.read_text(encoding="utf-8"))
        inline.close()
        scripts.update(inline.scripts)
        styles.update(inline.styles)
        problems.extend(f"{page.name}: {problem}" for problem in inline.problems)
    for script in sorted(static_dir.rglob("*.js")):
        styles.update(_STYLE_TEXT.findall(script.read_text(encoding="utf-8")))
    for sheet in sorted(static_dir.rglob("*.css")):
        found = _DATA_URL.findall(sheet.read_text(encoding="utf-8"))
        kinds.update("img" if kind == "image" else "font" for kind in found)
    return BuildNeeds(
        script_hashes=tuple(sorted(hash_source(text) for text in scripts)),
        style_hashes=tuple(sorted(hash_source(text) for text in styles)),
        data_kinds=frozenset(kinds),
        problems=tuple(problems),
    )


def content_policy(needs: BuildNeeds, settings: Settings) -> str:
    """Return the policy's text.

    Raises:
        PolicyRefusedError: A ``SECURITY_CSP_*`` setting holds something that is no source, or one that would undo the
            policy and is not named by ``SECURITY_CSP_OVERRIDE``.
    """
    directives: dict[str, list[str]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *needs.script_hashes],
        "style-src": ["'self'", *needs.style_hashes],
        "style-src-attr": ["'none'"],
        "img-src": ["'self'", *(["data:"] if "img" in needs.data_kinds else [])],
        "font-src": ["'self'", *(["data:"] if "font" in needs.data_kinds else [])],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    for directive, setting in _EXTRA.items():
        words = extra_sources(directive, getattr(settings, setting), settings.csp_override)
        if "'unsafe-inline'" in words:
            # A hash would make browsers ignore the word that the operator asked for.
            directives[directive] = [one for one in directives[directive] if not one.startswith("'sha")]
        directives[directive].extend(words)
    parts = [f"{name} {' '.join(sources)}" for name, sources in directives.items()]
    return "; ".join([*parts, f"report-uri {REPORT_PATH}", f"report-to {REPORT_GROUP}"])


def extra_sources(directive: str, value: str, override: str) -> list[str]:
    """Read one ``SECURITY_CSP_*`` value into sources, refusing what would undo the policy."""
    name = f"SECURITY_CSP_{directive.upper().replace('-', '_')}"
    allowed = {_quoted(word) for word in re.split(r"[\s,]+", override) if word}
    words = [_quoted(word) for word in re.split(r"[\s,]+", value) if word]
    for word in words:
        if word in DANGEROUS:
            if word not in allowed:
                raise PolicyRefusedError("settings.csp_dangerous", name=name, word=word)
        elif not _is_source(word):
            raise PolicyRefusedError("settings.csp_not_a_source", name=name, word=word)
    return words


def dangerous_words_in_force(settings: Settings) -> list[tuple[str, str]]:
    """Return the (setting, word) pairs that weaken the policy on the operator's own word: to be shown as a warning."""
    return [
        (f"SECURITY_CSP_{directive.upper().replace('-', '_')}", word)
        for directive, setting in _EXTRA.items()
        for word in extra_sources(directive, getattr(settings, setting), settings.csp_override)
        if word in DANGEROUS
    ]


def _quoted(word: str) -> str:
    """Write a keyword the way the policy does, however the operator wrote it."""
    bare = word.strip("'").lower()
    return f"'{bare}'" if bare.startswith("unsafe-") else word


def _is_source(word: str) -> bool:
    if any(character in word for character in ";,'\"") or _HOST_SOURCE.fullmatch(word) is None:
        return False
    if "://" not in word:
        return "." in word or word.startswith("localhost")
    return urlsplit(word).scheme in ("https", "http", "wss", "ws")


class _InlineParser(HTMLParser):
    """Collects the inline scripts and styles of a page, exactly as a browser would hash them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        self.problems.extend(
            f"<{tag} {name}>" for name in sorted(names) if name == "style" or name.startswith("on")
        )
        if tag == "script" and "src" not in names:
            self._open = self.scripts
            self.scripts.append("")
        elif tag == "style":
            self._open = self.styles
            self.styles.append("")

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._open = None
