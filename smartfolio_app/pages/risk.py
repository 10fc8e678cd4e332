"""The Risk page: how bad a bad day is, how good that answer has been, where it comes from, and what if."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.charts.risk_charts import Correlations, Track, Underwater
from smartfolio_app.components.controls import button, link_button, segmented
from smartfolio_app.components.figures import bar, figure, figures_in, hero, known_figure, skeleton
from smartfolio_app.components.forms import form_error, select
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.pages.risk_what_if import episodes, future, shocks
from smartfolio_app.services.risk import BASES, WINDOWS
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.risk import RiskState

S = RiskState

ASSETS = (
    Column("risk.asset"),
    Column("risk.share", right=True),
    Column("risk.volatility_short", right=True),
    Column("risk.beta", right=True, wide_only=True),
    Column("risk.part_of_risk", right=True),
    Column("risk.part_of_risk", wide_only=True, hidden_label=True),
)


def risk() -> rx.Component:
    """Return the Risk page; while nothing can be measured, why not and what to do."""
    return page(
        "nav.risk",
        rx.cond(S.empty, _nothing_yet(), rx.cond(S.filled & ~S.available, _not_yet(), _everything())),
        heading=False,
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "risk.empty_title",
        "risk.empty_text",
        link_button("risk.empty_action", "/sources", kind="primary", symbol="plus"),
        symbol="shield-half",
    )


def _not_yet() -> rx.Component:
    return rx.fragment(
        empty_state(
            "risk.not_yet_title",
            S.reason,
            link_button("risk.see_holdings", "/holdings", symbol="layers"),
            symbol="hourglass",
        ),
        _left_out(),
    )


def _everything() -> rx.Component:
    return rx.fragment(
        _bad_day(),
        rx.el.div(_movement(), _score(), class_name="risk-pair wide-left"),
        _tails(),
        rx.el.div(_sources(), _concentration(), class_name="risk-pair"),
        _assets(),
        _together(),
        rx.el.div(
            rx.el.h2(t("risk.what_if")),
            rx.el.p(t("risk.what_if_text"), class_name="quiet"),
            class_name="risk-chapter",
        ),
        episodes(),
        shocks(),
        future(),
        _left_out(),
        rx.el.p(t("risk.definitions"), class_name="credit"),
    )


# ------------------------------------------------------------------------------------------------------ a bad day
def _bad_day() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(t("risk.bad_day"), class_name="hero-label"),
                hero(S.bad_day, S.bad_day_figure, of="risk.bad_day"),
                rx.el.p(
                    figure(S.bad_day_ratio, S.bad_day_figure, of="risk.bad_day", width="w5", extra="strong"),
                    rx.el.span(t("risk.bad_day_model", model=S.bad_day_model), class_name="faint"),
                    _verdict(S.verdict, S.verdict_tone),
                    class_name="hero-change risk-head",
                ),
            ),
            rx.el.div(
                segmented(
                    [(name, f"risk.window_{name}") for name in WINDOWS],
                    S.window,
                    S.choose_window,
                    label="risk.window",
                ),
                segmented(
                    [(name, f"risk.basis_{name}") for name in BASES],
                    S.basis,
                    S.choose_basis,
                    label="risk.basis",
                ),
                class_name="risk-choices",
            ),
            class_name="hero-head",
        ),
        Underwater.create(curve=S.curve, label=S.curve.summary),
        rx.el.div(
            _fall("max_drawdown", "risk.deepest", rx.el.span(S.fall, class_name="quiet sk w20")),
            _fall("drawdown", "risk.below_peak", rx.el.span(S.below, class_name="quiet")),
            class_name="risk-fall",
        ),
        rx.el.p(
            rx.el.button(
                rx.el.span(S.measured, class_name="sk w20"),
                type="button",
                class_name="why",
                on_click=_ask("coverage"),
            ),
            class_name="hero-note small faint",
        ),
        class_name="hero",
    )


def _fall(name: str, label: str, when: rx.Component) -> rx.Component:
    return rx.el.p(
        rx.el.span(t(label), class_name="faint"),
        figures_in(
            rx.el.span(S.facts[name], class_name="strong sk w5"),
            " ",
            when,
            name=S.prefix + name,
            of=label,
            said=S.facts[name],
            extra="sentence",
        ),
    )


def _ask(name: str) -> rx.event.EventSpec:
    return ExplainState.open(S.prefix + name)


def _verdict(text: Var, tone: Var) -> rx.Component:
    return rx.el.span(text, class_name=Var.create("chip ").to(str) + tone)


# ------------------------------------------------------------------------------------------------------- movement
def _fact(name: str, *, label: str = "") -> rx.Component:
    words = label or f"risk.{name}"
    return rx.el.div(
        rx.el.dt(t(words)),
        rx.el.dd(figure(S.facts[name], S.prefix + name, of=words, width="w5")),
    )


def _movement() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("risk.movement")),
            rx.el.label(
                rx.el.span(t("risk.against"), class_name="small faint"),
                select(
                    S.benchmarks,
                    value=S.benchmark,
                    on_change=S.choose_benchmark,
                    quiet=True,
                    label="risk.against",
                ),
                class_name="row",
            ),
            rx.el.label(
                rx.el.span(t("risk.risk_free"), class_name="small faint"),
                rx.el.input(
                    default_value=S.risk_free,
                    on_change=S.choose_rate.debounce(400),
                    type="text",
                    placeholder="0 %",
                    class_name="input num rate",
                    custom_attrs={"inputMode": "decimal", "autoComplete": "off"},
                ),
                class_name="row",
            ),
        ),
        form_error(S.rate_problem),
        rx.el.dl(
            _fact("volatility"),
            _fact("downside"),
            _fact("ulcer"),
            _fact("sharpe"),
            _fact("sortino"),
            _fact("calmar"),
            _fact("skew"),
            _fact("kurtosis"),
            rx.el.div(
                rx.el.dt(t("risk.beta")),
                rx.el.dd(
                    figure(S.facts["beta"], S.prefix + "beta:" + S.benchmark, of="risk.beta", width="w5")
                ),
            ),
            class_name="fact-grid",
        ),
        rx.el.p(t("risk.movement_note"), class_name="small faint"),
        class_name="block",
    )


def _score() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("risk.robustness")),
            figure(
                S.facts["score"], S.prefix + "robustness", of="risk.robustness", width="w3", extra="score"
            ),
        ),
        rx.cond(
            S.filled & (S.parts.length() == 0),
            rx.el.p(t("risk.no_score"), class_name="small faint"),
            rx.el.ul(rx.foreach(S.parts, _part), class_name="score-parts"),
        ),
        rx.el.p(t("risk.robustness_note"), class_name="small faint"),
        class_name="block card",
    )


def _part(one: Var) -> rx.Component:
    return rx.el.li(
        figures_in(
            rx.el.span(one.label),
            rx.el.span(one.rank, class_name="num strong"),
            bar(one.width),
            rx.el.span(one.detail, class_name="small faint"),
            name=one.figure,
            of=one.label,
            said=one.rank,
            extra="sentence",
        ),
        key=one.key,
    )


# ------------------------------------------------------------------------------------------------------- bad days
TAILS = (
    Column("risk.model"),
    Column("risk.tail_95_1", right=True),
    Column("risk.tail_95_10", right=True, wide_only=True),
    Column("risk.tail_99_1", right=True),
    Column("risk.tail_99_10", right=True, wide_only=True),
    Column("risk.record_95", wide_only=True),
    Column("risk.record_99", wide_only=True),
)


def _tails() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("risk.tails")), rx.el.p(t("risk.tails_text"), class_name="small faint")),
        rx.cond(
            S.filled,
            data_table(TAILS, S.tails, _tail_row, caption="risk.tails"),
            skeleton("tails-waiting"),
        ),
        rx.el.ul(
            rx.foreach(
                S.tails,
                lambda row: rx.el.li(
                    rx.el.strong(row.label),
                    rx.foreach(row.records, _record),
                    key=row.key,
                ),
            ),
            class_name="records only-phone",
        ),
        rx.cond(
            S.track.returns.length() > 0,
            rx.fragment(
                rx.el.h3(t("risk.track"), class_name="small faint"),
                Track.create(track=S.track, label=S.track.summary),
                rx.el.p(
                    figure(S.track.summary, S.track_figure, of="risk.track", extra="sentence"),
                    class_name="small faint",
                ),
            ),
        ),
        class_name="block risk-block",
    )


def _tail_row(row: Var) -> rx.Component:
    return rx.el.tr(
        cell(rx.el.span(row.label, class_name="symbol")),
        *[_tail_cell(row.cells[at], wide_only=at % 2 == 1) for at in range(4)],
        *[cell(_record(row.records[at]), wide_only=True) for at in range(2)],
        key=row.key,
    )


def _tail_cell(one: Var, *, wide_only: bool) -> rx.Component:
    return number_cell(
        rx.cond(
            one.why,
            rx.el.span(one.why, class_name="small faint wrapping"),
            rx.el.div(
                figures_in(
                    rx.el.span(one.money, class_name="strong"),
                    rx.el.span(one.ratio, class_name="small faint under"),
                    name=one.figure,
                    of="risk.var",
                    said=one.money,
                ),
                rx.el.span(
                    t("risk.beyond"),
                    " ",
                    figure(one.mean, one.mean_figure, of="risk.cvar"),
                    class_name="small faint",
                ),
                class_name="tail-cell",
            ),
        ),
        wide_only=wide_only,
    )


def _record(one: Var) -> rx.Component:
    return rx.el.div(
        figures_in(
            rx.el.span(one.text),
            rx.cond(one.chance, rx.el.span(one.chance, class_name="small faint under")),
            name=one.figure,
            of="risk.record_title",
            said=one.text,
            extra="sentence",
        ),
        _verdict(one.verdict, one.tone),
        class_name="record",
    )


# --------------------------------------------------------------------------------------------- where it comes from
def _sources() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("risk.sources")),
            rx.el.p(
                rx.el.span(class_name="key-dot of-value"),
                t("risk.of_value"),
                rx.el.span(class_name="key-dot of-risk"),
                t("risk.of_risk"),
                class_name="small faint row",
            ),
        ),
        rx.cond(
            S.filled & (S.groups.length() == 0),
            rx.el.p(t("risk.no_matrix"), class_name="small faint"),
            rx.el.ul(rx.foreach(S.groups, _group), class_name="twin-bars"),
        ),
        class_name="block",
    )


def _group(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.label, class_name="truncate"),
        rx.el.div(
            bar(one.share_width, "bar-fill of-value"),
            bar(one.risk_width, "bar-fill of-risk"),
            class_name="twin",
        ),
        figure(one.share, one.share_figure, of="risk.of_value", extra="faint"),
        figure(one.risk, one.figure, of="risk.of_risk"),
        key=one.id,
    )


def _concentration() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("risk.concentration"))),
        rx.el.dl(_fact("effective"), _fact("hhi"), _fact("diversification"), class_name="fact-grid three"),
        rx.el.h3(t("risk.liquidity")),
        rx.el.ul(rx.foreach(S.liquidity, _share_line), class_name="share-lines"),
        rx.el.h3(t("risk.currencies")),
        rx.el.ul(rx.foreach(S.currencies, _share_line), class_name="share-lines"),
        class_name="block",
    )


def _share_line(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.label, class_name="truncate"),
        bar(one.width, "bar-fill of-value"),
        figure(one.value, one.figure, of=one.label),
        key=one.key,
    )


def _assets() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("risk.assets")),
            rx.cond(
                S.more_assets,
                button(
                    rx.cond(S.all_assets, t("risk.fewer"), t("risk.all")),
                    on_click=S.toggle_assets,
                    kind="ghost",
                    small=True,
                ),
            ),
        ),
        rx.cond(
            S.filled,
            data_table(ASSETS, S.assets, _asset, caption="risk.assets"),
            skeleton("tails-waiting"),
        ),
        class_name="block risk-block",
    )


def _asset(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(one.label, class_name="symbol"),
            rx.el.span(one.name, class_name="small faint wide-only asset-name"),
        ),
        number_cell(figure(one.share, one.share_figure, of="risk.share")),
        number_cell(figure(one.volatility, one.volatility_figure, of="risk.volatility_short")),
        number_cell(figure(one.beta, one.beta_figure, of="risk.beta"), wide_only=True),
        number_cell(figure(one.risk, one.figure, of=one.label, extra="strong")),
        cell(bar(one.risk_width, "bar-fill of-risk"), wide_only=True),
        key=one.id,
    )


def _together() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("risk.together"))),
        rx.el.div(
            rx.cond(
                S.matrix.names.length() > 0,
                Correlations.create(matrix=S.matrix, label=S.matrix.summary, on_explain=ExplainState.open),
                rx.cond(S.filled, rx.fragment(), skeleton("matrix-waiting")),
            ),
            rx.el.div(
                rx.el.p(t("risk.together_text"), class_name="quiet"),
                rx.el.p(
                    rx.cond(
                        S.matrix.names.length() > 0,
                        figure(S.matrix_note, S.prefix + "shrinkage", of="risk.together", extra="sentence"),
                        S.matrix_note,
                    ),
                    class_name="small faint",
                ),
                rx.el.svg(
                    rx.el.svg.defs(
                        rx.el.svg.linear_gradient(
                            rx.el.svg.stop(offset="0%", class_name="scale-apart"),
                            rx.el.svg.stop(offset="50%", class_name="scale-none"),
                            rx.el.svg.stop(offset="100%", class_name="scale-together"),
                            id="scale",
                        )
                    ),
                    rx.el.svg.rect(width="100%", height="8", rx="4", fill="url(#scale)"),
                    height="8",
                    width="100%",
                    custom_attrs={"aria-hidden": "true"},
                ),
                rx.el.p(
                    rx.el.span("−1"),
                    rx.el.span("0"),
                    rx.el.span("+1"),
                    class_name="row between small faint num",
                ),
                _pairs("risk.most_together", S.together),
                _pairs("risk.least_together", S.apart),
                class_name="stack",
            ),
            class_name="matrix-pair",
        ),
        class_name="block risk-block",
    )


def _pairs(title: str, rows: Var) -> rx.Component:
    return rx.cond(
        rows.length() > 0,
        rx.el.div(
            rx.el.h3(t(title)),
            rx.el.dl(
                rx.foreach(
                    rows,
                    lambda one: rx.fragment(
                        rx.el.dt(one.label), rx.el.dd(figure(one.value, one.figure, of=one.label))
                    ),
                ),
                class_name="facts",
            ),
            class_name="stack tight",
        ),
    )


# ------------------------------------------------------------------------------------------------------- left out
def _left_out() -> rx.Component:
    return rx.cond(
        S.left.length() > 0,
        rx.el.section(
            rx.el.header(
                rx.el.h2(t("risk.left_out")), rx.el.p(t("risk.left_out_text"), class_name="small faint")
            ),
            rx.el.ul(
                rx.foreach(
                    S.left,
                    lambda one: rx.el.li(
                        rx.el.span(one.label, class_name="truncate"),
                        known_figure(one.share, one.share_figure, of="risk.share"),
                        rx.el.span(one.reason, class_name="small faint"),
                        key=one.id,
                    ),
                ),
                class_name="left-out",
            ),
            class_name="block risk-block",
        ),
    )
