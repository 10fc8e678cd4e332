"""Alerts: what is open, the rules, where they go, and what there was."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import Var

from smartfolio_app.analytics.alerts.registry import kinds
from smartfolio_app.components.controls import button, icon_button
from smartfolio_app.components.dialogs import confirm, dialog
from smartfolio_app.components.figures import figure, skeleton
from smartfolio_app.components.forms import (
    check,
    date_input,
    field,
    form_error,
    number_input,
    select,
    text_input,
)
from smartfolio_app.components.icons import icon
from smartfolio_app.components.links import route_link
from smartfolio_app.components.notices import empty_state
from smartfolio_app.components.shell import page
from smartfolio_app.i18n import t
from smartfolio_app.providers.notices.registry import channels as channel_kinds
from smartfolio_app.state.alerts import AlertsState
from smartfolio_app.state.base import AppState
from smartfolio_app.state.explain import ExplainState

S = AlertsState
SNOOZES = (1, 24, 168)
ICONS = tuple(dict.fromkeys(one.icon for one in kinds().values()))
CHANNEL_ICONS = {"email": "mail", "ntfy": "smartphone", "webhook": "webhook"}


def alerts() -> rx.Component:
    """Return the Alerts page."""
    return page(
        "alerts.title",
        rx.cond(
            S.loaded,
            rx.cond(
                (S.rules.length() == 0) & (S.opened.length() == 0) & (S.closed.length() == 0),
                rx.fragment(_nothing_yet(), _channels()),
                rx.el.div(
                    _open(),
                    rx.el.div(_rules(), _channels(), class_name="alerts-board"),
                    _history(),
                    class_name="stack loose",
                ),
            ),
            skeleton("table-waiting"),
        ),
        _rule_form(),
        _channel_form(),
        confirm(
            rx.el.p(t("alerts.remove_rule_text")),
            open=S.asking_removal,
            on_close=S.close_rule,
            on_confirm=S.remove_rule,
            title="alerts.remove_rule_title",
            action="alerts.remove",
        ),
        confirm(
            rx.el.p(t("channels.remove_text")),
            open=S.asking_channel,
            on_close=S.close_channel,
            on_confirm=S.remove_channel,
            title=t("channels.remove_title", channel=S.channel.label),
            action="alerts.remove",
        ),
        lead="alerts.lead",
        actions=[button("alerts.add_rule", symbol="plus", on_click=S.start_rule)],
    )


def _nothing_yet() -> rx.Component:
    return empty_state(
        "alerts.rules_none",
        "alerts.rules_none_text",
        button("alerts.usual", kind="primary", symbol="sparkles", on_click=S.add_usual),
        button("alerts.add_rule", symbol="plus", on_click=S.start_rule),
        symbol="bell",
    )


def _symbol(name: Var) -> rx.Component:
    return rx.match(name, *[(one, icon(one)) for one in ICONS], icon("bell"))


# ------------------------------------------------------------------------------------------ what is open
def _open() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("alerts.open_title"))),
        rx.cond(
            S.opened,
            rx.el.ul(rx.foreach(S.opened, _open_line), class_name="list alert-list"),
            rx.el.p(icon("check"), t("alerts.none_open"), " ", t("alerts.none_open_text"), class_name="calm"),
        ),
        class_name="block",
    )


def _open_line(one: Var) -> rx.Component:
    later = [
        ("", "alerts.snooze"),
        *((str(hours), f"alerts.snooze_{hours}") for hours in SNOOZES),
    ]
    return rx.el.li(
        rx.el.span(_symbol(one.icon), class_name=Var.create("alert-mark ").to(str) + one.severity.to(str)),
        rx.el.div(
            rx.el.p(
                rx.el.span(
                    rx.match(
                        one.severity,
                        ("error", t("alerts.severity.error")),
                        ("warning", t("alerts.severity.warning")),
                        t("alerts.severity.info"),
                    ),
                    ": ",
                    class_name="sr-only",
                ),
                one.text,
            ),
            rx.el.p(
                one.when, rx.cond(one.status, " · ", ""), one.status, class_name="small faint num-inline"
            ),
            class_name="grow",
        ),
        rx.el.div(
            icon_button(
                "circle-help",
                "brief.explain",
                on_click=ExplainState.open(Var.create("alert:").to(str) + one.id),
            ),
            rx.cond(
                one.link,
                route_link(
                    t("alerts.see"),
                    to=one.link,
                    keep_view=False,
                    class_name="link small",
                ),
            ),
            rx.cond(
                one.quiet,
                button("alerts.wake", small=True, kind="ghost", on_click=S.snooze(one.id, "0")),
                rx.fragment(
                    select(
                        later,
                        quiet=True,
                        value="",
                        label=t("alerts.snooze_named", what=one.text),
                        on_change=S.snooze(one.id),
                    ),
                    button(
                        "alerts.acknowledge",
                        small=True,
                        symbol="check",
                        on_click=S.acknowledge(one.id),
                        aria_label=t("alerts.acknowledge_named", what=one.text),
                    ),
                ),
            ),
            class_name="alert-actions",
        ),
        class_name=rx.cond(one.quiet, "alert-line quiet-line", "alert-line"),
        key=one.id,
    )


def _history() -> rx.Component:
    return rx.cond(
        S.closed,
        rx.el.details(
            rx.el.summary(rx.el.h2(t("alerts.history_title"))),
            rx.el.ul(
                rx.foreach(
                    S.closed,
                    lambda one: rx.el.li(
                        rx.el.span(_symbol(one.icon), class_name="alert-mark"),
                        rx.el.p(one.text, class_name="grow faint"),
                        rx.el.span(one.when, class_name="small faint num-inline"),
                        icon_button(
                            "circle-help",
                            "brief.explain",
                            on_click=ExplainState.open(Var.create("alert:").to(str) + one.id),
                        ),
                        class_name="alert-line",
                        key=one.id,
                    ),
                ),
                class_name="list",
            ),
            class_name="block history",
        ),
    )


# ------------------------------------------------------------------------------------------ rules
def _rules() -> rx.Component:
    return rx.el.section(
        rx.el.header(rx.el.h2(t("alerts.rules_title"))),
        rx.el.p(t("alerts.rules_text"), class_name="small faint"),
        rx.el.ul(
            rx.foreach(
                S.rules,
                lambda one: rx.el.li(
                    rx.el.span(_symbol(one.icon), class_name="alert-mark"),
                    rx.el.div(
                        rx.el.button(
                            one.text, type="button", class_name="whole-row", on_click=S.edit_rule(one.id)
                        ),
                        rx.el.p(
                            rx.cond(
                                one.problem,
                                rx.el.span(one.problem, class_name="notable"),
                                one.detail,
                            ),
                            class_name="small faint",
                        ),
                        class_name="grow",
                    ),
                    rx.cond(
                        one.found,
                        rx.el.span(
                            figure(
                                one.found,
                                Var.create("rule:").to(str) + one.id,
                                of="alerts.open_title",
                                extra="above sentence",
                            ),
                            class_name="chip notable",
                        ),
                    ),
                    icon("chevron-right", "tiny"),
                    class_name=rx.cond(one.active, "alert-line pressable", "alert-line pressable quiet-line"),
                    key=one.id,
                ),
            ),
            class_name="list",
        ),
        class_name="block",
    )


def _rule_form() -> rx.Component:
    return dialog(
        rx.cond(
            S.rule_id == "",
            field(
                "alerts.kind_label",
                select(
                    [(one, f"alerts.kind.{one}") for one in kinds()],
                    value=S.rule_kind,
                    on_change=S.choose_kind,
                ),
            ),
        ),
        rx.el.p(
            rx.match(S.rule_kind, *[(one, t(f"alerts.about.{one}")) for one in kinds()], ""),
            class_name="quiet small",
        ),
        rx.el.form(
            rx.foreach(S.fields, _rule_field),
            form_error(S.form_problem),
            id="rule-form",
            key=S.form_turn.to_string(),
            on_submit=S.save_rule,
            class_name="stack loose",
        ),
        open=S.form_open & ~S.asking_removal,
        on_close=S.close_rule,
        title=rx.cond(S.rule_id, t("alerts.edit_rule"), t("alerts.add_rule")),
        footer=rx.fragment(
            rx.cond(
                S.rule_id,
                rx.fragment(
                    button("alerts.remove", kind="ghost", on_click=S.ask_removal),
                    button(
                        rx.cond(S.rule_active, t("alerts.switch_off"), t("alerts.switch_on")),
                        kind="ghost",
                        on_click=S.switch_rule,
                    ),
                ),
            ),
            button("alerts.save", kind="primary", type="submit", form="rule-form"),
        ),
    )


def _rule_field(one: Var) -> rx.Component:
    def control(kind: str) -> rx.Component:
        if kind == "select":
            return select(one.options, name=one.name, default_value=one.value)
        if kind == "asset":
            return rx.el.div(
                select(one.options, name=one.name, default_value=one.value),
                text_input(
                    one.name + "_other",
                    placeholder="alerts.asset_other",
                    aria_label=t("alerts.asset_other"),
                    auto_complete="off",
                    max_length=40,
                ),
                class_name="either",
            )
        if kind == "date":
            return date_input(one.name, default_value=one.value)
        return number_input(one.name, default_value=one.value)

    return rx.el.label(
        rx.el.span(one.label, class_name="label"),
        rx.match(
            one.type, *[(kind, control(kind)) for kind in ("select", "asset", "date")], control("number")
        ),
        rx.cond(one.hint, rx.el.span(one.hint, class_name="hint")),
        class_name="field",
        key=one.name,
    )


# ------------------------------------------------------------------------------------------ channels
def _channels() -> rx.Component:
    return rx.el.section(
        rx.el.header(
            rx.el.h2(t("channels.title")),
            rx.cond(
                ~AppState.is_demo,
                button("channels.add", small=True, symbol="plus", on_click=S.start_channel),
            ),
        ),
        rx.el.p(t("channels.text"), class_name="small faint"),
        rx.cond(
            S.channels,
            rx.el.ul(rx.foreach(S.channels, _channel), class_name="list"),
            rx.el.p(rx.cond(AppState.is_demo, t("channels.sample"), t("channels.none")), class_name="quiet"),
        ),
        rx.cond(S.channels, rx.fragment(_times(), _log())),
        class_name="block",
    )


def _channel(one: Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.match(
                one.kind, *[(kind, icon(symbol)) for kind, symbol in CHANNEL_ICONS.items()], icon("send")
            ),
            class_name="alert-mark",
        ),
        rx.el.div(
            rx.el.p(
                rx.el.button(
                    one.label, type="button", class_name="strong link", on_click=S.edit_channel(one.id)
                ),
                " ",
                rx.el.span(one.shown, class_name="faint"),
            ),
            rx.el.p(
                one.takes,
                rx.cond(one.takes, " · ", ""),
                rx.el.span(one.detail, class_name=rx.cond(one.bad, "notable", "")),
                class_name="small faint",
            ),
            class_name="grow",
        ),
        button(
            "channels.test",
            small=True,
            kind="ghost",
            on_click=S.test_channel(one.id),
            disabled=S.testing != "",
            aria_label=t("channels.test_named", channel=one.label),
        ),
        class_name=rx.cond(one.active, "alert-line", "alert-line quiet-line"),
        key=one.id,
    )


def _times() -> rx.Component:
    def time_input(name: str, value: Var) -> rx.Component:
        return rx.el.input(name=name, type="time", default_value=value, class_name="input num")

    return rx.el.form(
        rx.el.h3(t("alerts.times.title")),
        rx.el.p(t("alerts.times.text"), class_name="small faint"),
        rx.el.div(
            rx.el.fieldset(
                rx.el.legend(t("alerts.times.quiet"), class_name="label"),
                field("alerts.times.quiet_from", time_input("from", S.quiet_from)),
                field("alerts.times.quiet_until", time_input("until", S.quiet_until)),
                class_name="times-pair",
            ),
            field("alerts.times.brief_at", time_input("brief", S.brief_at)),
            button("alerts.save", type="submit"),
            class_name="times-fields",
        ),
        form_error(S.times_problem),
        on_submit=S.save_times,
        key=S.times_form.to_string(),
        class_name="stack times",
    )


def _log() -> rx.Component:
    return rx.el.details(
        rx.el.summary(rx.el.h3(t("channels.log_title"))),
        rx.cond(
            S.deliveries,
            rx.el.ul(
                rx.foreach(
                    S.deliveries,
                    lambda one: rx.el.li(
                        rx.el.span(one.what, class_name="grow"),
                        rx.el.span(one.state, class_name=rx.cond(one.bad, "notable", "faint")),
                        rx.el.span(one.when, class_name="faint num-inline"),
                        class_name="small alert-line",
                        key=one.id,
                    ),
                ),
                class_name="list",
            ),
            rx.el.p(t("channels.log_none"), class_name="quiet small"),
        ),
        class_name="history",
    )


def _channel_form() -> rx.Component:
    return dialog(
        rx.cond(
            S.channel.id == "",
            field(
                "channels.kind_label",
                select(
                    [(one, f"channels.kind.{one}") for one in channel_kinds()],
                    value=S.channel_kind,
                    on_change=S.choose_channel_kind,
                ),
            ),
        ),
        rx.el.p(
            rx.match(S.channel_kind, *[(one, t(f"channels.about.{one}")) for one in channel_kinds()], ""),
            class_name="quiet small",
        ),
        rx.el.form(
            rx.match(
                S.channel_kind,
                *[(kind, _told(kind)) for kind in channel_kinds()],
                rx.fragment(),
            ),
            field(
                "channels.label",
                text_input("label", default_value=S.channel.label, max_length=80, auto_complete="off"),
                hint="channels.label_hint",
            ),
            rx.el.div(
                _flag("alerts", S.channel.alerts),
                _flag("brief", S.channel.brief),
                _flag("private", S.channel.private),
                _flag("active", S.channel.active),
                class_name="stack tight",
            ),
            form_error(S.channel_problem),
            id="channel-form",
            key=S.channel_turn.to_string(),
            on_submit=S.save_channel,
            class_name="stack loose",
        ),
        open=S.channel_open & ~S.asking_channel,
        on_close=S.close_channel,
        title=rx.cond(S.channel.id, t("channels.edit"), t("channels.add")),
        footer=rx.fragment(
            rx.cond(S.channel.id, button("alerts.remove", kind="ghost", on_click=S.ask_channel_removal)),
            button("alerts.save", kind="primary", type="submit", form="channel-form"),
        ),
    )


def _told(kind: str) -> rx.Component:
    """Return the fields of a kind of channel: empty, whatever is stored."""
    placeholder = {"server": "https://ntfy.sh", "url": "https://"}
    controls: list[Any] = []
    for one in channel_kinds()[kind].fields:
        shown = {"placeholder": Var.create(placeholder[one.name])} if one.name in placeholder else {}
        control = text_input(
            f"told_{one.name}",
            type="password" if one.secret and one.name != "url" else "text",
            auto_complete="off",
            **shown,
        )
        hint = rx.cond(S.channel.id, t("channels.keep_hint"), "" if one.required else t("alerts.optional"))
        controls.append(field(one.label, control, hint=hint))
    return rx.el.div(*controls, class_name="stack loose")


def _flag(name: str, value: Var) -> rx.Component:
    return check(f"channels.{name}", name=name, default_checked=value)
