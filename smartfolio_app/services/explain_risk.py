"""Why a figure of the Risk page is what it is: the report's by ``analytics.explain_risk``, the others by holdings.

Figures: ``<window>[@<risk-free rate>]:<basis>:<measure>[:<about>]``. Beside the report's measures there are
``liquidity:<part>``, ``currency:<key>``, ``episode:<key>`` and ``pair:<asset>|<asset>``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from smartfolio_app.analytics.allocation import exposure
from smartfolio_app.analytics.explain import UnknownFigureError
from smartfolio_app.analytics.explain_risk import exact, explain_risk
from smartfolio_app.analytics.explain_steps import LISTED, holding_lines, line, money, transactions_of
from smartfolio_app.analytics.results import Explanation, Holding, Measure, Step
from smartfolio_app.analytics.risk.scenarios import Effect
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import risk
from smartfolio_app.services.risk import Dashboard
from smartfolio_app.services.views import View


def explain(db: Session, view: View, figure: str) -> Explanation:
    """Return why a figure is what it is (the name without ``risk:``), from the very report that is on screen.

    Raises:
        UnknownFigureError: There is no such figure.
        NotFoundError: There is no such user.
    """
    unknown = UnknownFigureError("explain.unknown_figure", figure=figure)
    parts = figure.split(":", 3)
    if len(parts) < 3:
        raise unknown
    (window, _, typed), based_on, measure = parts[0].partition("@"), parts[1], parts[2]
    about = parts[3] if len(parts) > 3 else ""
    try:
        rate = float(Decimal(typed or "0"))
    except InvalidOperation as error:
        raise unknown from error
    if window not in risk.WINDOWS or based_on not in risk.BASES or not -0.05 <= rate <= 0.5:
        raise unknown
    benchmark = about.partition("|")[0] if measure in ("beta", "asset_beta") else ""
    found = risk.dashboard(db, view, risk.Asked(window, based_on, benchmark, rate))
    told: Explanation | None = None
    if measure == "episode":
        told = _episode(db, view, about)
    elif measure in _OF_PORTFOLIO:
        told = _OF_PORTFOLIO[measure](found, about, view.currency)
    elif found.report is not None:
        told = explain_risk(measure, about, found.report)
    if told is None:
        raise unknown
    return told


def _told(
    name: str, amount: Decimal | None, measure: Measure, steps: tuple[Step, ...], **more: object
) -> Explanation:
    words: dict[str, object] = {
        "figure": "",
        "title": f"explain.risk.{name}.title",
        "formula": f"explain.risk.{name}.formula",
        "result": "" if amount is None else plain(amount),
        "steps": steps,
        "amount": amount,
        "measure": measure,
    }
    return Explanation(**{**words, **more})  # type: ignore[arg-type]


def _shared(found: Dashboard, chosen: list[Holding], name: str, title: str, currency: str) -> Explanation:
    owned = [row for row in found.portfolio.holdings if row.value is not None and row.value > 0]
    total = sum((row.value for row in owned if row.value is not None), Decimal(0))
    part = sum((row.value for row in chosen if row.value is not None), Decimal(0))
    steps = (
        *holding_lines(sorted(chosen, key=lambda row: -(row.value or 0)), currency),
        money("explain.risk.owned", total, currency, link="/holdings"),
    )
    return _told(name, part / total if total else None, Measure.SHARE, steps, title=title)


def _liquidity(found: Dashboard, about: str, currency: str) -> Explanation | None:
    parts = risk.liquid_parts(found.portfolio)
    if about not in parts:
        return None
    return _shared(found, parts[about], "liquidity", f"risk.liquid_{about}", currency)


def _currency(found: Dashboard, about: str, currency: str) -> Explanation | None:
    slice_ = next((one for one in found.currencies if one.key == about), None)
    if slice_ is None:
        return None
    chosen = [
        row
        for row in found.portfolio.holdings
        if exposure(row) == about and row.value is not None and row.value > 0
    ]
    return _shared(found, chosen, "currency", slice_.label or "risk.no_currency", currency)


def _pair(found: Dashboard, about: str, _currency: str) -> Explanation | None:
    report = found.report
    if report is None or report.correlations is None:
        return None
    matrix = report.correlations
    ids = [found.panel.exposures[column].asset.id for column in matrix.columns]
    left, _, right = about.partition("|")
    if left not in ids or right not in ids:
        return None
    value = exact(float(matrix.matrix[ids.index(left), ids.index(right)]))
    volatilities = {one.exposure.asset.id: one.volatility for one in report.assets}
    steps = (
        line("explain.risk.common_days", Decimal(matrix.days), Measure.COUNT),
        line("explain.risk.shrunk_by", exact(matrix.shrinkage), Measure.SHARE),
        *(
            line(
                symbol_of(one),
                exact(volatilities.get(one)),
                Measure.SHARE,
                source="explain.risk.volatility.title",
            )
            for one in (left, right)
        ),
    )
    params = {"left": symbol_of(left), "right": symbol_of(right)}
    return _told("pair", value, Measure.RATIO, steps, params=params)


_OF_PORTFOLIO: dict[str, Callable[[Dashboard, str, str], Explanation | None]] = {
    "liquidity": _liquidity,
    "currency": _currency,
    "pair": _pair,
}


def _episode(db: Session, view: View, key: str) -> Explanation | None:
    outcome = next((one for one in risk.episodes(db, view) if one.key == key), None)
    if outcome is None or outcome.loss is None:
        return None
    moved = [one for one in outcome.effects if one.loss is not None]
    rest = [one.loss or 0.0 for one in moved[LISTED:]]
    steps = [
        *(_effect(one, view.currency) for one in moved[:LISTED]),
        *(
            [money("explain.rest", exact(sum(rest)), view.currency, params={"count": str(len(rest))})]
            if rest
            else []
        ),
        line("explain.risk.covered", exact(outcome.covered), Measure.SHARE, link="/holdings"),
        line("explain.risk.by_proxy", exact(outcome.by_proxy), Measure.SHARE),
    ]
    return _told(
        "episode",
        exact(outcome.loss),
        Measure.MONEY,
        tuple(steps),
        title=f"risk.episode.{key}",
        unit=view.currency,
    )


def _effect(one: Effect, currency: str) -> Step:
    inside = [line("explain.risk.its_move", exact(one.change), Measure.SHARE)]
    if one.by == "proxy":
        inside.append(
            line(
                "explain.risk.beta_to", exact(one.beta), Measure.RATIO, params={"proxy": symbol_of(one.proxy)}
            )
        )
    elif one.currency:
        inside.append(Step("explain.risk.counted_in", one.currency))
    return money(
        one.exposure.asset.name or one.exposure.asset.symbol,
        exact(one.loss),
        currency,
        source=f"explain.risk.by_{one.by}",
        link=transactions_of(one.exposure.asset.id),
        children=tuple(inside),
    )
