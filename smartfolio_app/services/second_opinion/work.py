"""Asking for a second opinion: what can be asked, the work itself (in a process of its own), and how far it is."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from smartfolio_app.analytics.basis import MarketValues
from smartfolio_app.analytics.clock import local_midnight
from smartfolio_app.errors import InvalidInputError, NotFoundError, SmartFolioError
from smartfolio_app.ledger.assets import AssetId, is_fiat
from smartfolio_app.ledger.corrections import corrections
from smartfolio_app.ledger.lots import Method, Policy, Pooling
from smartfolio_app.services import jobs
from smartfolio_app.services.second_opinion import engine, events
from smartfolio_app.services.second_opinion.comparison import Compared, Difference, LeftOut, Sums, compare
from smartfolio_app.services.views import View, basis
from smartfolio_app.services.worker import Progress, worker
from smartfolio_app.storage.engine import session_scope

KIND = "second_opinion"
#: Seconds after which the other engine is given up; it needs about 25 for 100,000 trades over 50 assets.
LONGEST = 3600.0
#: Phases, in their order; each is a key of a sentence under ``verify.phase_``.
PHASES = ("reading", "comparing")


class MethodNotCoveredError(SmartFolioError):
    """The other engine does not compute by that method."""

    status = 422


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked. ``method`` empty: the user's own, by year too. ``year`` (of their zone): ``None`` for all."""

    method: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class AssetCompared:
    """What was compared of one asset."""

    asset: AssetId
    symbol: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the other engine says. Amounts are in ``currency``.

    ``pooling`` is the user's own when that is not covered, and lots were then sought everywhere on both sides.
    ``money`` counts the receipts of income in currencies, which have no lots and are not compared. ``symbols`` names
    the assets of ``first`` and ``left_out``.
    """

    engine: str
    version: str
    at: datetime
    seconds: float
    currency: str
    policy: str
    year: int | None
    pooling: str
    total: Sums
    assets: tuple[AssetCompared, ...]
    first: Difference | None
    left_out: tuple[LeftOut, ...]
    money: int
    symbols: dict[AssetId, str]

    @property
    def equal(self) -> bool:
        """Tell whether everything that was compared is the same to the cent."""
        return self.first is None


def policy_for(view: View, wanted: Wanted) -> Policy:
    """Return the policy that both engines compute by: lots are always sought everywhere.

    Raises:
        InvalidInputError: There is no such method or year.
        MethodNotCoveredError: The other engine does not know it.
    """
    policy = replace(Policy.parse(view.method), pooling=Pooling.GLOBAL)
    if wanted.method:
        if wanted.method not in set(Method):
            raise InvalidInputError("gains.method", allowed=", ".join(Method))
        policy = replace(policy, method=Method(wanted.method), methods={})
    if wanted.year is not None and not 1970 <= wanted.year <= 9998:
        raise InvalidInputError("request.invalid", field="year", rule="1970-9998")
    missing = engine.methods_of(policy) - set(engine.METHODS)
    if missing:
        raise MethodNotCoveredError(
            "verify.method_not_covered", method=", ".join(sorted(missing)), covered=", ".join(engine.METHODS)
        )
    return policy


def start(view: View, wanted: Wanted) -> str:
    """Begin, and return the job's id; one that is under way for the user is not begun twice.

    Raises:
        EngineMissingError: rp2 is not installed.
        InvalidInputError, MethodNotCoveredError: as ``policy_for``.
    """
    engine.version()
    policy_for(view, wanted)
    for job in jobs.jobs.of_user(view.user_id):
        if job.kind == KIND and not job.finished:
            return job.id
    return jobs.jobs.start(view.user_id, KIND, "rp2", examine, view, wanted, limit=LONGEST)


def status(user_id: str, job_id: str) -> jobs.Job:
    """Return how far it is; raise ``NotFoundError`` when it is unknown, long over, or another user's."""
    job = jobs.jobs.status(user_id, job_id)
    if job.kind != KIND:
        raise NotFoundError("job.no_such_job")
    return job


def latest(user_id: str) -> jobs.Job | None:
    """Return the one that was under way last, while it is remembered."""
    mine = [job for job in jobs.jobs.of_user(user_id) if job.kind == KIND]
    return mine[-1] if mine else None


def ask_now(view: View, wanted: Wanted, progress: Progress, limit: float = LONGEST) -> Opinion:
    """Do it at once, in the process aside, and wait for it (the shell).

    Raises:
        WorkerError: The process died, or took longer than ``limit`` seconds.
        EngineMissingError, InvalidInputError, MethodNotCoveredError: as ``start``.
    """
    engine.version()
    policy_for(view, wanted)
    made: Opinion = worker("aside").run(examine, view, wanted, progress=progress, limit=limit)
    return made


def examine(view: View, wanted: Wanted, *, progress: Progress) -> Opinion:
    """Compute by both engines and compare (in the process aside); raises as ``start``."""
    began = time.monotonic()
    policy = policy_for(view, wanted)
    version = engine.version()
    progress("reading", 0, 0)
    with session_scope() as db:
        known = basis(db, view.user_id)
        columns = known.ledger.columns
        book = known.ledger.lots(known.prices, view.currency, policy)
        told = events.read(
            columns.ordered,
            columns.instants,
            view.currency,
            MarketValues(known.prices, view.currency).price,
            transfers=columns.transfers,
            corrections=corrections(columns.stream, columns.statements),
            costs_must_be_known={Method.HIFO, Method.LOFO} <= engine.methods_of(policy),
        )
        count = sum(map(len, told.events.values()))
        progress("comparing", 0, count)
        theirs = engine.compute(told.events, policy, lambda done: progress("comparing", done, count))
        found = compare(book, told, theirs, _within(view, wanted.year))
        symbols = {asset: known.ledger.asset(asset).symbol for asset in {*found.by_asset, *_named(found)}}
    money = Counter(is_fiat(one.asset) for one in book.incomes)[True]
    pooling = Policy.parse(view.method).pooling
    return Opinion(
        engine="rp2",
        version=version,
        at=datetime.now(UTC),
        seconds=time.monotonic() - began,
        currency=view.currency,
        policy=str(policy),
        year=wanted.year,
        pooling="" if pooling is Pooling.GLOBAL else pooling.value,
        total=found.total,
        assets=tuple(AssetCompared(one, symbols[one], sums) for one, sums in found.by_asset.items()),
        first=found.first,
        left_out=tuple(found.left_out),
        money=money,
        symbols=symbols,
    )


def _named(found: Compared) -> set[AssetId]:
    return {*(one.asset for one in found.left_out), *([found.first.asset] if found.first else [])}


def _within(view: View, year: int | None) -> tuple[datetime | None, datetime | None]:
    if year is None:
        return None, None
    zone = ZoneInfo(view.time_zone)
    return local_midnight(date(year, 1, 1), zone), local_midnight(date(year + 1, 1, 1), zone)
