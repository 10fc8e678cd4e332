"""What Prometheus may know: what this process counted, and what the database tells. No name, no address, no amount."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlmodel import Session, col

from smartfolio_app import __version__
from smartfolio_app.security.connections import LIVE
from smartfolio_app.services import backups, scheduler
from smartfolio_app.settings import Settings
from smartfolio_app.storage.tables import ProviderState, SourceRow, SyncState, User
from smartfolio_app.telemetry.metrics import REGISTRY


def exposition(db: Session, settings: Settings, *, now: datetime) -> bytes:
    """Return the metrics in Prometheus' text format."""
    told = CollectorRegistry()
    told.register(_Told(db, settings, now))
    return generate_latest(REGISTRY) + generate_latest(told)


Sample = tuple[dict[str, str], float]


class _Told(Collector):
    """What is read at the moment of asking, the same whichever process is asked (but for its jobs and sockets)."""

    def __init__(self, db: Session, settings: Settings, now: datetime) -> None:
        self._db, self._settings, self._now = db, settings, now

    def describe(self) -> Iterable[Metric]:
        """Nothing: what there is depends on the moment."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read it all."""
        yield _gauge("info", "The version.", [({"version": __version__}, 1.0)])
        yield _gauge("open_sockets", "Websockets open in this process.", [({}, float(len(LIVE)))])
        users = self._db.execute(select(func.count()).select_from(User)).scalar_one()
        yield _gauge("users", "Accounts.", [({}, float(users))])
        failed = [({"job": job.name}, float(bool(job.error))) for job in scheduler.jobs()]
        yield _gauge("job_failed", "1 when a background job of this process failed the last time.", failed)
        yield self._market_ages()
        yield self._sync_ages()
        made: list[Sample] = [({}, self._since(at)) for at, _ in backups.listed(self._settings)[:1]]
        yield _gauge("backup_age_seconds", "Age of the newest backup; absent when there is none.", made)

    def _market_ages(self) -> Metric:
        states = self._db.execute(select(ProviderState)).scalars()
        ages = [
            ({"provider": one.provider}, self._since(one.succeeded_at))
            for one in states
            if one.succeeded_at is not None
        ]
        return _gauge("provider_age_seconds", "Since when a market provider has not answered well.", ages)

    def _sync_ages(self) -> Metric:
        """Of each kind of live source the one that was not synced for longest."""
        oldest = (
            select(col(SourceRow.provider), func.min(col(SyncState.succeeded_at)))
            .join(SourceRow, col(SourceRow.id) == col(SyncState.source_id))
            .where(col(SourceRow.active), col(SyncState.succeeded_at).is_not(None))
            .group_by(col(SourceRow.provider))
        )
        ages = [({"provider": provider}, self._since(at)) for provider, at in self._db.execute(oldest)]
        return _gauge(
            "sync_age_seconds", "Since when the stalest live source of a kind was not synced.", ages
        )

    def _since(self, at: datetime) -> float:
        return max(0.0, (self._now - at).total_seconds())


def _gauge(name: str, text: str, samples: Iterable[Sample]) -> Metric:
    samples = list(samples)
    labels = list(samples[0][0]) if samples else []
    family = GaugeMetricFamily(f"smartfolio_{name}", text, labels=labels)
    for values, number in samples:
        family.add_metric([values[label] for label in labels], number)
    return family
