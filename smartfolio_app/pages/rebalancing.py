"""The Rebalancing page: where you want to be, how far off it is, and the trades that would bring it back."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.analytics.rebalancing.drift import PRESETS
from smartfolio_app.components.controls import button, link_button, segmented, submit
from smartfolio_app.components.download import download_button
from smartfolio_app.components.figures import figure, known_figure, skeleton
from smartfolio_app.components.forms import check, form_error, number_input, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.components.notices import banner, empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.pages.rebalancing_ideas import ideas
from smartfolio_app.pages.rebalancing_rules import rules
from smartfolio_app.services.rebalancing.targets import BY
from smartfolio_app.state.rebalancing import FLOWS, MADE, RebalancingState

S = RebalancingState

TRADES = (
    Column("rebalancing.trade"),
    Column("rebalancing.quantity", right=True, wide_only=True),
    Column("rebalancing.amount", right=True),
    Column("rebalancing.fee", right=True, wide_only=True),
    Column("rebalancing.gain", right=True, wide_only=True),
    Column("rebalancing.tax", right=True, wide_only=True),
)


def rebalancing() -> rx.Component:
    """Return the Rebalancing page."""
    return page(
        "nav.rebalancing",
        rx.cond(S.problem, banner(S.problem, tone="bad", role="alert")),
        rx.cond(S.loaded & S.empty, _nothing_yet(), _everything()),
        actions=[
            rx.cond(
                S.trades.length() > 0,
                rx.fragment(
                    download_button("rebalancing.csv", S.csv_address, kind="ghost"),
                    download_button("rebalancing.json", S.json_address, kind="ghost"),
                ),
            )
        ],
        lead="rebalancing.lead",
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "rebalancing.empty_title",
        "rebalancing.empty_text",
        link_button("rebalancing.empty_action", "/sources", kind="primary", symbol="plus"),
        symbol="scale",
    )


def _everything() -> rx.Component:
    return rx.fragment(
        rx.cond(S.has_targets, _verdict()),
        _targets(),
        rx.cond(S.has_targets, _plan()),
        ideas(),
        rules(),
    )


# --------------------------------------------------------------------------------------------------------- verdict
def _verdict() -> rx.Component:
    return rx.el.section(
        rx.el.h2(t("rebalancing.where_it_stands"), class_name="sr-only"),
        rx.el.p(
            rx.cond(
                S.verdict_figure,
                figure(S.verdict, S.verdict_figure, of="rebalancing.where_it_stands", extra="sentence"),
                rx.el.span(S.verdict, class_name="sk w20"),
            ),
            class_name=Var.create("plan-verdict ").to(str) + S.tone,
            role="status",
        ),
        rx.el.p(
            rx.cond(
                S.outlook_figure,
                figure(S.outlook, S.outlook_figure, of="rebalancing.plan", extra="sentence"),
                rx.el.span(S.outlook, class_name="sk w12"),
            ),
            class_name="quiet",
        ),
        rx.el.dl(rx.foreach(S.sums, _sum), class_name="plan-sums"),
        class_name="block plan-head",
    )


def _sum(one: Var) -> rx.Component:
    return rx.el.div(
        rx.el.dt(one.label),
        rx.el.dd(
            rx.el.span(
                figure(one.value, one.figure, of=one.label, width="w5"),
                class_name=Var.create("change ").to(str) + one.direction,
            )
        ),
        rx.cond(
            one.note,
            rx.el.dd(
                known_figure(one.note, one.note_figure, of=one.label, extra="sentence"),
                class_name="small faint",
            ),
        ),
        key=one.key,
    )


# --------------------------------------------------------------------------------------------------------- targets
def _targets() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("rebalancing.targets")),
            rx.el.div(
                segmented(
                    [(one, f"rebalancing.by_{one}") for one in BY],
                    S.by,
                    S.choose_by,
                    label="rebalancing.by",
                ),
                rx.cond(
                    S.editing,
                    rx.fragment(),
                    rx.cond(
                        S.loaded,
                        button(
                            rx.cond(S.has_targets, t("rebalancing.edit"), t("rebalancing.begin")),
                            on_click=S.edit,
                            kind="primary",
                            small=True,
                        ),
                    ),
                ),
                class_name="row wrap",
            ),
        ),
        rx.cond(
            S.has_targets & (S.by != S.kept_by),
            rx.el.p(t("rebalancing.other_kind"), class_name="small quiet"),
            rx.cond(
                S.loaded & ~S.has_targets & ~S.editing,
                rx.el.p(t("rebalancing.no_targets"), class_name="quiet first-step"),
            ),
        ),
        rx.cond(S.editing, _presets()),
        rx.cond(S.loaded, _target_form(), skeleton("targets-waiting")),
        rx.cond(S.editing & (S.by == "asset"), _another_coin()),
        rx.cond(
            S.outside & ~S.editing,
            rx.el.p(
                figure(S.outside, S.outside_figure, of="rebalancing.targets", extra="sentence"),
                class_name="small faint",
            ),
        ),
        class_name="block risk-block",
    )


def _presets() -> rx.Component:
    def of(by: str) -> rx.Component:
        return rx.fragment(
            *[
                button(f"rebalancing.preset_{name}", kind="ghost", small=True, on_click=S.use_preset(name))
                for name in (*PRESETS.get(by, ()), *MADE)
            ]
        )

    return rx.el.div(
        rx.el.span(t("rebalancing.presets"), class_name="small faint"),
        rx.match(S.by, ("group", of("group")), ("category", of("category")), of("asset")),
        class_name="row wrap presets",
    )


def _target_form() -> rx.Component:
    return rx.el.form(
        rx.el.div(
            rx.el.span(t("rebalancing.target_of"), class_name="name"),
            rx.el.span(t("rebalancing.now_and_target"), class_name="bars wide-only"),
            rx.el.span(t("rebalancing.now"), class_name="now"),
            rx.el.span(t("rebalancing.target"), class_name="goal"),
            rx.el.span(t("rebalancing.difference"), class_name="off wide-only"),
            rx.el.span(t("rebalancing.after"), class_name="after wide-only"),
            class_name="target-line heading small faint",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.ul(rx.foreach(S.rows, _target), class_name="target-lines"),
        rx.cond(
            S.editing,
            rx.el.div(
                rx.el.p(
                    S.remainder, class_name=Var.create("remainder ").to(str) + S.remainder_tone, role="status"
                ),
                form_error(S.targets_problem),
                rx.el.div(
                    rx.cond(
                        S.has_targets,
                        button("rebalancing.remove", kind="ghost", on_click=S.remove_targets),
                    ),
                    button("common.cancel", kind="ghost", on_click=S.stop_editing),
                    submit("rebalancing.save", busy=~S.exact),
                    class_name="row wrap end",
                ),
                class_name="target-foot",
            ),
        ),
        on_submit=S.set_targets,
        class_name=rx.cond(S.editing, "targets editing", "targets"),
    )


def _target(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(one.label, class_name="symbol"),
            rx.cond(one.name, rx.el.span(one.name, class_name="small faint truncate")),
            class_name="name",
        ),
        rx.el.svg(
            rx.el.svg.rect(width="100%", height="6", y="3", rx="3", class_name="bar-track"),
            rx.el.svg.rect(
                width=one.share_mark,
                height="6",
                y="3",
                rx="3",
                class_name=rx.cond(one.broken, "bar-fill off", "bar-fill"),
            ),
            rx.cond(
                one.target_mark,
                rx.el.svg.line(
                    x1=one.target_mark, x2=one.target_mark, y1="0", y2="12", class_name="target-tick"
                ),
            ),
            class_name="bar bars wide-only",
            height="12",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.span(
            known_figure(one.share, one.share_figure, of=one.label, extra="strong"),
            known_figure(one.value, one.value_figure, of=one.label, extra="small faint"),
            class_name="now",
        ),
        rx.cond(
            S.editing,
            rx.el.span(
                rx.el.input(
                    name=Var.create("weight:").to(str) + one.key,
                    type="text",
                    default_value=one.typed,
                    on_change=lambda text: S.type_target(one.key, text),
                    key="target-" + S.form_turn.to_string(),
                    class_name="input num",
                    aria_label=t("rebalancing.target_for", name=one.label),
                    custom_attrs={"inputMode": "decimal", "autoComplete": "off"},
                ),
                rx.el.span("%", class_name="faint", custom_attrs={"aria-hidden": "true"}),
                class_name="goal row",
            ),
            rx.el.span(
                known_figure(one.target, one.target_figure, of="rebalancing.target"), class_name="goal"
            ),
        ),
        rx.el.span(
            rx.cond(
                one.broken,
                figure(
                    one.difference,
                    one.difference_figure,
                    of="rebalancing.difference",
                    extra="chip notable",
                ),
                known_figure(one.difference, one.difference_figure, of="rebalancing.difference"),
            ),
            class_name="off",
        ),
        rx.el.span(
            known_figure(one.after, one.after_figure, of="rebalancing.after"),
            class_name="after wide-only",
        ),
        key=one.key,
        class_name="target-line",
    )


def _another_coin() -> rx.Component:
    return rx.el.form(
        rx.el.label(
            rx.el.span(t("rebalancing.another_coin"), class_name="small faint"),
            text_input("ticker", placeholder="rebalancing.ticker", auto_complete="off"),
            class_name="row",
        ),
        button("rebalancing.add", type="submit", small=True),
        on_submit=S.add_coin,
        reset_on_submit=True,
        class_name="row another-coin",
    )


# ------------------------------------------------------------------------------------------------------------ plan
def _plan() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("rebalancing.plan")),
            check(
                "rebalancing.only_cash",
                switch=True,
                checked=S.only_cash,
                on_change=S.set_only_cash,
            ),
        ),
        rx.el.form(
            segmented(
                [(one, f"rebalancing.flow_{one}") for one in FLOWS],
                S.flow,
                S.choose_flow,
                label="rebalancing.flow",
                small=True,
            ),
            number_input("cash", default_value=S.cash, placeholder="0", aria_label=t("rebalancing.cash")),
            button("rebalancing.plan_it", type="submit", small=True),
            on_submit=S.set_cash,
            key="cash-" + S.flow,
            class_name="row wrap cash-form",
        ),
        form_error(S.cash_problem),
        rx.cond(
            S.trades.length() > 0,
            rx.fragment(
                data_table(TRADES, S.trades, _venue, caption="rebalancing.plan"),
                rx.el.p(t("rebalancing.plan_note"), class_name="small faint plan-note"),
            ),
            rx.cond(
                S.loaded,
                rx.el.p(
                    icon("check"),
                    known_figure(S.outlook, S.outlook_figure, of="rebalancing.plan", extra="sentence"),
                    class_name="row quiet nothing-to-do",
                ),
                skeleton("targets-waiting"),
            ),
        ),
        class_name="block risk-block plan",
    )


def _venue(one: Var) -> rx.Component:
    return rx.fragment(
        rx.el.tr(
            rx.el.th(
                rx.el.span(one.label),
                figure(one.count, one.figure, of="rebalancing.plan", extra="small faint"),
                scope="rowgroup",
                col_span=6,
            ),
            class_name="group venue",
        ),
        rx.foreach(one.trades, _trade),
        key=one.key,
    )


def _lots(one: Var) -> rx.Component:
    """Return the lots of a sale that takes many, folded away; each leads to the same explanation."""
    return rx.el.details(
        rx.el.summary(t("rebalancing.lots_show"), class_name="small"),
        rx.el.ul(
            rx.foreach(
                one.lot_lines,
                lambda text: rx.el.li(
                    figure(
                        text, one.quantity_figure, of="rebalancing.quantity", extra="sentence small faint"
                    ),
                    key=text,
                ),
            )
        ),
        class_name="picked-lots",
    )


def _trade(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(
                rx.el.span(one.side, class_name=rx.cond(one.sells, "side sells", "side")),
                rx.el.span(
                    rx.el.span(one.what, class_name="symbol"),
                    rx.el.span(one.name, class_name="small faint"),
                    rx.cond(
                        one.lots,
                        figure(
                            one.lots,
                            one.quantity_figure,
                            of="rebalancing.quantity",
                            extra="sentence small faint",
                        ),
                    ),
                    rx.cond(one.lot_lines, _lots(one)),
                    rx.el.span(
                        rx.cond(
                            one.quantity,
                            figure(one.quantity, one.quantity_figure, of="rebalancing.quantity"),
                        ),
                        *[
                            rx.cond(
                                text,
                                figure(
                                    t(f"rebalancing.{name}_is", **{name: text}), its, of=f"rebalancing.{name}"
                                ),
                            )
                            for name, text, its in (
                                ("fee", one.fee, one.fee_figure),
                                ("gain", one.gain, one.gain_figure),
                                ("tax", one.tax, one.tax_figure),
                            )
                        ],
                        class_name="only-phone small quiet trade-more",
                    ),
                    class_name="what",
                ),
                class_name="trade",
            )
        ),
        number_cell(
            rx.cond(one.quantity, figure(one.quantity, one.quantity_figure, of="rebalancing.quantity")),
            wide_only=True,
        ),
        number_cell(figure(one.amount, one.amount_figure, of="rebalancing.amount", extra="strong")),
        number_cell(rx.cond(one.fee, figure(one.fee, one.fee_figure, of="rebalancing.fee")), wide_only=True),
        number_cell(
            rx.cond(
                one.gain,
                rx.el.span(
                    figure(one.gain, one.gain_figure, of="rebalancing.gain"),
                    class_name=Var.create("change ").to(str) + one.gain_direction,
                ),
            ),
            wide_only=True,
        ),
        number_cell(rx.cond(one.tax, figure(one.tax, one.tax_figure, of="rebalancing.tax")), wide_only=True),
        key=one.number,
    )
