"""The dialog in which a source is added: chosen, given its key, and watched while it is synced for the first time."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.controls import (
    button,
    chip,
    link_button,
    search_box,
    segmented,
    submit,
)
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.figures import figure
from smartfolio_app.components.forms import check, field, form_error, text_input
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import banner, progress
from smartfolio_app.i18n import t
from smartfolio_app.state.connect import ConnectState
from smartfolio_app.state.sources import SourcesState

S = ConnectState
_STEPS = ("choose", "keys", "sync")


def connect() -> rx.Component:
    """Return the dialog."""
    return dialog(
        _steps(),
        rx.match(S.step, ("choose", _choose()), ("keys", _keys()), ("sync", _first_sync()), rx.fragment()),
        open=S.step != "",
        on_close=S.close,
        title=rx.cond(S.step == "choose", t("connection.title"), t("connection.title_of", label=S.label)),
        wide=True,
    )


def _steps() -> rx.Component:
    return rx.el.ol(
        *[
            rx.el.li(
                rx.el.span(str(number), class_name="num"),
                t(f"connection.step_{name}"),
                custom_attrs={"aria-current": rx.cond(S.step == name, "step", "false")},
            )
            for number, name in enumerate(_STEPS, 1)
        ],
        class_name="connect-steps small",
    )


# --------------------------------------------------------------------------------------------------------- choose
def _choose() -> rx.Component:
    return rx.fragment(
        rx.el.div(
            search_box(S.search, S.find, label="sources.catalogue_search", auto_focus=True),
            segmented(
                [(one, f"connection.kind_{one}") for one in ("all", "api", "csv", "manual")],
                S.kind,
                S.choose_kind,
                label="connection.kinds",
                small=True,
            ),
            segmented(
                [("all", "connection.kind_all")]
                + [(one, f"sources.{one}") for one in ("crypto", "stocks", "wealth")],
                S.category,
                S.choose_category,
                label="connection.categories",
                small=True,
            ),
            class_name="connect-narrow",
        ),
        _group("connection.live", "connection.live_text", S.live, more=S.more_live),
        _group("sources.catalogue_files", "sources.catalogue_files_text", S.files, more=S.more_files),
        _group("sources.catalogue_any", "sources.catalogue_any_text", S.any_file),
        _group("sources.catalogue_manual", "sources.catalogue_manual_text", S.by_hand),
        rx.cond(S.nothing, rx.el.p(t("sources.catalogue_none"), class_name="quiet")),
    )


def _group(title: str, text: str, offers: Var, *, more: Any = None) -> rx.Component:
    return rx.cond(
        offers,
        rx.el.section(
            rx.el.h3(t(title)),
            rx.el.p(t(text), class_name="small quiet"),
            rx.el.ul(rx.foreach(offers, _offer), class_name="offers"),
            rx.fragment() if more is None else rx.cond(more, rx.el.p(more, class_name="small quiet")),
            custom_attrs={"data-group": title},
        ),
    )


def _offer(offer: Var) -> rx.Component:
    words = rx.fragment(
        rx.el.span(offer.label, class_name="strong truncate"),
        rx.el.span(
            rx.cond(offer.there, rx.fragment(t("connection.there"), " · ")),
            offer.detail,
            class_name="small quiet truncate",
        ),
    )
    return rx.el.li(
        rx.cond(
            offer.address,
            route_link(words, icon("arrow-right"), to=offer.address, keep_view=False, class_name="offer"),
            rx.cond(
                offer.kind == "api",
                rx.el.button(
                    words,
                    icon("plug"),
                    type="button",
                    class_name="offer",
                    on_click=S.begin(offer.provider),
                ),
                rx.el.button(
                    words,
                    icon("plus"),
                    type="button",
                    class_name="offer",
                    on_click=SourcesState.add(offer.provider),
                ),
            ),
        ),
        key=offer.provider,
    )


# ----------------------------------------------------------------------------------------------------------- keys
def _keys() -> rx.Component:
    return rx.el.form(
        rx.cond(S.advice, banner(rx.el.p(S.advice))),
        rx.cond(
            S.help_url,
            rx.el.a(
                t("connection.help"),
                href=S.help_url,
                target="_blank",
                rel="noreferrer",
                class_name="link small",
            ),
        ),
        rx.el.div(rx.foreach(S.fields, _field), class_name="stack loose"),
        rx.el.p(icon("lock", "tiny"), t("connection.vault"), class_name="small quiet with-icon"),
        rx.cond(
            S.config,
            rx.el.details(
                rx.el.summary(t("connection.more"), class_name="small"),
                rx.el.div(rx.foreach(S.config, _field), class_name="stack loose"),
            ),
        ),
        rx.cond(
            S.same_account,
            rx.el.div(
                rx.el.p(S.same_account, class_name="small quiet"),
                check("connection.separate", name="separate"),
                class_name="stack tight",
            ),
        ),
        rx.cond(
            S.danger,
            rx.el.section(
                rx.el.p(t("connection.danger"), class_name="strong"),
                rights(S.danger),
                check("connection.accept", name="accept_risks"),
                class_name="danger-note stack tight",
                role="alert",
            ),
        ),
        form_error(S.problem),
        rx.el.div(
            rx.cond(
                S.replaces,
                button("common.cancel", kind="ghost", on_click=S.close),
                button("connection.back", kind="ghost", on_click=S.back),
            ),
            submit(rx.cond(S.busy, t("connection.trying"), t("connection.go")), busy=S.busy),
            class_name="row end",
        ),
        on_submit=S.submit,
        class_name="stack loose",
    )


def _field(one: Var) -> rx.Component:
    plain = {"auto_complete": "off", "max_length": 8000, "custom_attrs": {"spellCheck": "false"}}
    return field(
        one.label,
        rx.cond(
            one.secret,
            text_input(
                one.name, type="password", required=one.required, **{**plain, "auto_complete": "new-password"}
            ),
            rx.cond(
                one.choices,
                _select(one),
                text_input(one.name, required=one.required, **plain),
            ),
        ),
    )


def _select(one: Var) -> rx.Component:
    return rx.el.span(
        rx.el.select(
            rx.foreach(one.choices.to(list[str]), lambda value: rx.el.option(value, value=value)),
            name=one.name,
        ),
        icon("chevron-down", "tiny"),
        class_name="select",
    )


# ----------------------------------------------------------------------------------------------------- first sync
def _first_sync() -> rx.Component:
    sync = S.run
    return rx.el.div(
        rx.el.div(
            rx.cond(
                S.account,
                rx.el.p(t("connection.account"), " ", rx.el.span(S.account, class_name="strong")),
            ),
            rx.cond(S.rights, rights(S.rights)),
            rx.foreach(S.remarks, lambda words: rx.el.p(words, class_name="small quiet")),
            class_name="stack tight",
        ),
        rx.cond(
            S.delayed,
            banner(rx.el.p(t("connection.delayed"), " ", S.delayed), tone="notable"),
            rx.el.section(
                rx.el.div(
                    rx.el.span(sync.state_text, class_name="strong"),
                    rx.cond(sync.doing, rx.el.span(sync.doing, class_name="quiet")),
                    rx.cond(sync.added & ~sync.busy, rx.el.span(sync.added, class_name="quiet")),
                    class_name="row wrap",
                    role="status",
                ),
                rx.cond(
                    sync.busy,
                    rx.cond(
                        sync.percent >= 0,
                        progress(sync.percent, label="syncs.progress"),
                        progress(None, label="syncs.progress"),
                    ),
                ),
                rx.cond(sync.problem, rx.el.p(sync.problem, class_name="form-error")),
                rx.cond(
                    sync.changes,
                    rx.el.ul(
                        rx.foreach(
                            sync.changes,
                            lambda words: rx.el.li(
                                figure(words, "sync:" + sync.id.to(str), of="syncs.changes"),
                                class_name="chip num",
                            ),
                        ),
                        rx.cond(sync.more, rx.el.li(sync.more, class_name="small quiet")),
                        class_name="row wrap sync-changes",
                    ),
                ),
                class_name="stack",
            ),
        ),
        rx.cond(sync.busy, rx.el.p(t("connection.may_leave"), class_name="small quiet")),
        rx.el.div(
            rx.cond(
                sync.busy | (S.delayed != ""),
                button("connection.leave", on_click=S.close),
                rx.fragment(
                    link_button("connection.to_holdings", "/holdings", kind="ghost"),
                    button("connection.done", kind="primary", on_click=S.close),
                ),
            ),
            class_name="row end",
        ),
        class_name="stack loose",
    )


def rights(rows: Var) -> rx.Component:
    """Return what a key may and may not do."""
    return rx.el.ul(rx.foreach(rows, _right), class_name="row wrap rights")


def _right(one: Var) -> rx.Component:
    return rx.el.li(
        rx.match(
            one.tone,
            ("good", chip(one.text, kind="good", symbol="check")),
            ("bad", chip(one.text, kind="bad", symbol="circle-alert")),
            chip(one.text),
        )
    )
