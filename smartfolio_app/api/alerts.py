"""Alerts: rules, what they found, the channels it goes to; and the morning brief."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from smartfolio_app.analytics.alerts.base import Kind
from smartfolio_app.analytics.alerts.registry import kinds
from smartfolio_app.api.dependencies import Caller, Database, SignedIn, language_of
from smartfolio_app.api.schemas import Amount, Answer, Body, Done
from smartfolio_app.api.views import ChosenView
from smartfolio_app.services import brief
from smartfolio_app.services.alerts import channels, delivery, inbox, judging, outbox, rules, words
from smartfolio_app.services.alerts.channels import ChannelView, Choices
from smartfolio_app.services.alerts.inbox import AlertView
from smartfolio_app.services.alerts.outbox import DeliveryView, Times
from smartfolio_app.services.alerts.rules import Rule
from smartfolio_app.services.figures import Figures

router = APIRouter(prefix="/api", tags=["alerts"])

Id = Annotated[str, Field(max_length=40)]
Params = Annotated[
    dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=200)]],
    Field(max_length=20, description="name to text; numbers as decimal text, shares as parts of one"),
]
Minute = Annotated[
    int | None, Field(ge=0, lt=1440, description="minutes after your midnight; null: not wished")
]
Limit = Annotated[int, Query(ge=1, le=500)]


# ------------------------------------------------------------------------------------------------------ the shapes
class ParamOut(Answer):
    """One thing a kind of rule asks its owner. Numbers are within ``low`` and ``high``."""

    name: str
    type: str
    default: str
    optional: bool
    low: Amount
    high: Amount
    choices: list[str]


class KindOut(Answer):
    """A kind of rule."""

    id: str
    severity: str
    name: str
    params: list[ParamOut]

    @classmethod
    def of(cls, kind: Kind, writer: Figures) -> KindOut:
        """Read a kind."""
        params = [
            ParamOut(
                name=one.name,
                type=one.type,
                default=one.default,
                optional=one.optional,
                low=one.low,
                high=one.high,
                choices=list(one.choices),
            )
            for one in kind.params
        ]
        return cls(id=kind.id, severity=kind.severity, name=words.kind_name(kind.id, writer), params=params)


class RuleIn(Body):
    """A rule to add. Amounts are in your base currency, and stay in it."""

    kind: Annotated[str, Field(max_length=40)]
    params: Annotated[Params, Field(default_factory=dict)]


class RuleChange(Body):
    """What to change of a rule; ``params`` replaces all of them."""

    params: Params | None = None
    active: bool | None = None


class RuleOut(Answer):
    """A rule. ``text`` says it in words; ``error`` is a code, empty when it could be judged the last time."""

    id: str
    kind: str
    params: dict[str, str]
    currency: str
    active: bool
    created_at: datetime
    judged_at: datetime | None
    error: str
    open: int
    text: str

    @classmethod
    def of(cls, found: Rule, writer: Figures) -> RuleOut:
        """Read a rule."""
        text = words.rule_sentence(found.kind, found.params, found.currency, writer)
        return cls(
            id=found.id,
            kind=found.kind,
            params=found.params,
            currency=found.currency,
            active=found.active,
            created_at=found.created_at,
            judged_at=found.judged_at,
            error=found.error,
            open=found.open,
            text=text,
        )


class FigureOut(Answer):
    """A figure an alert was judged by: an ``amount`` in ``unit`` (``measure`` tells of what), or ``text``."""

    name: str
    amount: Amount | None
    measure: str
    unit: str
    text: str


class AlertOut(Answer):
    """An alert. ``status``: open, acknowledged, snoozed or closed; ``link`` is the page that tells more, ``explain``
    what to ask ``/api/explain`` for.
    """

    id: str
    rule_id: str
    kind: str
    severity: str
    subject: str
    status: str
    text: str
    figures: list[FigureOut]
    link: str
    explain: str
    opened_at: datetime
    seen_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None

    @classmethod
    def of(cls, found: AlertView, writer: Figures) -> AlertOut:
        """Read an alert."""
        return cls(
            id=found.id,
            rule_id=found.rule_id,
            kind=found.kind,
            severity=found.severity,
            subject=found.subject,
            status=found.status,
            text=words.sentence(found.kind, found.says, found.figures, writer),
            figures=[
                FigureOut(
                    name=one.name, amount=one.amount, measure=one.measure.value, unit=one.unit, text=one.text
                )
                for one in found.figures
            ],
            link=found.link,
            explain=f"alert:{found.id}",
            opened_at=found.opened_at,
            seen_at=found.seen_at,
            cleared_at=found.cleared_at,
            acknowledged_at=found.acknowledged_at,
            snoozed_until=found.snoozed_until,
        )


class AlertsOut(Answer):
    """Alerts, newest first; ``waiting`` counts those that want attention."""

    waiting: int
    alerts: list[AlertOut]


class SnoozeIn(Body):
    """For how long to be left alone with an alert; 0: no longer."""

    hours: Annotated[int, Field(ge=0, le=2160)]


class JudgedOut(Answer):
    """How many alerts opened and closed."""

    opened: int
    closed: int


class ChannelIn(Body):
    """A channel to add, and what it is told (kept encrypted, never given again).

    ``email``: to. ``ntfy``: topic, server, token. ``webhook``: url, secret.
    """

    kind: Literal["email", "ntfy", "webhook"]
    fields: Annotated[
        dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=2000)]],
        Field(max_length=10),
    ]
    label: Annotated[str, Field(max_length=80)] = ""
    active: bool = True
    private: bool = Field(default=False, description="leave amounts out")
    alerts: bool = True
    brief: bool = False

    def choices(self) -> Choices:
        """Return what goes to it."""
        return Choices(self.label, self.active, self.private, self.alerts, self.brief)


class ChannelChange(Body):
    """A channel as it should be. Of what it is told, the ``fields`` that are given are replaced; the others stay."""

    label: Annotated[str, Field(max_length=80)] = ""
    active: bool = True
    private: bool = False
    alerts: bool = True
    brief: bool = False
    fields: (
        Annotated[
            dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=2000)]],
            Field(max_length=10),
        ]
        | None
    ) = None

    def choices(self) -> Choices:
        """Return what goes to it."""
        return Choices(self.label, self.active, self.private, self.alerts, self.brief)


class ChannelOut(Answer):
    """A channel. ``shown`` is what to recognise it by; ``set`` names the fields that are kept."""

    id: str
    kind: str
    label: str
    shown: str
    active: bool
    private: bool
    alerts: bool
    brief: bool
    set: list[str]
    locked: bool
    worked_at: datetime | None
    error: str

    @classmethod
    def of(cls, found: ChannelView) -> ChannelOut:
        """Read a channel."""
        return cls.model_validate(found)


class DeliveryOut(Answer):
    """One message: waiting, done, failed or dropped; ``error`` is a code."""

    id: str
    channel_id: str
    channel: str
    about: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    done_at: datetime | None
    error: str
    error_params: dict[str, Any]

    @classmethod
    def of(cls, found: DeliveryView) -> DeliveryOut:
        """Read a line of the log."""
        return cls.model_validate(found)


class TimesBody(Body):
    """When you may be told, in your own time zone."""

    quiet_from: Minute = None
    quiet_until: Minute = None
    brief_at: Minute = None


class SentenceOut(Answer):
    """One sentence of the brief, made of ``figures``. ``explain`` names the figure that ``/api/explain`` explains."""

    key: str
    text: str
    figures: dict[str, Amount | None]
    explain: str
    link: str
    tone: str


class SectionOut(Answer):
    """Sentences under one heading."""

    key: str
    title: str
    sentences: list[SentenceOut]


class BriefOut(Answer):
    """The morning brief of a view."""

    day: date
    as_of: datetime
    currency: str
    sections: list[SectionOut]


# ------------------------------------------------------------------------------------------------------- the routes
def _writer(db: Database, viewer: SignedIn, access: Caller) -> Figures:
    told = delivery.writer_of(db, viewer.user_id, private=False)
    return replace(told, language=language_of(access, db, viewer.user_id))


@router.get("/alerts", summary="Your alerts")
def list_alerts(
    viewer: SignedIn,
    db: Database,
    access: Caller,
    state: Literal["open", "closed", "all"] = "open",
    limit: Limit = 100,
) -> AlertsOut:
    """Return alerts, newest first; acknowledged and snoozed ones are open until they clear."""
    writer = _writer(db, viewer, access)
    found = inbox.listed(db, viewer.user_id, state, limit)
    return AlertsOut(
        waiting=inbox.waiting(db, viewer.user_id), alerts=[AlertOut.of(one, writer) for one in found]
    )


@router.post("/alerts/judge", summary="Judge your rules now")
def judge_now(viewer: SignedIn, db: Database) -> JudgedOut:
    """Judge every active rule of yours, as the server does by itself every few minutes."""
    return JudgedOut.model_validate(judging.judge(db, viewer.user_id))


@router.get("/alerts/kinds", summary="The kinds of rules there are")
def list_kinds(viewer: SignedIn, db: Database, access: Caller) -> list[KindOut]:
    """Return what one can be told of, and what each kind of rule must be told."""
    writer = _writer(db, viewer, access)
    return [KindOut.of(one, writer) for one in kinds().values()]


@router.get("/alerts/rules", summary="Your rules")
def list_rules(viewer: SignedIn, db: Database, access: Caller) -> list[RuleOut]:
    """Return your rules, oldest first."""
    writer = _writer(db, viewer, access)
    return [RuleOut.of(one, writer) for one in rules.listed(db, viewer.user_id)]


@router.post("/alerts/rules", status_code=201, summary="Add a rule")
def add_rule(viewer: SignedIn, db: Database, access: Caller, body: RuleIn) -> RuleOut:
    """Add a rule; it is judged at once."""
    return RuleOut.of(rules.add(db, viewer.user_id, body.kind, body.params), _writer(db, viewer, access))


@router.patch("/alerts/rules/{rule_id}", summary="Change a rule")
def change_rule(viewer: SignedIn, db: Database, access: Caller, rule_id: Id, body: RuleChange) -> RuleOut:
    """Change a rule or switch it; what it had found is closed when its meaning changes."""
    found = rules.change(db, viewer.user_id, rule_id, params=body.params, active=body.active)
    return RuleOut.of(found, _writer(db, viewer, access))


@router.delete("/alerts/rules/{rule_id}", summary="Remove a rule")
def delete_rule(viewer: SignedIn, db: Database, rule_id: Id) -> Done:
    """Remove a rule; its alerts are closed and stay in the history."""
    rules.delete(db, viewer.user_id, rule_id)
    return Done()


@router.get("/alerts/channels", summary="Your channels")
def list_channels(viewer: SignedIn, db: Database) -> list[ChannelOut]:
    """Return your channels, without what they are told."""
    return [ChannelOut.of(one) for one in channels.listed(db, viewer.user_id)]


@router.post("/alerts/channels", status_code=201, summary="Add a channel")
def add_channel(viewer: SignedIn, db: Database, body: ChannelIn) -> ChannelOut:
    """Add a channel. Its fields go into the vault and never come out again."""
    return ChannelOut.of(channels.add(db, viewer.user_id, body.kind, body.fields, body.choices()))


@router.put("/alerts/channels/{channel_id}", summary="Change a channel")
def change_channel(viewer: SignedIn, db: Database, channel_id: Id, body: ChannelChange) -> ChannelOut:
    """Change what goes to a channel, or all that it is told."""
    return ChannelOut.of(channels.change(db, viewer.user_id, channel_id, body.choices(), body.fields))


@router.delete("/alerts/channels/{channel_id}", summary="Remove a channel")
def delete_channel(viewer: SignedIn, db: Database, channel_id: Id) -> Done:
    """Remove a channel with all that it was told."""
    channels.delete(db, viewer.user_id, channel_id)
    return Done()


@router.post("/alerts/channels/{channel_id}/test", summary="Send a test")
def test_channel(viewer: SignedIn, db: Database, channel_id: Id) -> DeliveryOut:
    """Send a test message now, and return how that went."""
    return DeliveryOut.of(delivery.test(db, viewer.user_id, channel_id))


@router.get("/alerts/deliveries", summary="What was sent")
def list_deliveries(viewer: SignedIn, db: Database, limit: Limit = 50) -> list[DeliveryOut]:
    """Return the newest messages to your channels, and how each went."""
    return [DeliveryOut.of(one) for one in outbox.log_of(db, viewer.user_id, limit)]


@router.get("/alerts/times", summary="When you may be told")
def get_times(viewer: SignedIn, db: Database) -> TimesBody:
    """Return your quiet hours and the time of the morning brief."""
    found = outbox.times(db, viewer.user_id)
    return TimesBody(quiet_from=found.quiet_from, quiet_until=found.quiet_until, brief_at=found.brief_at)


@router.put("/alerts/times", summary="Choose when you may be told")
def set_times(viewer: SignedIn, db: Database, body: TimesBody) -> TimesBody:
    """Choose quiet hours and the time of the morning brief."""
    outbox.set_times(db, viewer.user_id, Times(body.quiet_from, body.quiet_until, body.brief_at))
    return body


@router.post("/alerts/{alert_id}/acknowledge", summary="You have seen an alert")
def acknowledge(viewer: SignedIn, db: Database, access: Caller, alert_id: Id) -> AlertOut:
    """Note that you have seen it: it stays open until it clears, and asks for nothing."""
    return AlertOut.of(inbox.acknowledge(db, viewer.user_id, alert_id), _writer(db, viewer, access))


@router.post("/alerts/{alert_id}/snooze", summary="Be left alone with an alert")
def snooze(viewer: SignedIn, db: Database, access: Caller, alert_id: Id, body: SnoozeIn) -> AlertOut:
    """Put it off; if it is still open then, it is told again."""
    return AlertOut.of(inbox.snooze(db, viewer.user_id, alert_id, body.hours), _writer(db, viewer, access))


@router.get("/brief", tags=["figures"], summary="The morning brief")
def get_brief(view: ChosenView, viewer: SignedIn, db: Database, access: Caller) -> BriefOut:
    """Return what changed, why, and what needs attention; every sentence with the figures it is made of."""
    found = brief.brief(db, view)
    told = brief.written(found, _writer(db, viewer, access))
    return BriefOut(
        day=found.day,
        as_of=found.at,
        currency=found.currency,
        sections=[SectionOut.model_validate(one) for one in told],
    )
