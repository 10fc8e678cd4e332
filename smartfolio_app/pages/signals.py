"""The Signals page: the market's mood with its record, regimes, funding rates, Fear & Greed."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.figures import bar, figure, figures_in, known_figure, skeleton
from smartfolio_app.components.forms import select
from smartfolio_app.components.notices import banner, empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.components.sparkline import sparkline
from smartfolio_app.components.tables import Column, cell, data_table, number_cell
from smartfolio_app.i18n import t
from smartfolio_app.providers.fear_greed import LINK
from smartfolio_app.state.signals import SignalsState
from smartfolio_app.state.signals_view import STRIP

S = SignalsState

PARTS = (
    Column("signals.component"),
    Column("signals.value", right=True),
    Column("signals.weight", right=True, wide_only=True),
    Column("signals.push", right=True),
    Column("signals.source", wide_only=True),
    Column("signals.age", right=True, wide_only=True),
)
FUNDING = (
    Column("signals.contract"),
    Column("signals.rate", right=True, wide_only=True),
    Column("signals.next", right=True, wide_only=True),
    Column("signals.a_year", right=True),
    Column("signals.week", right=True, wide_only=True),
    Column("signals.rank", right=True),
    Column("signals.rank", wide_only=True, hidden_label=True),
)


def signals() -> rx.Component:
    """Return the Signals page; while nothing is stored, why not."""
    return page(
        "nav.signals",
        rx.cond(S.filled & S.empty, _nothing_yet(), _everything()),
        heading=False,
    )


def _nothing_yet() -> rx.Component:
    return rx.fragment(
        empty_state(
            "signals.empty_title",
            rx.cond(S.offline, t("signals.empty_offline"), t("signals.empty_text")),
            symbol="radar",
        ),
        _problems(),
    )


def _everything() -> rx.Component:
    return rx.fragment(
        _score(),
        rx.el.div(_parts(), _record(), class_name="risk-pair wide-left"),
        _regimes(),
        rx.el.div(_funding(), _outside(), class_name="risk-pair wide-left"),
        _problems(),
        rx.el.p(t("signals.rules"), class_name="credit"),
    )


# ------------------------------------------------------------------------------------------------------ the score
def _score() -> rx.Component:
    return rx.el.section(
        rx.el.div(
            rx.el.div(
                rx.el.h2(
                    rx.el.span(S.mood.label, class_name="sk w20"),
                    class_name="hero-label",
                ),
                figure(
                    S.mood.chance,
                    _of("score"),
                    of=S.mood.label,
                    extra="hero-figure",
                    width="w5",
                ),
                rx.cond(
                    S.mood.available,
                    rx.el.p(
                        _chip(S.mood.verdict, S.mood.tone),
                        figure(
                            S.mood.score,
                            _of("scale"),
                            of="signals.scale",
                            width="w12",
                            extra="quiet num-inline",
                        ),
                        rx.el.span(S.mood.as_of, class_name="faint"),
                        class_name="hero-change risk-head",
                    ),
                    rx.el.p(
                        rx.cond(S.told, t("signals.unavailable"), ""),
                        class_name="hero-change risk-head quiet",
                    ),
                ),
            ),
            rx.el.label(
                rx.el.span(t("signals.subject"), class_name="small faint"),
                select(
                    S.subjects,
                    value=S.subject,
                    on_change=S.choose_subject,
                    quiet=True,
                    label="signals.subject",
                ),
                class_name="row",
            ),
            class_name="hero-head",
        ),
        _scale(),
        rx.el.p(
            rx.cond(
                S.mood.available,
                figure(S.mood.verdict_text, _of("skill"), of="signals.skill", extra="sentence"),
                known_figure(S.mood.reason, S.mood.reason_figure, of="signals.known", extra="sentence"),
            ),
            rx.cond(
                S.subject == "market", rx.el.span(t("signals.market_note"), class_name="faint"), rx.fragment()
            ),
            class_name="signal-note quiet",
        ),
        rx.cond(S.problem, rx.el.p(S.problem, class_name="form-error", role="alert")),
        class_name="hero signal-hero",
    )


def _scale() -> rx.Component:
    """Return the chance on a line from 0 to 100, beside the share of rises in all the past."""
    return rx.el.svg(
        rx.el.svg.rect(x="0", y="9", width="100%", height="4", rx="2", class_name="bar-track"),
        rx.cond(
            S.mood.available,
            rx.fragment(
                rx.el.svg.rect(x=S.mood.base_at, y="3", width="2", height="16", class_name="scale-base"),
                rx.el.svg.circle(cx=S.mood.at, cy="11", r="7", class_name="scale-dot"),
            ),
        ),
        class_name="scale",
        height="22",
        custom_attrs={"aria-hidden": "true"},
    )


def _chip(text: Var, tone: Var) -> rx.Component:
    return rx.el.span(text, class_name=Var.create("chip ").to(str) + tone)


def _parts() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("signals.components")), rx.el.p(t("signals.components_text"), class_name="small faint")
        ),
        rx.cond(
            S.told,
            data_table(PARTS, S.mood.parts, _part, caption="signals.components"),
            skeleton("signals-waiting"),
        ),
        rx.cond(S.mood.breadth_note, rx.el.p(S.mood.breadth_note, class_name="small faint")),
        class_name="block",
    )


def _part(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(one.label, class_name="symbol"),
            rx.el.span(one.hint, class_name="small faint under"),
        ),
        number_cell(
            figure(one.value, one.figure, of=one.label, extra="strong"),
            rx.cond(
                one.rank_figure, figure(one.rank, one.rank_figure, of=one.label, extra="small faint under")
            ),
        ),
        number_cell(
            known_figure(one.weight, one.weight_figure, of="signals.weight"),
            rx.cond(
                one.share, figure(one.share, one.share_figure, of="signals.weight", extra="small faint under")
            ),
            wide_only=True,
        ),
        rx.el.td(
            rx.cond(
                one.note,
                rx.el.span(one.note, class_name="small faint"),
                rx.fragment(_push(one), rx.el.span(one.push, class_name="small faint under")),
            ),
            class_name="right",
        ),
        cell(rx.el.span(one.source, class_name="small faint"), wide_only=True),
        number_cell(rx.el.span(one.age, class_name="small faint"), wide_only=True),
        key=one.key,
    )


def _push(one: Var) -> rx.Component:
    return rx.el.svg(
        rx.el.svg.rect(width="100%", height="4", rx="2", class_name="bar-track"),
        rx.el.svg.rect(
            x=one.x,
            width=one.width,
            height="4",
            rx="2",
            class_name=Var.create("push ").to(str) + one.tone,
        ),
        class_name="bar push-bar",
        height="4",
        custom_attrs={"aria-hidden": "true"},
    )


# ----------------------------------------------------------------------------------------------------- its record
def _record() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("signals.record"))),
        rx.cond(
            S.told & ~S.mood.available,
            rx.el.p(t("signals.no_record"), class_name="small faint"),
            rx.fragment(
                rx.el.p(
                    figure(S.mood.record, _of("hits"), of="signals.record", width="w20", extra="sentence"),
                    class_name="small faint",
                ),
                rx.el.dl(
                    _graded(
                        "hits",
                        S.mood.hits,
                        rx.el.span(S.mood.hits_between),
                        rx.el.span(S.mood.base_hits),
                    ),
                    _graded(
                        "skill",
                        S.mood.skill,
                        rx.el.span(S.mood.skill_between),
                        rx.el.span(t("signals.skill_zero")),
                    ),
                    class_name="graded",
                ),
                rx.el.h3(t("signals.bins"), class_name="small faint"),
                rx.el.ul(rx.foreach(S.mood.bins, _bin), class_name="bins"),
            ),
        ),
        class_name="block card",
    )


def _of(measure: str) -> Var:
    """Return the name of a figure of the subject on screen."""
    return Var.create(f"signals:{measure}:").to(str) + S.subject


def _graded(name: str, text: Var, *below: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.dt(t(f"signals.{name}")),
        rx.el.dd(
            figures_in(
                rx.el.span(text, class_name="large sk w5"),
                *[rx.el.span(one, class_name="small faint under") for one in below],
                name=_of(name),
                of=f"signals.{name}",
                said=text,
                extra="sentence",
            )
        ),
    )


def _bin(one: Var) -> rx.Component:
    return rx.el.li(
        figures_in(
            rx.el.span(one.said, class_name="num"),
            rx.el.svg(
                rx.el.svg.rect(y="4", width="100%", height="4", rx="2", class_name="bar-track"),
                rx.el.svg.rect(y="4", width=one.happened_at, height="4", rx="2", class_name="bar-fill"),
                rx.el.svg.rect(x=one.said_at, width="2", height="12", class_name="scale-base"),
                class_name="bar",
                height="12",
                custom_attrs={"aria-hidden": "true"},
            ),
            rx.el.span(one.happened, class_name="num strong"),
            rx.el.span(one.count, " ", t("signals.bin_count"), class_name="num faint small"),
            name=one.figure,
            of="signals.bins",
            said=one.said + " → " + one.happened,
        ),
        key=one.key,
    )


# ------------------------------------------------------------------------------------------------------- regimes
def _regimes() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("signals.regimes")), rx.el.p(t("signals.regimes_text"), class_name="small faint")
        ),
        rx.cond(
            S.filled,
            rx.el.div(rx.foreach(S.markets, _market), class_name="regimes"),
            skeleton("signals-waiting"),
        ),
        rx.el.ul(
            *[
                rx.el.li(rx.el.span(class_name=f"regime-key {name}"), t(f"signals.regime_{name}"))
                for name in ("advance", "recovery", "pullback", "decline")
            ],
            class_name="regime-keys small faint",
        ),
        class_name="block risk-block",
    )


def _market(one: Var) -> rx.Component:
    return rx.el.article(
        rx.el.header(
            rx.el.h3(one.subject),
            _chip(one.regime, one.tone),
            rx.el.span(one.since, class_name="small faint"),
            rx.el.span(one.source, class_name="small faint end"),
        ),
        rx.cond(
            one.known,
            _known_market(one),
            rx.el.p(figure(one.why, one.figure, of=one.subject, extra="sentence"), class_name="small faint"),
        ),
        class_name="regime",
        key=one.subject,
    )


def _known_market(one: Var) -> rx.Component:
    return rx.fragment(
        rx.el.svg(
            rx.foreach(
                one.bands,
                lambda band: rx.el.svg.rect(
                    rx.el.svg.title(band.title),
                    x=band.x,
                    y="0",
                    width=band.width,
                    height=str(STRIP[1]),
                    class_name=Var.create("band ").to(str) + band.tone.to(str),
                    key=band.key,
                ),
            ),
            rx.el.svg.polyline(points=one.line, custom_attrs={"vectorEffect": "non-scaling-stroke"}),
            view_box=f"0 0 {STRIP[0]} {STRIP[1]}",
            preserve_aspect_ratio="none",
            class_name="strip",
            role="img",
            aria_label=one.summary,
        ),
        rx.el.p(rx.el.span(one.first), rx.el.span(one.last), class_name="strip-ends small faint num-inline"),
        rx.el.div(
            rx.el.dl(
                rx.el.div(
                    rx.el.dt(t("signals.below")),
                    rx.el.dd(figure(one.below, one.figure, of="signals.below", width="w5")),
                ),
                rx.el.div(
                    rx.el.dt(t("signals.gap")),
                    rx.el.dd(figure(one.gap, one.gap_figure, of="signals.gap", width="w5")),
                ),
                rx.el.div(
                    rx.el.dt(t("signals.volatility")),
                    rx.el.dd(
                        figure(one.volatility, one.volatility_figure, of="signals.volatility", width="w5"),
                        rx.el.span(" ", one.turbulence, class_name="small faint"),
                    ),
                ),
                class_name="regime-facts",
            ),
            rx.el.div(
                rx.el.h4(t("signals.changes"), class_name="small faint"),
                rx.el.ul(rx.foreach(one.changes, _changed), class_name="regime-changes"),
            ),
            rx.el.div(
                rx.el.h4(one.followed_title, class_name="small faint"),
                rx.el.ul(rx.foreach(one.followed, _followed), class_name="followed"),
            ),
            class_name="regime-body",
        ),
    )


def _changed(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.since, class_name="num faint"),
        rx.el.span(one.label),
        figure(one.change, one.figure, of=one.label, extra="faint end"),
        key=one.key,
    )


def _followed(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(one.label, class_name="faint"),
        rx.cond(
            one.why,
            rx.el.span(one.why, class_name="small faint"),
            figures_in(
                rx.el.span(one.median, class_name="strong"),
                " ",
                rx.el.span(one.count, class_name="faint"),
                rx.el.span(one.between, class_name="small faint under"),
                name=one.figure,
                of=one.label,
                said=one.median,
                extra="sentence",
            ),
        ),
        key=one.key,
    )


# ------------------------------------------------------------------------------------------ what others told
def _funding() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("signals.funding")), rx.el.p(t("signals.funding_text"), class_name="small faint")
        ),
        rx.cond(
            S.filled & (S.funding.length() == 0),
            rx.el.p(t("signals.no_funding"), class_name="small faint"),
            rx.cond(
                S.filled,
                data_table(FUNDING, S.funding, _rate, caption="signals.funding"),
                skeleton("signals-waiting"),
            ),
        ),
        class_name="block funding",
    )


def _rate(one: Var) -> rx.Component:
    return rx.el.tr(
        cell(
            rx.el.span(one.contract, class_name="symbol"),
            rx.el.span(one.settled, class_name="small faint under settled"),
        ),
        number_cell(known_figure(one.rate, one.rate_figure, of="signals.rate"), wide_only=True),
        number_cell(known_figure(one.next, one.next_figure, of="signals.next"), wide_only=True),
        number_cell(known_figure(one.a_year, one.figure, of=one.contract, extra="strong")),
        number_cell(known_figure(one.week, one.week_figure, of="signals.week"), wide_only=True),
        number_cell(known_figure(one.rank, one.rank_figure, of="signals.rank")),
        cell(
            bar(one.width, extra="rank-bar"),
            wide_only=True,
        ),
        key=one.contract,
    )


def _outside() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("signals.fear_greed"))),
        rx.cond(
            S.filled & (S.outside.mood == ""),
            rx.el.p(t("signals.no_fear_greed"), class_name="small faint"),
            rx.fragment(
                rx.el.div(
                    figure(
                        S.outside.mood,
                        "signals:fear_greed",
                        of="signals.fear_greed",
                        extra="score",
                        width="w3",
                    ),
                    rx.el.span(S.outside.word, class_name="quiet"),
                    rx.el.span(S.outside.mood_age, class_name="small faint"),
                    rx.cond(S.outside.mood_old, rx.el.span(t("signals.old"), class_name="chip notable")),
                    class_name="row baseline wrap",
                ),
                rx.el.div(
                    sparkline(S.outside.mood_line),
                    role="img",
                    aria_label=S.outside.mood_summary,
                    class_name="mood-line",
                ),
                rx.el.p(
                    figure(
                        S.outside.mood_summary,
                        "signals:fear_greed",
                        of="signals.fear_greed",
                        extra="sentence",
                    ),
                    class_name="small faint",
                ),
            ),
        ),
        rx.el.p(
            rx.el.a(t("signals.attribution"), href=LINK, target="_blank", rel="noopener noreferrer"),
            class_name="credit attribution",
        ),
        rx.cond(
            S.outside.dominance,
            rx.el.dl(
                rx.el.div(
                    rx.el.dt(t("signals.dominance")),
                    rx.el.dd(
                        figure(
                            S.outside.dominance,
                            "signals:dominance",
                            of="signals.dominance",
                            extra="strong",
                            width="w5",
                        )
                    ),
                    rx.el.dd(
                        S.outside.dominance_age,
                        rx.cond(
                            S.outside.dominance_old, rx.el.span(t("signals.old"), class_name="chip notable")
                        ),
                        class_name="small faint",
                    ),
                ),
                class_name="graded",
            ),
        ),
        class_name="block card",
    )


def _problems() -> rx.Component:
    return rx.fragment(
        rx.foreach(S.outside.problems, lambda text: banner(rx.el.span(text), tone="notable", key=text)),
    )
