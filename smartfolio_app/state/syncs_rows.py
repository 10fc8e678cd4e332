"""Syncs, credentials and gaps as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smartfolio_app.ledger.assets import symbol_of
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.state.figures import Figures, direction

if TYPE_CHECKING:
    from datetime import datetime

    from smartfolio_app.ledger.assets import Asset, AssetId
    from smartfolio_app.ledger.balances import EffectRow
    from smartfolio_app.ledger.reconcile import Gap, Reconciliation
    from smartfolio_app.providers.csv.base import Message
    from smartfolio_app.services.credentials import CredentialView
    from smartfolio_app.services.sync import Connection, SyncView

#: So many assets are named of what a sync changed.
NAMED = 4


@dataclass
class SyncRow:
    """One sync. ``percent`` is -1 while it is not known how much there is to do."""

    id: str = ""
    when: str = ""
    trigger: str = ""
    state: str = ""
    state_text: str = ""
    doing: str = ""
    percent: int = -1
    added: str = ""
    changes: list[str] = field(default_factory=list)
    more: str = ""
    remarks: list[str] = field(default_factory=list)
    problem: str = ""
    undoable: bool = False
    undone: str = ""
    busy: bool = False


@dataclass
class CredentialRow:
    """One credential: that it is there, its last four characters, since when."""

    label: str = ""
    hint: str = ""
    since: str = ""


@dataclass
class GapRow:
    """An asset whose books and report differ."""

    asset: str = ""
    symbol: str = ""
    reported: str = ""
    booked: str = ""
    difference: str = ""
    direction: str = "none"
    figure: str = ""
    why: str = ""
    fix: str = ""


@dataclass
class ConnectionRow:
    """How a live source is kept up to date."""

    key: str = ""
    connected: bool = False
    locked: bool = False
    sign_in: str = ""
    account: str = ""
    checked: str = ""
    every: str = "60"
    next: str = ""
    synced: str = ""
    budget: str = ""
    problem: str = ""


def sync_row(one: SyncView, figures: Figures, known: Mapping[AssetId, Asset] | None = None) -> SyncRow:
    """Return a sync's line."""
    effect = sorted(one.effect, key=lambda row: abs(row.after - row.before), reverse=True)
    rest = len(effect) - NAMED
    problem = _sentence(one.error, figures)
    if one.state == "waiting" and one.retry_at is not None:
        again = figures.say("syncs.goes_on", time=figures.clock_or_day(one.retry_at))
        problem = f"{problem} {again}".strip()
    return SyncRow(
        id=one.id,
        when=figures.moment(one.started_at),
        trigger=figures.say(f"syncs.trigger_{one.trigger}"),
        state=one.state,
        state_text=figures.say("syncs.stopping" if one.stopping else f"syncs.state_{one.state}"),
        doing=figures.say_or_text(one.label) if one.label and not one.is_over else "",
        percent=min(100, 100 * one.done // one.total) if one.total else -1,
        added=_added(one, figures),
        changes=[_changed(row, figures, known or {}) for row in effect[:NAMED]],
        more=figures.say("syncs.more_changes", number=figures.count(rest)) if rest > 0 else "",
        remarks=[figures.say_or_text(remark.code, **remark.params) for remark in one.warnings],
        problem=problem,
        undoable=one.can_be_undone,
        undone=figures.say("syncs.undone_when", age=figures.ago(one.undone_at)) if one.undone_at else "",
        busy=one.state in ("queued", "running"),
    )


def _added(one: SyncView, figures: Figures) -> str:
    parts = []
    if one.added:
        number = figures.count(one.added)
        parts.append(figures.say("sources.transactions", count=one.added, number=number))
    if one.batch_id and one.positions:
        number = figures.count(one.positions)
        parts.append(figures.say("sources.positions", count=one.positions, number=number))
    if not parts and one.is_over:
        return figures.say("syncs.nothing_new")
    return " · ".join(parts)


def _changed(row: EffectRow, figures: Figures, known: Mapping[AssetId, Asset]) -> str:
    symbol = known[row.asset].symbol if row.asset in known else symbol_of(row.asset)
    moved = row.after - row.before
    sign = "" if figures.privacy else "+" if moved > ZERO else "−"
    return f"{symbol} {sign}{figures.quantity(abs(moved))}"


def credential_rows(described: list[CredentialView], figures: Figures) -> list[CredentialRow]:
    """Return the credentials that are set."""
    return [
        CredentialRow(
            label=figures.say_or_text(one.label),
            hint=f"•••• {one.hint}" if one.hint else "••••",
            since=figures.say("connection.since", day=figures.day(one.set_at.date())) if one.set_at else "",
        )
        for one in described
        if one.is_set
    ]


def connection_row(how: Connection, figures: Figures, *, sign_in: str) -> ConnectionRow:
    """Return how a live source is kept up to date; ``sign_in`` is where one signs in to it, if one does."""
    budget = ""
    if how.calls_left is not None and how.calls:
        budget = figures.say(
            "connection.budget",
            left=figures.count(how.calls_left),
            calls=figures.count(how.calls),
            minutes=figures.count(max(1, round(how.per_seconds / 60))),
        )
    if how.paused_until is not None:
        budget = figures.say("connection.paused", time=figures.clock_or_day(how.paused_until))
    elif how.breaker_open:
        budget = figures.say("connection.resting")
    return ConnectionRow(
        key=how.source_key,
        connected=how.connected,
        locked=how.locked,
        sign_in=sign_in,
        account=how.account,
        checked=figures.say("connection.checked", age=figures.ago(how.checked_at)) if how.checked_at else "",
        every=str(how.every_minutes),
        next=next_text(how.connected, how.every_minutes, how.next_at, figures),
        synced=figures.say("syncs.last", age=figures.ago(how.succeeded_at)) if how.succeeded_at else "",
        budget=budget,
        problem=_sentence(how.error, figures),
    )


def next_text(connected: bool, every: int, next_at: datetime | None, figures: Figures) -> str:
    """Return when a source is synced next, or that nobody but its owner does it."""
    if not connected:
        return ""
    if not every:
        return figures.say("syncs.by_hand")
    if next_at is None:
        return ""
    if next_at <= figures.moment_now():
        return figures.say("syncs.next_soon")
    return figures.say("syncs.next", time=figures.clock_or_day(next_at))


def schedule_text(every: int, figures: Figures) -> str:
    """Return how often a source is synced, in the largest unit that tells it in whole numbers."""
    if not every:
        return figures.say("syncs.every_0")
    unit, length = next(
        (name, length)
        for name, length in (("days", 1440), ("hours", 60), ("minutes", 1))
        if every % length == 0
    )
    count = every // length
    return figures.say(f"syncs.each.{unit}", count=count, number=figures.count(count))


def gap_rows(
    found: Reconciliation, known: Mapping[AssetId, Asset], figures: Figures, source_key: str
) -> list[GapRow]:
    """Return the gaps of a source, those that can be closed by one entry first."""
    return [
        _gap(one, known, figures, source_key) for one in sorted(found.gaps, key=lambda gap: gap.fix is None)
    ]


def _gap(gap: Gap, known: Mapping[AssetId, Asset], figures: Figures, source_key: str) -> GapRow:
    symbol = known[gap.asset].symbol if gap.asset in known else symbol_of(gap.asset)
    other = known[gap.related].symbol if gap.related in known else symbol_of(gap.related)
    words = {"asset": symbol, "other": other, "day": figures.day(gap.at.date()) if gap.at else ""}
    moved = gap.difference
    sign = "" if figures.privacy else "+" if moved > ZERO else "−"
    return GapRow(
        asset=gap.asset,
        symbol=symbol,
        reported=figures.quantity(gap.reported),
        booked=figures.quantity(gap.booked),
        difference=f"{sign}{figures.quantity(abs(moved))}",
        direction=direction(moved),
        figure=f"gap:{source_key}:{gap.asset}",
        why=figures.say(f"reconcile.cause.{gap.cause}", **words),
        fix=figures.say(f"reconcile.fix.{gap.fix.kind.value}", **words) if gap.fix is not None else "",
    )


def reconciled_text(found: Reconciliation | None, figures: Figures) -> str:
    """Say how the books compare with the report."""
    if found is None:
        return figures.say("syncs.nothing_reported")
    age = figures.ago(found.as_of)
    if not found.gaps:
        return figures.say("syncs.all_agree", count=found.agreed, number=figures.count(found.agreed), age=age)
    gaps, agreed = figures.count(len(found.gaps)), figures.count(found.agreed)
    return figures.say("syncs.some_differ", count=len(found.gaps), gaps=gaps, agreed=agreed, age=age)


def _sentence(error: Message | None, figures: Figures) -> str:
    return "" if error is None else figures.say_or_text(f"error.{error.code}", **error.params)
