"""Bytes to text: which encoding, and what was wrong with the bytes."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from smartfolio_app.providers.csv.base import Message, UnreadableFileError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins like the other's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNIT = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
_SAMPLE = 64 * 1024
#: Control characters a table never has; tab, newlines and form feed are fine, and NUL is dealt with on its own.
_CONTROLS = bytes(code for code in range(1, 32) if code not in b"\t\n\r\f\x1a\x1b")

#: Python calls them encodings, but no file is written in them.
_NO_ENCODINGS = frozenset(
    {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7", "base64", "bz2", "hex", "quopri",
     "rot-13", "uu", "zlib"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, the encoding it was in, what to tell the user, and whether its last character was cut off."""

    text: str
    encoding: str
    warnings: tuple[Message, ...] = ()
    truncated: bool = False


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """Return ``data`` as text. ``encoding`` is the user's choice and is then the only one tried.

    Raises:
        UnreadableFileError: not text, or not in the encoding asked for.
    """
    mark, marked = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", ""))
    body = data[len(mark) :]
    chosen = _known(encoding) if encoding else marked or _wide(body)
    if chosen in _UNIT:
        return _decode_wide(body, chosen)
    if encoding and chosen != "utf-8":
        return _clean(_strict(body, chosen), chosen)
    return _decode_narrow(body, only_utf8=bool(encoding or marked))


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise UnreadableFileError("import.unknown_encoding", encoding=encoding[:40]) from error
    if name in _NO_ENCODINGS:
        raise UnreadableFileError("import.unknown_encoding", encoding=encoding[:40])
    return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(name, name)


def _strict(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except (UnicodeError, LookupError) as error:
        raise UnreadableFileError("import.wrong_encoding", encoding=encoding) from error


def _wide(body: bytes) -> str:
    """Tell UTF-16 without a mark by where its zero bytes are; "" when it is something else."""
    sample = body[: _SAMPLE - _SAMPLE % 2]
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[0::2].count(0) / half, sample[1::2].count(0) / half
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return ""


def _decode_wide(body: bytes, encoding: str) -> Decoded:
    whole = len(body) - len(body) % _UNIT[encoding]
    cut = whole != len(body)
    return _clean(_strict(body[:whole], encoding), encoding, truncated=cut)


def _decode_narrow(body: bytes, *, only_utf8: bool) -> Decoded:
    sample = body[:_SAMPLE]
    if sample and len(sample.translate(None, _CONTROLS)) < len(sample) * 0.97:
        raise UnreadableFileError("import.binary_file")
    if body.count(0) > len(body) * 0.5:
        raise UnreadableFileError("import.binary_file")
    try:
        return _clean(body.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(body) - 3 and error.end == len(body):  # the file was cut inside a character
            return _clean(body[: error.start].decode("utf-8"), "utf-8", truncated=True)
        if only_utf8:
            raise UnreadableFileError("import.wrong_encoding", encoding="utf-8") from error
    try:
        return _clean(body.decode("cp1252"), "cp1252")
    except UnicodeDecodeError:
        return _guessed(body)


def _guessed(body: bytes) -> Decoded:
    """Decode what is neither UTF-8 nor Windows-1252; says so, because accents may come out wrong."""
    best = from_bytes(body[:_SAMPLE]).best()
    # Without a language that speaks for it, a guess is worse than the usual encoding of the West.
    encoding = best.encoding if best is not None and best.coherence > 0 else "latin-1"
    try:
        text = body.decode(encoding)
    except (UnicodeError, LookupError):
        encoding, text = "latin-1", body.decode("latin-1")
    return _clean(text, encoding, guessed=True)


def _clean(text: str, encoding: str, *, truncated: bool = False, guessed: bool = False) -> Decoded:
    warnings: list[Message] = []
    if guessed:
        warnings.append(Message("import.warn.encoding_guessed", {"encoding": encoding}))
    zeros = text.count("\x00")
    if zeros:
        text = text.replace("\x00", "")
        warnings.append(Message("import.warn.nul_characters", {"count": zeros}))
    return Decoded(text.removeprefix("\ufeff").removesuffix("\x1a"), encoding, tuple(warnings), truncated)
