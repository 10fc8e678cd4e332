"""The Alerts page: what is open, what one wants to be told of, and where it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import reflex as rx
from sqlmodel import Session

from smartfolio_app.analytics.alerts.registry import kind_of, kinds
from smartfolio_app.analytics.scope import Scope
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.providers import registry
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import sources, user_settings, wealth
from smartfolio_app.services.alerts import channels, delivery, inbox, outbox, rules
from smartfolio_app.services.alerts.channels import ChannelView, Choices
from smartfolio_app.services.alerts.inbox import AlertView
from smartfolio_app.services.alerts.outbox import DeliveryView, Times
from smartfolio_app.services.alerts.rules import Rule
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state import alerts_rows as rows
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.reading import WrongFormError
from smartfolio_app.state.seat import PageState, Seat, shows

HISTORY = 30
DELIVERIES = 12
MOST_ASSETS = 200


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the page shows, read in one go."""

    opened: list[AlertView]
    closed: list[AlertView]
    rules: list[Rule]
    channels: list[ChannelView]
    deliveries: list[DeliveryView]
    times: Times


def gather(db: Session, user_id: str) -> Gathered:
    """Read what the page shows."""
    return Gathered(
        opened=inbox.listed(db, user_id, "open"),
        closed=inbox.listed(db, user_id, "closed", HISTORY),
        rules=rules.listed(db, user_id),
        channels=channels.listed(db, user_id),
        deliveries=outbox.log_of(db, user_id, DELIVERIES),
        times=outbox.times(db, user_id),
    )


def offered(db: Session, user_id: str) -> dict[str, list[rows.Choice]]:
    """Return the assets and live sources that a rule can be about."""
    whole = wealth.portfolio(db, wealth.view_of(db, user_id, scope=Scope()))
    assets: dict[str, rows.Choice] = {}
    for row in whole.holdings:
        if row.price is not None and not row.asset.id.startswith(("item:", "fiat:")):
            name = row.asset.name if row.asset.name != row.asset.symbol else ""
            label = f"{row.asset.symbol} · {name}" if name else row.asset.symbol
            assets.setdefault(row.asset.id, rows.Choice(row.asset.id, label))
    live = [
        rows.Choice(one.key, one.label)
        for one in sources.source_status(db, user_id).sources
        if one.configured and registry.is_live(one.provider)
    ]
    return {"asset": list(assets.values())[:MOST_ASSETS], "source": live}


