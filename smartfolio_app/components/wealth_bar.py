"""The bar on every page: which part of the household is looked at, in which currency, what it is worth, how sure."""

from __future__ import annotations

import reflex as rx
from reflex.vars import Var

from smartfolio_app.components.account import light_switch, sign_out
from smartfolio_app.components.controls import chip, icon_button, toggle_button
from smartfolio_app.components.dialogs import dialog
from smartfolio_app.components.figures import change, figure, figures_in
from smartfolio_app.components.forms import field, select
from smartfolio_app.components.icons import icon
from smartfolio_app.i18n import t
from smartfolio_app.state.base import AppState

CATEGORIES = ("crypto", "stocks", "wealth")


def wealth_bar() -> rx.Component:
    """Return the bar; on a phone the choices move into a sheet behind one button."""
    return rx.el.section(
        rx.el.div(
            *[_scope(category, quiet=True) for category in CATEGORIES],
            class_name="scopes not-phone",
            role="group",
            aria_label=t("bar.scope"),
        ),
        rx.cond(AppState.is_demo, rx.el.span(sample_label(), class_name="not-phone")),
        rx.el.div(
            figure(AppState.total, "net_worth", of="bar.net_worth", extra="sum"),
            rx.el.span(
                figures_in(
                    change(AppState.change, AppState.change_direction, extra="not-phone"),
                    change(AppState.change_pct, AppState.change_direction, width="w5"),
                    name="change_today",
                    of="bar.change_today",
                    said=AppState.change + " " + AppState.change_pct,
                    extra="row",
                ),
                title=t("bar.change_today"),
            ),
            rx.cond(AppState.syncing != "", _syncing("icon-button only-phone")),
            class_name="total",
        ),
        rx.el.div(
            figure(
                AppState.coverage,
                "coverage",
                of="bar.coverage",
                width="w12",
                extra="coverage truncate",
            ),
            rx.cond(AppState.syncing != "", _syncing(words=True)),
            class_name="state not-phone",
        ),
        rx.el.div(
            _currency(quiet=True, extra="not-phone"),
            toggle_button(
                AppState.privacy, "eye-off", "eye", "bar.privacy", on_click=AppState.toggle_privacy
            ),
            icon_button(
                "refresh-cw",
                "bar.refresh",
                on_click=AppState.refresh,
                disabled=AppState.refreshing,
                class_name=rx.cond(AppState.refreshing, "icon-button busy", "icon-button"),
            ),
            icon_button(
                "sliders-horizontal", "bar.choose", on_click=AppState.open_choices, class_name="only-phone"
            ),
            class_name="tools",
        ),
        _choices(),
        class_name="wealth-bar",
        aria_label=t("bar.name"),
    )


def sample_label() -> rx.Component:
    """Return the words that keep made-up figures from being taken for real ones."""
    return chip("common.sample_data", kind="notable", symbol="sparkles")


def _scope(category: str, *, quiet: bool = False) -> rx.Component:
    value: Var = getattr(AppState, category)
    sources: Var = getattr(AppState, f"{category}_sources")
    return rx.el.span(
        rx.el.select(
            rx.el.option(t(f"bar.all_{category}"), value="all"),
            rx.foreach(sources, lambda one: rx.el.option(one.label, value=one.value)),
            value=value,
            on_change=AppState.choose_scope(category),
            aria_label=t(f"bar.scope_{category}"),
        ),
        icon("chevron-down", "tiny"),
        class_name="select quiet" if quiet else "select",
    )


def _syncing(extra: str = "", *, words: bool = False) -> rx.Component:
    """Return the quiet mark that syncs are under way: on a phone a turning sign, whose words the sheet has."""
    return rx.el.a(
        icon("loader-circle", "tiny"),
        *([rx.el.span(AppState.syncing, class_name="truncate")] if words else []),
        href="/sources",
        title=AppState.syncing,
        aria_label=AppState.syncing,
        class_name=f"syncing {extra}".strip(),
    )


def _currency(*, quiet: bool = False, extra: str = "") -> rx.Component:
    return select(
        AppState.currencies,
        value=AppState.currency,
        on_change=AppState.choose_currency,
        label="bar.currency",
        quiet=quiet,
        class_name=extra,
    )


def _choices() -> rx.Component:
    return dialog(
        *[field(f"bar.scope_{category}", _scope(category)) for category in CATEGORIES],
        field("bar.currency", _currency()),
        rx.el.p(
            figure(AppState.coverage, "coverage", of="bar.coverage", extra="sentence"),
            class_name="small quiet",
        ),
        rx.cond(AppState.syncing != "", rx.el.p(_syncing(words=True), class_name="small")),
        rx.el.div(light_switch(), sign_out(words=True), class_name="row between"),
        open=AppState.choosing,
        on_close=AppState.close_choices,
        title="bar.choose",
    )
