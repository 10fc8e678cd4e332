"""A bundle as a document: made, sealed, read and checked.

``{"format", "made_by", "made_at", "figure", "view", "title", "formula", "notes", "trail", "recipe", "inputs", "unit",
"result", "sha256"}``: ``recipe`` names the formula in ``recipes``, ``inputs`` is all it needs, ``trail`` is the
explanation as a person reads it, ``sha256`` is that of everything else (keys sorted, no spaces).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from smartfolio_app.analytics.bundles.recipes import COARSE, FLOATING, RECIPES
from smartfolio_app.analytics.bundles.records import BundleError, Json, known, part, text
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.ledger.money import plain

FORMAT = "smartfolio-explanation-1"
FILE = "explanation.json"
#: No honest bundle is larger: a hundred thousand transactions are some 30 MB.
LARGEST = 200_000_000

_FINE = (Decimal("1e-9"), Decimal("1e-9"))

_README = """This file explains one figure of SmartFolio: explanation.json holds the formula in words, every input with
its source and time, the transactions or daily values behind it, and the result.

Check it without any database: ./smartfolio explain check FILE
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out: the figure as told, as computed anew, and whether anything in the file was changed."""

    figure: str
    title: str
    told: Decimal | None
    computed: Decimal | None
    unit: str
    same: bool
    sealed: bool
    recipe: str
    made_by: str
    made_at: str

    @property
    def good(self) -> bool:
        """Tell whether the figure is what its inputs give, and nothing was changed."""
        return self.same and self.sealed


def seal(document: Json) -> Json:
    """Return the document with the digest of everything in it."""
    return {**document, "sha256": _digest(document)}


def pack(document: Json) -> bytes:
    """Return a zip file with the document, and a word on what it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FILE, json.dumps(document, ensure_ascii=False, indent=1))
        archive.writestr("README.txt", _README)
    return out.getvalue()


def unpack(data: bytes) -> Json:
    """Read a bundle, zipped or plain; raise ``BundleError`` when it is none."""
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if archive.getinfo(FILE).file_size > LARGEST:
                    raise BundleError("bundle.too_large")
                with archive.open(FILE) as file:
                    data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise BundleError("bundle.too_large")
        found = json.loads(data)
    except (
        ValueError,
        KeyError,
        zipfile.BadZipFile,
        RecursionError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise BundleError("bundle.not_one") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BundleError("bundle.not_one")
    return found


def check(document: Json) -> Checked:
    """Compute the figure anew from the bundle alone, and compare.

    Raises:
        BundleError: It is no bundle, lacks an input, or names a recipe that this version does not know.
    """
    recipe = part(document, "recipe", str)
    if recipe not in RECIPES:
        raise BundleError("bundle.unknown_recipe", recipe=recipe[:80])
    told = known(document.get("result"))
    computed = compute(recipe, part(document, "inputs", dict))
    return Checked(
        figure=text(document.get("figure")),
        title=text(document.get("title")),
        told=told,
        computed=computed,
        unit=text(document.get("unit")),
        same=same(recipe, told, computed),
        sealed=document.get("sha256") == _digest(document),
        recipe=recipe,
        made_by=text(document.get("made_by")),
        made_at=text(document.get("made_at")),
    )


def compute(recipe: str, inputs: Json) -> Decimal | None:
    """Return what a recipe makes of inputs; raise ``BundleError`` when they do not fit."""
    try:
        return RECIPES[recipe](inputs)
    except BundleError:
        raise
    except (
        SmartFolioError,
        ArithmeticError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        StopIteration,
    ) as error:
        raise BundleError("bundle.broken", where=repr(error)[:80]) from error


def same(recipe: str, told: Decimal | None, computed: Decimal | None) -> bool:
    """Tell whether two figures are one: money to the last digit, statistics to nine digits, what a model says to six (a
    chance that was simulated: to one path of ten thousand).
    """
    if told is None or computed is None:
        return told is computed
    if recipe not in FLOATING:
        return told == computed
    absolute, relative = COARSE.get(recipe, _FINE)
    return abs(told - computed) <= max(absolute, relative * abs(told))


def result(amount: Decimal | None) -> str | None:
    """Write a figure."""
    return None if amount is None else plain(amount)


def _digest(document: Json) -> str:
    content: dict[str, Any] = {name: value for name, value in document.items() if name != "sha256"}
    words = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
