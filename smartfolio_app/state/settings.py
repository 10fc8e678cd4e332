"""The Settings page: preferences, asset groups, snapshots, devices and API tokens. The password is a plain form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import reflex as rx
from starlette.concurrency import run_in_threadpool

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.security import sessions, tokens
from smartfolio_app.security.connections import LIVE
from smartfolio_app.security.identity import Viewer
from smartfolio_app.security.recognise import viewer_of_session
from smartfolio_app.services import access, audit, audit_words, snapshots, user_settings
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.state.base import AppState
from smartfolio_app.state.entrance import sentence
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.reading import read_number, write_number
from smartfolio_app.state.seat import PageState, Seat, shows

if TYPE_CHECKING:
    from smartfolio_app.security.sessions import Device
    from smartfolio_app.security.tokens import TokenInfo
    from smartfolio_app.state.figures import Figures

ACTIVITY_AT_ONCE = 12
#: The preferences this page may change by name; those of the WealthBar have handlers of their own.
CHOICES = frozenset({"time_zone", "number_style", "cost_basis_method", "pnl_anchor"})


@dataclass
class DeviceRow:
    """A signed-in device, as its owner reads it."""

    id: str = ""
    label: str = ""
    seen: str = ""
    origin: str = ""
    current: bool = False


@dataclass
class TokenRow:
    """An API token, as its owner reads it."""

    id: str = ""
    name: str = ""
    hint: str = ""
    scope: str = ""
    used: str = ""


@dataclass
class GroupRow:
    """A coin that the user put into another group."""

    asset: str = ""
    symbol: str = ""
    group: str = ""


@dataclass
class ActivityRow:
    """One thing that was done in the user's name."""

    id: int = 0
    what: str = ""
    when: str = ""
    where: str = ""


