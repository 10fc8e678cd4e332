"""What an alert and a rule say, in their owner's language: every figure in it is one that was judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from smartfolio_app.analytics.alerts.base import Figure, Kind, Param, Wanted
from smartfolio_app.analytics.alerts.registry import kinds
from smartfolio_app.analytics.results import Measure
from smartfolio_app.i18n import known
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import plain
from smartfolio_app.services.figures import UNKNOWN, Figures


def write_figures(figures: Iterable[Figure], judged: Mapping[str, Any]) -> str:
    """Return figures as they are stored, with the rule and the facts that they were ``judged`` by."""
    rows = [{**asdict(one), "amount": None if one.amount is None else plain(one.amount)} for one in figures]
    return json.dumps({"figures": rows, "judged": judged}, ensure_ascii=False)


def read_judged(text: str) -> dict[str, Any] | None:
    """Return what stored figures were judged by, ``None`` where an older version did not write it down."""
    found = json.loads(text)
    return None if isinstance(found, list) else found["judged"]


def read_figures(text: str) -> tuple[Figure, ...]:
    """Return stored figures; a newer version's that are not understood are left out."""
    stored, found = json.loads(text), []
    for row in stored if isinstance(stored, list) else stored["figures"]:
        amount = row.get("amount")
        found.append(
            Figure(
                name=row["name"],
                amount=None if amount is None else Decimal(amount),
                measure=Measure(row.get("measure", "text")),
                unit=row.get("unit", ""),
                text=row.get("text", ""),
                shape=row.get("shape", "plain"),
            )
        )
    return tuple(found)


def sentence(kind: str, says: str, figures: Iterable[Figure], writer: Figures) -> str:
    """Return what an alert says."""
    return fill(f"alerts.said.{kind}.{says}", figures, writer)


def fill(key: str, figures: Iterable[Figure], writer: Figures) -> str:
    """Return a message with its figures; one of a newer version is told by its name."""
    if not known(key):
        return writer.say("alerts.said_unknown", key=key)
    return writer.say(key, **{one.name: _written(one, writer) for one in figures})


def kind_name(kind: str, writer: Figures) -> str:
    """Return what a kind of rule is called."""
    key = f"alerts.kind.{kind}"
    return writer.say(key) if known(key) else kind


def rule_sentence(kind: str, params: Mapping[str, str], currency: str, writer: Figures) -> str:
    """Return what a rule asks for. One with an optional parameter that is set has words of its own for it."""
    found = kinds().get(kind)
    if found is None:
        return kind
    wanted = Wanted(params)
    given = "_".join(one.name for one in found.params if one.optional and wanted.text(one.name))
    choice = next((wanted.text(one.name) for one in found.params if one.type == "choice"), "")
    for name in (f"{kind}.{choice.replace('.', '_')}", f"{kind}.{given}", f"{kind}.usual"):
        if known(f"alerts.rule.{name}"):
            values = {one.name: _param(one, wanted, currency, writer) for one in found.params}
            return writer.say(f"alerts.rule.{name}", **values)
    return kind_name(kind, writer)


def param_name(kind: Kind, param: Param, writer: Figures) -> str:
    """Return what a parameter is called."""
    return writer.say(f"alerts.param.{kind.id}.{param.name}")


def _param(param: Param, wanted: Wanted, currency: str, writer: Figures) -> str | int:
    text = wanted.text(param.name)
    if not text:
        return ""
    match param.type:
        case "asset":
            return symbol_of(text)
        case "share":
            return writer.percent(Decimal(text))
        case "money":
            return writer.price(Decimal(text), currency)
        case "date":
            return writer.day(date.fromisoformat(text))
        case "choice":
            return writer.say(f"alerts.choice.{param.name}.{text.replace('.', '_')}")
        case "days" | "hours" | "count":
            return int(text)
        case _:
            return text


def _written(figure: Figure, writer: Figures) -> str | int:
    if figure.measure is Measure.COUNT:
        return UNKNOWN if figure.amount is None else int(figure.amount)
    if figure.measure is not Measure.TEXT:
        return writer.measured(figure.amount, figure.measure, figure.unit)
    match figure.shape:
        case "day":
            return writer.day(date.fromisoformat(figure.text)) if figure.text else UNKNOWN
        case "moment":
            return writer.moment(datetime.fromisoformat(figure.text)) if figure.text else UNKNOWN
        case "clock":
            return writer.clock_or_day(datetime.fromisoformat(figure.text)) if figure.text else UNKNOWN
        case "message":
            return writer.say_or_text(figure.text)
        case _:
            return figure.text
