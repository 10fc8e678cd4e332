"""The second opinion on realised gains: ask for it, look how far it is, read it."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field

from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Amount, Answer, Body
from smartfolio_app.api.views import ChosenView
from smartfolio_app.api.work import WorkOut, standing
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.services.second_opinion import sentences, work
from smartfolio_app.services.second_opinion.work import Opinion

router = APIRouter(prefix="/api/portfolio/second-opinion", tags=["portfolio"])

JobId = Annotated[str, Path(max_length=64)]


class OpinionIn(Body):
    """What to ask. Without a ``method`` by that of your settings, without a ``year`` over everything."""

    method: Annotated[str, Field(max_length=16, description="fifo, lifo, hifo or lofo")] = ""
    year: Annotated[int | None, Field(ge=1970, le=9998)] = None


class SumsOut(Answer):
    """What was compared, and what each engine makes of it. ``unknown``: by lot and quantity alone."""

    matches: int
    incomes: int
    unknown: int
    differing: int
    gain_ours: Amount
    gain_theirs: Amount
    income_ours: Amount
    income_theirs: Amount


class AssetComparedOut(SumsOut):
    """The same of one asset."""

    asset: str


class DifferenceOut(Answer):
    """Where the two first disagree. ``what``: ``lot`` (a quantity of it), ``proceeds``, ``cost`` or ``income``."""

    what: Literal["lot", "proceeds", "cost", "income"]
    asset: str
    quantity: Amount
    disposed: datetime | None
    acquired: datetime | None
    disposal: str
    lot: str
    ours: Amount | None
    theirs: Amount | None


class LeftOutOut(Answer):
    """An asset that is not compared from ``since`` on, why, and how many of our matches and incomes that leaves out."""

    asset: str
    limit: str
    reason: str
    since: datetime | None
    matches: int


class OpinionOut(Answer):
    """What the other engine says, in figures and in words (``verdict``, ``notes``: what was compared and what not)."""

    equal: bool
    engine: str
    version: str
    at: datetime
    seconds: int
    currency: str
    method: str
    year: int | None
    total: SumsOut
    assets: list[AssetComparedOut]
    first: DifferenceOut | None
    left_out: list[LeftOutOut]
    income_in_money: int
    verdict: str
    difference: str
    notes: list[str]


class AskedOut(WorkOut):
    """A second opinion as it stands; ``opinion`` is there once ``state`` is ``done``. Kept for an hour."""

    phase: str
    opinion: OpinionOut | None


@router.post("", status_code=202, summary="Ask for a second opinion on realised gains")
def ask_second_opinion(view: ChosenView, access: Caller, db: Database, body: OpinionIn) -> AskedOut:
    """Start another engine (rp2) on your transactions, in a process of its own. Asked again, it goes on."""
    wanted = work.Wanted(body.method.strip().lower(), body.year)
    job_id = work.start(view, wanted)
    return _asked(work.status(view.user_id, job_id), language_of(access, db, view.user_id))


@router.get("", summary="The second opinion asked for last")
def latest_second_opinion(viewer: SignedIn, access: Caller, db: Database) -> AskedOut | None:
    """Return how far it is, or null when none was asked for within the last hour."""
    job = work.latest(viewer.user_id)
    return None if job is None else _asked(job, language_of(access, db, viewer.user_id))


@router.get("/{job_id}", summary="A second opinion")
def get_second_opinion(viewer: SignedIn, access: Caller, db: Database, job_id: JobId) -> AskedOut:
    """Return how far it is and, once it is done, what it says: equal to the cent, or the first difference."""
    return _asked(work.status(viewer.user_id, job_id), language_of(access, db, viewer.user_id))


@router.delete("/{job_id}", summary="Stop a second opinion")
def stop_second_opinion(viewer: SignedIn, access: Caller, db: Database, job_id: JobId) -> AskedOut:
    """Stop it, and return how it ended."""
    work.status(viewer.user_id, job_id)
    return _asked(jobs.cancel(viewer.user_id, job_id), language_of(access, db, viewer.user_id))


def _asked(job: Job, language: str) -> AskedOut:
    opinion = _opinion(job.result, language) if job.state == "done" else None
    return AskedOut(**standing(job, language), phase=job.phase, opinion=opinion)


def _opinion(found: Opinion, language: str) -> OpinionOut:
    words = sentences.PlainWords(language)
    first = found.first
    return OpinionOut(
        equal=found.equal,
        engine=found.engine,
        version=found.version,
        at=found.at,
        seconds=ceil(found.seconds),
        currency=found.currency,
        method=found.policy,
        year=found.year,
        total=SumsOut.model_validate(found.total),
        assets=[
            AssetComparedOut(asset=one.asset, **SumsOut.model_validate(one.sums).__dict__)
            for one in found.assets
        ],
        first=None
        if first is None
        else DifferenceOut(
            what=first.what.value,
            asset=first.asset,
            quantity=first.quantity,
            disposed=first.disposed,
            acquired=first.acquired,
            disposal=first.disposal_id,
            lot=first.lot_id,
            ours=first.ours,
            theirs=first.theirs,
        ),
        left_out=[
            LeftOutOut(
                asset=one.asset,
                limit=one.limit.value,
                reason=one.reason,
                since=one.since,
                matches=one.matches,
            )
            for one in found.left_out
        ],
        income_in_money=found.money,
        verdict=sentences.verdict(found, words),
        difference=sentences.difference(found, words),
        notes=[*sentences.compared(found, words), *sentences.left_out(found, words)],
    )
