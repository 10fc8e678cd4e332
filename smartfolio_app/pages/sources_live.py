"""What a live source shows when it is opened: its key and schedule, its books against its report, its syncs."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import button, chip, link_button
from smartfolio_app.components.dialogs import confirm
from smartfolio_app.components.figures import change, figures_in
from smartfolio_app.components.forms import field, number_input, select
from smartfolio_app.components.links import route_link
from smartfolio_app.i18n import t
from smartfolio_app.pages.connect import rights
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.syncs import OWN_INTERVAL, SyncsState

S = SyncsState


def live_details() -> rx.Component:
    """Return the sections of the live source that is open."""
    return rx.fragment(_connection(), _reconciliation(), _history())


def forget_dialog() -> rx.Component:
    """Return the question before a key is removed."""
    return confirm(
        rx.el.p(t("connection.forget_text")),
        open=S.forgetting,
        on_close=S.keep,
        on_confirm=S.forget,
        title="connection.forget_title",
        action="connection.forget",
    )


def _connection() -> rx.Component:
    return rx.el.section(
        rx.el.h4(t("connection.heading")),
        rx.cond(S.how.problem, rx.el.p(S.how.problem, class_name="form-error")),
        rx.el.div(
            rx.el.ul(
                rx.foreach(
                    S.credentials,
                    lambda one: rx.el.li(
                        rx.el.span(one.label, class_name="quiet"),
                        rx.el.span(one.hint, class_name="num"),
                        rx.el.span(one.since, class_name="small quiet"),
                    ),
                ),
                rx.cond(
                    S.how.account,
                    rx.el.li(
                        rx.el.span(t("connection.account"), class_name="quiet"),
                        rx.el.span(S.how.account),
                        rx.el.span(S.how.checked, class_name="small quiet"),
                    ),
                ),
                rx.cond(
                    S.how.budget,
                    rx.el.li(rx.el.span(t("connection.calls"), class_name="quiet"), rx.el.span(S.how.budget)),
                ),
                class_name="link-facts",
            ),
            rx.el.div(
                field(
                    "syncs.schedule",
                    select(
                        S.schedules,
                        value=rx.cond(S.own_interval, OWN_INTERVAL, S.how.every),
                        on_change=S.schedule,
                    ),
                ),
                rx.cond(
                    S.own_interval,
                    rx.el.form(
                        number_input(
                            "minutes",
                            placeholder=t("syncs.every_minutes"),
                            aria_label=t("syncs.every_minutes"),
                            max_length=7,
                            auto_focus=True,
                        ),
                        button("syncs.every_set", type="submit", small=True),
                        on_submit=S.schedule_own,
                        class_name="row own-interval",
                    ),
                ),
                rx.el.p(S.how.next, class_name="small quiet"),
                class_name="stack tight",
            ),
            class_name="connection-facts",
        ),
        rx.cond(S.rights, rights(S.rights)),
        rx.el.div(
            rx.foreach(S.tested, lambda words: rx.el.p(words, class_name="small")),
            custom_attrs={"aria-live": "polite"},
        ),
        rx.el.div(
            button(
                rx.cond(S.testing, t("connection.trying"), t("connection.test")),
                small=True,
                symbol="plug-zap",
                disabled=S.testing,
                on_click=S.test,
            ),
            rx.cond(
                S.how.sign_in,
                link_button(
                    "connection.sign_in_again", S.how.sign_in, small=True, kind="ghost", keep_view=False
                ),
                button(
                    "connection.replace",
                    small=True,
                    kind="ghost",
                    symbol="key-round",
                    on_click=ConnectState.begin_again(S.key),
                ),
            ),
            rx.cond(
                S.how.connected,
                button("connection.forget", small=True, kind="ghost", symbol="unplug", on_click=S.ask_forget),
            ),
            class_name="row wrap",
        ),
        class_name="stack",
    )


def _reconciliation() -> rx.Component:
    return rx.el.section(
        rx.el.h4(t("syncs.reconciliation")),
        rx.el.p(rx.cond(S.compared, S.compared, t("syncs.comparing")), class_name="small quiet"),
        rx.cond(
            S.gaps,
            rx.el.ul(
                rx.foreach(S.gaps, _gap),
                class_name="list records",
                aria_label=t("syncs.reconciliation"),
            ),
        ),
    )


def _gap(gap: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            route_link(gap.symbol, to="/assets/" + gap.asset.to(str), class_name="quiet-link strong"),
            rx.el.span(gap.why, class_name="small quiet below"),
            class_name="what",
        ),
        rx.el.div(
            figures_in(
                change(gap.difference, gap.direction, extra="no-arrow"),
                rx.el.span(
                    t("syncs.reported"),
                    " ",
                    rx.el.span(gap.reported, class_name="num"),
                    " · ",
                    t("syncs.booked"),
                    " ",
                    rx.el.span(gap.booked, class_name="num"),
                    class_name="small quiet below",
                ),
                name=gap.figure,
                of=gap.symbol,
                said=gap.difference,
                extra="sentence",
            ),
            class_name="how",
        ),
        rx.el.div(
            rx.cond(
                gap.fix,
                button(gap.fix, small=True, on_click=S.close_gap(gap.asset)),
                route_link(
                    t("syncs.look"),
                    to="/transactions?asset=" + gap.asset.to(str),
                    keep_view=False,
                    class_name="link small",
                ),
            ),
            class_name="act",
        ),
        key=gap.asset,
    )


def _history() -> rx.Component:
    return rx.cond(
        S.runs,
        rx.el.section(
            rx.el.h4(t("syncs.title")),
            rx.el.ul(rx.foreach(S.runs, _run), class_name="list records", aria_label=t("syncs.title")),
        ),
    )


def _run(run: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            run.when,
            rx.el.span(run.trigger, class_name="small quiet below"),
            class_name="what",
        ),
        rx.el.div(
            rx.el.span(
                rx.match(
                    run.state,
                    ("done", chip(run.state_text, kind="good", symbol="check")),
                    ("failed", chip(run.state_text, kind="bad", symbol="circle-alert")),
                    ("waiting", chip(run.state_text, kind="notable", symbol="clock")),
                    chip(run.state_text),
                ),
                rx.el.span(run.added),
                class_name="row wrap",
            ),
            rx.cond(
                run.changes,
                rx.el.span(
                    figures_in(
                        rx.foreach(run.changes, lambda words: rx.el.span(words, class_name="num term")),
                        rx.cond(run.more, rx.el.span(run.more, class_name="term")),
                        name="sync:" + run.id.to(str),
                        of="syncs.changes",
                        said=run.changes.to(list[str]).join(", "),
                        extra="sentence",
                    ),
                    class_name="small quiet below",
                ),
            ),
            rx.cond(run.problem, rx.el.span(run.problem, class_name="small quiet below")),
            rx.foreach(run.remarks, lambda words: rx.el.span(words, class_name="small quiet below")),
            class_name="how",
        ),
        rx.el.div(
            rx.cond(
                run.undone,
                rx.el.span(run.undone, class_name="small quiet"),
                rx.cond(
                    run.undoable,
                    button(
                        "sources.undo",
                        small=True,
                        kind="ghost",
                        symbol="undo-2",
                        on_click=S.undo(run.id),
                        aria_label=t("syncs.undo_of", when=run.when),
                    ),
                ),
            ),
            class_name="act",
        ),
        class_name=rx.cond(run.undone, "gone", ""),
        key=run.id,
    )
