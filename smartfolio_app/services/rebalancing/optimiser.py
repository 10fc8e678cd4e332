"""Suggested targets: what is held, spread by risk. Computed in the worker process; only the answer is kept.

What takes part are the coins and securities that swing and have a history. Money, stablecoins (any method would put
everything into them), locked assets and what is too young are left out, and so they stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
from sqlmodel import Session

from smartfolio_app.analytics.rebalancing.optimise import Suggestions, most_assets, suggest
from smartfolio_app.analytics.results import FloatArray
from smartfolio_app.analytics.risk.panel import Panel
from smartfolio_app.errors import NotFoundError, SmartFolioError
from smartfolio_app.ledger.assets import AssetId
from smartfolio_app.services import kept_work, risk
from smartfolio_app.services.jobs import Job, jobs
from smartfolio_app.services.kept_work import SUGGESTIONS
from smartfolio_app.services.rebalancing import targets
from smartfolio_app.services.views import View

#: Stretches of the past that are tried, the longest first, in days of the calendar that everything is looked at on.
STRETCHES = (756, 504, 252, 126)
#: An asset takes part in a stretch when it is known on this share of its days ...
_KNOWN = 0.95
#: ... and the stretch is used when assets of this share of the value take part.
_ENOUGH = 0.8
_LEAST_ASSETS = 2


class OptimiserMissingError(SmartFolioError):
    """skfolio, an optional extra, is not installed; the sentence says what to do."""

    status = 503


class TooLittleHistoryError(SmartFolioError):
    """Fewer than two assets have a history that is long enough."""

    status = 422


@dataclass(frozen=True, slots=True)
class Ground:
    """What suggestions are made from: ``returns`` (days, assets) without a gap, and ``present`` weights."""

    assets: tuple[AssetId, ...]
    returns: FloatArray
    present: FloatArray
    days_a_year: int


def is_there() -> bool:
    """Tell whether the optimiser is installed."""
    return find_spec("skfolio") is not None


def start(db: Session, view: View) -> str:
    """Start computing suggestions for what is in view, and return the job's id; ``found`` tells how far it is.

    Raises:
        OptimiserMissingError: skfolio is not installed.
        TooLittleHistoryError: Too little of what is held has a history.
        NotFoundError: There is no such user.
    """
    if not is_there():
        raise OptimiserMissingError("rebalance.no_optimiser")
    ground = ground_of(db, view)
    return jobs.start(
        view.user_id,
        SUGGESTIONS,
        "",
        suggest,
        ground.assets,
        ground.returns,
        ground.present,
        ground.days_a_year,
        then=partial(kept_work.keep, view.user_id, SUGGESTIONS),
    )


def found(user_id: str, job_id: str) -> Job:
    """Return the job as it stands; its result is a ``Suggestions``. Raises ``NotFoundError`` for any other's."""
    return kept_work.found(user_id, SUGGESTIONS, job_id)


def ground_of(db: Session, view: View) -> Ground:
    """Return what suggestions are made from: the largest holdings that take part, over the longest stretch.

    Raises:
        TooLittleHistoryError: Fewer than two take part in the shortest stretch.
        NotFoundError: There is no such user.
    """
    locked = targets.get(db, view.user_id).locked
    panel = risk.ground_of(db, view).panel
    candidates = [
        at
        for at, one in enumerate(panel.exposures)
        if one.value > 0
        and one.kind in ("crypto", "security")
        and one.group != "STABLECOINS"
        and one.asset.id not in locked
    ]
    value = sum(panel.exposures[at].value for at in candidates)
    best: Ground | None = None
    for stretch in STRETCHES:
        ground = _over(panel, candidates, stretch)
        if ground is None:
            continue
        best = ground
        if sum(one.value for one in panel.exposures if one.asset.id in ground.assets) >= _ENOUGH * value:
            break
    if best is None:
        raise TooLittleHistoryError("rebalance.too_little_history", days=STRETCHES[-1])
    return best


def _over(panel: Panel, candidates: list[int], stretch: int) -> Ground | None:
    rows = panel.returns[-stretch:]
    if len(rows) < stretch:
        return None
    known = [at for at in candidates if np.isfinite(rows[:, at]).mean() >= _KNOWN]
    known.sort(key=lambda at: (-panel.exposures[at].value, panel.exposures[at].asset.id))
    columns = known[: most_assets(stretch)]
    table = rows[:, columns]
    table = table[np.isfinite(table).all(axis=1)]
    moving = [at for at in range(len(columns)) if len(table) and table[:, at].std() > 0]
    if len(moving) < _LEAST_ASSETS or len(table) < stretch * 2 // 3:
        return None
    values = np.array([panel.exposures[columns[at]].value for at in moving])
    return Ground(
        tuple(panel.exposures[columns[at]].asset.id for at in moving),
        np.ascontiguousarray(table[:, moving]),
        values / values.sum(),
        panel.days_a_year,
    )


def as_weights(suggestions: Suggestions, method: str) -> dict[AssetId, float]:
    """Return one method's weights by asset; raise ``NotFoundError`` when there is no such method."""
    idea = next((one for one in suggestions.ideas if one.method == method), None)
    if idea is None:
        raise NotFoundError("rebalance.no_such_method", method=method)
    return dict(zip(suggestions.assets, idea.weights, strict=True))
