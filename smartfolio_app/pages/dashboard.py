"""The dashboard: what it is worth, what changed, how it is spread, what is not known."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.charts.area import AreaChart
from smartfolio_app.components.charts.heat_map import heat_map
from smartfolio_app.components.charts.ring import ring
from smartfolio_app.components.controls import link_button, segmented
from smartfolio_app.components.decision_tiles import decision_tiles
from smartfolio_app.components.figures import bar, figure, hero, known_change, skeleton, why_change
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.i18n import t
from smartfolio_app.services.user_settings import ANCHORS
from smartfolio_app.state.dashboard import MAP_TALL, MAP_WIDE, SPLITS, DashboardState
from smartfolio_app.state.explain import ExplainState
from smartfolio_app.state.timeline import RANGES

S = DashboardState


def dashboard() -> rx.Component:
    """Return the dashboard; while there is nothing, what to do first."""
    return page(
        "nav.dashboard",
        rx.cond(S.empty, _nothing_yet(), _everything()),
        heading=False,
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "dashboard.empty_title",
        "dashboard.empty_text",
        link_button("dashboard.empty_upload", "/sources", kind="primary", symbol="upload"),
        link_button("dashboard.empty_item", "/items", symbol="house"),
    )


def _everything() -> rx.Component:
    return rx.fragment(
        _worth(),
        _tiles(),
        decision_tiles(S.outlook),
        rx.el.div(_today(), _allocation(), class_name="board"),
        rx.el.div(_top(), _movers(), class_name="board open"),
        _map(),
        rx.cond(S.concerns.length() > 0, _concerns()),
        rx.el.p(
            t("dashboard.charts_by"),
            " ",
            rx.el.a(
                t("dashboard.charts_maker"),
                href="https://www.tradingview.com/",
                target="_blank",
                rel="noopener noreferrer",
            ),
            class_name="credit",
        ),
    )


def _worth() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(t("bar.net_worth"), class_name="hero-label"),
                hero(S.net, "net_worth", of="bar.net_worth"),
                rx.cond(
                    S.filled & ~S.line.change,
                    rx.el.p(class_name="hero-change"),
                    rx.el.p(
                        _moved(S.line.change),
                        _moved(S.line.change_pct, width="w5", extra="no-arrow"),
                        rx.el.span(_range_words(), class_name="faint"),
                        rx.cond(
                            S.line.flows,
                            figure(
                                S.line.flows,
                                Var.create("line:").to(str) + S.range,
                                of="bar.net_worth",
                                extra="sentence faint",
                            ),
                        ),
                        class_name="hero-change",
                    ),
                ),
            ),
            segmented(
                [(key, f"dashboard.range_{key}") for key in RANGES],
                S.range,
                S.choose_range,
                label="dashboard.range",
            ),
            class_name="hero-head",
        ),
        rx.cond(
            S.filled & (S.line.times.length() == 0),
            rx.fragment(),
            AreaChart.create(
                line=S.line,
                label=S.line.summary,
                on_explain=ExplainState.open,
                class_name="hero-chart",
            ),
        ),
        rx.cond(S.line.note, rx.el.p(S.line.note, class_name="hero-note small faint")),
        class_name="hero",
    )


def _moved(text: Var, **look: str) -> rx.Component:
    name = Var.create("line:").to(str) + S.range
    return why_change(text, S.line.direction, name, of="bar.net_worth", **look)


def _range_words() -> Var:
    return rx.match(
        S.range,
        *[(key, t(f"dashboard.over_{key}")) for key in RANGES[:-1]],
        t(f"dashboard.over_{RANGES[-1]}"),
    )


def _tiles() -> rx.Component:
    waiting = rx.fragment(*[skeleton("tile") for _ in range(3)])
    return rx.el.section(
        rx.el.h2(t("dashboard.categories"), class_name="sr-only"),
        rx.cond(S.filled, rx.foreach(S.tiles, _tile), waiting),
        class_name="tiles",
    )


def _tile(one: Var) -> rx.Component:
    name = Var.create("category:").to(str) + one.key
    return rx.el.article(
        rx.el.header(rx.el.h3(one.label), figure(one.share, name, of=one.label, extra="faint small")),
        figure(one.value, name, of=one.label, extra="large"),
        rx.el.p(
            known_change(one.change, one.direction, one.change_figure, of=one.label),
            known_change(one.change_pct, one.direction, one.change_figure, of=one.label, extra="no-arrow"),
            class_name="row wrap",
        ),
        rx.el.p(
            figure(one.detail, name, of=one.label, extra="sentence"), class_name="small faint num-inline"
        ),
        class_name="tile card",
        key=one.key,
    )


def _today() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("dashboard.today")),
            segmented(
                [(key, f"dashboard.anchor_{key}") for key in ANCHORS],
                S.anchor,
                S.choose_anchor,
                label="dashboard.anchor",
            ),
        ),
        rx.el.div(
            figure(S.today.total, "change_today", of="dashboard.today", extra="large"),
            why_change(S.today.pct, S.today.direction, "change_today", of="dashboard.today", width="w5"),
            class_name="row baseline",
        ),
        rx.el.p(S.today.since, class_name="small faint sk w12"),
        rx.el.dl(
            rx.foreach(
                S.today.lines,
                lambda one: rx.fragment(
                    rx.el.dt(one.label),
                    rx.el.dd(why_change(one.value, one.direction, "change_today", of=one.label)),
                ),
            ),
            class_name="facts today-lines",
        ),
        rx.cond(
            S.today.note,
            rx.el.p(
                figure(S.today.note, "change_today", of="dashboard.today", extra="sentence"),
                class_name="small faint today-note",
            ),
        ),
        rx.el.p(route_link(t("brief.title"), to="/brief", class_name="link small")),
        class_name="block card",
    )


def _allocation() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("dashboard.allocation")),
            segmented(
                [(key, f"dashboard.by_{key}") for key in SPLITS],
                S.split,
                S.choose_split,
                label="dashboard.allocation",
            ),
        ),
        rx.el.div(
            ring(
                S.slices,
                label=t("dashboard.allocation"),
                centre=rx.fragment(
                    rx.el.span(t("dashboard.in_view"), class_name="small faint"),
                    figure(
                        S.whole,
                        Var.create("allocation:").to(str) + S.split,
                        of="dashboard.allocation",
                        extra="strong",
                    ),
                ),
            ),
            rx.el.ul(rx.foreach(S.slices, _legend_line), class_name="legend"),
            class_name="allocation",
        ),
        class_name="block card",
    )


def _legend_line(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(class_name=Var.create("dot ").to(str) + one.hue),
        rx.el.span(one.label, class_name="truncate"),
        figure(one.share, one.figure, of=one.label, extra="faint"),
        figure(one.value, one.figure, of=one.label),
        key=one.key,
    )


def _top() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("dashboard.top")),
            route_link(t("dashboard.all_holdings"), to="/holdings", class_name="link small"),
        ),
        rx.el.ul(rx.foreach(S.top, _top_line), class_name="assets"),
        class_name="block",
    )


def _top_line(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.badge, class_name="badge", custom_attrs={"aria-hidden": "true"}),
        route_link(
            rx.el.span(one.symbol, class_name="symbol"),
            rx.el.span(one.name, class_name="name truncate"),
            to=one.address,
            class_name="who",
        ),
        bar(one.width, extra="wide-only"),
        figure(one.share, one.figure, of=one.symbol, extra="faint wide-only part"),
        known_change(one.change, one.direction, one.change_figure, of=one.symbol, extra="move"),
        figure(one.value, one.figure, of=one.symbol, extra="sum"),
        key=one.id,
    )


def _movers() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("dashboard.movers"))),
        rx.el.div(
            _mover_list("dashboard.gainers", S.gainers, "dashboard.no_gainers"),
            _mover_list("dashboard.losers", S.losers, "dashboard.no_losers"),
            class_name="movers",
        ),
        class_name="block",
    )


def _mover_list(title: str, rows: Var, none: str) -> rx.Component:
    return rx.el.div(
        rx.el.h3(t(title), class_name="small faint"),
        rx.cond(
            rows.length() > 0,
            rx.el.ul(rx.foreach(rows, _mover), class_name="assets"),
            rx.cond(
                S.filled,
                rx.el.p(
                    rx.cond(S.moves_known, t(none), t("dashboard.moves_unknown")), class_name="small faint"
                ),
            ),
        ),
    )


def _mover(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.badge, class_name="badge", custom_attrs={"aria-hidden": "true"}),
        rx.el.div(
            route_link(one.symbol, to=one.address, class_name="symbol"),
            figure(one.price, one.figure, of=one.symbol, extra="name"),
            class_name="who",
        ),
        known_change(one.change, one.direction, one.change_figure, of=one.symbol, extra="move"),
        key=one.id,
    )


def _map() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("dashboard.map")),
            rx.el.p(t("dashboard.map_text"), class_name="small faint"),
        ),
        heat_map(S.map_wide, MAP_WIDE, "not-phone"),
        heat_map(S.map_tall, MAP_TALL, "only-phone"),
        class_name="block map-block",
    )


def _concerns() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("dashboard.concerns")),
            route_link(t("dashboard.set_prices"), to="/holdings", class_name="link small"),
        ),
        rx.el.ul(rx.foreach(S.concerns, _concern), class_name="concerns"),
        rx.cond(S.more_concerns, route_link(S.more_concerns, to="/holdings", class_name="link small")),
        class_name="block",
    )


def _concern(one: Var) -> rx.Component:
    return rx.el.li(
        rx.cond(one.missing, icon("circle-help"), icon("clock")),
        route_link(one.symbol, to=one.link, keep_view=False, class_name="symbol"),
        rx.el.span(one.reason, class_name="faint"),
        key=one.symbol,
    )
