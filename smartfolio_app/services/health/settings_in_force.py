"""Every setting with its origin; what looks like a setting and is none; what weakens the content policy."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import SecretStr
from sqlalchemy import make_url

from smartfolio_app.providers.exchanges.catalogue import exchanges
from smartfolio_app.security.content_policy import dangerous_words_in_force
from smartfolio_app.services.health.findings import Finding, Patient
from smartfolio_app.settings import Settings, environment_name, unknown_variables


def check(patient: Patient) -> Iterator[Finding]:
    """Tell what is in force, and name what is not."""
    settings = patient.settings
    fields = type(settings).model_fields
    facts = tuple(
        (environment_name(field), f"{shown(settings, field)} ({settings.origin(field)})") for field in fields
    )
    yield Finding("settings", "info", "settings.in_force", {"count": len(facts)}, facts)
    for name, nearest in unknown_variables(patient.environ):
        code = "settings.misspelt" if nearest else "settings.unknown"
        yield Finding("settings", "warning", code, {"name": name, "nearest": nearest})
    for name in sorted(settings.exchange_urls.keys() - exchanges().keys()):
        shown_as, near = (
            f"{environment_name('exchange_urls')}: {name}",
            get_close_matches(name, exchanges(), n=1),
        )
        code = "settings.misspelt" if near else "settings.unknown"
        yield Finding("settings", "warning", code, {"name": shown_as, "nearest": "".join(near)})
    weakened = ", ".join(f"{name} {word}" for name, word in dangerous_words_in_force(settings))
    if weakened:
        yield Finding("settings", "warning", "settings.policy_weakened", {"words": weakened})


def shown(settings: Settings, field: str) -> str:
    """Return a setting's value as it may be shown: of a secret only whether there is one, of an address no password."""
    value = getattr(settings, field)
    if value is None or value in ("", (), {}):
        return "-"
    if isinstance(value, SecretStr):
        return "***"
    if field in ("database_url", "redis_url"):
        return make_url(value).render_as_string(hide_password=True)
    if isinstance(value, dict):
        return ",".join(f"{name}={one}" for name, one in value.items())
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
