"""Answers of simulations and of the optimiser, for as long as a page that shows them may be open.

A job is looked at for an hour, and in the memory of one process. A page stays open for days: why a figure of it is what
it is can be asked until so many newer answers of the kind have been made.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from smartfolio_app.analytics.rebalancing.optimise import Idea, OutOfSample, Suggestions
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.simulation import Drawn, Future, Plan
from smartfolio_app.errors import NotFoundError, SmartFolioError
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.storage.engine import session_scope
from smartfolio_app.storage.tables import KeptWork

SIMULATION = "risk_simulation"
SUGGESTIONS = "rebalance_suggestions"
#: So many answers of a kind are kept for each user, the newest ones.
MOST = 40

log = logging.getLogger(__name__)


def keep(user_id: str, kind: str, job_id: str, result: Any) -> None:
    """Keep an answer; the oldest beyond ``MOST`` are forgotten. Commits.

    Where it cannot be kept, whoever waits for it has it all the same: the job is there for an hour.
    """
    try:
        with session_scope() as db:
            db.add(KeptWork(id=job_id, user_id=user_id, kind=kind, told=_written(result)))
            db.flush()
            mine = (col(KeptWork.user_id) == user_id, col(KeptWork.kind) == kind)
            newest = select(col(KeptWork.id)).where(*mine).order_by(col(KeptWork.made_at).desc()).limit(MOST)
            kept = list(db.execute(newest).scalars())
            db.execute(delete(KeptWork).where(*mine, col(KeptWork.id).not_in(kept)))
    except (SmartFolioError, SQLAlchemyError) as error:
        log.warning("an answer (%s) cannot be kept: %s", kind, type(error).__name__)


def found(user_id: str, kind: str, job_id: str) -> Job:
    """Return work of a user as it stands or, where it is no job any more, as it was kept.

    Raises:
        NotFoundError: There is none of that id, kind and user.
    """
    try:
        job = jobs.status(user_id, job_id)
    except NotFoundError:
        with session_scope() as db:
            row = _row(db, user_id, kind, job_id)
            if row is None:
                raise
            return Job(
                id=row.id,
                user_id=user_id,
                kind=kind,
                label="",
                state="done",
                result=_READ[kind](json.loads(row.told)),
                at=row.made_at.replace(tzinfo=row.made_at.tzinfo or UTC),
            )
    if job.kind != kind:
        raise NotFoundError("job.no_such_job")
    return job


def _row(db: Session, user_id: str, kind: str, job_id: str) -> KeptWork | None:
    mine = (col(KeptWork.user_id) == user_id, col(KeptWork.kind) == kind)
    return db.execute(select(KeptWork).where(col(KeptWork.id) == job_id, *mine)).scalar_one_or_none()


def _written(result: Any) -> str:
    """Write an answer so that every float comes back as it was."""
    return json.dumps(asdict(result), default=_array_out)


def _array_out(array: NDArray[Any]) -> dict[str, Any]:
    """Write an array by its bytes: half as long as its digits."""
    return {"shape": array.shape, "bytes": base64.b64encode(array.astype("<f8").tobytes()).decode()}


def _array_in(told: Mapping[str, Any]) -> FloatArray:
    found = np.frombuffer(base64.b64decode(told["bytes"]), dtype="<f8").astype(np.float64)
    return found.reshape(told["shape"])


def _future(told: Mapping[str, Any]) -> Future:
    arrays = {name: _array_in(told[name]) for name in ("at", "fan", "paid")}
    drawn = told["drawn_from"]
    past = Drawn(_array_in(drawn["returns"]), _array_in(drawn["values"]), drawn["days_a_year"])
    pairs = {name: tuple((loss, chance) for loss, chance in told[name]) for name in ("losses", "dips")}
    return Future(**{**told, **arrays, **pairs, "plan": Plan(**told["plan"]), "drawn_from": past})


def _suggestions(told: Mapping[str, Any]) -> Suggestions:
    ideas = tuple(
        Idea(
            one["method"],
            tuple(one["weights"]),
            OutOfSample(**one["tested"]),
            tuple(map(tuple, one["fitted"])),
        )
        for one in told["ideas"]
    )
    more = {
        "assets": tuple(told["assets"]),
        "present": tuple(told["present"]),
        "present_tested": OutOfSample(**told["present_tested"]),
        "ideas": ideas,
        "returns": _array_in(told["returns"]),
    }
    return Suggestions(**{**told, **more})


_READ: dict[str, Callable[[Mapping[str, Any]], Any]] = {SIMULATION: _future, SUGGESTIONS: _suggestions}
