"""What a check answers with, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from smartfolio_app.i18n import known, translate
from smartfolio_app.i18n.format import moment, size
from smartfolio_app.settings import Settings

Severity = Literal["ok", "info", "warning", "error"]

#: The parameters that tell one finding of a code from another; the rest (times, counts) changes from day to day.
SUBJECTS = (
    "name",
    "path",
    "provider",
    "user",
    "source",
    "channel",
    "job",
    "words",
    "directive",
    "blocked",
    "page",
    "check",
)


@dataclass(frozen=True, slots=True)
class Bytes:
    """A size."""

    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a check.

    ``code`` names its sentences in ``i18n/*/health.toml``: ``health.<code>.what``, and where there is more to say
    ``.why`` and ``.mend``; ``params`` fill them, instants (in UTC) and ``Bytes`` in the reader's way of
    writing. ``facts`` are names and values for whoever wants the detail. Nothing here holds a secret.
    """

    check: str
    severity: Severity
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    #: An administrator has seen it and set it aside; never an error.
    dismissed: bool = False

    @property
    def key(self) -> str:
        """What this finding is about, the same each time it is found again: its code and whom or what it names."""
        named = (str(self.params[name]) for name in SUBJECTS if name in self.params)
        return " ".join((self.code, *named))[:400]

    @property
    def can_be_dismissed(self) -> bool:
        """Whether it may be set aside: what wants attention and is no error."""
        return self.severity == "warning"

    def what(self, language: str) -> str:
        """Say what was found."""
        return self._said(language, f"health.{self.code}.what")

    def why(self, language: str) -> str:
        """Say why it matters; empty when the finding says it all."""
        return self._optional(language, "why")

    def mend(self, language: str) -> str:
        """Say what to do; empty when there is nothing to do."""
        return self._optional(language, "mend")

    def _optional(self, language: str, part: str) -> str:
        key = f"health.{self.code}.{part}"
        return self._said(language, key) if known(key) else ""

    def _said(self, language: str, key: str) -> str:
        return translate(
            language, key, **{name: _written(one, language) for name, one in self.params.items()}
        )


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at. ``db`` is a session that nothing is written through."""

    settings: Settings
    db: Session
    environ: Mapping[str, str]
    now: datetime


Check = Callable[[Patient], Iterable[Finding]]


def _written(value: object, language: str) -> object:
    if isinstance(value, datetime):
        return moment(value, language)
    return size(value.count, language) if isinstance(value, Bytes) else value
