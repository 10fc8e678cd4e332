"""``smartfolio doctor``: is everything in order, and if not, what to do."""

from __future__ import annotations

import json
from typing import Annotated

import typer

MARKS = {"ok": "ok     ", "info": "info   ", "warning": "WARNING", "error": "ERROR  "}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of findings.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Show each finding's facts, too.")] = False,
) -> None:
    """Check everything the Trust page shows, one by one; exit status 1 on an error."""
    from smartfolio_app.services.health import examine, is_healthy
    from smartfolio_app.settings import get_settings
    from smartfolio_app.storage import engine

    settings = get_settings()
    engine.configure(settings)
    findings = examine(settings)
    if as_json:
        listed = [
            {
                "key": finding.key,
                "check": finding.check,
                "severity": finding.severity,
                "code": finding.code,
                "what": finding.what("en"),
                "why": finding.why("en"),
                "mend": finding.mend("en"),
                "facts": [list(fact) for fact in finding.facts],
                "dismissed": finding.dismissed,
            }
            for finding in findings
        ]
        print(json.dumps({"healthy": is_healthy(findings), "findings": listed}, indent=2))
    else:
        for finding in findings:
            mark = "aside  " if finding.dismissed else MARKS[finding.severity]
            print(f"{mark}  {finding.what('en')}")
            bad = finding.severity in ("warning", "error") and not finding.dismissed
            for line in (finding.why("en"), finding.mend("en")) if bad else ():
                if line:
                    print(f"         {line}")
            for name, value in finding.facts if details else ():
                print(f"         {name}: {value}")
    if not is_healthy(findings):
        raise typer.Exit(1)
