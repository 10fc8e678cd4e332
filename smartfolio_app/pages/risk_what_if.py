"""The second half of the Risk page: episodes, shocks, and ten thousand futures."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.analytics.risk.simulation import METHODS, MONTHS
from smartfolio_app.components.charts.risk_charts import Fan
from smartfolio_app.components.controls import button, submit
from smartfolio_app.components.figures import bar, figure, why_change
from smartfolio_app.components.forms import field, form_error, number_input, select
from smartfolio_app.components.notices import progress
from smartfolio_app.i18n import t
from smartfolio_app.state.risk import GROWTHS, PRESETS, RiskState

S = RiskState


def episodes() -> rx.Component:
    """Return what episodes that happened would do to today's holdings."""
    return rx.el.section(
        rx.el.header(rx.el.h3(t("risk.episodes"))),
        rx.el.ul(rx.foreach(S.episodes, _outcome), class_name="outcomes many"),
        rx.cond(S.no_episode, rx.el.p(S.no_episode, class_name="small faint")),
        class_name="block risk-block",
    )


def _outcome(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span(one.label, class_name="symbol"),
            why_change(one.change, one.direction, one.change_figure, of=one.label),
            figure(one.loss, one.figure, of=one.label),
            class_name="outcome-line",
        ),
        bar(one.width, "bar-loss"),
        rx.cond(
            (one.when != "") | (one.note != ""),
            rx.el.p(
                rx.el.span(one.when),
                rx.cond((one.when != "") & (one.note != ""), " · ", ""),
                rx.cond(one.note, figure(one.note, one.figure, of=one.label, extra="sentence")),
                class_name="small faint",
            ),
        ),
        key=one.key,
    )


def shocks() -> rx.Component:
    """Return the shocks one can type, and what they would do."""
    return rx.el.section(
        rx.el.header(
            rx.el.h3(t("risk.shocks")),
            rx.el.div(
                *[
                    button(f"risk.preset_{name}", kind="ghost", small=True, on_click=S.try_preset(name))
                    for name in PRESETS
                ],
                class_name="row wrap",
            ),
        ),
        rx.el.div(
            rx.el.form(
                rx.el.div(rx.foreach(S.shock_groups, _shock_field), class_name="shock-fields"),
                rx.el.div(
                    select(S.shock_assets, name="asset", label="risk.one_asset"),
                    number_input("asset_change", placeholder="0 %", aria_label=t("risk.one_asset_change")),
                    submit("risk.apply"),
                    class_name="shock-asset",
                ),
                form_error(S.shock_problem),
                on_submit=S.apply_shocks,
            ),
            rx.cond(
                S.shock_loss,
                rx.el.div(
                    rx.el.p(
                        figure(S.shock_loss, S.shock_figure, of="risk.shocks", extra="large"),
                        why_change(
                            S.shock_change, S.shock_direction, S.shock_change_figure, of="risk.shocks"
                        ),
                        class_name="row baseline",
                        role="status",
                    ),
                    rx.el.ul(rx.foreach(S.shock_rows, _outcome), class_name="outcomes"),
                    class_name="stack",
                ),
                rx.el.p(t("risk.shock_hint"), class_name="small faint"),
            ),
            class_name="shock-pair",
        ),
        class_name="block risk-block",
    )


def _shock_field(one: Var) -> rx.Component:
    return rx.el.label(
        rx.el.span(one.label, class_name="truncate"),
        figure(one.value, one.figure, of=one.label, extra="faint"),
        number_input(Var.create("shock:").to(str) + one.key, placeholder="0 %"),
        key=one.key,
    )


def future() -> rx.Component:
    """Return the simulation: what is asked, how far it is, and what came out."""
    return rx.el.section(
        rx.el.header(rx.el.h2(t("risk.future")), rx.el.p(t("risk.future_text"), class_name="small faint")),
        rx.el.form(
            field(
                "risk.horizon",
                select(
                    [(str(one), f"risk.months_{one}") for one in MONTHS], name="months", default_value="12"
                ),
            ),
            field("risk.method", select([(one, f"risk.method_{one}") for one in METHODS], name="method")),
            field("risk.growth", select([(one, f"risk.growth_{one}") for one in GROWTHS], name="growth")),
            field("risk.rate", number_input("rate", placeholder="5 %")),
            field("risk.monthly", number_input("monthly", placeholder="0")),
            field("risk.goal", number_input("goal", placeholder="")),
            submit("risk.simulate", busy=S.simulating),
            on_submit=S.simulate,
            class_name="future-form",
        ),
        form_error(S.future_problem),
        rx.cond(S.simulating, progress(S.progress, label="risk.simulating")),
        rx.cond(
            S.fan.years.length() > 0,
            rx.fragment(
                Fan.create(fan=S.fan, label=S.fan.summary),
                rx.el.p(S.fan.summary, class_name="sr-only", role="status"),
                rx.el.dl(
                    rx.foreach(
                        S.ends,
                        lambda one: rx.el.div(
                            rx.el.dt(one.label),
                            rx.el.dd(figure(one.value, one.figure, of=one.label)),
                            key=one.key,
                        ),
                    ),
                    class_name="fan-ends",
                ),
                rx.el.div(
                    rx.cond(
                        S.goal_chance,
                        rx.el.p(
                            rx.el.span(t("risk.goal_chance"), class_name="quiet"),
                            figure(S.goal_chance, S.goal_figure, of="risk.goal_chance", extra="score"),
                            class_name="goal-line",
                        ),
                    ),
                    rx.el.ul(rx.foreach(S.chances, _chance), class_name="share-lines wide"),
                    class_name="future-result",
                ),
                rx.el.p(
                    figure(S.future_note, S.future_figure, of="risk.future", extra="sentence"),
                    class_name="small faint",
                ),
            ),
        ),
        class_name="block risk-block",
    )


def _chance(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.label),
        bar(one.width, "bar-loss"),
        figure(one.value, one.figure, of=one.label, width="w5"),
        key=one.key,
    )