@shows("/alerts")
class AlertsState(PageState, rx.State):
    """What the Alerts page shows, as text. What a channel is told passes through and stays nowhere here."""

    loaded: bool = False
    opened: list[rows.AlertRow] = []
    closed: list[rows.AlertRow] = []
    rules: list[rows.RuleRow] = []
    channels: list[rows.ChannelRow] = []
    deliveries: list[rows.DeliveryRow] = []

    quiet_from: str = ""
    quiet_until: str = ""
    brief_at: str = ""
    times_form: int = 0
    times_problem: str = ""

    form_open: bool = False
    form_turn: int = 0
    form_problem: str = ""
    rule_id: str = ""
    rule_kind: str = ""
    rule_active: bool = True
    fields: list[rows.FieldRow] = []
    asking_removal: bool = False

    channel_open: bool = False
    channel_turn: int = 0
    channel_problem: str = ""
    channel_kind: str = "email"
    channel: rows.ChannelRow = rows.ChannelRow()
    asking_channel: bool = False
    testing: str = ""

    # ------------------------------------------------------------------------------------------------- what is open
    @rx.event
    @signed_in
    async def acknowledge(self, viewer: Viewer, alert_id: str) -> AsyncIterator[None]:
        """Note that the owner has seen an alert."""
        async for _ in self._do(viewer, "", inbox.acknowledge, alert_id):
            yield

    @rx.event
    @signed_in
    async def snooze(self, viewer: Viewer, alert_id: str, hours: str) -> AsyncIterator[None]:
        """Put an alert off for some hours; 0 takes that back."""
        if hours.isascii() and hours.isdecimal() and len(hours) < 6:
            async for _ in self._do(viewer, "", inbox.snooze, alert_id, int(hours)):
                yield

    # -------------------------------------------------------------------------------------------------------- rules
    @rx.event
    @signed_in
    async def add_usual(self, viewer: Viewer) -> AsyncIterator[None]:
        """Add the rules that suit most households."""
        async for _ in self._do(viewer, "alerts.usual_added", rules.add_usual):
            yield

    @rx.event
    @signed_in
    async def start_rule(self, viewer: Viewer) -> None:
        """Open the empty form."""
        self.rule_id, self.rule_active = "", True
        await self._fill_form(viewer, next(iter(kinds())), {})
        self.form_open = True

    @rx.event
    @signed_in
    async def choose_kind(self, viewer: Viewer, kind: str) -> None:
        """Ask what the chosen kind of rule needs to know."""
        if kind in kinds() and not self.rule_id:
            await self._fill_form(viewer, kind, {})

    @rx.event
    @signed_in
    async def edit_rule(self, viewer: Viewer, rule_id: str) -> None:
        """Open the form with a rule in it."""
        mine = await off_loop(rules.listed, viewer.user_id)
        one = next((one for one in mine if one.id == rule_id), None)
        if one is None or one.kind not in kinds():
            return
        self.rule_id, self.rule_active = one.id, one.active
        await self._fill_form(viewer, one.kind, one.params, one.currency)
        self.form_open = True

    @rx.event
    @signed_in
    def close_rule(self) -> None:
        """Close the form, keeping nothing."""
        self.form_open = self.asking_removal = False

    @rx.event
    @signed_in
    async def save_rule(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Add the rule, or keep its changes; it is judged at once."""
        seat = await self._seat(viewer)
        self.form_problem = ""
        try:
            kind = kind_of(self.rule_kind)
            params = rows.read_form(kind, form, seat.figures)
            if self.rule_id:
                await off_loop(rules.change, viewer.user_id, self.rule_id, params=params)
            else:
                await off_loop(rules.add, viewer.user_id, self.rule_kind, params)
        except WrongFormError as wrong:
            self.form_problem = wrong.sentence
            return
        except SmartFolioError as error:
            self.form_problem = error_text(seat.figures.language, error)
            return
        self.form_open = False
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("alerts.saved"))

    @rx.event
    @signed_in
    async def switch_rule(self, viewer: Viewer) -> AsyncIterator[None]:
        """Switch the opened rule off, or on again."""
        self.form_open = False
        switch = partial(rules.change, active=not self.rule_active)
        async for _ in self._do(viewer, "alerts.saved", switch, self.rule_id):
            yield

    @rx.event
    @signed_in
    def ask_removal(self) -> None:
        """Ask whether the opened rule may go."""
        self.asking_removal = True

    @rx.event
    @signed_in
    async def remove_rule(self, viewer: Viewer) -> AsyncIterator[None]:
        """Remove the opened rule."""
        self.form_open = self.asking_removal = False
        async for _ in self._do(viewer, "alerts.removed", rules.delete, self.rule_id):
            yield

    # ----------------------------------------------------------------------------------------------------- channels
    @rx.event
    @signed_in
    def start_channel(self) -> None:
        """Open the empty form of a channel."""
        self.channel, self.channel_kind, self.channel_problem = rows.ChannelRow(), "email", ""
        self.channel_turn += 1
        self.channel_open = True

    @rx.event
    @signed_in
    def choose_channel_kind(self, kind: str) -> None:
        """Ask what the chosen kind of channel must be told."""
        if not self.channel.id:
            self.channel_kind, self.channel_problem = kind, ""

    @rx.event
    @signed_in
    def edit_channel(self, channel_id: str) -> None:
        """Open the form with a channel in it; what it is told stays hidden."""
        self.channel = next((one for one in self.channels if one.id == channel_id), rows.ChannelRow())
        self.channel_kind, self.channel_problem = self.channel.kind, ""
        self.channel_turn += 1
        self.channel_open = bool(self.channel.id)

    @rx.event
    @signed_in
    def close_channel(self) -> None:
        """Close the form, keeping nothing."""
        self.channel_open = self.asking_channel = False

    @rx.event
    @signed_in
    async def save_channel(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Add the channel, or keep its changes. Its secrets go into the vault and nowhere else."""
        seat = await self._seat(viewer)
        self.channel_problem = ""
        chosen = Choices(
            label=str(form.get("label", "")),
            active=bool(form.get("active")),
            private=bool(form.get("private")),
            alerts=bool(form.get("alerts")),
            brief=bool(form.get("brief")),
        )
        told = {
            name.removeprefix("told_"): str(value) for name, value in form.items() if name.startswith("told_")
        }
        try:
            if self.channel.id:
                await off_loop(channels.change, viewer.user_id, self.channel.id, chosen, told)
            else:
                await off_loop(channels.add, viewer.user_id, self.channel_kind, told, chosen)
        except SmartFolioError as error:
            self.channel_problem = error_text(seat.figures.language, error)
            return
        self.channel_open = False
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("alerts.saved"))

    @rx.event
    @signed_in
    def ask_channel_removal(self) -> None:
        """Ask whether the opened channel may go."""
        self.asking_channel = True

    @rx.event
    @signed_in
    async def remove_channel(self, viewer: Viewer) -> AsyncIterator[None]:
        """Remove the opened channel with its secrets."""
        self.channel_open = self.asking_channel = False
        async for _ in self._do(viewer, "alerts.removed", channels.delete, self.channel.id):
            yield

    @rx.event
    @signed_in
    async def test_channel(self, viewer: Viewer, channel_id: str) -> AsyncIterator[None]:
        """Send a test message, and say how that went."""
        seat = await self._seat(viewer)
        self.testing = channel_id
        yield
        try:
            found = await off_loop(delivery.test, viewer.user_id, channel_id)
        except SmartFolioError as error:
            await self._refused(seat, error)
        else:
            if found.state == "done":
                await say(self, seat.figures.say("channels.test_done", channel=found.channel))
            else:
                why = rows.delivery_error(found, seat.figures)
                text = seat.figures.say("channels.test_failed", channel=found.channel, why=why)
                await say(self, text, "bad")
        self.testing = ""
        await self._show(seat)

    @rx.event
    @signed_in
    async def save_times(self, viewer: Viewer, form: dict[str, Any]) -> AsyncIterator[None]:
        """Keep the quiet hours and the time of the morning brief."""
        seat = await self._seat(viewer)
        self.times_problem = ""
        try:
            minutes = [rows.minute_of(str(form.get(name, ""))) for name in ("from", "until", "brief")]
            await off_loop(outbox.set_times, viewer.user_id, Times(*minutes))
        except ValueError:
            self.times_problem = seat.figures.say("error.alert.time")
            return
        except SmartFolioError as error:
            self.times_problem = error_text(seat.figures.language, error)
            return
        async for _ in self._again(viewer):
            yield
        await say(self, seat.figures.say("alerts.times.saved"))

    # -------------------------------------------------------------------------------------------------------- inside
    async def _show(self, seat: Seat) -> None:
        found, figures = await off_loop(gather, seat.viewer.user_id), seat.figures
        self.opened = [rows.alert_row(one, figures) for one in found.opened]
        self.closed = [rows.alert_row(one, figures) for one in found.closed]
        self.rules = [rows.rule_row(one, figures) for one in found.rules]
        self.channels = [rows.channel_row(one, figures) for one in found.channels]
        self.deliveries = [rows.delivery_row(one, figures) for one in found.deliveries]
        self.quiet_from = rows.clock(found.times.quiet_from)
        self.quiet_until = rows.clock(found.times.quiet_until)
        self.brief_at = rows.clock(found.times.brief_at)
        self.times_form += 1
        self.loaded = True

    async def _fill_form(self, viewer: Viewer, kind: str, values: dict[str, str], currency: str = "") -> None:
        seat = await self._seat(viewer)
        kept = await off_loop(user_settings.get, viewer.user_id)
        choices = await off_loop(offered, viewer.user_id)
        self.rule_kind, self.form_problem = kind, ""
        self.fields = rows.fields_of(
            kind_of(kind), values, choices, currency or kept.base_currency, seat.figures
        )
        self.form_turn += 1
