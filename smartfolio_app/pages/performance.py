"""The Performance page: the return beside a benchmark, by period and contributor, its falls, and what was earned."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.charts.lines import LinesChart
from smartfolio_app.components.controls import button, icon_button, link_button, segmented
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.figures import figure, known_change, skeleton
from smartfolio_app.components.forms import field, select, text_input
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.services.performance import PERIODS
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.performance import MODES, PerformanceState

S = PerformanceState


def performance() -> rx.Component:
    """Return the page; while nothing is owned, what to do first."""
    return page("nav.performance", rx.cond(S.empty, _nothing_yet(), _everything()), heading=False)


def _nothing_yet() -> rx.Component:
    return empty_state(
        "performance.empty_title",
        "performance.empty_text",
        link_button("dashboard.empty_upload", "/sources", kind="primary", symbol="upload"),
    )


def _everything() -> rx.Component:
    return rx.fragment(
        _headline(),
        rx.cond(S.told, _facts()),
        rx.cond(S.any_told, _periods()),
        rx.cond(S.told, rx.el.div(_contributions(), _under(), class_name="board even")),
        _calendar(),
    )


# ------------------------------------------------------------------------------------------------- headline
def _headline() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(t("performance.twr"), class_name="hero-label"),
                rx.el.div(
                    figure(S.twr.value, S.twr.figure, of="performance.twr", extra="hero-figure"),
                    class_name=Var.create("hero-rate ").to(str) + S.twr.direction,
                ),
                rx.el.p(
                    rx.cond(S.told, rx.el.span(S.span, class_name="faint sk w20")),
                    rx.cond(
                        S.told & (S.other_name != ""),
                        rx.el.span(
                            rx.el.span(class_name="dot hue-1"),
                            rx.el.span(S.other_name, class_name="faint"),
                            figure(S.other.value, S.other.figure, of=S.other_name, width="w5"),
                            class_name="beside",
                        ),
                    ),
                    class_name="hero-change",
                ),
            ),
            rx.el.div(
                segmented(
                    [(key, f"performance.period_{key}") for key in PERIODS],
                    S.period,
                    S.choose_period,
                    label="performance.period",
                ),
                _choices(),
                class_name="performance-choices",
            ),
            class_name="hero-head",
        ),
        rx.cond(S.note, rx.el.p(S.note, class_name="faint small hero-note")),
        rx.cond(S.problem, rx.el.p(S.problem, class_name="form-error hero-note", role="alert")),
        rx.cond(
            S.told,
            LinesChart.create(
                drawing=S.drawing,
                label=S.drawing.summary,
                on_explain=ExplainState.open,
                class_name="hero-chart",
            ),
        ),
        class_name="hero",
    )


def _choices() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            _date("performance.from", S.first, S.choose_first),
            _date("performance.to", S.last, S.choose_last),
            role="group",
            aria_label=t("performance.dates"),
            class_name="two-dates",
        ),
        select(
            S.choices,
            quiet=True,
            label="performance.against",
            value=S.against,
            on_change=S.choose_benchmark,
            class_name="against",
        ),
        icon_button("plus", "performance.add_benchmark", on_click=S.open_adding),
        _adding(),
        segmented(
            [(mode, f"performance.mode_{mode}") for mode in MODES],
            S.mode,
            S.choose_mode,
            label="performance.mode",
            small=True,
        ),
        class_name="row wrap",
    )


def _adding() -> rx.Component:
    return dialog(
        rx.el.p(t("performance.add_benchmark_text"), class_name="quiet"),
        rx.el.form(
            field("performance.symbol", text_input("symbol", required=True), wrong=S.adding_problem),
            rx.el.div(
                button("common.cancel", kind="ghost", on_click=S.close_adding),
                button("common.save", kind="primary", type="submit"),
                class_name="row end",
            ),
            on_submit=S.add_benchmark,
            class_name="stack loose",
        ),
        open=S.adding,
        on_close=S.close_adding,
        title="performance.add_benchmark",
    )


def _date(label: str, value: Var, on_change: object) -> rx.Component:
    return rx.el.input(
        type="date",
        value=value,
        on_change=on_change,
        aria_label=t(label),
        title=t(label),
        class_name="input quiet-date",
    )


def _facts() -> rx.Component:
    waiting = rx.fragment(*[skeleton("fact-waiting") for _ in range(8)])
    return rx.el.section(
        rx.cond(S.filled, rx.foreach(S.facts, _fact), waiting),
        class_name="performance-facts",
        aria_label=t("performance.title"),
    )


def _fact(one: Var) -> rx.Component:
    return rx.el.div(
        rx.el.span(one.label, class_name="small faint"),
        _moved(one),
        key=one.key,
    )


def _moved(one: Var, extra: str = "") -> rx.Component:
    """Return a figure that explains itself, with the arrow of its direction."""
    return rx.el.span(
        figure(one.value, one.figure, of=one.label),
        class_name=Var.create(f"change num {extra} ").to(str) + one.direction,
    )


# -------------------------------------------------------------------------------------------------- periods
def _periods() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("performance.periods"))),
        data_table(
            [
                Column("performance.period"),
                Column("performance.gain", right=True),
                Column("performance.twr", right=True),
                Column(
                    rx.cond(S.other_name, S.other_name, t("performance.against")), right=True, wide_only=True
                ),
                Column("performance.difference", right=True, wide_only=True),
                Column("performance.annualised", right=True, wide_only=True),
                Column("performance.xirr", right=True, wide_only=True),
            ],
            S.periods,
            _period,
            caption="performance.periods",
        ),
        rx.cond(~S.filled, skeleton("table-waiting")),
        class_name="block periods",
    )


def _period(one: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.th(
            rx.el.button(
                one.label,
                type="button",
                on_click=S.choose_period(one.period),
                class_name="link",
            ),
            rx.cond(one.since, rx.el.span(one.since, class_name="small faint since")),
            scope="row",
        ),
        number_cell(_told(one.gain)),
        number_cell(_told(one.twr)),
        number_cell(_told(one.other), wide_only=True),
        number_cell(
            known_change(one.ahead, one.ahead_direction, one.other.figure, of="performance.difference"),
            wide_only=True,
        ),
        number_cell(_told(one.annualised), wide_only=True),
        number_cell(_told(one.xirr), wide_only=True),
        class_name=rx.cond(one.period == S.period, "chosen", ""),
        key=one.period,
    )


def _told(one: Var) -> rx.Component:
    return rx.cond(one.figure, _moved(one), rx.el.span(one.value, class_name="faint"))


# ---------------------------------------------------------------------------------------------- contributions
def _contributions() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("performance.contributions")),
            rx.el.p(t("performance.contributions_text"), class_name="small faint"),
        ),
        rx.cond(
            S.filled & (S.parts.length() == 0),
            rx.el.p(t("performance.contributions_none"), class_name="quiet"),
        ),
        rx.el.ul(rx.foreach(S.parts, _part), class_name="contributors"),
        class_name="block",
    )


def _part(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.el.span(one.symbol, class_name="symbol"),
            rx.el.span(one.name, class_name="name truncate"),
            class_name="who",
        ),
        rx.el.svg(
            rx.el.svg.rect(x="0", width="100%", height="6", rx="3", class_name="bar-track"),
            rx.el.svg.rect(
                x=one.x, width=one.width, height="6", rx="3", class_name="bar-fill " + one.gain.direction
            ),
            class_name="bar",
            height="6",
            custom_attrs={"aria-hidden": "true"},
        ),
        figure(one.share, one.gain.figure, of=one.symbol, width="w5", extra="faint part"),
        _moved(one.gain, "sum"),
        key=one.gain.figure,
    )


# --------------------------------------------------------------------------------------------------- under water
def _under() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("performance.under")),
            rx.el.p(t("performance.under_text"), class_name="small faint"),
        ),
        LinesChart.create(drawing=S.under, label=t("performance.under"), class_name="under-chart"),
        rx.cond(
            S.filled & (S.falls.length() == 0),
            rx.el.p(t("performance.never_fell"), class_name="quiet"),
            data_table(
                [
                    Column("performance.fall"),
                    Column("performance.recovered", right=True),
                    Column("performance.depth", right=True),
                ],
                S.falls,
                lambda one: rx.el.tr(
                    cell(one.dates),
                    number_cell(one.recovered),
                    number_cell(figure(one.depth, one.figure, of="performance.depth")),
                    key=one.dates,
                ),
                caption="performance.under",
            ),
        ),
        class_name="block",
    )


# -------------------------------------------------------------------------------------------------- calendar
def _calendar() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("performance.calendar")),
            rx.el.p(t("performance.calendar_text"), class_name="small faint"),
        ),
        rx.cond(
            S.calendar_filled,
            rx.cond(
                S.years.length() > 0,
                rx.fragment(
                    _months(),
                    rx.cond(S.unknown_income, rx.el.p(S.unknown_income, class_name="small faint")),
                    _earners(),
                ),
                rx.el.p(t("performance.calendar_none"), class_name="quiet"),
            ),
            skeleton("table-waiting"),
        ),
        class_name="block calendar",
    )


def _months() -> rx.Component:
    return rx.el.div(
        rx.el.table(
            rx.el.caption(t("performance.calendar"), class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(t("performance.year"), scope="col"),
                    rx.foreach(S.months, lambda name: rx.el.th(name, scope="col", class_name="right")),
                    rx.el.th(t("performance.total"), scope="col", class_name="right"),
                )
            ),
            rx.el.tbody(rx.foreach(S.years, _year)),
            class_name="months",
        ),
        class_name="table-wrap",
    )


def _year(one: Var) -> rx.Component:
    return rx.el.tr(
        rx.el.th(one.year, scope="row", class_name="num"),
        rx.foreach(one.cells, _month),
        number_cell(figure(one.total, one.figure, of=one.year, extra="strong")),
        key=one.year,
    )


def _month(one: Var) -> rx.Component:
    return rx.el.td(
        rx.cond(one.figure, figure(one.value, one.figure, of=one.label)),
        class_name=Var.create("right num ").to(str) + one.tone,
    )


def _earners() -> rx.Component:
    return data_table(
        [
            Column("performance.earned_by"),
            Column("transactions.kind", wide_only=True),
            Column("performance.receipts", right=True, wide_only=True),
            Column("performance.last", right=True),
            Column("performance.total", right=True),
        ],
        S.earners,
        lambda one: rx.el.tr(
            cell(rx.el.span(one.symbol, class_name="symbol")),
            cell(one.kinds, wide_only=True),
            number_cell(one.count, wide_only=True),
            number_cell(one.last),
            number_cell(figure(one.value, one.figure, of=one.symbol)),
            key=one.figure,
        ),
        caption="performance.earned_by",
    )
