"""What the Alerts page shows, made from the services' answers: plain functions, no state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from smartfolio_app.analytics.alerts.base import Kind, Param
from smartfolio_app.analytics.alerts.registry import kinds
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text, known
from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.services.alerts import words
from smartfolio_app.services.alerts.channels import ChannelView
from smartfolio_app.services.alerts.inbox import AlertView
from smartfolio_app.services.alerts.outbox import DeliveryView
from smartfolio_app.services.alerts.rules import Rule, asset_named
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.reading import WrongFormError, read_number, write_number

HUNDRED = Decimal(100)


@dataclass
class Choice:
    """One option of a field."""

    value: str = ""
    label: str = ""


@dataclass
class AlertRow:
    """One alert. ``quiet``: it was seen or put off."""

    id: str = ""
    text: str = ""
    severity: str = ""
    icon: str = ""
    when: str = ""
    status: str = ""
    link: str = ""
    quiet: bool = False


@dataclass
class RuleRow:
    """One rule in words."""

    id: str = ""
    kind: str = ""
    text: str = ""
    detail: str = ""
    icon: str = ""
    found: str = ""
    problem: str = ""
    active: bool = True


@dataclass
class FieldRow:
    """One field of the rule's form; ``type`` is ``select``, ``asset``, ``date`` or ``number``."""

    name: str = ""
    type: str = ""
    label: str = ""
    value: str = ""
    hint: str = ""
    options: list[Choice] = field(default_factory=list)


@dataclass
class ChannelRow:
    """One channel."""

    id: str = ""
    kind: str = ""
    label: str = ""
    shown: str = ""
    takes: str = ""
    detail: str = ""
    bad: bool = False
    active: bool = True
    private: bool = False
    alerts: bool = True
    brief: bool = False


@dataclass
class DeliveryRow:
    """One line of the log of deliveries."""

    id: str = ""
    what: str = ""
    when: str = ""
    state: str = ""
    bad: bool = False


def alert_row(one: AlertView, figures: Figures) -> AlertRow:
    """Return an alert as its owner reads it."""
    kind = kinds().get(one.kind)
    status = ""
    if one.status == "acknowledged":
        status = figures.say("alerts.acknowledged")
    elif one.status == "snoozed":
        status = figures.say("alerts.snoozed_until", time=figures.moment(one.snoozed_until))
    when = figures.say("alerts.since", time=figures.clock_or_day(one.opened_at))
    if one.cleared_at is not None:
        begin, end = figures.moment(one.opened_at), figures.moment(one.cleared_at)
        when = figures.say("alerts.lasted", begin=begin, end=end)
    return AlertRow(
        id=one.id,
        text=words.sentence(one.kind, one.says, one.figures, figures),
        severity=one.severity,
        icon=kind.icon if kind else "bell",
        when=when,
        status=status,
        link=one.link,
        quiet=one.status != "open",
    )


def rule_row(one: Rule, figures: Figures) -> RuleRow:
    """Return a rule in words, and when it was judged last."""
    kind = kinds().get(one.kind)
    judged = figures.say("alerts.not_judged")
    if not one.active:
        judged = figures.say("alerts.off")
    elif one.judged_at is not None:
        judged = figures.say("alerts.judged", age=figures.ago(one.judged_at))
    return RuleRow(
        id=one.id,
        kind=one.kind,
        text=words.rule_sentence(one.kind, one.params, one.currency, figures),
        detail=judged,
        icon=kind.icon if kind else "bell",
        found=figures.say("alerts.open_count", count=one.open) if one.open else "",
        problem=_code_text(one.error, figures),
        active=one.active,
    )


def channel_row(one: ChannelView, figures: Figures) -> ChannelRow:
    """Return a channel, and how its last delivery went."""
    detail = figures.say("channels.never")
    if one.locked:
        detail = figures.say("channels.locked")
    elif one.error:
        detail = figures.say("channels.failing", why=_code_text(one.error, figures))
    elif one.worked_at is not None:
        detail = figures.say("channels.worked", age=figures.ago(one.worked_at))
    takes = [figures.say(f"channels.{name}") for name in ("alerts", "brief", "private") if getattr(one, name)]
    if not one.active:
        takes = [figures.say("alerts.off")]
    return ChannelRow(
        id=one.id,
        kind=one.kind,
        label=one.label,
        shown=one.shown if one.shown != one.label else figures.say(f"channels.kind.{one.kind}"),
        takes=" · ".join(takes),
        detail=detail,
        bad=bool(one.error or one.locked),
        active=one.active,
        private=one.private,
        alerts=one.alerts,
        brief=one.brief,
    )


