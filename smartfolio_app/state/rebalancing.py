"""The Rebalancing page: targets, drift, and the trades that would restore them. Nothing here trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import reflex as rx
from sqlmodel import Session

from smartfolio_app.analytics.rebalancing.drift import PRESETS, Bands
from smartfolio_app.analytics.rebalancing.trades import Venue
from smartfolio_app.analytics.results import Holding, Portfolio
from smartfolio_app.errors import SmartFolioError
from smartfolio_app.i18n import error_text
from smartfolio_app.ledger.assets import crypto, is_fiat
from smartfolio_app.ledger.money import ZERO
from smartfolio_app.security.identity import Viewer
from smartfolio_app.services import user_settings, wealth
from smartfolio_app.services.jobs import off_loop
from smartfolio_app.services.rebalancing import optimiser, targets
from smartfolio_app.services.rebalancing.explain import figure_name
from smartfolio_app.services.rebalancing.plan import Proposal, Wish, propose
from smartfolio_app.services.rebalancing.targets import BY, LOT_CHOICES, MOST_TARGETS, TRADED, Targets
from smartfolio_app.state import rebalancing_rows as show
from smartfolio_app.state.base import Option
from smartfolio_app.state.figures import Figures
from smartfolio_app.state.guard import signed_in
from smartfolio_app.state.notices import say
from smartfolio_app.state.reading import WrongFormError, read_number, write_number
from smartfolio_app.state.seat import PageState, Seat, shows

PLAN_PATH = "/api/portfolio/rebalancing/plan"
#: Money comes in, or goes out.
FLOWS = ("invest", "withdraw")
#: Presets that are made from what is held.
MADE = ("as_held", "equal")
_LONGEST_TICKER = 24


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the page shows, read in one go."""

    portfolio: Portfolio
    proposal: Proposal
    base_currency: str


def gather(db: Session, view: wealth.View, wish: Wish) -> Gathered:
    """Read the plan and what it is drawn from."""
    proposal = propose(db, view, wish)
    return Gathered(wealth.portfolio(db, view), proposal, user_settings.get(db, view.user_id).base_currency)


