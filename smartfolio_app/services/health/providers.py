"""How the market providers are doing, from the record of calls: nobody is called to find out."""

from __future__ import annotations

from collections.abc import Iterator

from smartfolio_app.services import market_data
from smartfolio_app.services.health.findings import Finding, Patient

SHOWN_CALLS = 20


def check(patient: Patient) -> Iterator[Finding]:
    """Tell each provider's state, and the newest calls."""
    if patient.settings.offline:
        yield Finding("providers", "info", "providers.offline")
    for status in market_data.provider_statuses(patient.db):
        params: dict[str, object] = {"provider": status.label}
        facts = (
            ("host", status.host),
            ("calls_left", str(status.calls_left)),
            ("succeeded_at", status.succeeded_at.isoformat() if status.succeeded_at else "-"),
        )
        if status.breaker_open:
            yield Finding("providers", "warning", "providers.breaker", params, facts)
        elif status.error:
            params["error"] = status.error
            yield Finding("providers", "warning", "providers.failing", params, facts)
        elif status.succeeded_at is None:
            yield Finding("providers", "info", "providers.never", params, facts)
        else:
            params["at"] = status.succeeded_at
            yield Finding("providers", "ok", "providers.answers", params, facts)
    calls = market_data.recent_calls(patient.db, SHOWN_CALLS)
    told = tuple(
        (call.at.isoformat(), f"{call.host}{call.path} {call.status or '-'} {call.outcome} {call.ms} ms")
        for call in calls
    )
    yield Finding("providers", "info", "providers.calls", {"count": len(calls)}, told)