def delivery_row(one: DeliveryView, figures: Figures) -> DeliveryRow:
    """Return one line of the log."""
    state = figures.say(f"channels.state.{one.state}", time=figures.clock_or_day(one.next_at))
    if one.error and one.state in {"waiting", "failed"}:
        state = f"{delivery_error(one, figures)} · {state}"
    return DeliveryRow(
        id=one.id,
        what=f"{figures.say(f'channels.about_what.{one.about}')} · {one.channel}",
        when=figures.moment(one.done_at or one.created_at),
        state=state,
        bad=one.state == "failed",
    )


def delivery_error(one: DeliveryView, figures: Figures) -> str:
    """Return why a message was not delivered."""
    return error_text(figures.language, SmartFolioError(one.error, **one.error_params))


def _code_text(code: str, figures: Figures) -> str:
    """Return what is known of a failure by its code alone."""
    if not code:
        return ""
    try:
        return error_text(figures.language, SmartFolioError(code))
    except SmartFolioError:  # its sentence wants values that are in the log of deliveries
        short = f"channels.failed.{code.rpartition('.')[2]}"
        return figures.say(short) if known(short) else code


# ------------------------------------------------------------------------------------------------------- the form
def fields_of(
    kind: Kind,
    values: Mapping[str, str],
    choices: Mapping[str, Iterable[Choice]],
    currency: str,
    figures: Figures,
) -> list[FieldRow]:
    """Return the fields of a kind of rule, filled from ``values``; ``choices`` offers assets and sources."""
    return [_field(kind, one, values, choices, currency, figures) for one in kind.params]


def _field(  # noqa: PLR0917 - one call, right above
    kind: Kind,
    param: Param,
    values: Mapping[str, str],
    choices: Mapping[str, Iterable[Choice]],
    currency: str,
    figures: Figures,
) -> FieldRow:
    value = values.get(param.name, param.default)
    hints = []
    options: list[Choice] = []
    shape = "number"
    if param.type == "choice":
        shape = "select"
        options = [
            Choice(one, figures.say(f"alerts.choice.{param.name}.{one.replace('.', '_')}"))
            for one in param.choices
        ]
    elif param.type == "asset":
        shape = "asset"
        options = list(choices.get(param.type, ())) or [Choice("", figures.say("alerts.asset_none"))]
        if value and value not in {one.value for one in options}:  # nobody holds it
            options.append(Choice(value, symbol_of(value)))
        hints.append(figures.say("alerts.asset_hint"))
    elif param.type == "source":
        shape = "select"
        if param.optional:
            options = [Choice("", figures.say("alerts.source_any"))]
        options += choices.get(param.type, ())
    elif param.type == "date":
        shape = "date"
    elif param.type == "share":
        value = write_number(Decimal(value) * HUNDRED, figures) if value else ""
        hints.append(figures.say("alerts.percent_hint"))
    elif param.type == "money":
        value = write_number(Decimal(value), figures) if value else ""
        hints.append(figures.say("alerts.money_in", currency=currency))
    if param.optional and shape != "select":
        hints.append(figures.say("alerts.optional"))
    return FieldRow(
        name=param.name,
        type=shape,
        label=words.param_name(kind, param, figures),
        value=value,
        hint=", ".join(hints),
        options=options,
    )


def read_form(kind: Kind, form: Mapping[str, object], figures: Figures) -> dict[str, str]:
    """Return the parameters a person typed, as rules keep them.

    Raises:
        WrongFormError: Something is no number.
    """
    found = {}
    for param in kind.params:
        typed = str(form.get(param.name, "")).strip()
        if param.type == "asset":
            typed = asset_named(str(form.get(f"{param.name}_other", ""))) or typed
        if not typed:
            continue
        if param.type in {"money", "share", "days", "hours", "count"}:
            try:
                number = read_number(typed, figures)
            except ValueError as error:
                raise WrongFormError(figures.say("items.value_invalid", value=typed)) from error
            typed = f"{number / HUNDRED:f}" if param.type == "share" else f"{number:f}"
        found[param.name] = typed
    return found


def clock(minute: int | None) -> str:
    """Return a minute of the day as a time field holds it."""
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def minute_of(text: str) -> int | None:
    """Return the minute of a time field, ``None`` for an empty one.

    Raises:
        ValueError: It is no time.
    """
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes[:2])
