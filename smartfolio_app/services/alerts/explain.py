"""Why an alert, a failing source, or nothing at all: what each sentence of the brief was judged by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

from sqlmodel import Session

from smartfolio_app.analytics.alerts.base import Figure, Kind
from smartfolio_app.analytics.alerts.registry import MAIN, kinds, main_figure
from smartfolio_app.analytics.explain_steps import line
from smartfolio_app.analytics.results import Explanation, Measure, Step
from smartfolio_app.errors import NotFoundError
from smartfolio_app.ledger.money import plain
from smartfolio_app.services import sources, wealth
from smartfolio_app.services.alerts import inbox
from smartfolio_app.services.alerts.words import read_figures
from smartfolio_app.services.views import View
from smartfolio_app.storage.tables import Alert, AlertRule, SyncState

_NUMBERS = {
    "share": Measure.SHARE,
    "money": Measure.PRICE,
    "days": Measure.COUNT,
    "hours": Measure.COUNT,
    "count": Measure.COUNT,
}


def explain(db: Session, user_id: str, alert_id: str) -> Explanation:
    """Return what an alert was judged by, when, and by which rule.

    Raises:
        NotFoundError: The user has no such alert.
    """
    row = inbox.one(db, user_id, alert_id)
    figures = read_figures(row.figures)
    kind = kinds().get(row.kind)
    main = main_figure(row.kind, figures)
    steps = (
        *(_judged(row.kind, one, row) for one in figures if one.amount is not None or one.text),
        *(_chosen(db, row, kind) if kind is not None else ()),
        Step("explain.alert.opened", "", at=row.opened_at),
        Step("explain.alert.seen", "", at=row.seen_at),
        *([Step("explain.alert.cleared", "", at=row.cleared_at)] if row.cleared_at else []),
    )
    return Explanation(
        figure="",
        title=f"explain.alert.title.{row.kind}" if kind else "explain.alert.title.unknown",
        formula=f"alerts.about.{row.kind}" if kind else "explain.alert.newer",
        result="" if main is None or main.amount is None else plain(main.amount),
        steps=steps,
        notes=("explain.alert.note",),
        amount=None if main is None else main.amount,
        measure=Measure.TEXT if main is None else main.measure,
        unit="" if main is None else main.unit,
    )


def _judged(kind: str, one: Figure, row: Alert) -> Step:
    """One figure as it was when it was judged."""
    label = f"explain.alert.figure.{kind}.{one.name}"
    if one.amount is not None:
        link = row.link if one.name in MAIN.get(kind, ()) else ""
        return line(label, one.amount, one.measure, one.unit, at=row.seen_at, link=link)
    if one.shape in ("moment", "clock"):
        moment = datetime.fromisoformat(one.text)
        return Step(label, "", at=moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if one.shape == "message":
        return Step(one.text, "")
    return Step(label, one.text)


def _chosen(db: Session, row: Alert, kind: Kind) -> list[Step]:
    """What its owner chose, as far as it is not among the figures."""
    rule = db.get(AlertRule, row.rule_id) if row.rule_id else None
    if rule is None:
        return []
    there = {one.name for one in read_figures(row.figures)}
    return _typed(rule, kind, there)


def _typed(rule: AlertRule, kind: Kind, there: set[str]) -> list[Step]:
    params = json.loads(rule.params)
    return [
        line(
            f"alerts.param.{kind.id}.{one.name}",
            Decimal(params[one.name]),
            _NUMBERS[one.type],
            rule.currency if one.type == "money" else "",
            source="explain.alert.rule",
            link="/alerts",
        )
        for one in kind.params
        if one.type in _NUMBERS and one.name in params and one.name not in there
    ]


def rule(db: Session, user_id: str, rule_id: str) -> Explanation:
    """Return which alerts of a rule are open.

    Raises:
        NotFoundError: The user has no such rule.
    """
    row = db.get(AlertRule, rule_id) if rule_id.isalnum() else None  # no database is asked for nonsense
    if row is None or row.user_id != user_id:
        raise NotFoundError("alert.no_such_rule")
    mine = [one for one in inbox.listed(db, user_id, limit=inbox.MOST_AT_ONCE) if one.rule_id == rule_id]
    kind = kinds().get(row.kind)
    title = f"explain.alert.title.{row.kind}" if kind else "explain.alert.title.unknown"
    return Explanation(
        figure="",
        title="explain.rule.title",
        formula="explain.rule.formula",
        result=plain(Decimal(len(mine))),
        steps=(
            *(_typed(row, kind, set()) if kind else ()),
            *(Step(title, "", at=one.opened_at, link=one.link) for one in mine),
        ),
        amount=Decimal(len(mine)),
        measure=Measure.COUNT,
    )


def source(db: Session, user_id: str, key: str) -> Explanation:
    """Return why a source is said to fail, or to be well.

    Raises:
        NotFoundError: The user has no such source.
    """
    found = next(
        (one for one in sources.source_status(db, user_id).sources if one.key == key and one.id), None
    )
    if found is None:
        raise NotFoundError("source.no_such_source", source=key)
    state = db.get(SyncState, found.id)
    steps = [Step(found.reason, "")] if found.reason else []
    if state is not None:
        steps.append(
            line("explain.source.failures", Decimal(state.failures), Measure.COUNT, at=state.tried_at)
        )
        if state.succeeded_at is not None:
            steps.append(Step("explain.source.worked", "", at=state.succeeded_at))
    elif found.last_sync is not None:
        steps.append(Step("explain.source.worked", "", at=found.last_sync))
    steps.append(Step("explain.source.page", "", link=f"/sources?source={key}"))
    return Explanation(
        figure="",
        title="explain.source.title",
        formula="explain.source.formula",
        result="",
        steps=tuple(steps),
        params={"source": found.label or found.key},
        amount=None if state is None else Decimal(state.failures),
        measure=Measure.TEXT,
    )


def attention(db: Session, view: View) -> Explanation:
    """Return what was counted before anything was said to need attention; raise ``NotFoundError`` without the user."""
    counted = needing_attention(db, view)
    total = Decimal(sum(len(ones) for ones in counted.values()))
    return Explanation(
        figure="",
        title="explain.attention.title",
        formula="explain.attention.formula",
        result=plain(total),
        steps=tuple(
            line(f"explain.attention.{name}", Decimal(len(ones)), Measure.COUNT, link=_PLACES[name])
            for name, ones in counted.items()
        ),
        amount=total,
        measure=Measure.COUNT,
    )


def needing_attention(db: Session, view: View) -> dict[str, list[str]]:
    """Return what was counted, each by its id or key; raise ``NotFoundError`` without the user."""
    held = wealth.portfolio(db, view).holdings
    known = sources.source_status(db, view.user_id).sources
    return {
        "alerts": [one.id for one in inbox.listed(db, view.user_id) if one.status == "open"],
        "sources": [one.key for one in known if one.status == "error"],
        "unpriced": [row.asset.id for row in held if row.price is None],
        "stale": [row.asset.id for row in held if row.stale],
    }


_PLACES = {"alerts": "/alerts", "sources": "/sources", "unpriced": "/holdings", "stale": "/holdings"}
