"""Bundles of alerts: the rule and the facts it was told, and what was counted before something needs attention."""

from __future__ import annotations

from smartfolio_app.ledger.money import plain
from smartfolio_app.services.alerts import explain, inbox
from smartfolio_app.services.alerts.words import read_judged
from smartfolio_app.services.bundles.asked import Asked, Made, Maker


def _alert(asked: Asked, about: str) -> Made:
    row = inbox.one(asked.db, asked.view.user_id, about)
    judged = read_judged(row.figures)
    if judged is not None:
        return "judged", judged
    # An older version judged it, and kept the figures without the facts: they stand as they were told then.
    told = explain.explain(asked.db, asked.view.user_id, about)
    assert told.amount is not None  # it was explained
    return "told", {"value": plain(told.amount), "source": row.kind, "at": row.seen_at.isoformat()}


def _attention(asked: Asked, _about: str) -> Made:
    return "count", {"of": explain.needing_attention(asked.db, asked.view)}


def _rule(asked: Asked, about: str) -> Made:
    mine = inbox.listed(asked.db, asked.view.user_id, limit=inbox.MOST_AT_ONCE)
    return "count", {"of": {"alerts": [one.id for one in mine if one.rule_id == about]}}


def _source(asked: Asked, about: str) -> Made:
    told = explain.source(asked.db, asked.view.user_id, about)
    assert told.amount is not None  # it was explained
    tried = next(one.at for one in told.steps if one.label == "explain.source.failures")
    return "told", {
        "value": plain(told.amount),
        "source": about,
        "at": tried.isoformat() if tried else asked.whole.at.isoformat(),
    }


KINDS: dict[str, Maker] = {"alert": _alert, "attention": _attention, "rule": _rule, "source": _source}