@shows("/settings")
class SettingsState(PageState, rx.State):
    """What the page shows. ``new_token`` is there from its creation until its owner has copied it, and never again."""

    time_zone: str = ""
    number_style: str = ""
    cost_basis_method: str = ""
    pnl_anchor: str = ""
    threshold: str = ""
    threshold_problem: str = ""

    groups: list[GroupRow] = []
    group_problem: str = ""
    group_form: int = 0

    last_snapshot: str = ""
    snapshot_running: bool = False

    devices: list[DeviceRow] = []
    has_other_devices: bool = False

    tokens: list[TokenRow] = []
    token_problem: str = ""
    token_form: int = 0
    new_token: str = ""

    activity: list[ActivityRow] = []
    more_activity: bool = False

    password_problem: str = ""
    password_changed: bool = False

    @rx.event
    @signed_in
    async def choose(self, viewer: Viewer, name: str, value: str) -> AsyncIterator[None]:
        """Keep one preference and show everything by it."""
        if name in CHOICES:
            async for _ in self._keep(viewer, **{name: value}):
                yield

    @rx.event
    @signed_in
    async def choose_threshold(self, viewer: Viewer, text: str) -> AsyncIterator[None]:
        """Keep the worth below which a balance is small."""
        seat = await self._seat(viewer)
        self.threshold_problem = ""
        try:
            value = read_number(text, seat.figures)
        except ValueError:
            self.threshold_problem = seat.figures.say("settings.threshold_wrong", value=text)
            return
        if write_number(value, seat.figures) != self.threshold:
            async for _ in self._keep(viewer, small_balance_threshold=value):
                yield

    @rx.event
    @signed_in
    async def move_asset(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Put a coin into another group."""
        symbol, group = str(form.get("symbol", "")).strip().upper(), str(form.get("group", ""))
        seat = await self._seat(viewer)
        self.group_problem = ""
        if not symbol:
            self.group_problem = seat.figures.say("settings.groups_empty")
            return
        try:
            await off_loop(user_settings.set_group, viewer.user_id, symbol, group)
        except SmartFolioError as error:
            self.group_problem = error_text(seat.figures.language, error)
            return
        self.group_form += 1
        await self._show(seat)
        name = seat.figures.say(f"explain.group.{group}")
        await say(self, seat.figures.say("settings.groups_saved", symbol=symbol, group=name))

    @rx.event
    @signed_in
    async def reset_asset(self, viewer: Viewer, asset: str) -> None:
        """Put a coin back into its usual group."""
        seat = await self._seat(viewer)
        if await self._done(seat, user_settings.set_group, viewer.user_id, asset, ""):
            symbol = asset.partition(":")[2]
            await say(self, seat.figures.say("settings.groups_gone", symbol=symbol))

    @rx.event
    @signed_in
    async def take_snapshot(self, viewer: Viewer) -> AsyncIterator[None]:
        """Record what everything is worth now."""
        self.snapshot_running = True
        yield
        seat = await self._seat(viewer)
        if await self._done(seat, snapshots.take, viewer.user_id):
            await say(self, seat.figures.say("settings.snapshots_taken"))
        self.snapshot_running = False

    @rx.event
    @signed_in
    async def revoke_device(self, viewer: Viewer, device_id: str) -> None:
        """Sign one device out."""
        seat = await self._seat(viewer)
        label = next((one.label for one in self.devices if one.id == device_id), "")
        if await self._done(seat, access.sign_out, viewer, device_id):
            await _close_ended_sockets()
            await say(self, seat.figures.say("settings.device_revoked", name=label))

    @rx.event
    @signed_in
    async def revoke_other_devices(self, viewer: Viewer) -> None:
        """Sign every device out but this one."""
        seat = await self._seat(viewer)
        if await self._done(seat, access.sign_out_others, viewer):
            await _close_ended_sockets()
            await say(self, seat.figures.say("settings.devices_others_revoked"))

    @rx.event
    @signed_in
    async def create_token(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Make an API token and show it, this once."""
        name, scope = str(form.get("name", "")).strip(), str(form.get("scope", ""))
        seat = await self._seat(viewer)
        self.token_problem = ""
        if not name:
            self.token_problem = seat.figures.say("settings.token_name_missing")
            return
        try:
            _, self.new_token = await off_loop(access.create_token, viewer, name=name, scope=scope)
        except SmartFolioError as error:
            self.token_problem = error_text(seat.figures.language, error)
            return
        self.token_form += 1
        await self._show(seat)

    @rx.event
    @signed_in
    def forget_token(self) -> None:
        """Take the new token off the screen and out of the server's memory."""
        self.new_token = ""

    @rx.event
    @signed_in
    async def revoke_token(self, viewer: Viewer, token_id: str) -> None:
        """End an API token at once."""
        seat = await self._seat(viewer)
        name = next((one.name for one in self.tokens if one.id == token_id), "")
        if await self._done(seat, access.revoke_token, viewer, token_id):
            await say(self, seat.figures.say("settings.token_revoked", name=name))

    @rx.event
    @signed_in
    async def show_more_activity(self, viewer: Viewer) -> None:
        """Show what was done before the oldest entry on the page."""
        seat = await self._seat(viewer)
        await self._tell_activity(seat, before=self.activity[-1].id if self.activity else None)

    async def _tell_activity(self, seat: Seat, before: int | None = None) -> None:
        wanted = {"limit": ACTIVITY_AT_ONCE + 1, "before": before}
        found = await off_loop(audit.entries, seat.viewer.user_id, **wanted)
        rows = [
            ActivityRow(
                id=one.id,
                what=audit_words.sentence(seat.figures.language, one),
                when=seat.figures.moment(one.at),
                where=one.address,
            )
            for one in found[:ACTIVITY_AT_ONCE]
        ]
        self.activity = rows if before is None else [*self.activity, *rows]
        self.more_activity = len(found) > ACTIVITY_AT_ONCE

    async def _show(self, seat: Seat) -> None:
        user, figures = seat.viewer.user_id, seat.figures
        address = dict(self.router.url.query_parameters)
        self.password_problem = sentence(address.get("error", ""), address.get("wait", ""), figures.language)
        self.password_changed = address.get("notice") == "auth.password_changed"
        kept = await off_loop(user_settings.get, user)
        self.time_zone, self.number_style = kept.time_zone, kept.number_style
        self.cost_basis_method, self.pnl_anchor = kept.cost_basis_method, kept.pnl_anchor
        self.threshold = write_number(kept.small_balance_threshold, figures)
        own = await off_loop(user_settings.group_overrides, user)
        self.groups = [
            GroupRow(asset, asset.partition(":")[2], figures.say(f"explain.group.{group}"))
            for asset, group in sorted(own.items())
            if group in GROUPS
        ]
        last = await off_loop(snapshots.last, user)
        self.last_snapshot = figures.ago(last) if last is not None else ""
        signed = await off_loop(sessions.devices, user, current=seat.viewer.credential)
        self.devices = [_device_row(device, figures) for device in signed]
        self.has_other_devices = any(not device.current for device in signed)
        self.tokens = [_token_row(token, figures) for token in await off_loop(tokens.listed, user)]
        await self._tell_activity(seat)

    async def _keep(self, viewer: Viewer, **changes: object) -> AsyncIterator[None]:
        """Store preferences and show the whole page by them."""
        app = await self.get_state(AppState)
        try:
            await app._keep(viewer, **changes)
        except SmartFolioError as error:
            await say(self, error_text(await app._language(), error), "bad")
            return
        await app._read_settings(viewer)
        async for _ in app._show(viewer):
            yield

    async def _done(self, seat: Seat, action: Any, *arguments: Any) -> bool:
        done = await super()._done(seat, action, *arguments)
        await self._show(seat)  # whether it was done or not: what is on screen may be older than both
        return done


async def _close_ended_sockets() -> None:
    """Close what devices that were signed out still have open: they see nothing more, not even what is pushed."""
    await run_in_threadpool(LIVE.close_where, lambda key: viewer_of_session(key) is None)


def _device_row(device: Device, figures: Figures) -> DeviceRow:
    origin = [figures.say("settings.device_since", date=figures.day(device.created_at.date()))]
    if device.address:
        origin.append(figures.say("settings.device_address", address=device.address))
    return DeviceRow(
        id=device.id,
        label=device.label or figures.say("settings.device_unknown"),
        seen=figures.say("settings.device_seen", age=figures.ago(device.seen_at)),
        origin=" · ".join(origin),
        current=device.current,
    )


def _token_row(token: TokenInfo, figures: Figures) -> TokenRow:
    used = token.used_at
    return TokenRow(
        id=token.id,
        name=token.name or figures.say("settings.token_nameless"),
        hint=f"…{token.hint}",
        scope=figures.say(f"settings.token_{token.scope}"),
        used=figures.say("settings.token_used", age=figures.ago(used))
        if used
        else figures.say("settings.token_never"),
    )
