"""The rules of a plan: bands, the smallest trade, taxes, what venues cost, and what is not to be touched."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import icon_button, submit
from smartfolio_app.components.figures import skeleton
from smartfolio_app.components.forms import field, form_error, number_input, select
from smartfolio_app.components.icons import icon
from smartfolio_app.components.tables import Column, cell, data_table
from smartfolio_app.i18n import t
from smartfolio_app.services.rebalancing.targets import LOT_CHOICES
from smartfolio_app.state.rebalancing import RebalancingState

S = RebalancingState

VENUES = (
    Column("rebalancing.venue"),
    Column("rebalancing.venue_rate", right=True),
    Column("rebalancing.venue_fixed", right=True),
    Column("rebalancing.venue_whole"),
    Column("rebalancing.venue_locked"),
)


def rules() -> rx.Component:
    """Return the rules, ready to be changed."""
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("rebalancing.rules")),
            rx.el.p(t("rebalancing.rules_text"), class_name="small faint"),
        ),
        rx.cond(S.loaded, rx.fragment(_form(), _locks()), skeleton("targets-waiting")),
        class_name="block risk-block rules",
    )


def _form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            field(
                "rebalancing.band_absolute",
                number_input("band_absolute", default_value=S.band_absolute),
                hint="rebalancing.band_absolute_hint",
            ),
            field(
                "rebalancing.band_relative",
                number_input("band_relative", default_value=S.band_relative),
                hint="rebalancing.band_relative_hint",
            ),
            field(
                t("rebalancing.minimum", currency=S.base_currency),
                number_input("minimum", default_value=S.minimum),
                hint="rebalancing.minimum_hint",
            ),
            field(
                "rebalancing.lot_choice",
                select(
                    [(one, f"rebalancing.lot_choice_{one}") for one in LOT_CHOICES],
                    name="lot_choice",
                    default_value=S.lot_choice,
                ),
                hint="rebalancing.lot_choice_hint",
            ),
            field(
                "rebalancing.tax_short",
                number_input("tax_short", default_value=S.tax_short, placeholder="0"),
                hint="rebalancing.tax_hint",
            ),
            field(
                "rebalancing.tax_long",
                number_input("tax_long", default_value=S.tax_long, placeholder="0"),
                hint="rebalancing.tax_long_hint",
            ),
            class_name="fields rule-fields",
        ),
        rx.cond(
            S.venues.length() > 0,
            rx.el.div(
                data_table(VENUES, S.venues, _venue, caption="rebalancing.venues"), class_name="venue-rules"
            ),
        ),
        form_error(S.rules_problem),
        rx.el.div(submit("rebalancing.save_rules"), class_name="row"),
        on_submit=S.set_rules,
        key="rules-" + S.rules_turn.to_string(),
        class_name="stack loose",
    )


def _venue(one: Var) -> rx.Component:
    def named(what: str) -> Var:
        return Var.create(f"{what}:").to(str) + one.key

    return rx.el.tr(
        cell(rx.el.span(one.label, class_name="symbol")),
        cell(
            number_input(
                named("rate"),
                default_value=one.rate,
                placeholder="0 %",
                aria_label=t("rebalancing.rate_of", venue=one.label),
            )
        ),
        cell(
            number_input(
                named("fixed"),
                default_value=one.fixed,
                placeholder="0",
                aria_label=t("rebalancing.fixed_of", venue=one.label),
            )
        ),
        cell(_tick(named("whole"), one.whole, t("rebalancing.whole_at", venue=one.label))),
        cell(_tick(named("locked"), one.locked, t("rebalancing.locked_at", venue=one.label))),
        key=one.key,
    )


def _tick(name: Var, ticked: Var, label: Var) -> rx.Component:
    return rx.el.span(
        rx.el.input(type="checkbox", name=name, default_checked=ticked, aria_label=label), class_name="check"
    )


def _locks() -> rx.Component:
    return rx.el.div(
        rx.el.h3(t("rebalancing.locked")),
        rx.el.p(t("rebalancing.locked_text"), class_name="small faint"),
        rx.el.div(
            rx.foreach(
                S.locked,
                lambda one: rx.el.span(
                    icon("lock", "tiny"),
                    rx.el.span(one.label),
                    icon_button(
                        "x", t("rebalancing.unlock", name=one.label), on_click=S.unlock_asset(one.value)
                    ),
                    key=one.value,
                    class_name="chip lock",
                ),
            ),
            select(S.assets, value="", on_change=S.lock_asset, label="rebalancing.lock_which"),
            class_name="row wrap locks",
        ),
        class_name="stack tight",
    )
