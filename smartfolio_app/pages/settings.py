"""Settings: how one person sees their picture, and who may see it."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

import reflex as rx
from reflex.vars import Var

from smartfolio_app.analytics.groups import GROUPS
from smartfolio_app.components.controls import button, chip, icon_button, segmented
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.download import download_button
from smartfolio_app.components.forms import field, form_error, select, text_input
from smartfolio_app.components.native_form import NativeForm
from smartfolio_app.components.notices import banner
from smartfolio_app.components.password import password_field
from smartfolio_app.components.shell import page
from smartfolio_app.i18n import LANGUAGES, t
from smartfolio_app.i18n.format import NUMBER_STYLES
from smartfolio_app.state.base import AppState
from smartfolio_app.state.entrance import MINIMUM_LENGTH
from smartfolio_app.state.locale import Locale
from smartfolio_app.state.settings import SettingsState

ZONES = [
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
    "UTC",
]
METHODS = ("fifo", "lifo", "hifo", "lofo", "average", "total_average")
ANCHORS = ("midnight", "snapshot", "close")


def settings() -> rx.Component:
    """Return the Settings page."""
    return page(
        "nav.settings",
        rx.el.div(
            _display(),
            _figures(),
            _groups(),
            _snapshots(),
            _devices(),
            _tokens(),
            _password(),
            _data(),
            _activity(),
            class_name="settings",
        ),
        _new_token(),
    )


def _section(title: str, *content: Any, text: str = "") -> rx.Component:
    about = [rx.el.h2(t(title))]
    if text:
        about.append(rx.el.p(t(text), class_name="quiet"))
    return rx.el.section(rx.el.div(*about, class_name="about"), rx.el.div(*content, class_name="stack loose"))


def _display() -> rx.Component:
    styles = [
        ("language", t("settings.number_style_language")),
        *((style, Var.create(style)) for style in NUMBER_STYLES),
    ]
    return _section(
        "settings.section_display",
        _choice(
            "settings.language",
            segmented(
                [(code, Var.create(name)) for code, name in LANGUAGES.items()],
                Locale.language,
                AppState.choose_language,
                label="settings.language",
            ),
        ),
        _choice(
            "settings.theme",
            segmented(
                [(theme, f"settings.theme_{theme}") for theme in ("system", "dark", "light")],
                AppState.theme,
                AppState.choose_theme,
                label="settings.theme",
            ),
        ),
        _preference("settings.number_style", "number_style", styles),
        field(
            "settings.time_zone",
            select(
                [(zone, Var.create(zone.replace("_", " "))) for zone in ZONES],
                value=SettingsState.time_zone,
                on_change=SettingsState.choose("time_zone"),
            ),
            hint="settings.time_zone_hint",
        ),
    )


def _figures() -> rx.Component:
    return _section(
        "settings.section_portfolio",
        field(
            "settings.base_currency",
            select(AppState.currencies, value=AppState.currency, on_change=AppState.choose_currency),
            hint="settings.base_currency_hint",
        ),
        _preference(
            "settings.cost_basis", "cost_basis_method", [(one, f"settings.method_{one}") for one in METHODS]
        ),
        _preference("settings.anchor", "pnl_anchor", [(one, f"settings.anchor_{one}") for one in ANCHORS]),
        field(
            "settings.threshold",
            rx.el.input(
                default_value=SettingsState.threshold,
                key=SettingsState.threshold,
                on_blur=SettingsState.choose_threshold,
                class_name="input num short",
                custom_attrs={"inputMode": "decimal", "autoComplete": "off"},
            ),
            hint=t("settings.threshold_hint", currency=AppState.currency),
            wrong=SettingsState.threshold_problem,
        ),
    )


def _choice(label: str, control: rx.Component) -> rx.Component:
    return rx.el.div(rx.el.span(t(label), class_name="label"), control, class_name="field")


def _preference(label: str, name: str, options: list[tuple[str, Any]]) -> rx.Component:
    value: Var = getattr(SettingsState, name)
    return field(label, select(options, value=value, on_change=SettingsState.choose(name)))


def _groups() -> rx.Component:
    return _section(
        "settings.section_groups",
        rx.cond(
            SettingsState.groups,
            rx.el.ul(
                rx.foreach(
                    SettingsState.groups,
                    lambda one: rx.el.li(
                        rx.el.span(one.symbol, class_name="strong"),
                        rx.el.span(one.group, class_name="quiet grow"),
                        icon_button(
                            "undo-2",
                            t("settings.groups_reset", symbol=one.symbol),
                            on_click=SettingsState.reset_asset(one.asset),
                        ),
                    ),
                ),
                class_name="list",
            ),
            rx.el.p(t("settings.groups_none"), class_name="quiet"),
        ),
        rx.el.form(
            field(
                "settings.groups_symbol",
                text_input("symbol", max_length=40, auto_complete="off", auto_capitalize="characters"),
                wrong=SettingsState.group_problem,
            ),
            field(
                "settings.groups_group",
                select([(key, f"explain.group.{key}") for key in GROUPS], name="group"),
            ),
            button("settings.groups_add", type="submit"),
            on_submit=SettingsState.move_asset,
            key=SettingsState.group_form.to_string(),
            class_name="inline-form",
        ),
        text="settings.groups_text",
    )


def _snapshots() -> rx.Component:
    return _section(
        "settings.section_snapshots",
        rx.el.div(
            button(
                "settings.snapshots_take",
                on_click=SettingsState.take_snapshot,
                disabled=SettingsState.snapshot_running,
            ),
            rx.el.span(
                rx.cond(
                    SettingsState.last_snapshot,
                    t("settings.snapshots_last", age=SettingsState.last_snapshot),
                    t("settings.snapshots_none"),
                ),
                class_name="quiet",
            ),
            class_name="row wrap",
        ),
        text="settings.snapshots_text",
    )


def _devices() -> rx.Component:
    return _section(
        "settings.section_devices",
        rx.el.ul(rx.foreach(SettingsState.devices, _device), class_name="list"),
        rx.cond(
            SettingsState.has_other_devices,
            rx.el.div(
                button(
                    "settings.devices_revoke_others",
                    kind="danger",
                    on_click=SettingsState.revoke_other_devices,
                )
            ),
        ),
        text="settings.devices_text",
    )


def _device(device: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(device.label, class_name="strong"),
                rx.cond(device.current, chip("settings.device_this", kind="notable")),
                class_name="row wrap",
            ),
            rx.el.div(device.seen, " · ", device.origin, class_name="quiet small"),
            class_name="grow",
        ),
        rx.cond(
            ~device.current,
            button(
                "settings.device_revoke",
                small=True,
                kind="ghost",
                on_click=SettingsState.revoke_device(device.id),
                aria_label=t("settings.device_revoke_named", name=device.label),
            ),
        ),
    )


def _tokens() -> rx.Component:
    return _section(
        "settings.section_tokens",
        rx.cond(
            SettingsState.tokens,
            rx.el.ul(rx.foreach(SettingsState.tokens, _token), class_name="list"),
            rx.el.p(t("settings.tokens_none"), class_name="quiet"),
        ),
        rx.el.form(
            field(
                "settings.token_name",
                text_input(
                    "name", max_length=80, auto_complete="off", placeholder="settings.token_name_hint"
                ),
                wrong=SettingsState.token_problem,
            ),
            field(
                "settings.token_scope",
                select([("read", "settings.token_read"), ("write", "settings.token_write")], name="scope"),
            ),
            button("settings.token_create", type="submit"),
            on_submit=SettingsState.create_token,
            key=SettingsState.token_form.to_string(),
            class_name="inline-form",
        ),
        text="settings.tokens_text",
    )


def _token(token: Var) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.div(
                rx.el.span(token.name, class_name="strong"),
                rx.el.code(token.hint, class_name="num quiet"),
                class_name="row wrap",
            ),
            rx.el.div(token.scope, " · ", token.used, class_name="quiet small"),
            class_name="grow",
        ),
        button(
            "settings.token_revoke",
            small=True,
            kind="ghost",
            on_click=SettingsState.revoke_token(token.id),
            aria_label=t("settings.token_revoke_named", name=token.name),
        ),
    )


def _data() -> rx.Component:
    return _section(
        "settings.section_data",
        rx.el.div(download_button("settings.data_export", "/api/users/me/export"), class_name="row wrap"),
        text="settings.data_text",
    )


def _activity() -> rx.Component:
    return _section(
        "settings.section_activity",
        rx.cond(
            SettingsState.activity,
            rx.el.ul(
                rx.foreach(
                    SettingsState.activity,
                    lambda one: rx.el.li(
                        rx.el.p(one.what, class_name="grow"),
                        rx.el.span(one.when, rx.cond(one.where, " · ", ""), one.where, class_name="when num"),
                        key=one.id.to_string(),
                    ),
                ),
                class_name="list activity",
            ),
            rx.el.p(t("settings.activity_none"), class_name="quiet"),
        ),
        rx.cond(
            SettingsState.more_activity,
            rx.el.div(
                button("settings.activity_more", kind="ghost", on_click=SettingsState.show_more_activity)
            ),
        ),
        text="settings.activity_text",
    )


def _new_token() -> rx.Component:
    return dialog(
        rx.el.p(t("settings.token_created_text")),
        rx.el.code(SettingsState.new_token, class_name="secret num", custom_attrs={"tabIndex": 0}),
        open=SettingsState.new_token != "",
        on_close=SettingsState.forget_token,
        title="settings.token_created_title",
        footer=rx.fragment(
            button("common.copy", symbol="copy", on_click=rx.set_clipboard(SettingsState.new_token)),
            button("settings.token_done", kind="primary", on_click=SettingsState.forget_token),
        ),
    )


def _password() -> rx.Component:
    form = NativeForm.create(
        password_field("settings.password_current", "current", auto_complete="current-password"),
        password_field(
            "settings.password_new",
            "new",
            auto_complete="new-password",
            min_length=MINIMUM_LENGTH,
            hint=t("auth.password_hint", minimum=MINIMUM_LENGTH),
        ),
        password_field(
            "settings.password_again", "again", auto_complete="new-password", min_length=MINIMUM_LENGTH
        ),
        form_error(SettingsState.password_problem),
        rx.el.div(button("settings.password_change", type="submit")),
        # Password managers want to know whose password it is.
        rx.el.input(type="hidden", name="username", auto_complete="username", value=AppState.user_name),
        action="/auth/password",
        class_name="stack loose",
    )
    return _section(
        "settings.section_password",
        rx.cond(
            SettingsState.password_changed,
            banner(rx.el.p(t("settings.password_changed")), tone="notable", symbol="check", role="status"),
        ),
        rx.cond(AppState.is_demo, rx.el.p(t("settings.password_demo"), class_name="quiet"), form),
        text="settings.password_text",
    )
