"""Figures of risk and of the market in bundles: the prices, closes and rates they rest on, written, read and computed.

As in ``recipes``, what computes is the product's own formula. Floats are written so that each comes back as it was.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from smartfolio_app.analytics.bundles.panels import (
    column,
    exposure_in,
    exposure_out,
    panel_in,
    panel_out,
    since,
)
from smartfolio_app.analytics.bundles.records import (
    BundleError,
    Json,
    day,
    moment,
    number,
    part,
    text,
    written,
)
from smartfolio_app.analytics.clock import day_number, day_of
from smartfolio_app.analytics.explain_risk import exact, explain_risk
from smartfolio_app.analytics.risk.report import Lived, Question, RiskReport, assess
from smartfolio_app.analytics.signals.funding import RANKED, funding_row
from smartfolio_app.analytics.signals.regimes import Rules, regime_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from smartfolio_app.analytics.results import FloatArray
    from smartfolio_app.analytics.risk.panel import Exposure, Panel

#: So many settled rates tell how far they are apart.
_RATES = 12
#: What looks further back, and how far.
_LOOKED_AT = {"funding_week": timedelta(days=7), "funding_rank": RANKED}


# -------------------------------------------------------------------------------------------------------- risk
def risk_inputs(  # noqa: PLR0917 - what a report is made of, and which of its figures is meant
    panel: Panel,
    others: Sequence[Exposure],
    currency: str,
    question: Question,
    lived: Lived | None,
    measure: str,
    about: str,
) -> Json:
    """Return what a figure of the risk report rests on: of all days those of the window, unless it looks further back.

    Raises:
        BundleError: It is too much.
    """
    if measure not in ("record", "track"):
        panel = since(panel, panel.start_of(question.window))
    return {
        "currency": currency,
        "measure": measure,
        "about": about,
        "window": question.window,
        "basis": question.basis,
        "benchmark": question.benchmark,
        "risk_free": repr(float(question.risk_free)),
        **panel_out(panel),
        "others": [exposure_out(one) for one in others],
        "lived": None if lived is None else _lived_out(lived, panel.days[0]),
    }


def _risk(inputs: Json) -> Decimal | None:
    """A figure of the risk report, from daily prices, today's worth of everything, and what was lived."""
    panel = panel_in(inputs)
    window = inputs.get("window")
    question = Question(
        None if window is None else int(part(inputs, "window", int)),
        part(inputs, "basis", str),
        part(inputs, "benchmark", str),
        float(part(inputs, "risk_free", str)),
    )
    lived = None if inputs.get("lived") is None else _lived_in(part(inputs, "lived", dict))
    others = tuple(exposure_in(row) for row in part(inputs, "others", list))
    report = assess(panel, others, part(inputs, "currency", str), question, lived)
    if report is None:
        return None
    measure, about = part(inputs, "measure", str), part(inputs, "about", str)
    if measure == "pair":
        return _pair(panel, report, about)
    told = explain_risk(measure, about, report)
    if told is None:
        raise BundleError("bundle.broken", where="measure")
    return told.amount


def _pair(panel: Panel, report: RiskReport, about: str) -> Decimal | None:
    matrix = report.correlations
    if matrix is None:
        return None
    ids = [panel.exposures[column].asset.id for column in matrix.columns]
    left, _, right = about.partition("|")
    return exact(float(matrix.matrix[ids.index(left), ids.index(right)]))


def _lived_out(lived: Lived, first: date) -> Json:
    begin = next((at for at, one in enumerate(lived.days) if one >= first), len(lived.days))
    return {
        "days": [one.isoformat() for one in lived.days[begin:]],
        "index": written(lived.index[begin:]),
        "value": repr(float(lived.value)),
    }


def _lived_in(row: Json) -> Lived:
    days = tuple(day(one) for one in part(row, "days", list))
    return Lived(days, column(row, "index", len(days)), float(part(row, "value", str)))


# ------------------------------------------------------------------------------------------------------ the market
def regime_inputs(  # noqa: PLR0917 - what a regime is made of, and which of its figures is meant
    subject: str,
    provider: str,
    days: NDArray[np.int64],
    closes: FloatArray,
    rules: Rules,
    what: str,
) -> Json:
    """Return what a market's regime rests on; ``what`` is ``below``, ``gap``, ``volatility``, ``closes``,
    ``spell-<first day>`` or ``after-<regime>-<days>``.
    """
    return {
        "subject": subject,
        "source": provider,
        "days": [day_of(int(one)).isoformat() for one in days],
        "closes": written(closes),
        "closes_a_year": rules.closes_a_year,
        "far_below": repr(rules.far_below),
        "what": what,
    }


def _regime(inputs: Json) -> Decimal | None:
    """How far a market is below its high, or what came after earlier changes of regime, from its closes."""
    days = np.array([day_number(day(one)) for one in part(inputs, "days", list)], dtype=np.int64)
    rules = Rules(int(part(inputs, "closes_a_year", int)), float(part(inputs, "far_below", str)))
    found = regime_of(days, column(inputs, "closes", len(days)), rules)
    what = part(inputs, "what", str)
    plain_figures = {"below": found.below, "gap": found.mean_gap, "volatility": found.volatility}
    if what in plain_figures:
        return exact(plain_figures[what])
    if what == "closes":
        return Decimal(found.closes)
    name, _, about = what.partition("-")
    if name == "spell":
        return exact(next(one.change for one in found.spells if day_of(one.start).isoformat() == about))
    name, span = about.split("-")
    return exact(next(one.median for one in found.after if (one.regime, str(one.days)) == (name, span)))


def funding_inputs(
    contract: str, source: str, settled: Sequence[tuple[datetime, Decimal]], what: str = "funding"
) -> Json:
    """Return what a figure of a funding rate rests on: the newest settled rates, or as many as it is of."""
    since = settled[-1][0] - _LOOKED_AT.get(what, timedelta())
    kept = [one for one in settled if one[0] > since]
    shown = kept if len(kept) > _RATES else settled[-_RATES:]
    return {
        "contract": contract,
        "source": source,
        "what": what,
        "settled": [[at.isoformat(), str(rate)] for at, rate in shown],
    }


def _funding(inputs: Json) -> Decimal | None:
    """The newest settled rate; a year of it, or of the mean of a week; or its rank among those of a year."""
    settled = [(moment(at), number(rate)) for at, rate in part(inputs, "settled", list)]
    row = funding_row(part(inputs, "contract", str), settled)
    if row is None:
        return None
    figures = {
        "funding": row.a_year,
        "funding_rate": row.rate,
        "funding_week": row.week,
        "funding_rank": exact(row.rank),
    }
    return figures.get(part(inputs, "what", str))


def _told(inputs: Json) -> Decimal:
    """What a source said."""
    text(inputs.get("source"))
    moment(inputs.get("at"))
    return number(inputs.get("value"))


RECIPES: dict[str, Callable[[Json], Decimal | None]] = {
    "risk": _risk,
    "regime": _regime,
    "funding": _funding,
    "told": _told,
}
FLOATING = frozenset({"risk", "regime"})
