"""Why a figure of the Risk page is what it is: the report's by ``analytics.explain_risk``, the others by holdings.

Figures: ``<window>[@<risk-free rate>]:<basis>:<measure>[:<about>]``. Beside the report's measures there are
``liquidity:<part>``, ``currency:<key>``, ``pair:<asset>|<asset>``, ``episode:<key>`` and ``episode_change:<key>``,
``shock:<shocks>``, ``shock_change:<shocks>`` and ``shocked:<asset>|<shocks>`` (shocks as ``services.risk.shock_spec``
writes them), and ``weight:<group>``. From the episodes on they know no window.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sqlmodel import Session

from smartfolio_app.analytics import explain_risk as of_report
from smartfolio_app.analytics.allocation import exposure
from smartfolio_app.analytics.explain import UnknownFigureError
from smartfolio_app.analytics.explain_risk import exact, explain_risk, group_label
from smartfolio_app.analytics.explain_steps import LISTED, holding_lines, line, money, transactions_of
from smartfolio_app.analytics.results import Explanation, Holding, Measure, Step
from smartfolio_app.analytics.risk.scenarios import BASKETS, Effect, Outcome, shocked_by, weight_of
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
    if measure in _WHAT_IF:
        told = _WHAT_IF[measure](db, view, about)
        if told is None:
            raise unknown
        return told
    benchmark = about.partition("|")[0] if measure in ("beta", "asset_beta") else ""
    found = risk.dashboard(db, view, risk.Asked(window, based_on, benchmark, rate))
    told = None
    if measure in _OF_PORTFOLIO:
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
    slices = [one for one in found.currencies if one.value > 0]
    slice_ = next((one for one in slices if one.key == about), None)
    if slice_ is None:
        return None
    chosen = [row for row in found.portfolio.holdings if exposure(row) == about and row.value is not None]
    steps = (
        *holding_lines(sorted(chosen, key=lambda row: -(row.value or 0)), currency),
        money("explain.risk.of_currency", slice_.value, currency),
        money("explain.risk.all_currencies", sum((one.value for one in slices), Decimal(0)), currency),
    )
    return _told("currency", slice_.share, Measure.SHARE, steps, title=slice_.label or "risk.no_currency")


def _pair(found: Dashboard, about: str, _currency: str) -> Explanation | None:
    report = found.report
    if report is None or report.correlations is None:
        return None
    matrix = report.correlations
    assets = [found.panel.exposures[column].asset for column in matrix.columns]
    ids = [asset.id for asset in assets]
    symbols = {
        asset.id: asset.symbol for asset in assets
    }  # a paper's id has its ISIN, which says nothing to anybody
    left, _, right = about.partition("|")
    if left not in symbols or right not in symbols:
        return None
    value = exact(float(matrix.matrix[ids.index(left), ids.index(right)]))
    volatilities = {one.exposure.asset.id: one.volatility for one in report.assets}
    steps = (
        line("explain.risk.common_days", Decimal(matrix.days), Measure.COUNT),
        line("explain.risk.shrunk_by", exact(matrix.shrinkage), Measure.SHARE),
        *(
            line(
                symbols[one],
                exact(volatilities.get(one)),
                Measure.SHARE,
                source="explain.risk.volatility.title",
            )
            for one in (left, right)
        ),
    )
    params = {"left": symbols[left], "right": symbols[right]}
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
    steps = (
        line("explain.risk.of_covered", exact(outcome.change), Measure.SHARE),
        *_effects([one for one in outcome.effects if one.loss is not None], view.currency),
        line("explain.risk.covered", exact(outcome.covered), Measure.SHARE, link="/holdings"),
        line("explain.risk.by_proxy", exact(outcome.by_proxy), Measure.SHARE),
    )
    return _told(
        "episode",
        exact(outcome.loss),
        Measure.MONEY,
        steps,
        title=f"risk.episode.{key}",
        unit=view.currency,
    )


def _episode_change(db: Session, view: View, key: str) -> Explanation | None:
    outcome = next((one for one in risk.episodes(db, view) if one.key == key), None)
    if outcome is None or outcome.change is None:
        return None
    moved = [one for one in outcome.effects if one.loss is not None]
    steps = (
        money(
            "explain.risk.loss",
            exact(outcome.loss),
            view.currency,
            children=tuple(_effects(moved, view.currency)),
        ),
        _moved_worth(moved, view.currency),
        line("explain.risk.covered", exact(outcome.covered), Measure.SHARE, link="/holdings"),
        line("explain.risk.by_proxy", exact(outcome.by_proxy), Measure.SHARE),
    )
    return _told("episode_change", exact(outcome.change), Measure.SHARE, steps, title=f"risk.episode.{key}")


def _moved_worth(moved: list[Effect], currency: str) -> Step:
    worth = sum(one.exposure.value for one in moved)
    return money("explain.risk.worth_now", exact(worth), currency, link="/holdings")


def _shock(db: Session, view: View, spec: str) -> Explanation | None:
    wanted = _shocks_of(spec)
    outcome = risk.shocks(db, view, wanted)
    still = [one.exposure.value for one in outcome.effects if one.by == "unmoved"]
    steps = [
        *(_wanted(name, change, outcome) for name, change in wanted.items()),
        *_effects([one for one in outcome.effects if one.by == "shock"], view.currency),
    ]
    if still:
        count = {"count": str(len(still))}
        steps.append(money("explain.risk.still", exact(sum(still)), view.currency, params=count))
    return _told("shock", exact(outcome.loss), Measure.MONEY, tuple(steps), unit=view.currency)


def _shock_change(db: Session, view: View, spec: str) -> Explanation | None:
    wanted = _shocks_of(spec)
    outcome = risk.shocks(db, view, wanted)
    steps = (
        *(_wanted(name, change, outcome) for name, change in wanted.items()),
        money("explain.risk.loss", exact(outcome.loss), view.currency),
        _moved_worth([one for one in outcome.effects if one.loss is not None], view.currency),
    )
    return _told("shock_change", exact(outcome.change), Measure.SHARE, steps)


def _weight(db: Session, view: View, group: str) -> Explanation | None:
    held = risk.ground_of(db, view).exposures
    share = weight_of(held, group)
    if share is None:
        return None
    mine = sorted((one for one in held if one.group == group), key=lambda one: -abs(one.value))
    listed, rest = mine[:LISTED], mine[LISTED:]
    steps = [
        money(
            one.asset.name or one.asset.symbol,
            exact(one.value),
            view.currency,
            link=transactions_of(one.asset.id),
        )
        for one in listed
    ]
    if rest:
        count = {"count": str(len(rest))}
        steps.append(
            money("explain.rest", exact(sum(one.value for one in rest)), view.currency, params=count)
        )
    gross = abs(sum(one.value for one in mine)) / share if share else None
    steps.append(money("explain.risk.gross", exact(gross), view.currency, link="/holdings"))
    return _told("weight", exact(share), Measure.SHARE, tuple(steps), title=group_label(group))


def _shocked(db: Session, view: View, about: str) -> Explanation | None:
    asset, _, spec = about.partition("|")
    wanted = _shocks_of(spec)
    outcome = risk.shocks(db, view, wanted)
    one = next((effect for effect in outcome.effects if effect.exposure.asset.id == asset), None)
    if one is None:
        return None
    name = shocked_by(one.exposure, wanted)
    steps = (
        money("explain.risk.value", exact(one.exposure.value), view.currency, link=transactions_of(asset)),
        *([] if name is None else [_wanted(name, wanted[name], outcome)]),
        line("explain.risk.its_change", exact(one.change), Measure.SHARE, source=f"explain.risk.by_{one.by}"),
    )
    params = {"name": one.exposure.asset.name or one.exposure.asset.symbol}
    return _told("shocked", exact(one.loss), Measure.MONEY, steps, unit=view.currency, params=params)


def _shocks_of(spec: str) -> dict[str, float]:
    return dict(risk.read_shock(one) for one in spec.split(","))


def _wanted(name: str, change: float, outcome: Outcome) -> Step:
    """One shock, by the name of what it is of."""
    label = group_label(name)
    if name in BASKETS:
        label = f"explain.risk.basket.{name}"
    elif ":" in name:
        assets = (one.exposure.asset for one in outcome.effects if one.exposure.asset.id == name)
        label = next((one.name or one.symbol for one in assets), symbol_of(name))
    return line(label, exact(change), Measure.SHARE, source="explain.risk.your_shock")


_WHAT_IF: dict[str, Callable[[Session, View, str], Explanation | None]] = {
    "episode": _episode,
    "episode_change": _episode_change,
    "shock": _shock,
    "shock_change": _shock_change,
    "shocked": _shocked,
    "weight": _weight,
}
#: Every measure there is.
MEASURES = frozenset({*of_report.MEASURES, *_OF_PORTFOLIO, *_WHAT_IF})


def _effects(moved: list[Effect], currency: str) -> list[Step]:
    """The largest losses one by one, the rest in one."""
    rest = [one.loss or 0.0 for one in moved[LISTED:]]
    steps = [_effect(one, currency) for one in moved[:LISTED]]
    if rest:
        steps.append(money("explain.rest", exact(sum(rest)), currency, params={"count": str(len(rest))}))
    return steps


def _effect(one: Effect, currency: str) -> Step:
    label = "explain.risk.its_change" if one.by == "shock" else "explain.risk.its_move"
    inside = [line(label, exact(one.change), Measure.SHARE)]
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
