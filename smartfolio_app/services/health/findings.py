"""What a check answers with, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from smartfolio_app.i18n import known, translate
from smartfolio_app.settings import Settings

Severity = Literal["ok", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a check.

    ``code`` names its sentences in ``i18n/*/health.toml``: ``health.<code>.what``, and where there is more to say
    ``.why`` and ``.mend``; ``params`` fill them. ``facts`` are names and values for whoever wants the detail. Nothing
    here holds a secret.
    """

    check: str
    severity: Severity
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()

    def what(self, language: str) -> str:
        """Say what was found."""
        return translate(language, f"health.{self.code}.what", **self.params)

    def why(self, language: str) -> str:
        """Say why it matters; empty when the finding says it all."""
        return self._optional(language, "why")

    def mend(self, language: str) -> str:
        """Say what to do; empty when there is nothing to do."""
        return self._optional(language, "mend")

    def _optional(self, language: str, part: str) -> str:
        key = f"health.{self.code}.{part}"
        return translate(language, key, **self.params) if known(key) else ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at. ``db`` is a session that nothing is written through."""

    settings: Settings
    db: Session
    environ: Mapping[str, str]
    now: datetime


Check = Callable[[Patient], Iterable[Finding]]
