"""Findings and backups as an administrator reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from smartfolio_app.services.backups import Kept
from smartfolio_app.services.health import Finding
from smartfolio_app.state.figures import Figures

#: The order of the page: what keeps the data, what guards it, what feeds it, what it runs on.
AREAS: dict[str, tuple[str, ...]] = {
    "data": ("database", "backups", "audit", "disk"),
    "guard": ("vault", "keys", "limits", "policy"),
    "feeds": ("sources", "providers", "jobs", "notices"),
    "machine": ("version", "clock", "redis", "settings"),
}
SEVERITIES = ("error", "warning", "info", "ok")
SYMBOLS = {"error": "bad", "warning": "notable", "info": "", "ok": "good"}


@dataclass
class FactRow:
    """A name and a value."""

    name: str = ""
    value: str = ""


@dataclass
class FindingRow:
    """One finding. ``tone``: good, notable, bad or nothing."""

    key: str = ""
    tone: str = ""
    what: str = ""
    why: str = ""
    mend: str = ""
    facts: list[FactRow] = field(default_factory=list)
    can_be_dismissed: bool = False


@dataclass
class AreaRow:
    """The findings of one area."""

    title: str = ""
    findings: list[FindingRow] = field(default_factory=list)


@dataclass
class BackupRow:
    """One backup."""

    name: str = ""
    made: str = ""
    ago: str = ""
    size: str = ""
    uploaded: bool = False
    proven: bool = False
    link: str = ""


def finding_row(finding: Finding, figures: Figures) -> FindingRow:
    language = figures.language
    told = finding.severity in ("error", "warning")
    return FindingRow(
        key=finding.key,
        tone=SYMBOLS[finding.severity],
        what=finding.what(language),
        why=finding.why(language) if told else "",
        mend=finding.mend(language) if told else "",
        facts=[FactRow(_when(name, figures), value) for name, value in finding.facts],
        can_be_dismissed=finding.can_be_dismissed,
    )


def problems(findings: list[Finding], figures: Figures) -> list[FindingRow]:
    """Return what wants attention, errors first."""
    wanted = [one for one in findings if one.severity in ("error", "warning") and not one.dismissed]
    wanted.sort(key=lambda one: SEVERITIES.index(one.severity))
    return [finding_row(one, figures) for one in wanted]


def areas(findings: list[Finding], figures: Figures) -> list[AreaRow]:
    """Return all that is in order or merely told, by area; a check of no area comes last."""
    known = {check for checks in AREAS.values() for check in checks}
    others = tuple(dict.fromkeys(one.check for one in findings if one.check not in known))
    found = []
    for area, checks in {**AREAS, "others": others}.items():
        told = [
            finding_row(one, figures)
            for check in checks
            for one in findings
            if one.check == check and one.severity in ("ok", "info")
        ]
        if told:
            found.append(AreaRow(figures.say(f"trust.area_{area}"), told))
    return found


def backup_row(backup: Kept, figures: Figures) -> BackupRow:
    return BackupRow(
        name=backup.name,
        made=figures.moment(backup.made_at),
        ago=figures.ago(backup.made_at),
        size=figures.size(backup.size),
        uploaded=backup.uploaded,
        proven=backup.proven,
        link=f"/api/backups/{backup.name}",
    )


def _when(name: str, figures: Figures) -> str:
    """Write an instant as the reader writes it; any other name as it is."""
    if re.match(r"\d{4}-\d\d-\d\dT", name):
        moment = datetime.fromisoformat(name)
        return figures.moment(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return name
