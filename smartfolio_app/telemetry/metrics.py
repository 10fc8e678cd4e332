"""What this process counts, for Prometheus. Labels are names from the program, never of people, addresses or amounts.

Each process counts for itself; where several serve, each of them is asked (they have a port each), and Prometheus' own
``instance`` label tells them apart. Nothing is added up here, so nothing of a process that ended is counted on.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_requests = Counter(
    "smartfolio_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
_request_seconds = Histogram(
    "smartfolio_request_duration_seconds",
    "From a request's arrival to the end of its answer.",
    ("method", "route"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_events = Counter("smartfolio_events", "Events of pages.", ("handler", "outcome"), registry=REGISTRY)
_event_seconds = Histogram(
    "smartfolio_event_duration_seconds",
    "From an event's turn to the end of its handler.",
    ("handler",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_decisions = Counter(
    "smartfolio_limit_decisions", "Decisions of the rate limits.", ("bucket", "decision"), registry=REGISTRY
)
_calls = Counter(
    "smartfolio_provider_calls", "Calls to providers.", ("provider", "outcome"), registry=REGISTRY
)
_call_seconds = Histogram(
    "smartfolio_provider_call_duration_seconds",
    "How long a provider took.",
    ("provider",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_job_seconds = Histogram(
    "smartfolio_job_duration_seconds",
    "How long work in the background took.",
    ("job", "outcome"),
    buckets=_LONG,
    registry=REGISTRY,
)


def request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request; ``route`` is its template, ``status`` 0 when it was cut off without an answer."""
    verb = method if method in _METHODS else "OTHER"
    _requests.labels(verb, route, str(status)).inc()
    _request_seconds.labels(verb, route).observe(seconds)


def event(handler: str, outcome: str, seconds: float) -> None:
    """Count an event; ``outcome``: ``ok``, ``refused`` (not signed in, not allowed), ``failed`` or ``cancelled``."""
    _events.labels(handler, outcome).inc()
    _event_seconds.labels(handler).observe(seconds)


def decision(bucket: str, allowed: bool) -> None:
    """Count a decision of a rate limit."""
    _decisions.labels(bucket, "allowed" if allowed else "limited").inc()


def provider_call(provider: str, outcome: str, seconds: float) -> None:
    """Count a call to a provider; ``outcome`` as in ``OutboundCall``."""
    _calls.labels(provider, outcome).inc()
    _call_seconds.labels(provider).observe(seconds)


def job(name: str, outcome: str, seconds: float) -> None:
    """Count a piece of work in the background; ``outcome``: ``done``, ``failed`` or ``cancelled``."""
    _job_seconds.labels(name, outcome).observe(seconds)