@shows("/rebalancing")
class RebalancingState(PageState, rx.State):
    """Targets as they are kept and edited, the plan they lead to, and the rules of the plan."""

    loaded: bool = False
    empty: bool = False
    problem: str = ""
    no_optimiser: str = ""
    by: str = ""
    kept_by: str = ""
    has_targets: bool = False
    editing: bool = False
    rows: list[show.TargetRow] = []
    remainder: str = ""
    remainder_tone: str = ""
    exact: bool = False
    targets_problem: str = ""
    form_turn: int = 0

    flow: str = "invest"
    cash: str = ""
    only_cash: bool = False
    cash_problem: str = ""
    verdict: str = ""
    tone: str = ""
    verdict_figure: str = ""
    outlook: str = ""
    outlook_figure: str = ""
    outside: str = ""
    outside_figure: str = ""
    sums: list[show.Sum] = []
    trades: list[show.VenueTrades] = []
    csv_address: str = ""
    json_address: str = ""

    base_currency: str = ""
    band_absolute: str = ""
    band_relative: str = ""
    minimum: str = ""
    lot_choice: str = "method"
    tax_short: str = ""
    tax_long: str = ""
    venues: list[show.VenueRow] = []
    locked: list[Option] = []
    assets: list[Option] = []
    rules_turn: int = 0
    rules_problem: str = ""

    _cash: Decimal = ZERO
    _typed: dict[str, str] = {}
    _added: list[str] = []

    # --------------------------------------------------------------------------------------------------- targets
    @rx.event
    @signed_in
    async def choose_by(self, viewer: Viewer, by: str) -> None:
        """Look at targets by group, asset or category; those kept are by one of them."""
        if by in BY:
            self.by, self._added, self._typed = by, [], {}
            seat = await self._seat(viewer)
            await self._show(seat)
            if self.editing:
                self._begin(seat.figures)

    @rx.event
    @signed_in
    async def edit(self, viewer: Viewer) -> None:
        """Open the fields of the targets."""
        seat = await self._seat(viewer)
        self.editing, self._typed = True, {}
        await self._show(seat)
        self._begin(seat.figures)

    @rx.event
    @signed_in
    async def stop_editing(self, viewer: Viewer) -> None:
        """Close them, keeping nothing."""
        self.editing, self.targets_problem, self._added = False, "", []
        self.by = ""
        await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def type_target(self, viewer: Viewer, key: str, text: str) -> None:
        """Count what is typed, while it is typed."""
        if self.editing and key in self._typed:
            self._typed[key] = text[:40]
            self._weigh((await self._seat(viewer)).figures)

    @rx.event
    @signed_in
    async def use_preset(self, viewer: Viewer, name: str) -> None:
        """Put a ready-made set of targets into the fields."""
        seat = await self._seat(viewer)
        if name in MADE:
            holdings = (await off_loop(wealth.portfolio, seat.view)).holdings
            made = show.as_held if name == "as_held" else show.equal
            await self._put(seat, made(_tradable(holdings), self.by))
        elif name in PRESETS.get(self.by, {}):
            await self._put(seat, PRESETS[self.by][name])

    @rx.event
    @signed_in
    async def add_coin(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Offer a coin that is not held yet as a target."""
        ticker = str(form.get("ticker", "")).strip().upper()
        if not self.editing or self.by != "asset" or not ticker:
            return
        seat = await self._seat(viewer)
        if len(ticker) > _LONGEST_TICKER or not (ticker.isascii() and ticker.isalnum()):
            self.targets_problem = seat.figures.say("rebalancing.no_ticker", value=ticker[:40])
            return
        self.targets_problem = ""
        self._added = list(dict.fromkeys([*self._added, crypto(ticker)]))[-MOST_TARGETS:]
        await self._show(seat)

    @rx.event
    @signed_in
    async def set_targets(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Keep the targets that were typed, in percent; empty ones are none."""
        seat = await self._seat(viewer)
        self.targets_problem = ""
        typed = {key.removeprefix("weight:"): text for key, text in form.items() if key.startswith("weight:")}
        try:
            weights = {key: _part(text, seat.figures) for key, text in typed.items()}
        except WrongFormError as wrong:
            self.targets_problem = wrong.sentence
            return
        await self._keep_targets(seat, {key: weight for key, weight in weights.items() if weight})

    @rx.event
    @signed_in
    async def remove_targets(self, viewer: Viewer) -> None:
        """Have no targets any longer; the rules stay."""
        await self._keep_targets(await self._seat(viewer), {})

    async def _keep_targets(self, seat: Seat, weights: Mapping[str, Decimal]) -> None:
        kept = await off_loop(targets.get, seat.viewer.user_id)
        self.editing, self._added, before = False, [], self._added
        self.targets_problem = await self._keep(seat, replace(kept, by=self.by, weights=weights))
        if self.targets_problem:
            self.editing, self._added = True, before
            await self._show(seat)
        else:
            await say(self, seat.figures.say("rebalancing.targets_saved"))

    async def _put(self, seat: Seat, weights: Mapping[str, Decimal], by: str = "") -> None:
        """Put targets into the fields; nothing is kept."""
        self.by = by or self.by
        self.editing, self.targets_problem, self._typed = True, "", {}
        self._added = list(weights) if self.by == "asset" else []
        await self._show(seat)
        self._typed = {
            row.key: show.write_percent(weights.get(row.key), seat.figures) if row.key in weights else ""
            for row in self.rows
        }
        self._fill_fields()
        self._weigh(seat.figures)

    def _begin(self, figures: Figures) -> None:
        self.editing, self.targets_problem = True, ""
        self._typed = {row.key: row.typed for row in self.rows}
        self._fill_fields()
        self._weigh(figures)

    def _fill_fields(self) -> None:
        self.rows = [replace(row, typed=self._typed.get(row.key, "")) for row in self.rows]
        self.form_turn += 1

    def _weigh(self, figures: Figures) -> None:
        """Say how much is left to give."""
        self.exact = False
        try:
            parts = [_part(text, figures) for text in self._typed.values()]
        except WrongFormError as wrong:
            self.remainder, self.remainder_tone = wrong.sentence, "bad"
            return
        left = Decimal(1) - sum(parts, ZERO)
        if any(not ZERO <= one <= 1 for one in parts):
            self.remainder, self.remainder_tone = figures.say("rebalancing.out_of_range"), "bad"
        elif left == 0:
            self.remainder, self.remainder_tone, self.exact = figures.say("rebalancing.whole"), "good", True
        else:
            decimals = min(max(1, -int(left.normalize().as_tuple().exponent) - 2), 6)
            words = "rebalancing.left_to_give" if left > 0 else "rebalancing.too_much"
            self.remainder = figures.say(words, share=figures.percent(abs(left), decimals=decimals))
            self.remainder_tone = "notable" if left > 0 else "bad"

    # ------------------------------------------------------------------------------------------------------ wish
    @rx.event
    @signed_in
    async def choose_flow(self, viewer: Viewer, flow: str) -> None:
        """Put money in, or take it out."""
        if flow in FLOWS:
            self.flow = flow
            await self._show(await self._seat(viewer))

    @rx.event
    @signed_in
    async def set_cash(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Plan with money to invest, or to take out."""
        seat = await self._seat(viewer)
        typed, self.cash_problem = str(form.get("cash", "")).strip()[:40], ""
        try:
            amount = _number(typed, seat.figures)
        except WrongFormError as wrong:
            self.cash_problem = wrong.sentence
            return
        if amount < 0:
            self.flow, typed = "withdraw", write_number(-amount, seat.figures)
        self.cash, self._cash = typed, abs(amount)
        await self._show(seat)

    @rx.event
    @signed_in
    async def set_only_cash(self, viewer: Viewer, chosen: bool) -> None:
        """Plan without selling anything to buy something else, or with."""
        self.only_cash = chosen
        await self._show(await self._seat(viewer))

    # ----------------------------------------------------------------------------------------------------- rules
    @rx.event
    @signed_in
    async def set_rules(self, viewer: Viewer, form: dict[str, Any]) -> None:
        """Keep bands, smallest trade, taxes and what the venues cost."""
        seat = await self._seat(viewer)
        self.rules_problem = ""
        kept = await off_loop(targets.get, viewer.user_id)
        try:
            changed = self._rules(form, kept, seat.figures)
        except WrongFormError as wrong:
            self.rules_problem = wrong.sentence
            return
        self.rules_problem = await self._keep(seat, changed)
        if not self.rules_problem:
            await say(self, seat.figures.say("rebalancing.rules_saved"))

    @rx.event
    @signed_in
    async def lock_asset(self, viewer: Viewer, asset: str) -> None:
        """Leave an asset alone: neither sell nor buy it."""
        if asset in {one.value for one in self.assets if one.value}:
            seat = await self._seat(viewer)
            kept = await off_loop(targets.get, viewer.user_id)
            self.rules_problem = await self._keep(seat, replace(kept, locked=kept.locked | {asset}))

    @rx.event
    @signed_in
    async def unlock_asset(self, viewer: Viewer, asset: str) -> None:
        """Let an asset be traded again."""
        seat = await self._seat(viewer)
        kept = await off_loop(targets.get, viewer.user_id)
        self.rules_problem = await self._keep(seat, replace(kept, locked=kept.locked - {asset}))

    async def _keep(self, seat: Seat, changed: Targets) -> str:
        """Keep targets and show what follows; return the sentence that says why not, where they cannot be kept."""
        try:
            await off_loop(targets.save, seat.viewer.user_id, changed)
        except SmartFolioError as error:
            return error_text(seat.figures.language, error)
        await self._show(seat)
        return ""

    def _rules(self, form: Mapping[str, Any], kept: Targets, figures: Figures) -> Targets:
        def part(name: str) -> Decimal:
            return _part(form.get(name, ""), figures)

        def band(name: str) -> Decimal | None:
            return part(name) if str(form.get(name, "")).strip() else None

        def amount(name: str) -> Decimal:
            return _number(form.get(name, ""), figures)

        choice = str(form.get("lot_choice", ""))
        shown = {
            row.key: Venue(
                row.key,
                part(f"rate:{row.key}"),
                amount(f"fixed:{row.key}"),
                locked=_ticked(form, f"locked:{row.key}"),
                whole=_ticked(form, f"whole:{row.key}"),
            )
            for row in self.venues
        }
        return replace(
            kept,
            bands=Bands(band("band_absolute"), band("band_relative")),
            minimum=amount("minimum"),
            lot_choice=choice if choice in LOT_CHOICES else kept.lot_choice,
            tax_short=part("tax_short"),
            tax_long=part("tax_long"),
            venues={key: one for key, one in {**kept.venues, **shown}.items() if one != Venue(key)},
        )

    # --------------------------------------------------------------------------------------------------- filling
    async def _show(self, seat: Seat) -> None:
        figures = seat.figures
        wish = Wish(-self._cash if self.flow == "withdraw" else self._cash, self.only_cash)
        self.problem = ""
        self.no_optimiser = "" if optimiser.is_there() else figures.say("error.rebalance.no_optimiser")
        try:
            found = await off_loop(gather, seat.view, wish)
        except SmartFolioError as error:
            self.problem = error_text(figures.language, error)
            self.trades, self.sums, self.loaded = [], [], True
            return
        proposal, kept = found.proposal, found.proposal.targets
        self.kept_by = kept.by
        self.by = self.by or kept.by
        self.has_targets = bool(kept.weights)
        traded = _tradable(found.portfolio.holdings)
        self.empty = not traded
        self._fill_targets(found, figures)
        self.verdict, self.tone = show.verdict(proposal, figures)
        self.verdict_figure = figure_name(wish, "broken") if proposal.plan.needed else ""
        self.outlook = show.outlook(proposal, figures)
        self.outlook_figure = figure_name(wish, "trades") if proposal.trades else ""
        self.outside = show.outside(proposal, figures) if kept.weights else ""
        self.outside_figure = figure_name(wish, "outside")
        self.sums = show.sums(proposal, figures)
        self.trades = show.venue_trades(proposal, figures)
        self._fill_rules(found, traded, figures)
        scope = {name: getattr(seat.view.scope, name) for name in ("crypto", "stocks", "wealth")}
        query = urlencode(
            {**scope, "currency": seat.view.currency, "cash": str(wish.cash), "only_cash": wish.only_cash}
        )
        self.json_address, self.csv_address = f"{PLAN_PATH}.json?{query}", f"{PLAN_PATH}.csv?{query}"
        self.loaded = True

    def _fill_targets(self, found: Gathered, figures: Figures) -> None:
        added = self._added if self.editing else None
        rows = show.target_rows(found.portfolio, found.proposal, self.by, added, figures)
        if self.editing:  # what was typed so far stays in its field
            self._typed = {row.key: self._typed.get(row.key, row.typed) for row in rows}
            rows = [replace(row, typed=self._typed[row.key]) for row in rows]
        self.rows = rows

    def _fill_rules(self, found: Gathered, traded: list[Holding], figures: Figures) -> None:
        kept = found.proposal.targets
        before = (self.band_absolute, self.band_relative, self.minimum, self.lot_choice)
        before_taxes, before_venues = (self.tax_short, self.tax_long), self.venues
        self.base_currency = found.base_currency
        self.band_absolute = show.write_percent(kept.bands.absolute, figures)
        self.band_relative = show.write_percent(kept.bands.relative, figures)
        self.minimum, self.lot_choice = write_number(kept.minimum.normalize(), figures), kept.lot_choice
        self.tax_short = show.write_percent(kept.tax_short, figures) if kept.tax_short else ""
        self.tax_long = show.write_percent(kept.tax_long, figures) if kept.tax_long else ""
        keys = dict.fromkeys(
            position.source_key for one in traded for position in one.positions if position.quantity > 0
        )
        self.venues = show.venue_rows(found.proposal, list(keys), figures)
        after = (self.band_absolute, self.band_relative, self.minimum, self.lot_choice)
        if (before, before_taxes, before_venues) != (after, (self.tax_short, self.tax_long), self.venues):
            self.rules_turn += 1  # fields show what they were first given: these are new ones
        symbols = {one.asset.id: one.asset.symbol for one in traded}
        self.locked = [
            Option(asset, symbols.get(asset) or asset.partition(":")[2]) for asset in sorted(kept.locked)
        ]
        self.assets = [
            Option("", figures.say("rebalancing.lock_which")),
            *(Option(asset, symbol) for asset, symbol in symbols.items() if asset not in kept.locked),
        ]


def _tradable(holdings: Iterable[Holding]) -> list[Holding]:
    return [
        one
        for one in holdings
        if one.category in TRADED and one.value is not None and one.value > 0 and not is_fiat(one.asset.id)
    ]


def _part(text: object, figures: Figures) -> Decimal:
    return _number(text, figures) / show.HUNDRED


def _number(text: object, figures: Figures) -> Decimal:
    typed = str(text or "").strip().removesuffix("%").strip()
    try:
        return read_number(typed, figures) if typed else ZERO
    except ValueError as error:
        raise WrongFormError(figures.say("rebalancing.not_a_number", value=typed)) from error


def _ticked(form: Mapping[str, Any], name: str) -> bool:
    return form.get(name) in (True, "on", "true")
